import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';

/** A version of a custom API that its operator no longer serves. */
export interface RemovedCustomApi {
  readonly apiVersion: RegExp;
  /** The kinds that have another version; without it all of the group. */
  readonly kinds?: readonly string[];
  readonly operator: string;
  /** The version of the operator that stopped serving it. */
  readonly since: string;
  readonly replacement: (apiVersion: string) => string;
  /** Whether every version of the operator that anybody installs now is later. */
  readonly isLongGone: boolean;
  /** What names the operator's version in a script: the text before the number. */
  readonly named: RegExp;
  /** Whether the object means the same in the replacement. */
  readonly isSame: (resource: Resource) => boolean;
}

/**
 * What operators have taken out of their APIs: cert-manager (upgrading from 1.5 to 1.6, from 0.10 to 0.11), External
 * Secrets Operator (release 0.17.0), Traefik (migration from v2 to v3), Gateway API (release 1.0), MinIO Operator (CRD of
 * release 5.0).
 */
const removedCustomApis: readonly RemovedCustomApi[] = [
  {
    apiVersion: /^(?:acme\.)?cert-manager\.io\/v1(?:alpha[23]|beta1)$/,
    operator: 'cert-manager',
    since: '1.6',
    replacement: apiVersion => apiVersion.replace(/\/.*/, '/v1'),
    isLongGone: true,
    named: /cert-manager(?:[^\n]*\\\r?\n)*?[^\n]*(?:--version[ =]+["']?|releases\/download\/)v?(\d+)\.(\d+)/g,
    isSame: isSameCertificate,
  },
  {
    apiVersion: /^certmanager\.k8s\.io\/v1alpha1$/,
    operator: 'cert-manager',
    since: '0.11',
    replacement: () => 'cert-manager.io/v1',
    isLongGone: true,
    named: /cert-manager(?:[^\n]*\\\r?\n)*?[^\n]*(?:--version[ =]+["']?|releases\/download\/)v?(\d+)\.(\d+)/g,
    isSame: () => false,
  },
  {
    apiVersion: /^external-secrets\.io\/v1(?:alpha|beta)1$/,
    kinds: ['ExternalSecret', 'SecretStore', 'ClusterSecretStore', 'ClusterExternalSecret'],
    operator: 'the External Secrets Operator',
    since: '0.17',
    replacement: () => 'external-secrets.io/v1',
    isLongGone: false,
    named: /external-secrets(?:[^\n]*\\\r?\n)*?[^\n]*(?:--version[ =]+["']?|releases\/download\/)v?(\d+)\.(\d+)/g,
    isSame: ({ apiVersion }) => apiVersion.endsWith('v1beta1'),
  },
  {
    apiVersion: /^traefik\.containo\.us\/v1alpha1$/,
    operator: 'Traefik',
    since: '3.0',
    replacement: () => 'traefik.io/v1alpha1',
    isLongGone: false,
    named: /\btraefik:v?(\d+)\.(\d+)/g,
    isSame: () => true,
  },
  {
    apiVersion: /^gateway\.networking\.k8s\.io\/v1alpha[12]$/,
    kinds: ['Gateway', 'GatewayClass', 'HTTPRoute'],
    operator: 'the Gateway API',
    since: '1.0',
    replacement: () => 'gateway.networking.k8s.io/v1',
    isLongGone: false,
    named: /gateway-api\/releases\/download\/v?(\d+)\.(\d+)/g,
    isSame: () => false,
  },
  {
    apiVersion: /^minio\.min\.io\/v1$/,
    kinds: ['Tenant'],
    operator: 'the MinIO Operator',
    since: '5.0',
    replacement: () => 'minio.min.io/v2',
    isLongGone: false,
    named: /minio[-/]operator(?:[^\n]*\\\r?\n)*?[^\n]*(?:--version[ =]+["']?|ref=|\/)v?(\d+)\.(\d+)\.\d/g,
    isSame: ({ root }) => !root.at('spec', 'zones').exists,
  },
];

/** The API version of an object that its operator does not serve, unless the tree installs one that still does. */
export function removedCustomApi(resource: Resource, workspace: Workspace): RemovedCustomApi | undefined {
  const api = removedCustomApis.find(
    one => one.apiVersion.test(resource.apiVersion) && (one.kinds?.includes(resource.kind) ?? true),
  );
  if (!api || isDefined(resource, workspace)) return undefined;
  return workspace.lookup(oldOperators, `${api.operator} ${api.since}`).length > 0 ? undefined : api;
}

/** Whether a definition in the tree says that the version is served. */
function isDefined({ group, kind, apiVersion }: Resource, workspace: Workspace): boolean {
  return workspace.resources('CustomResourceDefinition').some(
    ({ root }) =>
      root.at('spec', 'group').text === group &&
      root.at('spec', 'names', 'kind').text === kind &&
      root
        .at('spec', 'versions')
        .items()
        .some(one => `${group}/${one.at('name').text}` === apiVersion && one.at('served').boolean !== false),
  );
}

/** Operators that a script installs in a version that still serves what others have removed. */
const oldOperators: Index<true> = {
  name: 'old versions of operators',
  *textFile({ text }) {
    for (const { named, operator, since } of removedCustomApis) {
      const [major = 0, minor = 0] = since.split('.').map(Number);
      for (const found of text.matchAll(named)) {
        const [own, part] = [Number(found[1]), Number(found[2])];
        if (own < major || (own === major && part < minor)) yield [`${operator} ${since}`, true];
      }
    }
  },
  equal: () => true,
};

/** Certificates had flat fields for the key and the subject until v1beta1, and others for e-mail addresses until v1. */
function isSameCertificate({ kind, root }: Resource): boolean {
  if (kind === 'Issuer' || kind === 'ClusterIssuer') return true;
  const moved = ['uriSANs', 'emailSANs', 'keySize', 'keyAlgorithm', 'keyEncoding', 'organization'];
  return kind === 'Certificate' && !moved.some(field => root.at('spec', field).exists);
}
