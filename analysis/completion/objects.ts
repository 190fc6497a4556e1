import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { type Declaration, dataKeys, declarationsOf, declaredNames } from '../declarations';
import { namespaceResource, wellKnownNamespaces } from '../namespaces';
import { podsIn, podTemplate, workloadKinds } from '../pods';
import { referencesIn, referringKinds } from '../references';
import { servicesIn } from '../services';
import { settingsOf } from '../settings';
import { type Candidate, distinct } from './candidate';
import { besideOf, endsWith, isPath, type Place, upTo, valueAt } from './places';

/**
 * Names of objects that exist, for a value at a path that names one, and keys of the Secret or ConfigMap that is named
 * beside it. Undefined where the path names no object.
 */
export function objectsAt(place: Place, path: readonly PathKey[]): readonly Candidate[] | undefined {
  const key = keyOwner(place, path);
  if (key) return keysOf(place, key.kind, key.name);
  const certificate = certificateSecret(place, path);
  const kind = namedKind(place, path);
  if (kind) {
    const { workspace, resource } = place;
    const isOwn = ({ label }: Candidate): boolean => kind === resource.qualifiedKind && label === resource.name;
    return distinct([...certificate, ...objectNames(workspace, kind, resource.namespace).filter(one => !isOwn(one))]);
  }
  if (certificate.length > 0) return certificate;
  return pathsInPod(place, path) ?? namespacesAt(place, path) ?? kindsAt(place, path);
}

/** Every object of a kind that will exist in a namespace; without a namespace, in any. */
export function objectsOfKind(workspace: Workspace, kind: string, namespace: string | undefined): readonly Candidate[] {
  const provided = settingsOf(workspace).provided.filter(
    one => one.kind === kind && (namespace === undefined || (one.namespace ?? namespace) === namespace),
  );
  const names = new Set([...declaredNames(workspace, kind, namespace), ...provided.map(one => one.name)]);
  return [...names].flatMap(name => {
    // What belongs to an object without a namespace goes to that of its controller.
    const [first] = declarationsOf(workspace, kind, namespace, name).filter(
      one => kind !== 'Secret' || one.resource?.kind !== 'ClusterIssuer',
    );
    if (!first && !provided.some(one => one.name === name)) return [];
    return {
      label: name,
      kind: 'object' as const,
      detail: first ? describe(workspace, kind, first) : kind,
      rank: first?.origin === 'promise' ? (2 as const) : (0 as const),
    };
  });
}

/** All namespaces that the tree or any usual cluster has. */
export function namespaceNames(workspace: Workspace): readonly string[] {
  const named = [...podsIn(workspace), ...servicesIn(workspace)].flatMap(one => one.namespace ?? []);
  const own = [...new Set([...declaredNames(workspace, 'Namespace', undefined), ...named])].sort();
  return [...own, ...[...wellKnownNamespaces].filter(name => !own.includes(name))];
}

/** The namespaces that the tree declares, and those that its objects name without a manifest. */
export function namespaceCandidates(workspace: Workspace): readonly Candidate[] {
  return namespaceNames(workspace).map(name => {
    const isDeclared = namespaceResource(workspace, name) !== undefined;
    return {
      label: name,
      kind: 'object',
      detail: isDeclared ? 'Namespace' : 'Namespace without a manifest',
      rank: isDeclared ? 0 : wellKnownNamespaces.has(name) ? 2 : 1,
    };
  });
}

/** A name for the Secret that cert-manager is to make, where there is none as yet. */
function certificateSecret({ resource }: Place, path: readonly PathKey[]): readonly Candidate[] {
  const { kind, name, root } = resource;
  const isCertificate = kind === 'Certificate' && isPath(path, 'spec', 'secretName');
  const annotations = root.at('metadata', 'annotations');
  const isAsked = annotations.keys().some(key => key.startsWith('cert-manager.io/') && key.endsWith('issuer'));
  const isIngress = kind === 'Ingress' && isAsked && isPath(path, 'spec', 'tls', '#', 'secretName');
  if (name === '' || !(isCertificate || isIngress)) return [];
  return [
    { label: name.endsWith('-tls') ? name : `${name}-tls`, kind: 'name', detail: 'made by cert-manager', rank: 0 },
  ];
}

interface Owner {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
}

/** The Secret or ConfigMap that a value names a key of. */
function keyOwner(place: Place, path: readonly PathKey[]): Owner | undefined {
  const owner = (kind: Owner['kind'], name: Value): Owner | undefined =>
    name.string ? { kind, name: name.string } : undefined;
  if (endsWith(path, 'items', '#', 'key')) {
    const source = path.slice(0, -3);
    if (endsWith(source, 'secret'))
      return (
        owner('Secret', valueAt(place, [...source, 'secretName'])) ??
        owner('Secret', valueAt(place, [...source, 'name']))
      );
    if (endsWith(source, 'configMap')) return owner('ConfigMap', valueAt(place, [...source, 'name']));
    return undefined;
  }
  if (path.at(-1) !== 'key') return undefined;
  const kind = referencedHere(path.slice(0, -1));
  return kind && owner(kind, besideOf(place, path, 'name'));
}

