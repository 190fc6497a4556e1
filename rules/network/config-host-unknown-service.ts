import { absentClusters, absentStores, clusterInName } from '../../analysis/absent-clusters';
import { isChartObject } from '../../analysis/charts';
import { followsChecklist } from '../../analysis/checklist-signs';
import { declarationsOf } from '../../analysis/declarations';
import type { Address } from '../../analysis/flows/address';
import { addressesOf } from '../../analysis/flows/addresses';
import { type Destination, isTreeNamespace, resolveHost } from '../../analysis/flows/destinations';
import { chartServiceNames, knownReleases, verdictsOn } from '../../analysis/helm/chart-objects';
import { releaseKinds } from '../../analysis/helm/releases';
import { isPatch } from '../../analysis/kustomization';
import { namespaceExists, namespaceResource } from '../../analysis/namespaces';
import { editDistance, nearest } from '../../analysis/nearest';
import { mayHaveService } from '../../analysis/operator-services';
import { podTemplate, workloadKinds } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { servicesIn } from '../../analysis/services';
import { insertEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'config-host-unknown-service',
  items: [],
  severity: 'error',
  summary: 'A configuration names a Service or pod that does not exist.',
  why: 'The name does not resolve. The program that needs it retries, fails its probes and is restarted, and its log speaks of DNS rather than of a name that was misspelt or has changed.',
  remedy:
    'Write the name of a Service of that namespace: `service.namespace.svc.cluster.local`. The name of a single pod needs a headless Service that is the `serviceName` of its StatefulSet, and a number below its replicas.',
  traps: [
    'Services that CloudNativePG and the MinIO Operator make are known, and those of the charts of Bitnami, MinIO and CloudNativePG that Flux, Argo CD or k3s install with values that the tree shows. What another Helm chart may make is a warning or accepted, depending on what the tree says of its installation.',
    'Names under `hostAliases` of the pod, and hosts of a ServiceEntry of Istio, are known.',
    'Hosts outside the cluster and in namespaces that the tree does not hold are not judged.',
    'A name without dots is judged only where nothing but a host can stand.',
    'It is an error where the tree shows what was meant: a Service of a similar name, one of that name in another namespace, one with that port; and in a tree that follows the checklist. Elsewhere another repository may bring the Service, and it is a warning.',
    'Only files that some pod really mounts count.',
    'A pod on the host network asks the DNS of its node, unless its `dnsPolicy` is `ClusterFirstWithHostNet`; then no name of a Service resolves.',
  ],
  sources: ['Kubernetes documentation, "DNS for Services and Pods", and StatefulSets, "Stable Network ID".'],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                env:
                  - name: REDIS_HOST
                    value: "redi.matrix.svc.cluster.local:6379"
      #                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: There is no Service redi in namespace matrix (variable REDIS_HOST) — did you mean redis?
      #- /redis.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: redis
        namespace: matrix
      spec:
        selector:
          app: redis
        ports:
          - port: 6379
    `,
    good: `
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                env:
                  - name: REDIS_HOST
                    value: "redis.matrix.svc.cluster.local:6379"
      #- /redis.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: redis
        namespace: matrix
      spec:
        selector:
          app: redis
        ports:
          - port: 6379
    `,
  },
  kinds: [...workloadKinds, clusterKind, ...releaseKinds],
  *check(resource, workspace) {
    yield* withoutClusterDns(resource, workspace);
    const aliases = aliasesOf(resource);
    for (const address of addressesOf(workspace, resource)) {
      if (aliases.has(address.host)) continue;
      const destination = resolveHost(workspace, address.namespace ?? resource.namespace, address.host);
      if (destination.kind === 'no-service') yield* noService(workspace, address, destination);
      else if (destination.kind === 'no-pod') yield noPod(address, destination);
    }
  },
} satisfies Rule;

/** The names that stand in the file /etc/hosts of a pod. */
function aliasesOf(resource: Resource): ReadonlySet<string> {
  const aliases = podTemplate(resource)?.at('spec', 'hostAliases').items() ?? [];
  return new Set(aliases.flatMap(alias => alias.at('hostnames').items()).flatMap(({ text }) => text ?? []));
}

/** A pod that asks the DNS of its node, which knows no Services (Kubernetes documentation, "Pod's DNS Policy"). */
function* withoutClusterDns(resource: Resource, workspace: Workspace): Iterable<Problem> {
  const spec = podTemplate(resource)?.at('spec');
  if (!spec?.exists) return;
  const [hostNetwork, policy] = [spec.at('hostNetwork'), spec.at('dnsPolicy')];
  const isNodes =
    policy.text === 'Default' ||
    (hostNetwork.boolean === true && (policy.text === undefined || policy.text === 'ClusterFirst'));
  if (!isNodes || spec.at('dnsConfig', 'nameservers').exists || isPatch(workspace, resource.document.file)) return;
  const needed = addressesOf(workspace, resource).find(
    ({ host, connects }) => connects && /^[a-z0-9.-]+\.svc(?:\.|$)/.test(host),
  );
  if (!needed) return;
  yield {
    at: policy.exists ? policy : hostNetwork,
    message: `${policy.text === 'Default' ? 'With this dnsPolicy' : 'On the host network'} pods ask the DNS of their node, which does not know ${needed.host} (${needed.name}) — set dnsPolicy: ${hostNetwork.boolean === true ? 'ClusterFirstWithHostNet' : 'ClusterFirst'}.`,
    related: [{ at: needed.at, message: 'The name that is asked for' }],
    fixes: () => {
      const wanted = hostNetwork.boolean === true ? 'ClusterFirstWithHostNet' : 'ClusterFirst';
      const edit = policy.exists
        ? replaceScalar(policy, wanted)
        : insertEntry(spec, `dnsPolicy: ${wanted}`, { after: 'hostNetwork' });
      return edit ? [{ title: `Set dnsPolicy: ${wanted}`, safe: true, edits: [edit] }] : [];
    },
  };
}

function* noService(
  workspace: Workspace,
  address: Address,
  { name, namespace }: Extract<Destination, { kind: 'no-service' }>,
): Iterable<Problem> {
  const isAbsent = absentClusters(workspace).has(clusterInName(name) ?? '') || absentStores(workspace).has(name);
  const isDenied = verdictsOn(workspace, 'Service', namespace, name).some(({ verdict }) => verdict === 'no');
  // That all of it is missing is one finding, unless a chart of the tree makes it under another name.
  if (isAbsent && !isDenied) return;
  const isBare = !address.host.includes('.');
  if (isBare && !address.isHostField) return;
  const isWhole = isTreeNamespace(workspace, namespace);
  const isKnown =
    isWhole ||
    isDenied ||
    isOfCharts(workspace, namespace) ||
    (namespace !== undefined && namespaceResource(workspace, namespace) !== undefined);
  if (!isKnown && !isMistaken(workspace, namespace, name)) return;
  if (isBare && servicesIn(workspace, namespace).length === 0 && chartServiceNames(workspace, namespace).length === 0)
    return;
  const declared = declarationsOf(workspace, 'Service', namespace, name);
  if (declared.some(({ origin }) => origin !== 'promise') || mayHaveService(workspace, namespace, name)) return;
  const chart = isChartObject(workspace, namespace, name, 'Service');
  if (chart === 'yes') return;
  const known = [
    ...servicesIn(workspace, namespace).map(service => service.name),
    ...chartServiceNames(workspace, namespace),
  ];
  const close = nearest(name, known);
  const elsewhere = namespace === undefined ? [] : servicesIn(workspace).filter(service => service.name === name);
  const [other] = elsewhere;
  const isProven =
    isWhole &&
    (close !== undefined ||
      elsewhere.length > 0 ||
      isDenied ||
      followsChecklist(workspace) ||
      isServedByAnother(workspace, namespace, address));
  const advice = close
    ? `did you mean ${close}?`
    : other?.namespace
      ? `it is in namespace ${other.namespace}.`
      : 'create it, or correct the name.';
  yield {
    at: address.at,
    ...((!isProven || chart === 'maybe' || declared.length > 0) && { severity: 'warning' }),
    message: `There is no Service ${name}${namespace === undefined ? '' : ` in namespace ${namespace}`} (${address.name}) — ${advice}`,
    fixes: () => [
      ...(close ? replace(address, close, name, editDistance(name, close, 3) === 1) : []),
      ...(other?.namespace && namespace
        ? replace(address, `${name}.${other.namespace}`, `${name}.${namespace}`, false)
        : []),
    ],
  };
}

/**
 * Whether a namespace that the tree does not declare is written where one of its own is meant: a Service of that name is
 * in the tree, and the namespace is the one that kubectl takes by default, or spelt almost like that Service's. A
 * namespace that nothing makes is also taken for one of another stage, as `matrix-prod` is, if the name of the Service
 * is none that anybody else would give, as `redis` is.
 */
function isMistaken(workspace: Workspace, namespace: string | undefined, name: string): boolean {
  if (namespace === undefined) return false;
  const own = servicesIn(workspace).flatMap(service => (service.name === name ? (service.namespace ?? []) : []));
  if (own.length === 0) return false;
  if (namespace === 'default' || nearest(namespace, own) !== undefined) return true;
  const words = new Set(namespace.split('-'));
  const isRelated = own.some(one => one.split('-').some(word => words.has(word)));
  return !namespaceExists(workspace, namespace) && (!common.test(name) || isRelated);
}

/**
 * Whether the namespace has a Service for what is asked for, under another name. Otherwise a program that another
 * repository, a chart or somebody by hand installs there may well be meant, as it often is of databases and caches.
 * Ports that any web server may have tell nothing.
 */
function isServedByAnother(workspace: Workspace, namespace: string | undefined, { port }: Address): boolean {
  return (
    port !== undefined &&
    !webPorts.has(port) &&
    servicesIn(workspace, namespace).some(({ ports }) => ports.some(one => one.port === port))
  );
}

const webPorts: ReadonlySet<number> = new Set([80, 443, 3000, 4000, 5000, 8000, 8080, 8081, 8443, 9000, 9090]);

/** What a Service of another application may well be called. */
const common =
  /^(?:redis|valkey|memcached|postgres|postgresql|mysql|mariadb|mongo|mongodb|minio|s3|rabbitmq|nats|kafka|elasticsearch|opensearch|vault|prometheus|grafana|loki|alertmanager|traefik|nginx|haproxy|keycloak|smtp|mail|postfix|ldap|dns|api|web|app|db|database|cache|auth|proxy|gateway|backend|frontend|server|\w{1,4})$/;

/** Whether the tree installs charts in a namespace whose Services are all known. */
function isOfCharts(workspace: Workspace, namespace: string | undefined): boolean {
  return knownReleases(workspace).some(
    ({ release, facts }) =>
      release.namespace === namespace && facts.complete?.includes('Service') && !facts.isBesideOthers,
  );
}

function noPod(address: Address, { service, pod, owner, under }: Extract<Destination, { kind: 'no-pod' }>): Problem {
  if (owner && under !== undefined)
    return {
      at: address.at,
      message: `The pod ${pod} has no name under Service ${service.name} (${address.name}), only under ${under}, which StatefulSet ${owner.name} names — write ${pod}.${under}.`,
      related: [{ at: owner.root.at('spec', 'serviceName'), message: `StatefulSet ${owner.name}` }],
      fixes: () => replace(address, `${pod}.${under}`, `${pod}.${service.name}`, true),
    };
  const ordinal = /^(.+)-(\d+)$/.exec(pod);
  const replicas = owner?.root.at('spec', 'replicas');
  const isBeyond = owner !== undefined && ordinal?.[1] === owner.name;
  return {
    at: address.at,
    message: isBeyond
      ? `There is no pod ${pod} (${address.name}): StatefulSet ${owner.name} has ${replicas?.number ?? 1} ${replicas?.number === 1 || !replicas?.exists ? 'replica' : 'replicas'} — leave the pod out, or raise the replicas.`
      : `Service ${service.name} has no pod ${pod} (${address.name}) — name a pod of ${owner ? `StatefulSet ${owner.name}` : 'its StatefulSet'}.`,
    related: [
      owner
        ? { at: replicas?.exists ? replicas : owner.root.at('metadata', 'name'), message: `StatefulSet ${owner.name}` }
        : { at: service.resource.root.at('metadata', 'name'), message: `Service ${service.name}` },
    ],
    fixes: () => (owner && !isBeyond && ordinal ? replace(address, `${owner.name}-${ordinal[2]}`, pod, false) : []),
  };
}

/** The fix that replaces the beginning of a host name. */
function replace(address: Address, by: string, what: string, safe: boolean): readonly Fix[] {
  const { host } = address;
  const at = host.indexOf(what);
  if (!address.isLiteral || at === -1) return [];
  const newText = host.slice(0, at) + by + host.slice(at + what.length);
  return [{ title: `Use ${newText}`, safe, edits: [{ at: address.at, newText }] }];
}
