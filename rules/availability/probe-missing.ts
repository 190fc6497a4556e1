import { mainContainersOf } from '../../analysis/pods';
import type { Rule } from '../rule';

export default {
  id: 'probe-missing',
  items: [],
  severity: 'warning',
  profile: 'strict',
  summary: 'A container that serves a port has no probe.',
  why: 'Without a readiness probe a pod gets traffic before it can answer, at every start and every rollout. Without a liveness probe one that hangs is never restarted.',
  remedy: 'Add a `readinessProbe`, for Synapse `httpGet` of `/health`, and a `livenessProbe` that fails later than it.',
  traps: [
    'Containers without ports, init containers and Jobs need none.',
    'A missing liveness probe is information: a wrong one does more harm than none.',
  ],
  sources: ['Kubernetes documentation, Liveness, Readiness, and Startup Probes'],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: app
      #               ^^^ warning: Container app has no readinessProbe
                image: registry.test/app:1
                livenessProbe:
                  tcpSocket: { port: 8008 }
                ports:
                  - containerPort: 8008
              - name: metrics
      #               ^^^^^^^ info: Container metrics has no livenessProbe
                image: registry.test/metrics:1
                readinessProbe:
                  tcpSocket: { port: 9090 }
                ports:
                  - containerPort: 9090
    `,
    good: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: app
                image: registry.test/app:1
                livenessProbe:
                  tcpSocket: { port: 8008 }
                readinessProbe:
                  tcpSocket: { port: 8008 }
                ports:
                  - containerPort: 8008
              - name: side
                image: registry.test/side:1
    `,
  },
  kinds: ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
  *check(workload) {
    for (const { value, name } of mainContainersOf(workload)) {
      if (value.at('ports').items().length === 0) continue;
      const hasReadiness = value.at('readinessProbe').exists;
      if (hasReadiness && value.at('livenessProbe').exists) continue;
      yield {
        at: value.at('name'),
        ...(hasReadiness ? { severity: 'info' as const } : {}),
        message: hasReadiness
          ? `Container ${name} has no livenessProbe, so it is not restarted when it hangs — add one.`
          : `Container ${name} has no readinessProbe, so it gets traffic before it can answer — add one.`,
      };
    }
  },
} satisfies Rule;
