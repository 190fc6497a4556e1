import { flowsOf } from '../../analysis/flows';
import { isExternal } from '../../analysis/flows/flow';
import { isPatch } from '../../analysis/kustomization';
import { replicasIn } from '../../analysis/replicas';
import { clusterKind } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'workload-runs-no-pod',
  items: [],
  severity: 'error',
  summary: 'Something that others need is switched off.',
  why: 'A workload with no replicas, a hibernated database or a suspended Job is accepted and shows no error. Whoever connects to it finds nobody, and whoever waits for it waits for ever.',
  remedy: 'Give it the number of pods that it is to have, or remove it together with what needs it.',
  traps: [
    'Workloads with `replicas: 0` that nothing of the tree connects to are left alone, and so are those that a script or KEDA scales, or that a Rollout of Argo takes over.',
    'A HorizontalPodAutoscaler does not bring a workload back that has no pods.',
    'A suspended CronJob is information only, because somebody may start it by hand; one that a script starts is left alone.',
    'Jobs that a queue such as Kueue lets go are meant to be suspended at first.',
  ],
  sources: [
    'Kubernetes documentation, Jobs, "Suspending a Job"; CronJob, "Schedule suspension"; Horizontal Pod Autoscaling: a target of 0 replicas disables it',
    'CloudNativePG documentation, Declarative hibernation; Fencing',
  ],
  examples: { bad: example(0), good: example(2) },
  kinds: ['Deployment', 'StatefulSet', 'ReplicaSet', 'Job', 'CronJob', clusterKind, 'Pooler.postgresql.cnpg.io'],
  *check(resource, workspace) {
    if (isPatch(workspace, resource.document.file)) return;
    switch (resource.qualifiedKind) {
      case 'Job':
        yield* job(resource);
        break;
      case 'CronJob':
        yield* cronJob(resource, workspace);
        break;
      case clusterKind:
        yield* cluster(resource);
        break;
      default:
        yield* scaled(resource, workspace);
    }
  },
} satisfies Rule;

function* scaled(resource: Resource, workspace: Workspace): Iterable<Problem> {
  const isPooler = resource.qualifiedKind === 'Pooler.postgresql.cnpg.io';
  const count = resource.root.at('spec', isPooler ? 'instances' : 'replicas');
  if (count.number !== 0 || (!isPooler && replicasIn(workspace, resource) > 0)) return;
  if (workspace.lookup(scaledElsewhere, resource.name).length > 0) return;
  const needed = flowsOf(workspace).filter(
    ({ from, to }) =>
      !isExternal(to) && to.owner === resource && (isExternal(from) || (from.owner !== resource && from.replicas > 0)),
  );
  const [first] = needed;
  if (!first) return;
  const others = [...new Map(needed.map(flow => [flow.source, flow])).values()];
  yield {
    at: count,
    message: `${resource.title} has no pods, and ${first.source.title} connects to it (${first.why}) — set the ${isPooler ? 'instances' : 'replicas'} that it is to have.`,
    related: others.map(flow => ({ at: flow.at, message: `${flow.source.title}: ${flow.why}` })),
  };
}

function* job(resource: Resource): Iterable<Problem> {
  const spec = resource.root.at('spec');
  if (spec.at('suspend').boolean === true && !isQueued(resource))
    yield {
      at: spec.at('suspend'),
      severity: 'warning',
      message: `Job ${resource.name} is suspended, so it never runs — remove suspend.`,
    };
  if (spec.at('parallelism').number === 0)
    yield {
      at: spec.at('parallelism'),
      message: `Job ${resource.name} runs with parallelism 0, which is not at all — set 1.`,
    };
}

function* cronJob(resource: Resource, workspace: Workspace): Iterable<Problem> {
  const suspend = resource.root.at('spec', 'suspend');
  if (suspend.boolean !== true || workspace.lookup(startedByHand, resource.name).length > 0) return;
  yield {
    at: suspend,
    severity: 'info',
    message: `CronJob ${resource.name} is suspended, so its schedule starts nothing — remove suspend, or leave it if it is started by hand.`,
  };
}

function* cluster(resource: Resource): Iterable<Problem> {
  const annotations = resource.root.at('metadata', 'annotations');
  const hibernation = annotations.at('cnpg.io/hibernation');
  if (hibernation.text === 'on')
    yield {
      at: hibernation,
      message: `Cluster ${resource.name} is hibernated: the operator keeps its volumes and runs no instance — write off, or remove the annotation.`,
    };
  const fenced = annotations.at('cnpg.io/fencedInstances');
  if (fenced.text !== undefined && /"[^"]+"/.test(fenced.text))
    yield {
      at: fenced,
      message: `The instances ${fenced.text} of Cluster ${resource.name} are fenced, so PostgreSQL is stopped in them — remove the annotation.`,
    };
}

function isQueued(resource: Resource): boolean {
  const labels: Value = resource.root.at('metadata', 'labels');
  return labels.keys().some(key => /^(?:kueue\.x-k8s\.io|volcano\.sh|yunikorn)/.test(key));
}

/** Names of workloads whose number of pods somebody else decides. */
const scaledElsewhere: Index<true> = {
  name: 'workloads that scripts, KEDA or Argo Rollouts scale',
  *textFile({ text }) {
    if (!/\bscale\b/.test(text)) return;
    for (const [line] of text.matchAll(/\b(?:kubectl|oc)\b[^\n]*\bscale\b[^\n]*/g))
      for (const [name] of line.matchAll(/[a-z0-9][a-z0-9.-]*[a-z0-9]/g)) yield [name, true];
  },
  *resource(resource) {
    if (!scalers.test(resource.qualifiedKind)) return;
    // argo-rollouts.readthedocs.io/en/stable/migrating: the workload that a Rollout takes over is scaled to zero.
    for (const field of ['scaleTargetRef', 'workloadRef']) {
      const name = resource.root.at('spec', field, 'name').text;
      if (name !== undefined) yield [name, true];
    }
  },
};

const scalers = /^(?:ScaledObject\.keda\.sh|HTTPScaledObject\.http\.keda\.sh|Rollout\.argoproj\.io)$/;

const startedByHand: Index<true> = {
  name: 'CronJobs that scripts start',
  *textFile({ text }) {
    for (const [, name = ''] of text.matchAll(/--from[= ]cronjob\/([a-z0-9.-]+)/g)) yield [name, true];
  },
};

function example(replicas: number): string {
  return `
      #- /web.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: web
        namespace: matrix
      spec:
        replicas: ${replicas}${replicas === 0 ? '\n      #           ^ error: Deployment/web has no pods, and Ingress/web connects to it' : ''}
        selector:
          matchLabels: {app: web}
        template:
          metadata:
            labels: {app: web}
          spec:
            containers:
              - name: web
                image: registry.test/web:1
                ports: [{containerPort: 8080}]
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: web
        namespace: matrix
      spec:
        selector: {app: web}
        ports: [{port: 80, targetPort: 8080}]
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: web
        namespace: matrix
      spec:
        rules:
          - host: web.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service: {name: web, port: {number: 80}}
    `;
}
