import { decodedValue } from '../../manifests/decoded-value';
import type { Resource } from '../../manifests/resource';
import { type Reference, type References, reference } from './reference';

/** The consumer of a Secret with the logins that an Ingress asks for. */
export const basicAuthentication = 'basic authentication';

/** What Ingresses, Gateways and the kinds of Traefik refer to. */
export const entranceReferences: References = {
  Ingress: ingress => {
    return [
      ...ingress.root
        .at('spec', 'tls')
        .items()
        .flatMap(tls => reference(ingress, 'Secret', tls.at('secretName'), undefined, 'TLS')),
      ...ingressSecret(ingress, 'auth-secret', basicAuthentication),
      ...ingressSecret(ingress, 'auth-tls-secret', 'client authentication'),
      ...ingressSecret(ingress, 'proxy-ssl-secret', 'TLS to the backend'),
      ...annotatedIssuer(ingress),
    ];
  },
  // gateway-api.sigs.k8s.io reference, SecretObjectReference: a Secret of the core group by default.
  Gateway: gateway => [
    ...annotatedIssuer(gateway),
    ...gateway.root
      .at('spec', 'listeners')
      .items()
      .flatMap(listener => listener.at('tls', 'certificateRefs').items())
      .filter(one => (one.at('kind').text ?? 'Secret') === 'Secret' && !one.at('group').string)
      .flatMap(one =>
        reference(gateway, 'Secret', one.at('name'), undefined, 'TLS').map(found => ({
          ...found,
          namespace: one.at('namespace').string ?? found.namespace,
        })),
      ),
  ],
  ...Object.fromEntries(traefikKinds().map(kind => [kind, secretsOfTraefik])),
};

/**
 * A Secret that an annotation of ingress-nginx names, by itself or as `namespace/name` (kubernetes.github.io/ingress-nginx,
 * Annotations: Authentication, Client Certificate Authentication, Backend Certificate Authentication).
 */
function ingressSecret(ingress: Resource, annotation: string, consumer: string): readonly Reference[] {
  const written = ingress.root.at('metadata', 'annotations', `nginx.ingress.kubernetes.io/${annotation}`);
  const [namespace, name] = written.string?.split('/') ?? [];
  if (name === undefined) return reference(ingress, 'Secret', written, undefined, consumer);
  // What other namespaces hold, the tree need not show.
  if (namespace !== ingress.namespace) return [];
  return reference(ingress, 'Secret', decodedValue(written, afterSlash), undefined, consumer);
}

const afterSlash = (text: string): string => text.slice(text.indexOf('/') + 1);

/**
 * The issuer that cert-manager is told by annotations. Those of other groups are made by other controllers (cert-manager
 * documentation, Annotated Ingress resource and Annotated Gateway resource).
 */
export function annotatedIssuer(resource: Resource): readonly Reference[] {
  const annotations = resource.root.at('metadata', 'annotations');
  const consumer = `the ${resource.kind}`;
  const kind = annotations.at('cert-manager.io/issuer-kind').text === 'ClusterIssuer' ? 'ClusterIssuer' : 'Issuer';
  return [
    ...reference(resource, 'ClusterIssuer', annotations.at('cert-manager.io/cluster-issuer'), undefined, consumer),
    ...((annotations.at('cert-manager.io/issuer-group').text ?? 'cert-manager.io') === 'cert-manager.io'
      ? reference(resource, kind, annotations.at('cert-manager.io/issuer'), undefined, consumer)
      : []),
  ];
}

/** Traefik's own kinds; the second group is that of Traefik 2 (doc.traefik.io, migration from v2 to v3). */
function traefikKinds(): readonly string[] {
  const kinds = ['IngressRoute', 'IngressRouteTCP', 'TLSStore', 'TLSOption', 'Middleware', 'ServersTransport'];
  return ['traefik.io', 'traefik.containo.us'].flatMap(group => kinds.map(kind => `${kind}.${group}`));
}

/** The Secrets of the kinds that doc.traefik.io lists under "Kubernetes CRD"; each kind has some of these fields. */
function secretsOfTraefik(resource: Resource): readonly Reference[] {
  const spec = resource.root.at('spec');
  const tls = [
    spec.at('tls', 'secretName'),
    spec.at('defaultCertificate', 'secretName'),
    ...spec
      .at('certificates')
      .items()
      .map(one => one.at('secretName')),
    ...spec.at('clientAuth', 'secretNames').items(),
    ...spec.at('certificatesSecrets').items(),
    ...spec.at('rootCAsSecrets').items(),
    ...spec
      .at('rootCAs')
      .items()
      .map(one => one.at('secret')),
    spec.at('forwardAuth', 'tls', 'caSecret'),
    spec.at('forwardAuth', 'tls', 'certSecret'),
  ];
  const logins = [spec.at('basicAuth', 'secret'), spec.at('digestAuth', 'secret')];
  return [
    ...tls.flatMap(name => reference(resource, 'Secret', name, undefined, 'TLS')),
    ...logins.flatMap(name => reference(resource, 'Secret', name, undefined, 'authentication')),
  ];
}
