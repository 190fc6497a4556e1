import type { Resource } from '../../manifests/resource';
import type { PathKey } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { type EnvironmentVariable, environmentOf } from '../environment';
import { volumeOf } from '../mounts';
import { type Container, containersOf, podsIn } from '../pods';
import { scriptOf } from '../scripts';
import { maskComments } from '../text/comments';
import { type Candidate, distinct } from './candidate';

/** The variables that a container is started with: their names and where they come from, never what they hold. */
export function variablesIn(workspace: Workspace, resource: Resource, container: Container): readonly Candidate[] {
  const { variables } = environmentOf(workspace, resource, container);
  return [...variables.values()].map(variable => ({
    label: variable.name,
    kind: 'name',
    detail: originOf(variable),
    rank: 0,
  }));
}

/** The container that a path of a workload leads into. */
export function containerAt(resource: Resource, path: readonly PathKey[]): Container | undefined {
  const at = path.findIndex(step => step === 'containers' || step === 'initContainers');
  const index = path[at + 1];
  if (at === -1 || typeof index !== 'number') return undefined;
  const value = resource.root.at(...path.slice(0, at + 2));
  return containersOf(resource).find(container => container.value.isAt(value));
}

/** The containers of a namespace whose pods have a ConfigMap or Secret as a volume, and whether they mount it themselves. */
export function readersOf(
  workspace: Workspace,
  holder: Resource,
): readonly { readonly owner: Resource; readonly container: Container; readonly mounts: boolean }[] {
  const { name, namespace, kind } = holder;
  if (name === '') return [];
  return podsIn(workspace, namespace).flatMap(({ owner }) => {
    const volumes = new Set(
      containersOf(owner)
        .flatMap(container => container.value.at('volumeMounts').items())
        .flatMap(mount => mount.at('name').text ?? [])
        .filter(volume => {
          const value = volumeOf(owner, volume);
          const sources = value?.at('projected').exists
            ? value.at('projected', 'sources').items()
            : value
              ? [value]
              : [];
          return sources.some(source =>
            kind === 'Secret'
              ? (source.at('secret', 'secretName').string ?? source.at('secret', 'name').string) === name
              : source.at('configMap', 'name').string === name,
          );
        }),
    );
    if (volumes.size === 0) return [];
    return containersOf(owner).map(container => ({
      owner,
      container,
      mounts: container.value
        .at('volumeMounts')
        .items()
        .some(mount => volumes.has(mount.at('name').text ?? '')),
    }));
  });
}

/**
 * The variables that stand for something in a text that scripts fill in: those of the containers that read the text
 * with a program that replaces parts of it.
 */
export function variablesReplacedIn(workspace: Workspace, holder: Resource): readonly Candidate[] {
  return distinct(
    readersOf(workspace, holder).flatMap(({ owner, container, mounts }) =>
      mounts &&
      /\b(?:envsubst|sed|perl|python3?|gomplate)\b/.test(scriptOf(workspace, owner, container)?.text.text ?? '')
        ? variablesIn(workspace, owner, container)
        : [],
    ),
  );
}

/** The variables that a script sets itself. */
export function assignedIn(script: string): readonly Candidate[] {
  const found = maskComments(script, 'shell').matchAll(
    /(?:^|[\s;&|({])(?:(?:export|local|readonly|declare)[ \t]+)?([A-Za-z_]\w*)\+?=|\b(?:for|read(?:[ \t]+-r)?)[ \t]+([A-Za-z_]\w*)/g,
  );
  return distinct(
    [...found].map(match => ({
      label: match[1] ?? match[2] ?? '',
      kind: 'name',
      detail: 'set in this script',
      rank: 1,
    })),
  );
}

/** The variables that a script hands on to the programs that it starts. */
export function exportedIn(script: string): readonly Candidate[] {
  const found = maskComments(script, 'shell').matchAll(/\bexport[ \t]+([A-Za-z_]\w*)/g);
  return [...found].map(match => ({
    label: match[1] ?? '',
    kind: 'name' as const,
    detail: 'set in this script',
    rank: 1 as const,
  }));
}

/** What every container of a pod has, set by the container runtime. */
export const podVariables: readonly Candidate[] = [
  { label: 'HOSTNAME', kind: 'name', detail: 'name of the pod', rank: 2 },
];

function originOf({ at, source }: EnvironmentVariable): string {
  if (source) return `key ${source.key} of ${source.kind}/${source.name}`;
  return at.at('valueFrom', 'fieldRef', 'fieldPath').text ?? 'set in the manifest';
}
