import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { mountsOf } from '../mounts';
import { containersOf } from '../pods';
import { type Reference, type ReferencedKind, referrersOf } from '../references';
import { count, few } from '../wording';
import { bullets, code, titleOf } from './markdown';

/** One way in which an object uses another. */
export interface Use {
  readonly resource: Resource;
  /** Markdown: `` container `synapse` as `PASSWORD` ``. */
  readonly how: string;
  readonly at: Place;
}

/** Who uses a Secret, ConfigMap, claim, account, issuer or storage class; with a key, who gets to see that key. */
export function usesOf(
  workspace: Workspace,
  kind: ReferencedKind,
  namespace: string | undefined,
  name: string,
  key?: string,
): readonly Use[] {
  return referrersOf(workspace, kind, namespace, name)
    .filter(({ reference }) => key === undefined || !reference.key?.exists || reference.key.text === key)
    .map(({ resource, reference }) => ({ resource, how: howUsed(resource, reference, key), at: reference.name }));
}

/** The objects among some uses, each once. */
export function usersOf(uses: readonly Use[]): readonly Resource[] {
  return [...new Set(uses.map(({ resource }) => resource))];
}

/** A list of the users, with how each of them uses it; a sentence where there is none. */
export function describeUses(uses: readonly Use[]): string {
  const users = usersOf(uses);
  if (users.length === 0) return 'Nothing in the tree uses it.';
  const shown = users.length > most ? users.slice(0, most - 1) : users;
  const lines = shown.map(user => {
    const ways = [...new Set(uses.filter(({ resource }) => resource === user).map(({ how }) => how))];
    // `the Ingress` says no more than the title.
    const said = ways.filter(way => !way.startsWith('the '));
    return said.length === 0 ? titleOf(user) : `${titleOf(user)}: ${few(said, 4)}`;
  });
  if (shown.length < users.length) lines.push(`… ${users.length - shown.length} more`);
  return `Used by ${count(users.length, 'object')}:\n\n${bullets(lines)}`;
}

const most = 8;

function howUsed(resource: Resource, { name, consumer, kind }: Reference, key: string | undefined): string {
  const variable = variableOf(name);
  const [, what = '', who] = /^(init container|container|volume|claim|role|pool) (.+)$/.exec(consumer) ?? [];
  const said = who === undefined ? consumer : `${what} ${code(who)}`;
  if (variable !== undefined) return `${said} as ${code(variable)}`;
  if (isEnvFrom(name)) return `${said} as environment`;
  if (what === 'volume' && who !== undefined && kind !== 'PersistentVolumeClaim') {
    const paths = mountPaths(resource, who, key);
    if (paths.length > 0) return few(paths, 3);
  }
  return said;
}

/** The environment variable that a `secretKeyRef` or `configMapKeyRef` fills. */
function variableOf(name: Value): string | undefined {
  const source = name.parent?.parent;
  return source?.name === 'valueFrom' ? source.parent?.at('name').text : undefined;
}

function isEnvFrom(name: Value): boolean {
  return name.parent?.parent?.parent?.name === 'envFrom';
}

/** Where the containers of a workload mount a volume. */
function mountPaths(resource: Resource, volume: string, key: string | undefined): readonly string[] {
  return containersOf(resource).flatMap(container =>
    mountsOf(container)
      .filter(
        mount => mount.volume === volume && (key === undefined || mount.subPath === undefined || mount.subPath === key),
      )
      .map(
        ({ mountPath }) =>
          `${container.isInit ? 'init container' : 'container'} ${code(container.name)} at ${code(mountPath)}`,
      ),
  );
}
