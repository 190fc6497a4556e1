import { configurationOf } from '../../analysis/configs';
import { referencesOf } from '../../analysis/references';
import type { Resource } from '../../manifests/resource';
import type { Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';

/** The lines of a redis.conf or sentinel.conf that hold the password; rules of their own look at them. */
export function redisPasswordDirectives(text: string): readonly Span[] {
  return [
    ...text.matchAll(/^[ \t]*(?:requirepass|masterauth|sentinel[ \t]+(?:auth-pass|sentinel-pass))\b[^\n]*/gm),
  ].map(match => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** Whether the pods have some Secret, by a key or as a whole: as a volume or as variables. */
export function takesFromSecret(resource: Resource): boolean {
  return referencesOf(resource).some(
    ({ kind, isOptional, isPullSecret }) => kind === 'Secret' && !isOptional && !isPullSecret,
  );
}

/** Whether a Redis is started with a password that it asks clients for. */
export function asksForPassword(workspace: Workspace, redis: Resource): boolean {
  const configuration = configurationOf(workspace, redis, 'redis');
  const words = configuration
    ? [...configuration.container.value.at('command').scalars(), ...configuration.container.value.at('args').scalars()]
    : [];
  if (words.some(word => word.text?.includes('--requirepass'))) return true;
  return (
    configuration?.files.some(file =>
      /^[ \t]*(?:requirepass[ \t]|user[ \t]+default[ \t].*>)/m.test(file.content.text),
    ) ?? false
  );
}
