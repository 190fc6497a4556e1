import { referencesOf } from '../../analysis/references';
import type { Resource } from '../../manifests/resource';
import type { Span } from '../../manifests/span';

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
