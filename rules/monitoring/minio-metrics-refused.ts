import { environmentOf, textOfVariable } from '../../analysis/environment';
import { readMonitor, targetsOf } from '../../analysis/monitors';
import { containerRunning } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'minio-metrics-refused',
  items: [],
  severity: 'error',
  summary: 'MinIO refuses what Prometheus asks it for.',
  why: 'MinIO gives its metrics to callers with a token only, unless `MINIO_PROMETHEUS_AUTH_TYPE` is `public`, and has none at other paths. The target is down, and nobody is told of drives and servers that fail.',
  remedy:
    'Set `MINIO_PROMETHEUS_AUTH_TYPE: public` where NetworkPolicies keep others away, or give the endpoint a token that `mc admin prometheus generate` makes, by `authorization` or `bearerTokenSecret`. The paths are `/minio/v2/metrics/cluster`, `node`, `bucket` and `resource`, and those below `/minio/metrics/v3`.',
  traps: [
    'Tenants of the MinIO Operator and servers whose variables the tree does not show are left alone.',
    'Scrape configurations outside of ServiceMonitors and PodMonitors are not read.',
  ],
  sources: [
    'MinIO documentation, "Metrics and alerts": authentication and MINIO_PROMETHEUS_AUTH_TYPE',
    'minio/minio, cmd/metrics-router.go: the paths',
  ],
  examples: {
    bad: example(
      '/minio/v2/metrics/cluster',
      '',
      '      #           ^^^^^^^^^^^^^^^^^^^^^^^^^ error: MinIO asks for a token here',
    ),
    good: example('/minio/v2/metrics/cluster', 'public', ''),
  },
  kinds: ['ServiceMonitor.monitoring.coreos.com', 'PodMonitor.monitoring.coreos.com'],
  *check(resource, workspace) {
    const monitor = readMonitor(resource);
    if (!monitor) return;
    const said = new Set<Value>();
    for (const { endpoint, pods } of targetsOf(workspace, monitor)) {
      const path = endpoint.value.at('path');
      const text = path.string ?? '';
      if (said.has(endpoint.value) || !familiesOf(pods.owner).has('minio.plain') || !text.startsWith('/minio/'))
        continue;
      said.add(endpoint.value);
      if (!metricsPath.test(text)) {
        yield {
          at: path,
          message: `MinIO has no metrics at ${text}, so Prometheus gets 403 — write /minio/v2/metrics/cluster.`,
        };
        continue;
      }
      const auth = authOf(workspace, pods.owner);
      if (!auth || tokens.some(name => endpoint.value.at(name).exists)) continue;
      yield {
        at: path,
        message: `MinIO asks for a token here, because MINIO_PROMETHEUS_AUTH_TYPE is ${auth.text ?? 'not set'}, and the endpoint has none — set it to public, or give the endpoint a token.`,
        related: [{ at: auth.at, message: pods.owner.title }],
      } satisfies Problem;
    }
  },
} satisfies Rule;

const metricsPath =
  /^\/minio\/(?:v2\/metrics\/(?:cluster|node|bucket|resource)|metrics\/v3(?:\/.*)?|prometheus\/metrics)$/;

const tokens = ['authorization', 'bearerTokenSecret', 'bearerTokenFile', 'basicAuth', 'oauth2'];

/** What says that metrics need a token; undefined where they do not, or where that is not known. */
function authOf(
  workspace: Workspace,
  owner: Resource,
): { readonly text: string | undefined; readonly at: Value } | undefined {
  const container = containerRunning(owner, 'minio');
  if (!container) return undefined;
  const { variables, isOpen } = environmentOf(workspace, owner, container);
  const variable = variables.get('MINIO_PROMETHEUS_AUTH_TYPE');
  if (!variable)
    return isOpen || variables.has('MINIO_CONFIG_ENV_FILE')
      ? undefined
      : { text: undefined, at: container.value.at('name') };
  const text = textOfVariable(workspace, owner, variable);
  return text === undefined || text === 'public' || /[${}<>]/.test(text)
    ? undefined
    : { text, at: variable.value ?? variable.at };
}

function example(path: string, auth: string, mark: string): string {
  return `
      #- /minio.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: minio
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: minio}
          spec:
            containers:
              - name: minio
                image: minio/minio:RELEASE.2024-10-13T13-34-11Z
                args: ["server", "/data"]
                env:
                  - name: MINIO_PROMETHEUS_AUTH_TYPE
                    value: "${auth || 'jwt'}"
                ports:
                  - name: api
                    containerPort: 9000
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: minio
        namespace: matrix
        labels: {app: minio}
      spec:
        selector: {app: minio}
        ports:
          - name: api
            port: 9000
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: minio
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: minio}
        endpoints:
          - port: api
            path: ${path}${mark && `\n${mark}`}
    `;
}
