import { groupedBy } from '../manifests/grouped';
import { directoryOf } from '../manifests/paths';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { isPatch } from './kustomization';
import { isNamed } from './kustomization/build';
import { replicasOf } from './pods';

/**
 * How many pods a workload asks for once the kustomizations of the tree have changed it: by `replicas`, by a JSON patch
 * or by a strategic merge patch, in the kustomization or in a file. Where kustomizations side by side, such as overlays,
 * disagree, the most, because nothing in the tree says which of them is built (Kustomize: kustomization file, `replicas`,
 * `patches`).
 */
export function replicasIn(workspace: Workspace, workload: Resource): number {
  const written = replicasOf(workload);
  const given = [
    ...workspace.lookup(kustomizedReplicas, '').filter(one => one.applies(workload)),
    ...(workspace.shared(patchedReplicas).get(`${workload.kind}/${workload.name}`) ?? []).filter(
      ({ resource }) => resource !== workload,
    ),
  ];
  if (given.length === 0) return written;
  const changed = new Set(given.map(one => one.directory));
  const isElsewhereAsWritten = workspace
    .lookup(kustomizationDirectories, '')
    .some(directory => !changed.has(directory) && given.some(one => areSiblings(one.directory, directory)));
  return Math.max(...given.map(one => one.count), isElsewhereAsWritten ? written : 0);
}

interface GivenReplicas {
  readonly directory: string;
  readonly count: number;
  applies(workload: Resource): boolean;
}

const kustomizationDirectories: Index<string> = {
  name: 'directories of kustomizations',
  *document(document) {
    if (document.file.isKustomization) yield ['', document.file.directory];
  },
};

const kustomizedReplicas: Index<GivenReplicas> = {
  name: 'replicas by kustomizations',
  *document({ file, root }) {
    if (!file.isKustomization) return;
    const { directory } = file;
    for (const item of root.at('replicas').items()) {
      const name = item.at('name').text;
      const count = item.at('count').number;
      if (name !== undefined && count !== undefined)
        yield ['', { directory, count, applies: workload => workload.name === name }];
    }
    for (const field of ['patches', 'patchesJson6902', 'patchesStrategicMerge']) {
      for (const item of root.at(field).items()) {
        const text = item.string ?? item.at('patch').string;
        const patched = text === undefined ? undefined : replicasInPatch(text);
        if (patched === undefined) continue;
        const kind = item.at('target', 'kind').text ?? patched.kind;
        const name = item.at('target', 'name').text ?? patched.name;
        if (kind === undefined && name === undefined) continue;
        yield [
          '',
          {
            directory,
            count: patched.count,
            applies: workload => isNamed(workload.kind, kind) && isNamed(workload.name, name),
          },
        ];
      }
    }
  },
};

interface PatchedReplicas {
  readonly resource: Resource;
  readonly directory: string;
  readonly count: number;
}

/** The numbers in patches that are files of their own, by the kind and name of what they change. */
function patchedReplicas(workspace: Workspace): ReadonlyMap<string, readonly PatchedReplicas[]> {
  const patched = workspace
    .lookup(writtenReplicas, '')
    .filter(({ resource }) => isPatch(workspace, resource.document.file))
    .map(({ resource, count }) => ({ resource, directory: resource.document.file.directory, count }));
  return groupedBy(patched, ({ resource }) => `${resource.kind}/${resource.name}`);
}

const writtenReplicas: Index<{ readonly resource: Resource; readonly count: number }> = {
  name: 'written replicas',
  *resource(resource) {
    const count = replicasWritten(resource.root);
    if (count !== undefined) yield ['', { resource, count }];
  },
};

function replicasWritten(root: Value): number | undefined {
  return root.at('spec', 'replicas').number;
}

/** What a patch that stands in the kustomization itself sets `spec.replicas` to, and the object that it names. */
function replicasInPatch(text: string): { count: number; kind?: string; name?: string } | undefined {
  const operation = /path["']?:\s*["']?\/spec\/replicas["']?\s*,?\s*["']?value["']?:\s*["']?(\d+)/.exec(text);
  if (operation) return { count: Number(operation[1]) };
  const merged = /^ {1,8}replicas:\s*(\d+)/m.exec(text);
  const kind = /^kind:\s*["']?(\w+)/m.exec(text)?.[1];
  const name = /^metadata:\s*(?:\{\s*|\n\s+)name:\s*["']?([\w.-]+)/m.exec(text)?.[1];
  return merged && kind && name ? { count: Number(merged[1]), kind, name } : undefined;
}

function areSiblings(one: string, other: string): boolean {
  return one !== other && directoryOf(one) === directoryOf(other) && directoryOf(one) !== '';
}
