import { type KnownRelease, textOf } from '../../analysis/helm/chart-objects';
import { type ChartClient, chartClients } from '../../analysis/helm/clients';
import { releaseKinds, releasesOf, settingOf, shownValues } from '../../analysis/helm/releases';
import { podsOf, workloadKinds } from '../../analysis/pods';
import { quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'chart-client-refused',
  items: [],
  severity: 'error',
  kinds: [...workloadKinds, ...releaseKinds],
  summary: 'A chart’s NetworkPolicy admits only pods with the label of a client, and a client does not have it.',
  why: 'With `networkPolicy.allowExternal: false` Bitnami’s charts let in their own pods and those of the namespace with the label `NAME-client: "true"`. All others wait until their connection times out.',
  remedy: 'Give the pods of the client the label, or set `allowExternal: true` and write a policy of your own.',
  traps: [
    'Judged only where `allowExternal: false` is written and nothing else in the values or the tree may let the client in.',
  ],
  sources: ['bitnami/charts, templates/networkpolicy.yaml of redis, postgresql and minio'],
  examples: { bad: example(true), good: example(false) },
  *check(resource, workspace) {
    for (const client of chartClients(workspace, resource)) {
      const label = labelAsked(client.server);
      if (
        label === undefined ||
        policiesBeside(workspace, client.server) ||
        hasLabel(workspace, resource, label, client)
      )
        continue;
      yield problemOf(client, label);
    }
  },
} satisfies Rule;

function problemOf({ server, program, at }: ChartClient, label: string): Problem {
  const { release, facts } = server;
  return {
    at,
    message: `The chart ${facts.chart} (${release.name}) admits only pods with the label ${label}, which those of ${program} do not have — give them ${quoted(label, 'plain')}: "true".`,
    related: [{ at: release.at, message: release.title }],
  };
}

/** The label without which a chart admits nobody else; undefined where it may admit others. */
function labelAsked(server: KnownRelease): string | undefined {
  const { release, facts, fullName } = server;
  if (!['redis', 'postgresql', 'minio'].includes(facts.chart) || !/bitnami/i.test(release.repository ?? ''))
    return undefined;
  const base =
    facts.chart === 'postgresql' && settingOf(release, 'primary.networkPolicy') !== 'unset'
      ? 'primary.networkPolicy'
      : 'networkPolicy';
  if (textOf(server, `${base}.allowExternal`) !== 'false' || textOf(server, `${base}.enabled`) !== 'true')
    return undefined;
  const more = [
    'extraIngress',
    'ingressNSMatchLabels',
    'ingressNSPodMatchLabels',
    'ingressRules',
    'addExternalClientAccess',
    'ingressPodMatchLabels',
  ];
  if (more.some(field => settingOf(release, `${base}.${field}`) !== 'unset')) return undefined;
  // With read replicas each part of PostgreSQL has a label of its own.
  if (facts.chart === 'postgresql' && textOf(server, 'architecture') !== 'standalone') return undefined;
  return fullName === undefined ? undefined : `${fullName}-client`;
}

/** Policies of the tree in the same namespace may admit the client besides, because policies add up. */
function policiesBeside(workspace: Workspace, { release }: KnownRelease): boolean {
  return workspace
    .resources('NetworkPolicy')
    .some(
      policy =>
        (policy.namespace === undefined || policy.namespace === release.namespace) &&
        policy.root.at('spec', 'ingress').items().length > 0,
    );
}

function hasLabel(workspace: Workspace, resource: Resource, label: string, { server }: ChartClient): boolean {
  if (releaseKinds.includes(resource.qualifiedKind)) {
    if (server.release.resource === resource) return true;
    // Whose pods get the label depends on the chart: anywhere in its values is enough.
    return releasesOf(workspace, resource).some(release => shownValues(release).some(root => mentions(root, label)));
  }
  const pods = podsOf(resource);
  return pods.length === 0 || pods.every(one => one.labels.get(label) === 'true');
}

function mentions(value: Value, label: string): boolean {
  if (value.kind === 'mapping') return value.entries().some(([key, one]) => key === label || mentions(one, label));
  if (value.kind === 'sequence') return value.items().some(one => mentions(one, label));
  return value.string?.includes(label) ?? false;
}

function example(isBad: boolean): string {
  const mark = isBad
    ? `
      #           ^^^^^^^^^^^^ error: The chart redis (redis) admits only pods with the label redis-client, which those of Synapse do not have`
    : '';
  return `
      #- /redis.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata:
        name: redis
        namespace: kube-system
      spec:
        repo: https://charts.bitnami.com/bitnami
        chart: redis
        version: 20.6.1
        targetNamespace: matrix
        valuesContent: |-
          networkPolicy:
            enabled: true
            allowExternal: false
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          redis:
            enabled: true
            host: redis-master${mark}
            password_path: /redis/password
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse${isBad ? '' : '\n              redis-client: "true"'}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.homeserver, --config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse}}]
    `;
}
