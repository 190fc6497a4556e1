import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import { baseName } from '../manifests/paths';
import type { Resource } from '../manifests/resource';
import type { Place } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Index, IndexEntry, Workspace } from '../manifests/workspace';
import { promisedIn, scriptedIn } from './scripted';
import { isFilledByCopy, madeFrom } from './secret-operators';
import { settingsOf } from './settings';

/** Something that will exist in the cluster: because the tree says so, or because something in the tree makes it. */
export interface Declaration {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The keys of a Secret or ConfigMap; `any` where they cannot be known. */
  readonly keys: ReadonlySet<string> | 'any';
  readonly origin: Origin;
  /** What says so. */
  readonly at: Place;
  readonly resource: Resource | undefined;
  /** Who makes it, for messages: `CloudNativePG`, `cert-manager`, a script's path. */
  readonly by: string | undefined;
}

/** The keys that several declarations of an object are known to give it; those that may have any key add none. */
export function knownKeys(declared: readonly Pick<Declaration, 'keys'>[]): ReadonlySet<string> {
  return new Set(declared.flatMap(({ keys }) => (keys === 'any' ? [] : [...keys])));
}

/** Whether a declaration gives its object a key, or may. */
export function mayHaveKey({ keys }: Pick<Declaration, 'keys'>, key: string): boolean {
  return keys === 'any' || keys.has(key);
}

/**
 * `manifest`: written. `operator`: made by a controller from a written object. `script`: made by a command in a script.
 * `promise`: only named in a comment or a README. `settings`: listed as provided. `broken`: in a document that cannot be
 * read. Everything but a promise counts as being there.
 */
export type Origin = 'manifest' | 'operator' | 'script' | 'promise' | 'settings' | 'broken';

/** Who declares an object. Objects without a namespace go where the tree is applied to, so they match any namespace. */
export function declarationsOf(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): readonly Declaration[] {
  const found =
    namespace === undefined
      ? workspace.lookup(declarations, key(kind, '*', name))
      : [
          ...workspace.lookup(declarations, key(kind, namespace, name)),
          ...workspace.lookup(declarations, key(kind, '', name)),
        ];
  const hashed = workspace
    .lookup(declarations, key(kind, 'prefix', ''))
    .filter(one => name.startsWith(`${one.name}-`) || name === one.name);
  return [...found, ...hashed, ...provided(workspace, kind, namespace, name)];
}

/**
 * Whether a tree makes Secrets anyhow: by manifests, scripts, generators or operators that are there for Secrets. The
 * passwords that CloudNativePG makes up and the certificates of cert-manager do not count.
 */
export function makesSecrets(workspace: Workspace): boolean {
  return workspace
    .lookup(declarations, key('Secret', 'all', ''))
    .some(
      ({ origin, resource }) =>
        origin !== 'promise' && !(origin === 'operator' && resource && besides.test(resource.qualifiedKind)),
    );
}

const besides =
  /^(?:Cluster\.postgresql\.cnpg\.io|Certificate\.|Ingress$|Ingress\.|Gateway\.|(?:Cluster)?Issuer\.|Tenant\.)/;

/** All declarations of a kind in a namespace, without one in the tree: what a misspelt name may have meant. */
export function declaredNames(workspace: Workspace, kind: string, namespace: string | undefined): readonly string[] {
  const names = workspace
    .lookup(declarations, key(kind, 'all', ''))
    .filter(one => namespace === undefined || one.namespace === undefined || one.namespace === namespace)
    .map(one => one.name);
  return [...new Set(names)].sort();
}

/**
 * Whether an object of a kind may be in a document of which even the kind and the name are encrypted: SOPS leaves no more
 * than its keys (getsops.io/docs, without `encrypted_regex`).
 */
export function mayBeEncrypted(workspace: Workspace, kind: string): boolean {
  return workspace.lookup(encryptedKinds, kind).length > 0;
}

/**
 * Whether the controller of a custom resource that is not known here may make a Secret or ConfigMap of this name, because
 * most call what they make after the resource; or whether a Role lets somebody write it.
 */
