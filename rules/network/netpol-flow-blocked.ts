import { flowSourceKinds, flowsFrom, isExternal, judgeFlow, type RequiredFlow } from '../../analysis/flows';
import { matches } from '../../analysis/labels';
import { type Pods, podTemplate } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { routeSourceKinds } from '../../analysis/routes';
import { podsBehind, servicesIn } from '../../analysis/services';
import { settingsOf } from '../../analysis/settings';
import { column, insertEntry, stringScalar } from '../../manifests/edit';
import { groupedBy } from '../../manifests/grouped';
import { labelsOf, type Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Related, Rule } from '../rule';
import {
  type BlockedFlow,
  type BlockedGroup,
  blockedFlow,
  blockedGroups,
  isolatingPolicies,
  namesOf,
  reasonOf,
} from './blocked';
import { letThrough } from './grants';

export default {
  id: 'netpol-flow-blocked',
  items: ['1.4.b.2'],
  severity: 'error',
  summary: 'A connection that the configuration needs is blocked by NetworkPolicies.',
  why: 'The program waits for a connection that never opens, and reports a timeout that says nothing of policies. A connection has to be allowed twice: by the egress of the pod that opens it and by the ingress of the pod that answers.',
  remedy:
    'Add the missing rule on the side that the message names. Ports are those of the pods, after the Service has translated its own.',
  traps: [
    'Known without a configuration are kubectl in scripts and the sidecar of MinIO, which ask the API server, the webhook that the API server asks, homeservers that lk-jwt-service asks, and clients that send media to LiveKit’s host ports.',
    'What has to connect is read from the effective configuration, environment and scripts of the pods, from backup and replication settings, and from monitors. A file that no pod mounts asks for nothing.',
    'Only certain answers are reported: if labels, addresses or a namespace are not known, or other kinds of policies decide as well, the rule is silent.',
    'Metrics, backups, federation and notifications are warnings: without them the deployment still starts. So is what pods on the host network need, which not every plugin blocks.',
    'Connections that isolation forbids, such as from the LI instance to the main database, are never asked for.',
    'The ingress controller has a rule of its own, `netpol-ingress-access`, and so has DNS, `netpol-dns-egress-missing`.',
  ],
  sources: [
    'Kubernetes documentation, Network Policies, "The two sorts of pod isolation".',
    'CloudNativePG documentation, Networking: the operator needs ports 8000 and 5432 of every instance, and instances need each other.',
    'PostgreSQL documentation, Logical Replication: the subscriber connects to the publisher.',
  ],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny-all
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress, Egress]
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: livekit
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: livekit
        policyTypes: [Egress]
        egress:
          - to:
              - podSelector:
                  matchLabels:
                    app: jwt
            ports:
              - protocol: TCP
                port: 8080
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: redis
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: redis
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    app: livekit
            ports:
              - port: 6379 # Redis
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: livekit
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                args: [--config, /config/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: livekit-config
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit-config
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          redis:
            address: redis.matrix.svc.cluster.local:6379
      #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: livekit needs redis:6379 (redis.address in livekit.yaml), but egress of matrix/livekit blocks it: only default-deny-all and livekit select it
      ---
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
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        serviceName: redis
        template:
          metadata:
            labels:
              app: redis
    `,
    good: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny-all
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress, Egress]
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: livekit
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: livekit
        policyTypes: [Egress]
        egress:
          - to:
              - podSelector:
                  matchLabels:
                    app: jwt
            ports:
              - protocol: TCP
                port: 8080
          - to:
              - podSelector:
                  matchLabels:
                    app: redis
            ports:
              - protocol: TCP
                port: 6379
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: redis
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: redis
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    app: livekit
            ports:
              - port: 6379 # Redis
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: livekit
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                args: [--config, /config/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: livekit-config
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit-config
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          redis:
            address: redis.matrix.svc.cluster.local:6379
      ---
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
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        serviceName: redis
        template:
          metadata:
            labels:
              app: redis
    `,
  },
  kinds: flowSourceKinds.filter(kind => !routeSourceKinds.includes(kind)),
  *check(resource, workspace) {
    if (settingsOf(workspace).components.networkPolicies === 'off') return;
    // Most objects have nothing blocked, and then what the others have is of no interest.
    if (!flowsFrom(workspace, resource).some(flow => blockedFlow(workspace, flow))) return;
    for (const group of workspace.derive(groupsFrom, resource)) {
      const { flow, verdict } = group.first;
      const from = namesOf(
        group.from,
        group.flows.map(one => one.flow.from),
      );
      const to = namesOf(
        group.to,
        group.flows.map(one => one.flow.to),
      );
      // Some plugins know pods on the host network by their labels, most by the address of their node (Kubernetes
      // documentation, "NetworkPolicy and hostNetwork pods").
      const isRequired = group.flows.some(
        ({ flow: { importance, from: source } }) =>
          importance === 'required' && (isExternal(source) || !source.hostNetwork),
      );
      yield {
        at: flow.at,
        ...(!isRequired && { severity: 'warning' }),
        items: group.flows.some(({ flow }) => isToDatabase(flow)) ? ['1.4.b.2'] : [],
        message: `${capital(needOf(from, to, group))} (${flow.why}), but ${reasonOf(verdict)} — ${adviceOf(workspace, group)}.`,
        related: relatedOf(workspace, group),
        fixes: () => [...labelTemplates(workspace, group.flows), ...letThrough(workspace, group.flows)],
      };
    }
  },
} satisfies Rule;

