import { declarationsOf } from '../../analysis/declarations';
import { gatewayGroup, listenersOf, routeKinds } from '../../analysis/gateways';
import { findService } from '../../analysis/services';
import { appendDocument } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'gateway-reference-not-granted',
  items: [],
  severity: 'error',
  summary:
    'A route or a Gateway names an object of another namespace that no ReferenceGrant of that namespace lets it use.',
  why: 'Without a ReferenceGrant an implementation must not follow the reference: the route answers with 500, and the listener has no certificate. The condition `ResolvedRefs: False, RefNotPermitted` tells it, and nothing else.',
  remedy:
    'Put a ReferenceGrant into the namespace of the Service or Secret. `from` is the kind and the namespace of what refers to it, `to` the kind, and perhaps the name, of what it refers to.',
  traps: [
    'A ReferenceGrant counts in the namespace of what is referred to only.',
    'Where the tree has neither the Service or Secret nor a ReferenceGrant of that namespace, the grant may be where they are, and nothing is said.',
  ],
  sources: ['gateway-api, apis/v1/referencegrant_types.go; documentation, "ReferenceGrant"'],
  examples: {
    bad: `
      #- /route.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata:
        name: element
        namespace: edge
      spec:
        parentRefs:
          - name: public
        rules:
          - backendRefs:
              - name: element
                namespace: web
      #                    ^^^ 💡 error: No ReferenceGrant of namespace web lets an HTTPRoute of edge use the Service element
                port: 80
      #- /element.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: element
        namespace: web
      spec:
        selector:
          app: element
        ports:
          - port: 80
    `,
    good: `
      #- /route.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata:
        name: element
        namespace: edge
      spec:
        parentRefs:
          - name: public
        rules:
          - backendRefs:
              - name: element
                namespace: web
                port: 80
      #- /element.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: element
        namespace: web
      spec:
        selector:
          app: element
        ports:
          - port: 80
      ---
      apiVersion: gateway.networking.k8s.io/v1beta1
      kind: ReferenceGrant
      metadata:
        name: edge-uses-element
        namespace: web
      spec:
        from:
          - group: gateway.networking.k8s.io
            kind: HTTPRoute
            namespace: edge
        to:
          - group: ""
            kind: Service
            name: element
    `,
  },
  kinds: [...routeKinds, 'Gateway'],
  *check(resource, workspace) {
    if (/^(?:UDP|TCP)Route$/.test(resource.kind) && isOfStunner(workspace)) return;
    const said = new Set<string>();
    for (const { value, kind } of referencesOf(resource)) {
      const [namespace, name] = [value.at('namespace'), value.at('name').string];
      const [own, other] = [resource.namespace, namespace.string];
      if (!own || !other || !name || own === other || /[${}<>]/.test(other + name)) continue;
      if ((value.at('kind').text ?? kind) !== kind || (value.at('group').text ?? '') !== '') continue;
      const grants = workspace.resources('ReferenceGrant').filter(one => one.namespace === other);
      if (said.has(`${other}/${name}`) || grants.some(one => isGranted(one, resource.kind, own, kind, name))) continue;
      const object = declared(workspace, kind, other, name);
      if (!object && grants.length === 0) continue;
      said.add(`${other}/${name}`);
      yield {
        at: namespace,
        message: `No ReferenceGrant of namespace ${other} lets ${/^H/.test(resource.kind) ? 'an' : 'a'} ${resource.kind} of ${own} use the ${kind} ${name} — add one there.`,
        related: grants.map(one => ({ at: one.root.at('metadata', 'name'), message: 'A grant for something else' })),
        fixes: () =>
          object
            ? [
                {
                  title: `Add a ReferenceGrant to namespace ${other}`,
                  safe: false,
                  edits: [appendDocument(object.document.file, grantFor(resource, own, other, kind, name))],
                },
              ]
            : [],
      } satisfies Problem;
    }
  },
} satisfies Rule;

/** STUNner asks for no grants: "routes can refer to Services in any namespace" (stunner-gateway-operator, README, caveats). */
function isOfStunner(workspace: Workspace): boolean {
  return workspace
    .resources('GatewayClass')
    .some(one => one.root.at('spec', 'controllerName').text?.startsWith('stunner.l7mp.io/') === true);
}

/** What a Gateway or a route refers to, with the kind that is meant where none is written. */
function referencesOf(resource: Resource): readonly { readonly value: Value; readonly kind: 'Secret' | 'Service' }[] {
  if (resource.kind === 'Gateway')
    return listenersOf(resource).flatMap(({ value }) =>
      value
        .at('tls', 'certificateRefs')
        .items()
        .map(one => ({ value: one, kind: 'Secret' as const })),
    );
  return resource.root
    .at('spec', 'rules')
    .items()
    .flatMap(rule => rule.at('backendRefs').items())
    .map(value => ({ value, kind: 'Service' as const }));
}

/** The object of the tree that makes a Service or a Secret. */
function declared(
  workspace: Workspace,
  kind: 'Secret' | 'Service',
  namespace: string,
  name: string,
): Resource | undefined {
  if (kind === 'Service') return findService(workspace, namespace, name)?.resource;
  return declarationsOf(workspace, kind, namespace, name).find(
    one => one.origin !== 'promise' && one.resource?.namespace === namespace,
  )?.resource;
}

function isGranted(grant: Resource, from: string, namespace: string, to: string, name: string): boolean {
  const spec = grant.root.at('spec');
  return (
    spec
      .at('from')
      .items()
      .some(
        one =>
          one.at('kind').text === from &&
          (one.at('group').text ?? gatewayGroup) === gatewayGroup &&
          isOpenOr(one.at('namespace').text, namespace),
      ) &&
    spec
      .at('to')
      .items()
      .some(one => one.at('kind').text === to && isOpenOr(one.at('name').text || name, name))
  );
}

/** Whether a text is the one that is meant, or has yet to be filled in. */
function isOpenOr(text: string | undefined, wanted: string): boolean {
  return text === wanted || /[${}<>]/.test(text ?? '');
}

function grantFor({ kind: from }: Resource, own: string, other: string, kind: string, name: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata:
  name: ${own}-uses-${name}
  namespace: ${other}
spec:
  from:
    - group: gateway.networking.k8s.io
      kind: ${from}
      namespace: ${own}
  to:
    - group: ""
      kind: ${kind}
      name: ${name}`;
}
