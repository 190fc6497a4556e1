import { isFilledIn } from '../../analysis/filled-in';
import { chartValues } from '../../analysis/helm-values';
import { refusedNames } from '../../analysis/validation/names';
import { refusedObject, refusedRetention } from '../../analysis/validation/objects';
import { refusedPods } from '../../analysis/validation/pods';
import type { Refusal } from '../../analysis/validation/refusal';
import { replaceScalar, replaceValue } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'field-value-refused',
  items: [],
  severity: 'error',
  summary: 'A field has a value that the API server refuses.',
  why: 'The value has the right type, so editors find nothing wrong with it, and `kubectl apply` stops in the middle of a deployment with "Invalid value", "Duplicate value" or "Forbidden".',
  remedy: 'Write what the message says; the Kubernetes API reference of the field tells the rest.',
  traps: [
    'Judged are names, labels and keys, quantities, container and Service ports, restart policies, probes, strategies, hosts and paths of an Ingress, listeners of a Gateway and rules of its routes and of those of Traefik, ports and addresses of a NetworkPolicy, schedules and time zones, bounds of an autoscaler, budgets and limits, affinities, tolerations, modes of files and Secrets that have a type.',
    'Text that is still to be filled in is left alone, and so are the objects of custom resources, but for those of CloudNativePG, whose operator refuses them in the same way, the sizes and buckets of a MinIO Tenant, and how long and how much a Prometheus keeps, also in the values of its chart: `50GiB` or `50GB`, not `50Gi`.',
    'A request above its limit is refused, too: the two are compared as amounts, so 1Gi and 1024Mi are the same.',
    'A CronJob has five fields; 7 is no day of the week.',
  ],
  sources: [
    'kubernetes/kubernetes pkg/apis/core/validation, pkg/apis/networking/validation, pkg/apis/batch/validation, pkg/apis/autoscaling/validation.',
    'gateway-api, apis/v1: the validations of Gateway, HTTPRoute and BackendObjectReference.',
    'cloudnative-pg/cloudnative-pg internal/webhook/v1: what the operator refuses; prometheus-operator, CustomResourceDefinition Prometheus: the patterns of retention and retentionSize.',
    'Kubernetes documentation: Object Names and IDs; Labels and Selectors; Resource Management for Pods and Containers; Types of Secret.',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
        labels:
          version: 1.2+build
      #            ^^^^^^^^^ 💡 error: The label version cannot have the value 1.2+build — use letters, digits, dashes, dots and underscores only.
      spec:
        selector:
          matchLabels:
            app: app
        template:
          metadata:
            labels:
              app: app
          spec:
            restartPolicy: OnFailure
      #                    ^^^^^^^^^ 💡 error: The pods of a Deployment cannot have the restartPolicy OnFailure — write Always, or leave it out.
            containers:
              - name: app
                image: registry.test/app:1
                resources:
                  requests:
                    cpu: "2"
      #                  ^^^ 💡 error: Container app requests 2 of cpu, more than its limit of 500m — lower the request or raise the limit.
                    memory: 512MB
      #                     ^^^^^ 💡 error: 512MB is no quantity of memory — write 512Mi.
                  limits:
                    cpu: 500m
                    memory: 1Gi
    `,
    good: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
        labels:
          version: 1.2-build
      spec:
        selector:
          matchLabels:
            app: app
        template:
          metadata:
            labels:
              app: app
          spec:
            restartPolicy: Always
            containers:
              - name: app
                image: registry.test/app:1
                resources:
                  requests:
                    cpu: "500m"
                    memory: 512Mi
                  limits:
                    cpu: 500m
                    memory: 1Gi
    `,
  },
  kinds: ['*'],
  *check(resource, workspace) {
    for (const refusals of [refusedNames(resource), refusedPods(resource), refusedObject(resource)])
      yield* reported(refusals, workspace);
  },
  *checkWorkspace(workspace) {
    for (const root of chartValues(workspace))
      for (const values of [root, root.at('kube-prometheus-stack')])
        yield* reported(refusedRetention(values.at('prometheus', 'prometheusSpec')), workspace);
  },
} satisfies Rule;

function* reported(refusals: Iterable<Refusal>, workspace: Workspace): Iterable<Problem> {
  for (const { at, what, advice, instead } of refusals) {
    if (isFilledIn(workspace, at.text)) continue;
    yield {
      at: at.kind === 'scalar' ? at : at.key,
      message: `${what} — ${advice}.`,
      fixes: () => {
        const edit =
          typeof instead === 'number'
            ? replaceValue(at, `${instead}`)
            : instead
              ? replaceScalar(at, instead)
              : undefined;
        return edit ? [{ title: `Write ${instead}`, safe: false, edits: [edit] }] : [];
      },
    };
  }
}
