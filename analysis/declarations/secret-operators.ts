import { grouped } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import { containersOf } from '../pods';

/** A Secret or ConfigMap that a controller makes from another object. */
export interface MadeObject {
  readonly kind: 'Secret' | 'ConfigMap';
  /** Undefined where it may be made in any namespace. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly keys: readonly string[] | 'any';
  readonly at: Place;
  /** The controller. */
  readonly by: string;
}

/** What controllers that only hand Secrets and ConfigMaps around make from an object. */
export function* madeFrom(resource: Resource): Iterable<MadeObject> {
  yield* makers[resource.qualifiedKind]?.(resource) ?? [];
  yield* connectionOf(resource);
  yield* generatedByTools(resource);
  yield* certificateOfWebhook(resource);
  yield* certificateOfService(resource);
  yield* copiesOf(resource);
}

/** Whether a Secret or ConfigMap is filled by a controller, so that its keys are not written. */
export function isFilledByController({ kind, labels, root }: Resource): boolean {
  const annotations = root.at('metadata', 'annotations');
  return (
    filledBy.some(name => annotations.at(name).text) ||
    // Kubernetes documentation, "Service account token Secrets".
    (kind === 'Secret' && root.at('type').text === 'kubernetes.io/service-account-token') ||
    // OpenShift documentation, "Certificate injection using Operators" and "Service CA certificates".
    labels.get('config.openshift.io/inject-trusted-cabundle') === 'true' ||
    annotations.at('service.beta.openshift.io/inject-cabundle').text === 'true'
  );
}

/** Marks an object that a kustomization makes of files which the tree does not have. */
export const unknownKeys = 'matrix-preflight/unknown-keys';

/**
 * Annotations of Reflector, of the replicator and the generator of Mittwald, which puts random values into a Secret, and of
 * cert-manager, which keeps the Secret of a certificate.
 */
const filledBy = [
  'reflector.v1.k8s.emberstack.com/reflects',
  'replicator.v1.mittwald.de/replicate-from',
  'secret-generator.v1.mittwald.de/autogenerate',
  'cert-manager.io/certificate-name',
  unknownKeys,
];