/** What kind of object a mapping with `name` and maybe `key` means, by where it stands. */
function referencedHere(path: readonly PathKey[]): Owner['kind'] | undefined {
  if (endsWith(path, 'configMapKeyRef|configMapRef|configMap')) return 'ConfigMap';
  if (endsWith(path, 'customQueriesConfigMap|configMapRefs', '#')) return 'ConfigMap';
  if (endsWith(path, 'secretKeyRef|secretRef|bearerTokenSecret|superuserSecret|passwordSecret|credsSecret|secret'))
    return 'Secret';
  if (endsWith(path, 'imagePullSecret|kesSecret|serverTLSSecret|serverCASecret|clientCASecret|clientTLSSecret'))
    return 'Secret';
  if (endsWith(path, 'customQueriesSecret|secretRefs|imagePullSecrets|externalCertSecret|externalCaCertSecret', '#'))
    return 'Secret';
  if (endsWith(path, 's3Credentials|azureCredentials', '*')) return 'Secret';
  if (endsWith(path, 'externalClusters', '#', 'password|sslCert|sslKey|sslRootCert')) return 'Secret';
  if (endsWith(path, 'basicAuth', 'username|password') || endsWith(path, 'authorization', 'credentials'))
    return 'Secret';
  if (endsWith(path, 'endpointCA|authQuerySecret|privateKeySecretRef|passwordSecretRef')) return 'Secret';
  return undefined;
}

const certManagerIssuer = 'cert-manager.io/issuer';

/** The kind of object that a value names. */
function namedKind(place: Place, path: readonly PathKey[]): string | undefined {
  const { resource } = place;
  const last = path.at(-1);
  if (last === 'name') {
    const around = path.slice(0, -1);
    if (endsWith(path, 'issuerRef', 'name'))
      return besideOf(place, path, 'kind').string === 'ClusterIssuer' ? 'ClusterIssuer' : 'Issuer and ClusterIssuer';
    if (endsWith(path, 'roleRef', 'name')) return besideOf(place, path, 'kind').string ?? 'Role';
    if (isPath(path, 'subjects', '#', 'name'))
      return (besideOf(place, path, 'kind').string ?? 'ServiceAccount') === 'ServiceAccount'
        ? 'ServiceAccount'
        : undefined;
    if (endsWith(path, 'scaleTargetRef', 'name')) return besideOf(place, path, 'kind').string ?? 'Deployment';
    if (endsWith(path, 'backend|defaultBackend', 'service', 'name')) return 'Service';
    if (isPath(path, 'spec', 'cluster', 'name') && resource.group === 'postgresql.cnpg.io')
      return 'Cluster.postgresql.cnpg.io';
    if (resource.kind === 'Tenant' && isPath(path, 'spec', 'configuration', 'name')) return 'Secret';
    if (resource.kind === 'Tenant' && isPath(path, 'spec', 'users', '#', 'name')) return 'Secret';
    if (resource.kind === 'ServiceAccount' && isPath(path, 'secrets', '#', 'name')) return 'Secret';
    return referencedHere(around);
  }
  if (typeof last !== 'string') return undefined;
  if (last === 'secretName' && resource.kind !== 'Certificate') return 'Secret';
  if (last === 'serviceAccountName' || last === 'serviceAccount') return 'ServiceAccount';
  if (last === 'claimName') return 'PersistentVolumeClaim';
  if (last === 'storageClassName' || (last === 'storageClass' && resource.group === 'postgresql.cnpg.io'))
    return 'StorageClass';
  if (last === 'serviceName' && resource.kind === 'StatefulSet' && isPath(path, 'spec', 'serviceName'))
    return 'Service';
  if (last === 'ingressClassName') return 'IngressClass';
  if (last === 'priorityClassName') return 'PriorityClass';
  if (path.at(-2) === 'annotations' && last === 'cert-manager.io/cluster-issuer') return 'ClusterIssuer';
  if (path.at(-2) === 'annotations' && last === certManagerIssuer) return 'Issuer';
  return undefined;
}

