import { declarationsOf } from '../../analysis/declarations';
import { environmentOf } from '../../analysis/environment';
import { containersOf } from '../../analysis/pods';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { SecretKey } from '../secrets/secret-variable';

/**
 * The key of the Secret that a Redis or Sentinel takes its password from. Undefined if there is none or several, or if
 * two manifests of the Secret leave open what it holds.
 */
export function passwordKey(workspace: Workspace, redis: Resource): SecretKey | undefined {
  const keys = containersOf(redis).flatMap(container =>
    [...environmentOf(workspace, redis, container).variables.values()].flatMap(({ name, source }) =>
      source?.kind === 'Secret' && /^(?:REDIS|SENTINEL|VALKEY)_?(?:PASSWORD|PASS|AUTH)$|^REDISCLI_AUTH$/.test(name)
        ? source
        : [],
    ),
  );
  const [first] = keys;
  return first &&
    declarationsOf(workspace, 'Secret', redis.namespace, first.name).length < 2 &&
    keys.every(one => one.name === first.name && one.key === first.key)
    ? { name: first.name, key: first.key }
    : undefined;
}