const makers = table<(resource: Resource) => Iterable<MadeObject>>({
  // external-secrets.io/latest/api/clusterexternalsecret.
  *'ClusterExternalSecret.external-secrets.io'({ name, root }) {
    const spec = root.at('spec');
    const target = spec.at('externalSecretSpec', 'target', 'name').text;
    const made = target ?? spec.at('externalSecretName').text ?? name;
    yield secret(undefined, made, root.at('metadata', 'name'), 'External Secrets');
  },
  // secrets-store-csi-driver.sigs.k8s.io/topics/sync-as-kubernetes-secret.
  *'SecretProviderClass.secrets-store.csi.x-k8s.io'({ namespace, root }) {
    for (const item of root.at('spec', 'secretObjects').items()) {
      const name = item.at('secretName');
      const keys = item.at('data').items();
      if (name.text)
        yield secret(
          namespace,
          name.text,
          name,
          'the Secrets Store CSI driver',
          keys.flatMap(one => one.at('key').text ?? []),
        );
    }
  },
  'VaultDynamicSecret.secrets.hashicorp.com': fromVault,
  'VaultPKISecret.secrets.hashicorp.com': fromVault,
  // docs.doppler.com/docs/kubernetes-operator.
  *'DopplerSecret.secrets.doppler.com'({ namespace, root }) {
    const managed = root.at('spec', 'managedSecret');
    const name = managed.at('name');
    if (name.text) yield secret(managed.at('namespace').text ?? namespace, name.text, name, 'the Doppler operator');
  },
  // kyverno.io/docs/writing-policies/generate: what is generated goes to the namespace that sets it off.
  'ClusterPolicy.kyverno.io': fromKyverno,
  'Policy.kyverno.io': fromKyverno,
  // infisical.com/docs/integrations/platforms/kubernetes.
  *'InfisicalSecret.secrets.infisical.com'({ namespace, root }) {
    const spec = root.at('spec');
    const all = [spec.at('managedSecretReference'), ...spec.at('managedKubeSecretReferences').items()];
    for (const managed of all) {
      const name = managed.at('secretName');
      if (name.text)
        yield secret(managed.at('secretNamespace').text ?? namespace, name.text, name, 'the Infisical operator');
    }
  },
  // isindir/sops-secrets-operator, README.
  *'SopsSecret.isindir.github.com'({ namespace, root }) {
    for (const template of root.at('spec', 'secretTemplates').items()) {
      const name = template.at('name');
      const keys = ['data', 'stringData'].flatMap(field => template.at(field).keys());
      if (name.text) yield secret(namespace, name.text, name, 'the SOPS operator', keys.length > 0 ? keys : 'any');
    }
  },
  // zalando/postgres-operator docs/user.md and docs/reference/operator_parameters.md: secret_name_template.
  *'postgresql.acid.zalan.do'({ namespace, name, root }) {
    const users = [...root.at('spec', 'users').keys(), ...owners(root), 'postgres', 'standby'];
    for (const user of users) {
      const made = `${user.replaceAll('_', '-')}.${name}.credentials.postgresql.acid.zalan.do`;
      yield secret(namespace, made, root.at('metadata', 'name'), "Zalando's operator", ['username', 'password']);
    }
  },
  'PostgresCluster.postgres-operator.crunchydata.com': fromCrunchy,
  'PerconaPGCluster.pgv2.percona.com': fromCrunchy,
  // stackgres.io/doc, SGCluster: the Secret with the name of the cluster has the passwords of its superusers.
  *'SGCluster.stackgres.io'({ namespace, name, root }) {
    yield secret(namespace, name, root.at('metadata', 'name'), 'StackGres');
  },
  // kube-object-storage/lib-bucket-provisioner: a Secret and a ConfigMap with the name of the claim.
  *'ObjectBucketClaim.objectbucket.io'({ namespace, name, root }) {
    const [at, by] = [root.at('metadata', 'name'), 'the provisioner of buckets'];
    yield secret(namespace, name, at, by, ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
    const keys = ['HOST', 'PORT', 'NAME', 'REGION', 'SUBREGION'].map(key => `BUCKET_${key}`);
    yield { kind: 'ConfigMap', namespace, name, keys, at, by };
  },
  // container-object-storage-interface.sigs.k8s.io, BucketAccess.
  *BucketAccess({ namespace, root }) {
    const name = root.at('spec', 'credentialsSecretName');
    if (name.text) yield secret(namespace, name.text, name, 'the driver of buckets');
  },
  // strimzi.io/docs, KafkaUser, and rabbitmq.com/kubernetes/operator, "Retrieve Default User Credentials".
  *'KafkaUser.kafka.strimzi.io'({ namespace, name, root }) {
    yield secret(namespace, name, root.at('metadata', 'name'), 'Strimzi');
  },
  *'RabbitmqCluster.rabbitmq.com'({ namespace, name, root }) {
    yield secret(namespace, `${name}-default-user`, root.at('metadata', 'name'), 'the RabbitMQ operator');
  },
  // cert-manager.io/docs/trust/trust-manager: a Bundle is written to every namespace.
  *'Bundle.trust.cert-manager.io'({ name, root }) {
    for (const [kind, field] of [
      ['ConfigMap', 'configMap'],
      ['Secret', 'secret'],
    ] as const) {
      const key = root.at('spec', 'target', field, 'key').text;
      if (key)
        yield { kind, namespace: undefined, name, keys: 'any', at: root.at('metadata', 'name'), by: 'trust-manager' };
    }
  },
});

/** The owners of the databases that Zalando's operator makes; those of prepared ones are called after the database. */
function owners(root: Value): readonly string[] {
  const prepared = root.at('spec', 'preparedDatabases').keys();
  return [
    ...root
      .at('spec', 'databases')
      .entries()
      .flatMap(([, owner]) => owner.text ?? []),
    ...prepared.flatMap(name => ['owner', 'reader', 'writer'].map(role => `${name}_${role}_user`)),
  ];
}

/** CrunchyData/postgres-operator internal/naming/names.go; without users there is one with the cluster's name. */
function* fromCrunchy({ namespace, name, root }: Resource): Iterable<MadeObject> {
  const users = root
    .at('spec', 'users')
    .items()
    .map(user => user.at('name'));
  for (const user of users.length > 0 ? users : [root.at('metadata', 'name')])
    if (user.text) yield secret(namespace, `${name}-pguser-${user.text}`, user, 'the PostgreSQL operator');
  for (const suffix of ['cluster-cert', 'replication-cert', 'pgbouncer', 'pgbackrest', 'monitoring'])
    yield secret(namespace, `${name}-${suffix}`, root.at('metadata', 'name'), 'the PostgreSQL operator');
}

function* fromKyverno({ root }: Resource): Iterable<MadeObject> {
  for (const rule of root.at('spec', 'rules').items()) {
    const generated = rule.at('generate');
    const [kind, name] = [generated.at('kind').text, generated.at('name')];
    if (!name.text || (kind !== 'Secret' && kind !== 'ConfigMap')) continue;
    const [namespace] = namesIn(generated.at('namespace'));
    yield { kind, namespace, name: name.text, keys: 'any', at: name, by: 'Kyverno' };
  }
}

/**
 * The Secrets that the hook of Element's chart makes: `generate-secrets -secrets NAME:KEY:TYPE,…`
 * (element-hq/ess-helm matrix-tools/cmd/generate-secrets).
 */
function* generatedByTools(resource: Resource): Iterable<MadeObject> {
  for (const { value, image } of containersOf(resource)) {
    if (!/(?:^|\/)matrix-tools(?:$|[:@])/.test(image)) continue;
    const words = [...value.at('command').items(), ...value.at('args').items()];
    const listed = words[words.findIndex(word => /^--?secrets$/.test(word.text ?? '')) + 1];
    if (!listed || !words.some(word => word.text === 'generate-secrets')) continue;
    const entries = (listed.text ?? '').matchAll(/([^:,\s]+):([^:,\s]+):[^,\s]+/g);
    const keys = grouped([...entries].map(([, name = '', key = '']): readonly [string, string] => [name, key]));
    for (const [name, own] of keys) yield secret(resource.namespace, name, listed, resource.title, own);
  }
}

/** The certificate that OpenShift makes for a Service (OpenShift documentation, "Add a service certificate"). */
function* certificateOfService({ kind, group, namespace, root }: Resource): Iterable<MadeObject> {
  if (kind !== 'Service' || group !== '') return;
  const name = root.at('metadata', 'annotations', 'service.beta.openshift.io/serving-cert-secret-name');
  if (name.text) yield secret(namespace, name.text, name, 'OpenShift', ['tls.crt', 'tls.key']);
}

/**
 * The certificate that a chart's hook makes for an admission webhook: `create --secret-name=NAME`, as in ingress-nginx and
 * kube-prometheus-stack (jet/kube-webhook-certgen cmd/create.go, whose flags name the keys).
 */
function* certificateOfWebhook(resource: Resource): Iterable<MadeObject> {
  for (const { value, image } of containersOf(resource)) {
    if (!/webhook-certgen(?:$|[:@])/.test(image)) continue;
    const words = [...value.at('command').items(), ...value.at('args').items()];
    if (!words.some(word => word.text === 'create')) continue;
    const of = (flag: string): readonly [string, Value] | undefined => {
      const at = words.findIndex(word => new RegExp(`^--${flag}(?:=|$)`).test(word.text ?? ''));
      const [word, next] = [words[at], words[at + 1]];
      if (!word) return undefined;
      return word.text?.includes('=') ? [word.text.replace(/^[^=]*=/, ''), word] : [next?.text ?? '', next ?? word];
    };
    const name = of('secret-name');
    const namespace = of('namespace')?.[0];
    const keys = (['ca', 'cert', 'key'] as const).map(key => of(`${key}-name`)?.[0] ?? key);
    if (name?.[0])
      yield secret(
        namespace === undefined || namespace.includes('$') ? resource.namespace : namespace,
        name[0],
        name[1],
        resource.title,
        keys,
      );
  }
}

/** Where Crossplane writes how to reach what an object stands for (docs.crossplane.io, Managed resources). */
function* connectionOf({ namespace, root }: Resource): Iterable<MadeObject> {
  const target = root.at('spec', 'writeConnectionSecretToRef');
  const name = target.at('name');
  if (name.text) yield secret(target.at('namespace').text ?? namespace, name.text, name, 'Crossplane');
}

function* fromVault({ namespace, root }: Resource): Iterable<MadeObject> {
  const name = root.at('spec', 'destination', 'name');
  if (name.text) yield secret(namespace, name.text, name, 'the Vault Secrets Operator');
}

/** The copies that Reflector and the replicator of Mittwald push into other namespaces. */
function* copiesOf({ kind, qualifiedKind, name, root }: Resource): Iterable<MadeObject> {
  const spec = root.at('spec');
  switch (qualifiedKind) {
    case 'Secret':
    case 'ConfigMap':
      yield* copiesMarked(root.at('metadata', 'annotations'), kind === 'Secret' ? kind : 'ConfigMap', [name]);
      break;
    case 'Certificate.cert-manager.io':
      yield* copiesMarked(spec.at('secretTemplate', 'annotations'), 'Secret', [spec.at('secretName').text]);
      break;
    // cloudnative-pg docs/src/labels_annotations.md: what the operator makes inherits them.
    case 'Cluster.postgresql.cnpg.io':
      yield* copiesMarked(
        spec.at('inheritedMetadata', 'annotations'),
        'Secret',
        ['app', 'superuser', 'ca'].map(suffix => `${name}-${suffix}`),
      );
      break;
    default:
  }
}

function* copiesMarked(
  annotations: Value,
  kind: MadeObject['kind'],
  names: readonly (string | undefined)[],
): Iterable<MadeObject> {
  if (annotations.kind !== 'mapping') return;
  for (const [enabled, namespaces, by] of [
    [`${reflector}reflection-auto-enabled`, `${reflector}reflection-auto-namespaces`, 'Reflector'],
    [`${replicator}replicate-to`, `${replicator}replicate-to`, 'the replicator'],
    [`${replicator}replicate-to-matching`, undefined, 'the replicator'],
  ] as const) {
    const on = annotations.at(enabled);
    if (!on.text || on.text === 'false') continue;
    const listed = namespaces === undefined ? [] : namesIn(annotations.at(namespaces));
    for (const namespace of listed.length > 0 ? listed : [undefined])
      for (const name of names) if (name !== undefined) yield { kind, namespace, name, keys: 'any', at: on, by };
  }
}

const reflector = 'reflector.v1.k8s.emberstack.com/';
const replicator = 'replicator.v1.mittwald.de/';

/** The namespaces of a list, which may be patterns; a pattern stands for any. */
function namesIn(list: Value): readonly (string | undefined)[] {
  return (list.text ?? '')
    .split(',')
    .map(one => one.trim())
    .filter(Boolean)
    .map(one => (/^[a-z0-9-]+$/.test(one) ? one : undefined));
}

function secret(
  namespace: string | undefined,
  name: string,
  at: Place,
  by: string,
  keys: readonly string[] | 'any' = 'any',
): MadeObject {
  return { kind: 'Secret', namespace, name, keys, at, by };
}