/** The objects of a kind that a name in a namespace may mean: what is written, made by operators, or used elsewhere. */
export function objectNames(workspace: Workspace, kind: string, namespace: string | undefined): readonly Candidate[] {
  switch (kind) {
    case 'Service':
      return distinct(
        servicesIn(workspace, namespace).map(service => ({
          label: service.name,
          kind: 'object',
          detail: `${service.isGenerated ? `of ${service.resource.title}, ` : ''}${ports(service.ports.map(port => port.port))}`,
          rank: 0,
        })),
      );
    case 'Issuer and ClusterIssuer':
      return distinct([
        ...objectsOfKind(workspace, 'Issuer', namespace),
        ...objectsOfKind(workspace, 'ClusterIssuer', undefined),
      ]);
    case 'ClusterIssuer':
    case 'ClusterRole':
    case 'IngressClass':
    case 'PriorityClass':
      return distinct([
        ...objectsOfKind(workspace, kind, undefined),
        ...(kind === 'IngressClass'
          ? [{ label: 'nginx', kind: 'object' as const, detail: 'ingress-nginx', rank: 1 as const }]
          : []),
        ...used(workspace, kind),
      ]);
    case 'StorageClass':
      return distinct([...objectsOfKind(workspace, kind, undefined), ...usedStorageClasses(workspace)]);
    default: {
      const isCustom = kind.includes('.') || (workloadKinds as readonly string[]).includes(kind);
      return isCustom
        ? distinct(
            workspace
              .resources(kind)
              .filter(one => namespace === undefined || one.namespace === undefined || one.namespace === namespace)
              .map(one => ({
                label: one.name,
                kind: 'object',
                detail: `${one.kind}, ${one.document.file.path}`,
                rank: 0,
              })),
          )
        : objectsOfKind(workspace, kind, namespace);
    }
  }
}

/** Classes that other objects of the tree name, although no manifest declares them. */
function usedStorageClasses(workspace: Workspace): readonly Candidate[] {
  const names = referringKinds
    .flatMap(kind => workspace.resources(kind))
    .flatMap(one => referencesIn(workspace, one))
    .flatMap(one => (one.kind === 'StorageClass' ? (one.name.text ?? []) : []));
  return [...new Set(names)].map(label => ({ label, kind: 'object', detail: 'used in this tree', rank: 1 }));
}

function used(workspace: Workspace, kind: string): readonly Candidate[] {
  if (kind !== 'IngressClass') return [];
  const names = workspace.resources('Ingress').flatMap(one => one.root.at('spec', 'ingressClassName').text ?? []);
  return [...new Set(names)].map(label => ({ label, kind: 'object', detail: 'used in this tree', rank: 0 }));
}

function keysOf({ workspace, resource }: Place, kind: Owner['kind'], name: string): readonly Candidate[] {
  const found = declarationsOf(workspace, kind, resource.namespace, name).map(one =>
    one.origin === 'broken' ? { ...one, keys: keysOfBroken(workspace, one) } : one,
  );
  return distinct(
    found.flatMap(one =>
      one.keys === 'any'
        ? []
        : [...one.keys].map(label => ({
            label,
            kind: 'key' as const,
            detail: `key of ${kind}/${name}`,
            rank: 0 as const,
          })),
    ),
  );
}

/** The keys of an object whose document cannot be read as a whole, as far as they can be told. */
function keysOfBroken(workspace: Workspace, { at }: Declaration): ReadonlySet<string> {
  const { start } = at.span;
  const document = workspace.file(at.uri)?.documents.find(({ span }) => span.start <= start && start < span.end);
  return new Set(document ? dataKeys(document.root) : []);
}

/** What the object's own pod has: volumes for mounts, and files of a volume for `subPath`. */
function pathsInPod(place: Place, path: readonly PathKey[]): readonly Candidate[] | undefined {
  if (endsWith(path, 'volumes', '#', 'name')) return mountedVolumes(place, path);
  if (!endsWith(path, 'volumeMounts', '#', 'name|subPath')) return undefined;
  const pod = podTemplate(place.resource)?.at('spec') ?? podSpecAround(place, path);
  const claims = place.resource.root.at('spec', 'volumeClaimTemplates').items();
  if (path.at(-1) === 'name') {
    const mounts = valueAt(place, path.slice(0, -2)).items();
    const taken = new Set(
      mounts.flatMap((mount, index) => (index === path.at(-2) ? [] : (mount.at('name').text ?? []))),
    );
    return distinct([
      ...pod
        .at('volumes')
        .items()
        .map(volume => candidate(volume.at('name').text ?? '', sourceOf(volume), taken)),
      ...claims.map(claim => candidate(claim.at('metadata', 'name').text ?? '', 'volumeClaimTemplate', taken)),
    ]);
  }
  const name = besideOf(place, path, 'name').text;
  const volume = pod
    .at('volumes')
    .items()
    .find(one => one.at('name').text === name);
  if (!volume) return [];
  const sources = volume.at('projected').exists ? volume.at('projected', 'sources').items() : [volume];
  return distinct(
    sources.flatMap(source =>
      (['Secret', 'ConfigMap'] as const).flatMap(kind => {
        const field = kind === 'Secret' ? 'secret' : 'configMap';
        const from = source.at(field);
        const object = from.at('secretName').string ?? from.at('name').string;
        if (object === undefined) return [];
        const items = from.at('items').items();
        return items.length > 0
          ? items.map(item => ({
              label: item.at('path').text ?? '',
              kind: 'key' as const,
              detail: `${item.at('key').text ?? ''} of ${kind}/${object}`,
            }))
          : keysOf(place, kind, object);
      }),
    ),
  );
}

