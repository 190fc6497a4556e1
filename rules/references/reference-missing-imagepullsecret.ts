import { referringKinds } from '../../analysis/references';
import type { Rule } from '../rule';
import { missingObjects } from './missing';

export default {
  id: 'reference-missing-imagepullsecret',
  items: [],
  severity: 'warning',
  summary: 'An imagePullSecret names a Secret that nothing creates.',
  why: 'The kubelet pulls without credentials. Images of a private registry end in `ImagePullBackOff`; public images work, with the lower rate limits of anonymous users.',
  remedy:
    'Create the Secret with `kubectl create secret docker-registry`, correct its name, or delete the entry if the images are public.',
  traps: [
    'A warning and no error, because pods whose images are public start without it.',
    'The `imagePullSecrets` of ServiceAccounts, CloudNativePG Clusters and MinIO Tenants are checked as well.',
  ],
  sources: ['Kubernetes documentation, Images, "Specifying imagePullSecrets on a Pod"'],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        imagePullSecrets:
          - name: registry-keys
      #           ^^^^^^^^^^^^^ 💡 warning: Nothing creates the Secret registry-keys in namespace matrix
        containers:
          - name: app
            image: registry.test/app:1
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: registry-key
        namespace: matrix
      type: kubernetes.io/dockerconfigjson
      data:
        .dockerconfigjson: e30=
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        imagePullSecrets:
          - name: registry-key
        containers:
          - name: app
            image: registry.test/app:1
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: registry-key
        namespace: matrix
      type: kubernetes.io/dockerconfigjson
      data:
        .dockerconfigjson: e30=
    `,
  },
  kinds: [...referringKinds],
  *check(resource, workspace) {
    yield* missingObjects(resource, workspace, ['Secret'], {
      isMeant: ({ isPullSecret }) => isPullSecret === true,
      consequence: 'so images are pulled without credentials',
    });
  },
} satisfies Rule;
