import { referringKinds } from '../../analysis/references';
import type { Rule } from '../rule';
import { missingObjects } from './missing';

export default {
  id: 'reference-missing-configmap',
  items: [],
  severity: 'error',
  summary: 'An object refers to a ConfigMap that nothing creates.',
  why: 'The volume cannot be mounted, or the container stays in `CreateContainerConfigError`: the pod does not start.',
  remedy:
    'Create the ConfigMap, correct the name, or, if something outside the tree creates it, list it under `provided` in `matrix-preflight.yaml`.',
  traps: [
    'A ConfigMap that a script creates, that kustomize generates or that stands in a document that cannot be read counts.',
    'One that a program of the tree makes counts as well: it is told the name, and its ServiceAccount may create ConfigMaps.',
    'References marked `optional: true` are left alone, and so are `kube-root-ca.crt`, which every namespace has, and those that OpenShift and Istio put into each.',
    'A name that a Helm chart gives its objects is no error. Where the tree makes no ConfigMap of that namespace, it may come from elsewhere, and it is a warning.',
  ],
  sources: ['Kubernetes documentation, ConfigMaps, "Optional ConfigMaps"'],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            volumeMounts:
              - name: config
                mountPath: /etc/app
        volumes:
          - name: config
            configMap:
              name: app-conf
      #             ^^^^^^^^ 💡 error: Nothing creates the ConfigMap app-conf in namespace matrix, which volume config needs — did you mean app-config?
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: app-config
        namespace: matrix
      data:
        app.yaml: "port: 80"
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            volumeMounts:
              - name: config
                mountPath: /etc/app
        volumes:
          - name: config
            configMap:
              name: app-config
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: app-config
        namespace: matrix
      data:
        app.yaml: "port: 80"
    `,
  },
  kinds: [...referringKinds],
  *check(resource, workspace) {
    yield* missingObjects(resource, workspace, ['ConfigMap'], {
      isMeant: ({ name }) => !ofEveryNamespace.has(name.text ?? ''),
    });
  },
} satisfies Rule;

/** The certificates of authorities that Kubernetes, OpenShift (service-ca-operator) and Istio put into every namespace. */
const ofEveryNamespace: ReadonlySet<string> = new Set([
  'kube-root-ca.crt',
  'openshift-service-ca.crt',
  'istio-ca-root-cert',
]);