/** The names that containers mount and no volume has yet. */
function mountedVolumes(place: Place, path: readonly PathKey[]): readonly Candidate[] {
  const spec = valueAt(place, path.slice(0, -3));
  const volumes = spec.at('volumes').items();
  const present = new Set(volumes.map(volume => volume.at('name').text));
  const containers = [...spec.at('initContainers').items(), ...spec.at('containers').items()];
  return distinct(
    containers.flatMap(container =>
      container
        .at('volumeMounts')
        .items()
        .flatMap(mount => {
          const label = mount.at('name').text;
          return label === undefined || present.has(label)
            ? []
            : [
                {
                  label,
                  kind: 'name' as const,
                  detail: `mounted by ${container.at('name').text ?? 'a container'}`,
                  rank: 0 as const,
                },
              ];
        }),
    ),
  );
}

function candidate(label: string, detail: string, taken: ReadonlySet<string>): Candidate {
  return { label, kind: 'name', detail, rank: taken.has(label) ? 1 : 0 };
}

/** The pod spec that a path lies in, for kinds that embed one. */
function podSpecAround(place: Place, path: readonly PathKey[]): Value {
  return valueAt(place, (upTo(path, 'containers|initContainers') ?? ['']).slice(0, -1));
}

function sourceOf(volume: Value): string {
  const [source, value] = volume.entries().find(([key]) => key !== 'name') ?? [];
  if (!source || !value) return 'volume';
  const object = value.at('secretName').text ?? value.at('name').text ?? value.at('claimName').text;
  return object === undefined ? source : `${source} ${object}`;
}

function namespacesAt({ workspace }: Place, path: readonly PathKey[]): readonly Candidate[] | undefined {
  if (
    isPath(path, 'metadata', 'namespace') ||
    isPath(path, 'subjects', '#', 'namespace') ||
    endsWith(path, 'matchNames', '#')
  )
    return namespaceCandidates(workspace);
  return undefined;
}

/** Kinds that may stand in a reference that names its kind. */
function kindsAt({ resource }: Place, path: readonly PathKey[]): readonly Candidate[] | undefined {
  const offer = (...kinds: readonly string[]): readonly Candidate[] =>
    kinds.map(label => ({ label, kind: 'enum', rank: 0 }));
  if (endsWith(path, 'issuerRef', 'kind')) return offer('ClusterIssuer', 'Issuer');
  if (endsWith(path, 'roleRef', 'kind'))
    return resource.kind === 'ClusterRoleBinding' ? offer('ClusterRole') : offer('Role', 'ClusterRole');
  if (endsWith(path, 'roleRef', 'apiGroup')) return offer('rbac.authorization.k8s.io');
  if (isPath(path, 'subjects', '#', 'kind')) return offer('ServiceAccount', 'User', 'Group');
  if (endsWith(path, 'scaleTargetRef', 'kind')) return offer('Deployment', 'StatefulSet', 'ReplicaSet');
  if (endsWith(path, 'scaleTargetRef', 'apiVersion')) return offer('apps/v1');
  return undefined;
}

function describe(workspace: Workspace, kind: string, one: Declaration): string {
  const keys =
    one.keys === 'any' || (kind !== 'Secret' && kind !== 'ConfigMap')
      ? ''
      : `${one.keys.size} ${one.keys.size === 1 ? 'key' : 'keys'}, `;
  switch (one.origin) {
    case 'manifest':
      return `${keys}${workspace.file(one.at.uri)?.path ?? kind}`;
    case 'operator':
      return `${keys}made by ${one.by}${one.resource ? ` for ${one.resource.title}` : ''}`;
    case 'script':
      return `${keys}made by ${one.by ?? 'a script'}`;
    case 'settings':
      return `${keys}provided, says matrix-preflight.yaml`;
    case 'broken':
      return 'in a document that cannot be read';
    case 'promise':
      return 'only named in a comment or a README';
  }
}

function ports(numbers: readonly number[]): string {
  return numbers.length === 0 ? 'no port' : `${numbers.length === 1 ? 'port' : 'ports'} ${numbers.join(', ')}`;
}