export function mayBeMade(workspace: Workspace, namespace: string | undefined, name: string): boolean {
  const ends = [...name.matchAll(/[.-]|$/g)].map(({ index }) => index);
  return ends.some(end => workspace.lookup(unknownResources, `${namespace ?? ''}/${name.slice(0, end)}`).length > 0);
}

const unknownResources: Index<true> = {
  name: 'custom resources whose controllers are not known, and names that somebody may write',
  *resource({ group, kind, namespace, name, root }) {
    if (group.includes('.') && !group.endsWith('.k8s.io') && !knownGroup.test(group))
      yield [`${namespace ?? ''}/${name}`, true];
    if (kind !== 'Role' || group !== 'rbac.authorization.k8s.io') return;
    for (const rule of root.at('rules').items()) {
      const texts = (field: string): readonly string[] =>
        rule
          .at(field)
          .items()
          .flatMap(one => one.text ?? []);
      const mayWrite = texts('verbs').some(verb => ['create', 'update', 'patch', '*'].includes(verb));
      if (!mayWrite || !texts('resources').some(one => one === 'secrets' || one === 'configmaps')) continue;
      for (const written of texts('resourceNames')) yield [`${namespace ?? ''}/${written}`, true];
    }
  },
};

/** Groups of which it is known what their controllers make, or that they make neither Secrets nor ConfigMaps. */
const knownGroup =
  /(?:^|\.)(?:cnpg\.io|min\.io|cert-manager\.io|external-secrets\.io|bitnami\.com|hashicorp\.com|onepassword\.com|coreos\.com|toolkit\.fluxcd\.io|argoproj\.io|traefik\.io|containo\.us|istio\.io|cilium\.io|projectcalico\.org|velero\.io|kyverno\.io|k8up\.io|keda\.sh|metallb\.io|grafana\.com|zalan\.do|crunchydata\.com|percona\.com|infisical\.com|doppler\.com)$/;

const encryptedKinds: Index<true> = {
  name: 'kinds of which objects are encrypted as a whole',
  *document({ root }) {
    if (!root.at('sops').exists || !root.at('kind').text?.startsWith('ENC[')) return;
    if (root.at('data').exists || root.at('stringData').exists) yield ['Secret', true];
    if (root.at('data').exists) yield ['ConfigMap', true];
  },
};

/** What comments tell the reader to run. */
const creating = /\bkubectl\b.* create /;

const declarations: Index<Declaration> = {
  name: 'declarations',
  *resource(resource) {
    for (const declaration of declaredBy(resource)) yield* entriesOf(declaration);
  },
  *document(document) {
    for (const { kind, name } of document.declared) {
      yield* entriesOf(declaration(kind, undefined, name, 'broken', documentPlace(document)));
    }
    for (const made of kustomizeGenerated(document)) {
      yield [key(made.kind, 'prefix', ''), made];
      yield* entriesOf(made);
    }
    for (const promise of promisedIn(document.textWith(creating) ?? '')) {
      yield* entriesOf(
        declaration(
          promise.kind,
          promise.namespace,
          promise.name,
          'promise',
          document.place(promise.span.start, promise.span.end),
          promise.keys,
        ),
      );
    }
  },
  *textFile(file: SourceFile) {
    for (const made of scriptedIn(file)) {
      const origin = made.isPromise ? 'promise' : 'script';
      yield* entriesOf(
        declaration(
          made.kind,
          made.namespace,
          made.name,
          origin,
          { uri: file.uri, span: made.span },
          made.keys,
          undefined,
          file.path,
        ),
      );
    }
  },
};

function* entriesOf(one: Declaration): Iterable<IndexEntry<Declaration>> {
  yield [key(one.kind, one.namespace ?? '', one.name), one];
  yield [key(one.kind, '*', one.name), one];
  yield [key(one.kind, 'all', ''), one];
}

