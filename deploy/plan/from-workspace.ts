import { isInAlternative } from '../../analysis/alternatives';
import { builtTrees } from '../../analysis/kustomization/built-trees';
import { containersOf, podsOf, podTemplate } from '../../analysis/pods';
import type { SourceFile } from '../../manifests/file';
import { toJson } from '../../manifests/json';
import type { Workspace } from '../../manifests/workspace';
import { type DeployPlan, type PlanOptions, planDeployment, plannedSteps } from './plan';
import { planSettings } from './settings';
import type { PlanBlocker, PlanDocument, PlanSource } from './source';

/** The plan of a workspace as its settings want it. */
export function planOf(
  workspace: Workspace,
  blockers: readonly PlanBlocker[] = [],
  options: PlanOptions = {},
): DeployPlan {
  const settings = planSettings(workspace);
  const built = builtFiles(
    workspace,
    new Set(settings?.own.flatMap(step => step.kustomize?.replace(/\/+$/, '') ?? [])),
  );
  const sources = planSources(workspace).filter(source => built.get(source.path) !== 'by hand');
  const unbuilt = [...built].flatMap(([file, directory]) =>
    directory === 'by hand' || !sources.some(source => source.path === file) ? [] : [unbuiltBlocker(file, directory)],
  );
  const standing = [...blockers, ...unbuilt];
  const plan = planDeployment(sources, standing, { ...options, settings });
  const mixed = mixedBlockers(workspace, plan);
  return mixed.length === 0 ? plan : planDeployment(sources, [...standing, ...mixed], { ...options, settings });
}

/**
 * The files that a kustomization builds something else of than what is written in them: what they hold is not what was
 * checked, and is never applied as it is. The value is the kustomization's directory, or that a step of the settings has
 * a person build and apply it.
 */
function builtFiles(workspace: Workspace, byHand: ReadonlySet<string>): ReadonlyMap<string, string> {
  const built = new Map<string, string>();
  for (const tree of builtTrees(workspace)) {
    const { view } = tree;
    if (view.isPlain) continue;
    const isByHand = [...byHand].some(directory => view.directories.has(directory));
    // What generators make belongs to it, and stands in no file.
    const makesMore = view.files.some(({ uri }) => !workspace.file(uri));
    for (const { uri, path, text } of workspace.files) {
      const shown = tree.file(uri);
      if (!shown?.printed || (shown.text === text && !makesMore)) continue;
      if (isByHand) built.set(path, 'by hand');
      else if (!built.has(path)) built.set(path, view.kustomization.file.directory || '.');
    }
  }
  return built;
}

function unbuiltBlocker(file: string, directory: string): PlanBlocker {
  const message = `The kustomization in ${directory} changes what stands here, so it cannot be applied as it is — add a step of your own with kustomize: ${directory} under plan.own in matrix-preflight.yaml.`;
  return { rule: 'kustomize', file, line: 1, message };
}

/** One for each file of directories that are alternatives, where a plan takes objects from several of them. */
function mixedBlockers(workspace: Workspace, plan: DeployPlan): readonly PlanBlocker[] {
  const choice = builtTrees(workspace).flatMap(({ view }) => (view.isPlain ? [view.directories] : []));
  if (choice.length === 0) return [];
  const all = [...new Set(choice.flatMap(directories => [...directories]))];
  const files = new Map<string, string>();
  for (const { objects } of plannedSteps(plan))
    for (const { kind, file } of objects) {
      const directory = all.find(one => isInAlternative(file, one));
      if (directory !== undefined && kind !== 'Namespace') files.set(file, directory);
    }
  const taken = [...new Set(files.values())].sort();
  if (choice.some(directories => taken.every(one => directories.has(one)))) return [];
  const message = `${taken.join(' and ')} hold the same deployment in different ways, and a run applies one of them — choose the paths of one, or leave the others out with exclude in matrix-preflight.yaml.`;
  return [...files.keys()].map(file => ({ rule: 'deployments-mixed', file, line: 1, message }));
}

/** The files of a workspace as the plan reads them. A file is read again only when its text has changed. */
export function planSources(workspace: Workspace): readonly PlanSource[] {
  return workspace.files.flatMap(file => {
    const before = known.get(file);
    if (before?.text === file.text) return before.sources;
    const sources = sourcesOf(file);
    known.set(file, { text: file.text, sources });
    return sources;
  });
}

/** What a file says to the plan depends on its text alone, places included. */
const known = new WeakMap<SourceFile, { readonly text: string; readonly sources: readonly PlanSource[] }>();

function sourcesOf(file: SourceFile): readonly PlanSource[] {
  const documents = file.documents.flatMap((document): readonly PlanDocument[] => {
    if (document.problems.length > 0) {
      const declared = document.declared.length > 0 ? document.declared : [{ kind: '', name: '' }];
      return declared.map(({ kind, name }) => ({
        apiVersion: '',
        kind,
        name,
        labels: new Map(),
        line: file.lines.lineOf(document.offset) + 1,
        broken: true,
        images: [],
        podLabels: new Map(),
        raw: null,
      }));
    }
    return document.resources.map(resource => ({
      apiVersion: resource.apiVersion,
      kind: resource.kind,
      name: resource.name,
      ...(resource.namespace === undefined ? {} : { namespace: resource.namespace }),
      labels: resource.labels,
      line: file.lines.lineOf(resource.root.key.span.start) + 1,
      images: containersOf(resource).map(container => container.image),
      podLabels: podTemplate(resource) ? (podsOf(resource)[0]?.labels ?? new Map()) : new Map(),
      raw: toJson(resource.root),
    }));
  });
  return documents.length > 0 ? [{ path: file.path, documents }] : [];
}
