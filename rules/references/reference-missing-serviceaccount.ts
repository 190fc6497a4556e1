import { workloadKinds } from '../../analysis/pods';
import type { Rule } from '../rule';
import { missingObjects } from './missing';

export default {
  id: 'reference-missing-serviceaccount',
  items: [],
  severity: 'error',
  summary: 'A pod runs as a ServiceAccount that nothing creates.',
  why: 'The API server refuses the pod, so the workload exists and has no pods at all; the reason stands only in the events of its controller.',
  remedy: 'Create the ServiceAccount, correct the name, or leave `serviceAccountName` out to use `default`.',
  traps: [
    'Every namespace has a ServiceAccount `default`, and on OpenShift `builder` and `deployer`.',
    'ServiceAccounts that CloudNativePG makes for its clusters, that a script creates or that `provided` lists count.',
    'A name that a Helm chart gives its objects is no error.',
  ],
  sources: [
    'Kubernetes documentation, Configure Service Accounts for Pods: the ServiceAccount has to exist when the Pod is created.',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: app
        template:
          metadata:
            labels:
              app: app
          spec:
            serviceAccountName: app-runer
      #                         ^^^^^^^^^ 💡 error: Nothing creates the ServiceAccount app-runer in namespace matrix, which the pod needs, so no pod is created
            containers:
              - name: app
                image: registry.test/app:1
      ---
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: app-runner
        namespace: matrix
    `,
    good: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: app
        template:
          metadata:
            labels:
              app: app
          spec:
            serviceAccountName: app-runner
            containers:
              - name: app
                image: registry.test/app:1
      ---
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: app-runner
        namespace: matrix
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    yield* missingObjects(resource, workspace, ['ServiceAccount'], {
      isMeant: ({ name }) => !ofEveryNamespace.has(name.text ?? ''),
      consequence: 'so no pod is created',
    });
  },
} satisfies Rule;

/** Kubernetes documentation, "Default service accounts"; OpenShift documentation, "Default project service accounts and roles". */
const ofEveryNamespace: ReadonlySet<string> = new Set(['default', 'builder', 'deployer']);