function key(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

function declaration(
  kind: string,
  namespace: string | undefined,
  name: string,
  origin: Origin,
  at: Place,
  keys: readonly string[] | 'any' = 'any',
  resource?: Resource,
  by?: string,
): Declaration {
  return { kind, namespace, name, keys: keys === 'any' ? 'any' : new Set(keys), origin, at, resource, by };
}

function documentPlace(document: ManifestDocument): Place {
  const firstLine = document.text.indexOf('\n');
  return document.place(0, firstLine === -1 ? document.text.length : firstLine);
}

function provided(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): readonly Declaration[] {
  return settingsOf(workspace)
    .provided.filter(
      one => one.kind === kind && one.name === name && (!namespace || !one.namespace || one.namespace === namespace),
    )
    .map(one => declaration(kind, one.namespace, name, 'settings', one.at, one.keys ?? 'any'));
}

/** What a manifest declares: itself and what operators make from it. */
export function* declaredBy(resource: Resource): Iterable<Declaration> {
  const { kind, namespace, name, root } = resource;
  const at = root.at('metadata', 'name');
  if (
    resource.group === '' ||
    !resource.group.includes('.') ||
    resource.group.endsWith('.k8s.io') ||
    customKinds.has(kind)
  ) {
    yield declaration(
      kind,
      namespace,
      name,
      'manifest',
      at,
      (kind === 'Secret' || kind === 'ConfigMap') && !isFilledByCopy(resource) ? dataKeys(root) : 'any',
      resource,
    );
  }
  yield* madeBy[resource.qualifiedKind]?.(resource) ?? [];
  for (const made of madeFrom(resource))
    yield declaration(made.kind, made.namespace, made.name, 'operator', made.at, made.keys, resource, made.by);
  if (kind === 'StatefulSet') {
    for (const template of root.at('spec', 'volumeClaimTemplates').items()) {
      const claim = template.at('metadata', 'name').text;
      const count = root.at('spec', 'replicas').number ?? 1;
      for (let ordinal = 0; claim && ordinal < Math.min(count, 100); ordinal++) {
        yield declaration(
          'PersistentVolumeClaim',
          namespace,
          `${claim}-${name}-${ordinal}`,
          'operator',
          at,
          'any',
          resource,
          'the StatefulSet',
        );
      }
    }
  }
}

/** Kinds of operators to which other objects refer by name. */
const customKinds = new Set(['Issuer', 'ClusterIssuer', 'SecretStore', 'ClusterSecretStore']);

/** The keys of a Secret or ConfigMap. */
export function dataKeys(root: Value): readonly string[] {
  return ['data', 'stringData', 'binaryData'].flatMap(field => root.at(field).keys());
}

/**
 * Argo CD reads its own objects in the namespace that it is installed in, and makes the one that an Application leads to
 * where the sync option says so (argo-cd docs/user-guide/sync-options.md, "Create Namespace").
 */
function* ofArgo(resource: Resource, spec: Value | undefined): Iterable<Declaration> {
  const namespace = (name: string | undefined, at: Place): readonly Declaration[] =>
    name ? [declaration('Namespace', undefined, name, 'operator', at, 'any', resource, 'Argo CD')] : [];
  yield* namespace(resource.namespace, resource.root.at('metadata', 'name'));
  const options = spec?.at('syncPolicy', 'syncOptions').items() ?? [];
  const target = spec?.at('destination', 'namespace');
  if (target && options.some(option => option.text === 'CreateNamespace=true')) yield* namespace(target.text, target);
}

type Maker = (resource: Resource) => Iterable<Declaration>;

const madeBy: Readonly<Record<string, Maker>> = {
  // cloudnative-pg docs/src/applications.md and docs/src/security.md; key names: pkg/specs/secrets.go.
  *'Cluster.postgresql.cnpg.io'(cluster) {
    const spec = cluster.root.at('spec');
    const secret = (suffix: string, keys: readonly string[]): Declaration =>
      declaration(
        'Secret',
        cluster.namespace,
        `${cluster.name}-${suffix}`,
        'operator',
        cluster.root.at('metadata', 'name'),
        keys,
        cluster,
        'CloudNativePG',
      );
    if (!spec.at('bootstrap', 'initdb', 'secret', 'name').exists) yield secret('app', userKeys);
    if (spec.at('enableSuperuserAccess').boolean === true && !spec.at('superuserSecret', 'name').exists)
      yield secret('superuser', userKeys);
    yield secret('ca', ['ca.crt', 'ca.key']);
    yield secret('server', ['tls.crt', 'tls.key']);
    yield secret('replication', ['tls.crt', 'tls.key']);
    // The operator makes a ServiceAccount for the instances (cloudnative-pg docs/src/security.md).
    yield declaration(
      'ServiceAccount',
      cluster.namespace,
      cluster.name,
      'operator',
      cluster.root.at('metadata', 'name'),
      'any',
      cluster,
      'CloudNativePG',
    );
  },
  // minio/operator docs/tls.md: the operator stores the certificate it requested as <tenant>-tls.
  *'Tenant.minio.min.io'(tenant) {
    if (tenant.root.at('spec', 'requestAutoCert').boolean !== false) {
      yield declaration(
        'Secret',
        tenant.namespace,
        `${tenant.name}-tls`,
        'operator',
        tenant.root.at('metadata', 'name'),
        ['public.crt', 'private.key'],
        tenant,
        'the MinIO Operator',
      );
    }
  },
  *'Application.argoproj.io'(application) {
    yield* ofArgo(application, application.root.at('spec'));
  },
  *'ApplicationSet.argoproj.io'(set) {
    yield* ofArgo(set, set.root.at('spec', 'template', 'spec'));
  },
  *'AppProject.argoproj.io'(project) {
    yield* ofArgo(project, undefined);
  },
  // cert-manager.io/docs: Certificate, Issuer, and the ingress-shim annotations.
  *'Certificate.cert-manager.io'(certificate) {
    const name = certificate.root.at('spec', 'secretName');
    if (name.string)
      yield declaration(
        'Secret',
        certificate.namespace,
        name.string,
        'operator',
        name,
        certificateKeys(certificate.root.at('spec')),
        certificate,
        'cert-manager',
      );
  },
  *'Issuer.cert-manager.io'(issuer) {
    yield* accountKey(issuer);
  },
  *'ClusterIssuer.cert-manager.io'(issuer) {
    yield* accountKey(issuer);
  },
  *Ingress(ingress) {
    if (!asksForCertificate(ingress)) return;
    for (const tls of ingress.root.at('spec', 'tls').items()) {
      const name = tls.at('secretName');
      if (name.string)
        yield declaration('Secret', ingress.namespace, name.string, 'operator', name, tlsKeys, ingress, 'cert-manager');
    }
  },
  *Gateway(gateway) {
    if (!asksForCertificate(gateway)) return;
    for (const listener of gateway.root.at('spec', 'listeners').items()) {
      // cert-manager leaves out listeners without a host (pkg/controller/certificate-shim, validateGatewayListenerBlock).
      if (!listener.at('hostname').text) continue;
      for (const reference of listener.at('tls', 'certificateRefs').items()) {
        const name = reference.at('name');
        if (name.string)
          yield declaration(
            'Secret',
            gateway.namespace,
            name.string,
            'operator',
            name,
            tlsKeys,
            gateway,
            'cert-manager',
          );
      }
    }
  },
  // bitnami-labs/sealed-secrets README: the Secret has the name of the SealedSecret and the keys of encryptedData.
  *'SealedSecret.bitnami.com'(sealed) {
    const spec = sealed.root.at('spec');
    const keys = [...spec.at('encryptedData').keys(), ...spec.at('template', 'data').keys()];
    yield declaration(
      'Secret',
      sealed.namespace,
      spec.at('template', 'metadata', 'name').string ?? sealed.name,
      'operator',
      sealed.root.at('metadata', 'name'),
      keys,
      sealed,
      'Sealed Secrets',
    );
  },
  // external-secrets.io/latest/api/externalsecret.
  *'ExternalSecret.external-secrets.io'(external) {
    const spec = external.root.at('spec');
    const fromData = spec
      .at('data')
      .items()
      .flatMap(item => item.at('secretKey').text ?? []);
    const fromTemplate = spec.at('target', 'template', 'data').keys();
    const keys =
      spec.at('dataFrom').items().length > 0 || spec.at('target', 'template', 'templateFrom').exists
        ? 'any'
        : fromTemplate.length > 0
          ? fromTemplate
          : fromData;
    yield declaration(
      'Secret',
      external.namespace,
      spec.at('target', 'name').string ?? external.name,
      'operator',
      external.root.at('metadata', 'name'),
      keys,
      external,
      'External Secrets',
    );
  },
  *'VaultStaticSecret.secrets.hashicorp.com'(vault) {
    const name = vault.root.at('spec', 'destination', 'name').string ?? vault.name;
    yield declaration(
      'Secret',
      vault.namespace,
      name,
      'operator',
      vault.root.at('metadata', 'name'),
      'any',
      vault,
      'the Vault Secrets Operator',
    );
  },
  *'OnePasswordItem.onepassword.com'(item) {
    yield declaration(
      'Secret',
      item.namespace,
      item.name,
      'operator',
      item.root.at('metadata', 'name'),
      'any',
      item,
      'the 1Password operator',
    );
  },
};

const userKeys = [
  'username',
  'user',
  'password',
  'dbname',
  'host',
  'port',
  'pgpass',
  'uri',
  'jdbc-uri',
  'fqdn-uri',
  'fqdn-jdbc-uri',
];
const tlsKeys = ['tls.crt', 'tls.key', 'ca.crt'];

/** cert-manager.io/docs/usage/certificate: additional output formats and keystores. */
function certificateKeys(spec: Value): readonly string[] {
  const formats = spec
    .at('additionalOutputFormats')
    .items()
    .map(item => (item.at('type').text === 'DER' ? 'key.der' : 'tls-combined.pem'));
  const stores = [
    ['jks', 'jks'],
    ['pkcs12', 'p12'],
  ].flatMap(([field = '', ending]) =>
    spec.at('keystores', field).exists ? [`keystore.${ending}`, `truststore.${ending}`] : [],
  );
  return [...tlsKeys, ...formats, ...stores];
}

function* accountKey(issuer: Resource): Iterable<Declaration> {
  const name = issuer.root.at('spec', 'acme', 'privateKeySecretRef', 'name');
  if (name.string)
    yield declaration('Secret', issuer.namespace, name.string, 'operator', name, ['tls.key'], issuer, 'cert-manager');
}

function asksForCertificate(resource: Resource): boolean {
  const annotations = resource.root.at('metadata', 'annotations');
  return ['cert-manager.io/cluster-issuer', 'cert-manager.io/issuer', 'kubernetes.io/tls-acme'].some(
    name => annotations.at(name).exists,
  );
}

/** Names from kustomize generators get a hash appended, so they are matched as prefixes. */
function* kustomizeGenerated(document: ManifestDocument): Iterable<Declaration> {
  if (!document.file.isKustomization) return;
  for (const [field, kind] of [
    ['secretGenerator', 'Secret'],
    ['configMapGenerator', 'ConfigMap'],
  ] as const) {
    for (const item of document.root.at(field).items()) {
      const name = item.at('name').string;
      const literals = item
        .at('literals')
        .items()
        .flatMap(one => one.text?.split('=', 1)[0] ?? []);
      const files = item
        .at('files')
        .items()
        .flatMap(one => fileKey(one.text ?? ''));
      const keys = item.at('envs').exists || item.at('env').exists ? 'any' : [...literals, ...files];
      if (name)
        yield declaration(
          kind,
          item.at('namespace').string ?? document.root.at('namespace').string,
          name,
          'operator',
          item.at('name'),
          keys,
          undefined,
          'kustomize',
        );
    }
  }
}

function fileKey(source: string): string {
  const [name] = source.split('=', 1);
  return source.includes('=') ? (name ?? '') : baseName(source);
}
