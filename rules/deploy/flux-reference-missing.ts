import { declarationsOf, declaredNames, knownKeys, mayHaveKey } from '../../analysis/declarations';
import { isOpen } from '../../analysis/helm/releases';
import { isBelow } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import { isInTree } from '../../analysis/script-paths';
import { resolvePath } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

const kustomization = 'Kustomization.kustomize.toolkit.fluxcd.io';
const release = 'HelmRelease.helm.toolkit.fluxcd.io';
const sources = table<string>({
  HelmRepository: 'HelmRepository.source.toolkit.fluxcd.io',
  OCIRepository: 'OCIRepository.source.toolkit.fluxcd.io',
  Bucket: 'Bucket.source.toolkit.fluxcd.io',
});

export default {
  id: 'flux-reference-missing',
  items: [],
  severity: 'error',
  kinds: [kustomization, release],
  summary:
    'A Kustomization or a HelmRelease of Flux waits for an object, a folder, a source or values that are not there.',
  why: 'Flux applies it only when everything in `dependsOn` is ready and its source and path are found. Until then it waits, and so does all that depends on it, without an error of kubectl.',
  remedy: 'Correct the name or the path. Objects that wait for each other in a circle never start: let one go first.',
  traps: [
    'A path is looked for only where another Kustomization of the tree shows that paths begin at its root.',
    'A Secret of values that is like no other of the tree may be created by hand and is not called missing.',
    'The GitRepository that `flux bootstrap` makes is not asked for.',
    'Part of a repository, such as the folder of one application, waits for what is in another folder: no error unless the tree has the GitRepository of the Kustomizations or the one that applies the folder, or the name is nearly that of another.',
  ],
  sources: [
    'fluxcd.io, Kustomization API: "Dependencies", "Path"; HelmRelease API: "Source reference", "HelmRelease dependencies"',
  ],
  examples: {
    bad: `
      #- /clusters/production/apps.yaml
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: {name: data, namespace: flux-system}
      spec:
        path: ./data
        sourceRef: {kind: GitRepository, name: flux-system}
      ---
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: {name: apps, namespace: flux-system}
      spec:
        path: ./apps
        #     ^^^^^^ error: There is no folder ./apps in the tree, so Flux applies nothing of Kustomization apps — correct the path.
        dependsOn:
          - name: database
        #         ^^^^^^^^ error: There is no Kustomization database in namespace flux-system, so Kustomization apps waits for ever — correct the name.
        sourceRef: {kind: GitRepository, name: flux-system}
      ---
      apiVersion: source.toolkit.fluxcd.io/v1
      kind: GitRepository
      metadata: {name: flux-system, namespace: flux-system}
      spec: {interval: 1m, url: https://git.tessera.test/cluster}
      #- /data/kustomization.yaml
      resources: [secret.yaml]
      #- /data/secret.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: data, namespace: matrix}
    `,
    good: `
      #- /clusters/production/apps.yaml
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: {name: data, namespace: flux-system}
      spec:
        path: ./data
        sourceRef: {kind: GitRepository, name: flux-system}
      ---
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: {name: more, namespace: flux-system}
      spec:
        path: ./data
        dependsOn:
          - name: data
        sourceRef: {kind: GitRepository, name: flux-system}
      ---
      apiVersion: source.toolkit.fluxcd.io/v1
      kind: GitRepository
      metadata: {name: flux-system, namespace: flux-system}
      spec: {interval: 1m, url: https://git.tessera.test/cluster}
      #- /data/kustomization.yaml
      resources: [secret.yaml]
      #- /data/secret.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: data, namespace: matrix}
    `,
  },
  *check(resource, workspace) {
    const spec = resource.root.at('spec');
    yield* missingDependencies(workspace, resource);
    if (resource.qualifiedKind === kustomization) {
      const path = spec.at('path');
      if (isMissing(workspace, path) && knowsRoot(workspace))
        yield {
          at: path,
          message: `There is no folder ${path.text} in the tree, so Flux applies nothing of ${resource.title.replace('/', ' ')} — correct the path.`,
        };
      return;
    }
    yield* missingSource(workspace, resource, spec.at('chart', 'spec', 'sourceRef'));
    for (const item of spec.at('valuesFrom').items()) yield* missingValues(workspace, resource, item);
  },
} satisfies Rule;

function* missingDependencies(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const kind = resource.qualifiedKind;
  for (const item of resource.root.at('spec', 'dependsOn').items()) {
    const name = item.at('name');
    const namespace = item.at('namespace').text ?? resource.namespace;
    if (name.text === undefined) continue;
    const found = workspace.find(kind, namespace, name.text);
    if (found) {
      if (waitsFor(workspace, found, resource))
        yield {
          at: name,
          message: `${resource.title.replace('/', ' ')} and ${name.text} wait for each other, so neither is ever applied — let one go first.`,
        };
      continue;
    }
    const names = workspace.resources(kind).map(one => one.name);
    const close = nearest(name.text, new Set(names));
    if (!close && !isWhole(workspace, resource)) {
      yield {
        at: name,
        severity: 'info',
        message: `${resource.title.replace('/', ' ')} waits for ${resource.kind} ${name.text}, which is not in the tree — check that the cluster has it.`,
      };
      continue;
    }
    yield {
      at: name,
      message: `There is no ${resource.kind} ${name.text} in namespace ${namespace ?? 'default'}, so ${resource.title.replace('/', ' ')} waits for ever — ${close ? `did you mean ${close}?` : 'correct the name.'}`,
    };
  }
}

