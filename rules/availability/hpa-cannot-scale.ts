import { containersOf, podTemplate } from '../../analysis/pods';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'hpa-cannot-scale',
  items: [],
  severity: 'error',
  summary: 'A HorizontalPodAutoscaler cannot work out how many pods there should be.',
  why: 'Utilisation is a percentage of what the containers request. Where one of them requests nothing, the autoscaler reports `FailedGetResourceMetric` ("missing request for cpu") and scales nothing, however high the load. Two autoscalers of one workload are both told that they are ambiguous.',
  remedy:
    'Give every container of the pods a request of that resource, or use `averageValue`, or a ContainerResource metric for the one container that counts. Keep one autoscaler for each workload.',
  traps: [
    'A limit counts as a request where there is none.',
    'Init containers do not count, but for those that keep running.',
    'With a LimitRange of default requests in the namespace nothing is said, and so it is of targets that the tree does not show.',
  ],
  sources: [
    'Kubernetes documentation, Horizontal Pod Autoscaling, "Algorithm details"; pkg/controller/podautoscaler/replica_calculator.go, `calculatePodRequests`',
  ],
  examples: { bad: example(true), good: example(false) },
  kinds: ['HorizontalPodAutoscaler'],
  *check(scaler, workspace) {
    const spec = scaler.root.at('spec');
    const target = spec.at('scaleTargetRef');
    const name = target.at('name');
    const other = workspace
      .resources('HorizontalPodAutoscaler')
      .find(
        one =>
          one.namespace === scaler.namespace &&
          one.root.at('spec', 'scaleTargetRef', 'name').text === name.text &&
          one.root.at('spec', 'scaleTargetRef', 'kind').text === target.at('kind').text,
      );
    if (other && other !== scaler && other.name !== scaler.name && name.text)
      yield {
        at: name,
        message: `HorizontalPodAutoscaler ${other.name} scales ${name.text}, too, so neither of the two does — keep one.`,
        related: [{ at: other.root.at('metadata', 'name'), message: other.title }],
      };
    const workload = workspace.find(target.at('kind').text ?? '', scaler.namespace, name.text ?? '');
    if (!workload || !podTemplate(workload)) return;
    yield* metrics(spec, workload, workspace);
  },
} satisfies Rule;

function* metrics(spec: Value, workload: Resource, workspace: Workspace): Iterable<Problem> {
  const old = spec.at('targetCPUUtilizationPercentage');
  if (old.exists) yield* requests('cpu', old, workload, workspace);
  for (const metric of spec.at('metrics').items()) {
    const isOfOne = metric.at('type').text === 'ContainerResource';
    const source = metric.at(isOfOne ? 'containerResource' : 'resource');
    const resource = source.at('name').text;
    if (resource === undefined) continue;
    const container = source.at('container');
    if (isOfOne && container.text && !running(workload).some(one => one.at('name').text === container.text)) {
      yield {
        at: container,
        message: `${workload.title} has no container ${container.text} — name one of ${running(workload)
          .map(one => one.at('name').text)
          .join(', ')}.`,
        related: [{ at: workload.root.at('metadata', 'name'), message: workload.title }],
      };
      continue;
    }
    const utilization = source.at('target', 'averageUtilization');
    if (utilization.exists) yield* requests(resource, utilization, workload, workspace, container.text);
  }
}

function* requests(
  resource: string,
  at: Value,
  workload: Resource,
  workspace: Workspace,
  only?: string,
): Iterable<Problem> {
  const hasDefaults = workspace.resources('LimitRange').some(one => one.namespace === workload.namespace);
  if (hasDefaults) return;
  const without = running(workload).filter(
    container =>
      (only === undefined || container.at('name').text === only) &&
      !['requests', 'limits'].some(field => container.at('resources', field, resource).exists),
  );
  const [first] = without;
  if (!first) return;
  yield {
    at,
    message: `The utilisation of ${resource} is a part of what is requested, and container ${first.at('name').text} of ${workload.title} requests none, so nothing is scaled — set resources.requests.${resource}.`,
    related: without.map(one => ({ at: one.at('name'), message: `Container ${one.at('name').text}` })),
  };
}

function running(workload: Resource): readonly Value[] {
  return containersOf(workload)
    .filter(({ value, isInit }) => !isInit || value.at('restartPolicy').text === 'Always')
    .map(({ value }) => value);
}

function example(isBad: boolean): string {
  return `
      #- /web.yaml
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata:
        name: web
        namespace: matrix
      spec:
        scaleTargetRef:
          apiVersion: apps/v1
          kind: Deployment
          name: web
        minReplicas: 2
        maxReplicas: 5
        metrics:
          - type: Resource
            resource:
              name: cpu
              target:
                type: Utilization
                averageUtilization: 70${isBad ? '\n      #                             ^^ error: The utilisation of cpu is a part of what is requested, and container web of Deployment/web requests none' : ''}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: web
                image: registry.test/web:1
                resources:
                  requests:
                    memory: 128Mi${isBad ? '' : '\n                    cpu: 100m'}
    `;
}
