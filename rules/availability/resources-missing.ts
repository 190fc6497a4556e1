import { containersOf, workloadKinds } from '../../analysis/pods';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'resources-missing',
  items: [],
  severity: 'warning',
  profile: 'strict',
  summary: 'A container asks for no resources.',
  why: 'Without requests the scheduler packs the pod onto a full node, and when memory runs short it is evicted first; without a memory limit it can take the node down.',
  remedy: 'Set `resources.requests` for cpu and memory, and a memory limit.',
  traps: [
    'A limit stands in for a missing request, as Kubernetes does it.',
    'For init containers and Jobs, which run once, this is information.',
  ],
  sources: ['Kubernetes documentation, Resource Management for Pods and Containers'],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        initContainers:
          - name: prepare
      #           ^^^^^^^ info: Init container prepare requests no cpu and no memory
            image: registry.test/app:1
        containers:
          - name: app
      #           ^^^ warning: Container app requests no memory
            image: registry.test/app:1
            resources:
              requests:
                cpu: 100m
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        initContainers:
          - name: prepare
            image: registry.test/app:1
            resources:
              limits: { cpu: 100m, memory: 64Mi }
        containers:
          - name: app
            image: registry.test/app:1
            resources:
              requests:
                cpu: 100m
                memory: 128Mi
    `,
  },
  kinds: [...workloadKinds],
  *check(workload) {
    const isJob = workload.kind === 'Job' || workload.kind === 'CronJob';
    for (const { value, name, isInit } of containersOf(workload)) {
      const missing = ['cpu', 'memory'].filter(resource => !asks(value, resource));
      if (missing.length === 0) continue;
      yield {
        at: value.at('name'),
        ...(isInit || isJob ? { severity: 'info' as const } : {}),
        message: `${isInit ? 'Init container' : 'Container'} ${name} requests no ${missing.join(' and no ')} — set resources.requests.`,
      };
    }
  },
} satisfies Rule;

function asks(container: Value, resource: string): boolean {
  return ['requests', 'limits'].some(field => container.at('resources', field, resource).exists);
}