/** Access to the databases is not only that nobody else gets in, but also that those who need it do. */
function isToDatabase({ to, port, importance }: RequiredFlow): boolean {
  return importance === 'required' && port === 5432 && !isExternal(to) && to.owner.qualifiedKind === clusterKind;
}

/** The groups that are reported at an object, so that news about others do not concern it. */
function groupsFrom(resource: Resource, workspace: Workspace): readonly BlockedGroup[] {
  return workspace.shared(groupsBySource).get(resource) ?? [];
}

function groupsBySource(workspace: Workspace): ReadonlyMap<Resource, readonly BlockedGroup[]> {
  return groupedBy(blockedGroups(workspace), group => group.first.flow.source);
}

function needOf(from: string, to: string, { ports }: BlockedGroup): string {
  const numbers = ports.join(' and ');
  return from === to ? `The pods of ${from} need each other on port ${numbers}` : `${from} needs ${to}:${numbers}`;
}

/** Names of objects keep their letters, also at the beginning of a sentence. */
function capital(text: string): string {
  return text.replace(/^the /, 'The ');
}

function adviceOf(workspace: Workspace, { flows }: BlockedGroup): string {
  if (labelTemplates(workspace, flows).length > 0)
    return 'give the pod template its labels, by which a policy allows it';
  return 'add a rule that allows it';
}

function relatedOf(workspace: Workspace, { first, flows }: BlockedGroup): readonly Related[] {
  const others = flows
    .filter(({ flow }) => flow.at !== first.flow.at && flow.source !== first.flow.source)
    .map(({ flow }) => ({ at: flow.at, message: `${nameOf(flow)} needs it as well (${flow.why})` }));
  // One monitor needs the pods of several workloads, in one place.
  const once = others.filter(
    ({ at, message }, index) => others.findIndex(one => one.at === at && one.message === message) === index,
  );
  return [...isolatingPolicies(workspace, first.verdict), ...once.slice(0, 8)];
}

function nameOf({ from }: RequiredFlow): string {
  return isExternal(from) ? from.name : from.owner.title;
}

/**
 * Gives pod templates without labels those of their own object, if policies then allow the connection: the labels of a
 * Job are not those of its pods.
 */
function labelTemplates(workspace: Workspace, flows: readonly BlockedFlow[]): readonly Fix[] {
  const edits: TextEdit[] = [];
  const names: string[] = [];
  let safe = true;
  for (const { flow } of flows) {
    const { from } = flow;
    if (isExternal(from) || hasLabels(from) || from.owner.labels.size === 0) return [];
    const labelled: Pods = { ...from, labels: new Map([...from.labels, ...from.owner.labels]) };
    if (judgeFlow(workspace, labelled, flow.to, flow.port, flow.protocol).result !== 'allowed') return [];
    if (names.includes(from.owner.title)) continue;
    const edit = labelTemplate(from);
    if (!edit) return [];
    edits.push(edit);
    names.push(from.owner.title);
    safe &&= !getsTraffic(workspace, from, labelled);
  }
  const whose = names.length === 1 ? 'its' : 'their';
  return edits.length > 0 ? [{ title: `Give the pods of ${names.join(' and ')} ${whose} labels`, safe, edits }] : [];
}

/** Whether a Service that leads to a server would lead to the pods as well, once they have labels. */
function getsTraffic(workspace: Workspace, before: Pods, labelled: Pods): boolean {
  return servicesIn(workspace, before.namespace).some(
    service =>
      service.selector !== undefined &&
      matches(service.selector, labelled.labels) &&
      !matches(service.selector, before.labels) &&
      podsBehind(workspace, service).some(({ owner }) => owner.kind !== 'Job' && owner.kind !== 'CronJob'),
  );
}

function hasLabels({ template }: Pods): boolean {
  return template === undefined || template.at('metadata', 'labels').entries().length > 0;
}

function labelTemplate({ owner }: Pods): TextEdit | undefined {
  const template = podTemplate(owner);
  if (!template) return undefined;
  const lines = [...labelsOf(owner.root.at('metadata', 'labels'))].map(
    ([key, value]) => `${key}: ${stringScalar(value)}`,
  );
  const labels = template.at('metadata', 'labels');
  const metadata = template.at('metadata');
  if (labels.exists && labels.kind !== 'missing' && !labels.isNull) return undefined;
  if (metadata.kind === 'mapping')
    return insertEntry(metadata, `labels:\n${lines.map(line => `  ${line}`).join('\n')}`);
  if (metadata.exists) return undefined;
  return insertBefore(template.at('spec'), ['metadata:', '  labels:', ...lines.map(line => `    ${line}`)]);
}

/** Inserts lines above an entry of a block mapping, as they are usually ordered. */
function insertBefore(entry: Value, lines: readonly string[]): TextEdit | undefined {
  const { source } = entry;
  if (!entry.exists || entry.parent?.style === 'flow' || source.linePrefix === undefined) return undefined;
  const { start } = entry.keySpan;
  const prefix = source.linePrefix + ' '.repeat(column(entry, start));
  const eol = source.tree.text.includes('\r\n') ? '\r\n' : '\n';
  return { at: source.place(start, start), newText: lines.join(eol + prefix) + eol + prefix };
}
