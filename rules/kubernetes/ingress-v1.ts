import { deleteEntry, insertEntry, quoted, renameKey, replaceEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';

/**
 * Edits that turn an Ingress of v1beta1 into one of networking.k8s.io/v1. Undefined where it is written in a way that
 * does not allow them. The type of the paths becomes `ImplementationSpecific`, which is what v1beta1 meant.
 */
export function ingressToV1(ingress: Resource): readonly TextEdit[] | undefined {
  const spec = ingress.root.at('spec');
  const edits: (TextEdit | undefined)[] = [replaceScalar(ingress.root.at('apiVersion'), 'networking.k8s.io/v1')];
  const fallback = spec.at('backend');
  if (fallback.exists) edits.push(renameKey(fallback, 'defaultBackend'), ...backendEdits(fallback));
  for (const rule of spec.at('rules').items()) {
    for (const path of rule.at('http', 'paths').items()) {
      edits.push(...backendEdits(path.at('backend')));
      if (!path.at('pathType').exists)
        edits.push(
          insertEntry(path, 'pathType: ImplementationSpecific', { after: path.at('path').exists ? 'path' : 'backend' }),
        );
    }
  }
  return edits.every(edit => edit !== undefined) ? edits : undefined;
}

function backendEdits(backend: Value): readonly (TextEdit | undefined)[] {
  const name = backend.at('serviceName');
  const port = backend.at('servicePort');
  if (!name.exists) return [];
  const field = port.number === undefined ? 'name' : 'number';
  const service = `service:\n  name: ${quoted(name.text ?? '', 'plain')}\n  port:\n    ${field}: ${port.text ?? ''}`;
  return [replaceEntry(name, service), deleteEntry(port)];
}