/** Whether all that Flux applies is there, as far as can be told, and not the folder of one application only. */
function isWhole(workspace: Workspace, resource: Resource): boolean {
  const repositories = new Set(workspace.resources('GitRepository.source.toolkit.fluxcd.io').map(one => one.name));
  return workspace.resources(kustomization).some(one => {
    if (repositories.has(one.root.at('spec', 'sourceRef', 'name').text ?? '')) return true;
    const path = one.root.at('spec', 'path').string;
    if (path === undefined || one === resource) return false;
    const folder = resolvePath('', path);
    return folder === '' || isBelow(resource.document.file.directory, folder);
  });
}

/** Whether an object depends on another, over any number of steps. */
function waitsFor(workspace: Workspace, from: Resource, to: Resource): boolean {
  const seen = new Set<Resource>();
  const open = [from];
  for (let one = open.pop(); one; one = open.pop()) {
    if (one === to) return true;
    if (seen.has(one)) continue;
    seen.add(one);
    for (const item of one.root.at('spec', 'dependsOn').items()) {
      const next = workspace.find(
        one.qualifiedKind,
        item.at('namespace').text ?? one.namespace,
        item.at('name').text ?? '',
      );
      if (next) open.push(next);
    }
  }
  return false;
}

function isMissing(workspace: Workspace, path: Value): boolean {
  const text = path.string;
  if (text === undefined || /\$/.test(text)) return false;
  const folder = resolvePath('', text);
  return folder !== '' && !isInTree(workspace, folder);
}

/** Whether the paths of Flux begin at the root of the tree: where one of them is there, the others have to be. */
function knowsRoot(workspace: Workspace): boolean {
  return workspace.resources(kustomization).some(one => {
    const path = one.root.at('spec', 'path');
    return path.string !== undefined && resolvePath('', path.string) !== '' && !isMissing(workspace, path);
  });
}

/**
 * A ConfigMap or Secret of values. Secrets are often created by hand before Flux is there, so one that is like no other
 * of the tree is not called missing.
 */
function* missingValues(workspace: Workspace, resource: Resource, item: Value): Iterable<Problem> {
  const kind = item.at('kind').text;
  const name = item.at('name');
  if ((kind !== 'ConfigMap' && kind !== 'Secret') || !name.string || isOpen(name.string)) return;
  if (item.at('optional').boolean === true) return;
  const found = declarationsOf(workspace, kind, resource.namespace, name.string);
  const made = found.filter(one => one.origin !== 'promise');
  const key = item.at('valuesKey');
  const wanted = key.text ?? 'values.yaml';
  if (made.length === 0) {
    const known = declaredNames(workspace, kind, resource.namespace);
    const close = nearest(name.string, known);
    const isExpected = kind === 'ConfigMap' && found.length === 0 && known.length > 0 && isWhole(workspace, resource);
    if (!close && !isExpected) return;
    yield {
      at: name,
      message: `There is no ${kind} ${name.string} in namespace ${resource.namespace ?? 'default'}, so Flux does not install ${resource.title.replace('/', ' ')} — ${close ? `did you mean ${close}?` : 'create it, or correct the name.'}`,
    };
    return;
  }
  if (made.some(one => mayHaveKey(one, wanted)) || isOpen(wanted)) return;
  const keys = [...knownKeys(made)].sort();
  yield {
    at: key.exists ? key : name,
    message: `${kind} ${name.string} has no key ${wanted}, so Flux finds no values for ${resource.title.replace('/', ' ')}; it has ${keys.join(', ') || 'none'} — name one of these as valuesKey.`,
    related: made.slice(0, 3).map(one => ({ at: one.at, message: `${kind} ${name.string}` })),
  };
}

function* missingSource(workspace: Workspace, resource: Resource, source: Value): Iterable<Problem> {
  const kind = sources[source.at('kind').text ?? ''];
  const name = source.at('name');
  const namespace = source.at('namespace').text ?? resource.namespace;
  if (kind === undefined || name.text === undefined) return;
  const all = workspace.resources(kind);
  if (all.length === 0 || workspace.find(kind, namespace, name.text)) return;
  const elsewhere = all.find(one => one.name === name.text);
  const close = nearest(name.text, new Set(all.map(one => one.name)));
  if (!elsewhere && !close && !isWhole(workspace, resource)) return;
  yield {
    at: name,
    message: `There is no ${source.at('kind').text} ${name.text} in namespace ${namespace ?? 'default'}, so ${resource.title} finds no chart — ${elsewhere ? `it is in ${elsewhere.namespace ?? 'default'}.` : close ? `did you mean ${close}?` : 'create it, or correct the name.'}`,
  };
}
