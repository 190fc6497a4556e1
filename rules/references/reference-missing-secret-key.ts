import { referringKinds } from '../../analysis/references';
import type { Rule } from '../rule';
import { missingKeys } from './missing';

export default {
  id: 'reference-missing-secret-key',
  items: [],
  severity: 'error',
  summary: 'An object asks for a key that its Secret does not have.',
  why: 'The container stays in `CreateContainerConfigError`, and a volume with that key is never mounted; a file mounted by `subPath` becomes an empty directory.',
  remedy: 'Add the key to the Secret, or name a key that it has.',
  traps: [
    'The keys of generated Secrets are known: those of CloudNativePG, cert-manager, Sealed Secrets and External Secrets. Where keys cannot be known nothing is said.',
    'References marked `optional: true` are left alone.',
    'A Secret that is missing altogether is reported by `reference-missing-secret`.',
  ],
  sources: [
    'Kubernetes documentation, Secrets, "Using Secrets as environment variables" and "Projection of Secret keys to specific paths"',
    'Kubernetes documentation, Volumes, "Using subPath": a path that is not there is created as a directory.',
  ],
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
            env:
              - name: PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: app
                    key: pasword
      #                  ^^^^^^^ 💡 error: Secret app has no key pasword, which container app needs; it has the keys password, user
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: matrix
      stringData:
        password: correct-horse
        user: app
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
            env:
              - name: PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: app
                    key: password
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: matrix
      stringData:
        password: correct-horse
        user: app
    `,
  },
  kinds: [...referringKinds],
  check: (resource, workspace) => missingKeys(resource, workspace, 'Secret'),
} satisfies Rule;
