import { containersOf, podsOf, podTemplate } from '../../analysis/pods';
import { toJson } from '../../manifests/json';
import type { Workspace } from '../../manifests/workspace';
import type { PlanDocument, PlanSource } from './source';

/** The files of a workspace as the plan reads them. */
export function planSources(workspace: Workspace): readonly PlanSource[] {
  return workspace.files.flatMap(file => {
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
  });
}
