import { containersOf, podsOf, podTemplate } from '../../analysis/pods';
import type { SourceFile } from '../../manifests/file';
import { toJson } from '../../manifests/json';
import type { Workspace } from '../../manifests/workspace';
import { type DeployPlan, type PlanOptions, planDeployment } from './plan';
import { planSettings } from './settings';
import type { PlanBlocker, PlanDocument, PlanSource } from './source';

/** The plan of a workspace as its settings want it. */
export function planOf(
  workspace: Workspace,
  blockers: readonly PlanBlocker[] = [],
  options: PlanOptions = {},
): DeployPlan {
  return planDeployment(planSources(workspace), blockers, { ...options, settings: planSettings(workspace) });
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
