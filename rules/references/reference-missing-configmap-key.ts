import { referringKinds } from '../../analysis/references';
import type { Rule } from '../rule';
import { missingKeys } from './missing';

export default {
  id: 'reference-missing-configmap-key',
  items: [],
  severity: 'error',
  summary: 'An object asks for a key that its ConfigMap does not have.',
  why: 'The container stays in `CreateContainerConfigError`, and a volume with that key is never mounted; a file mounted by `subPath` becomes an empty directory.',
  remedy: 'Add the key to the ConfigMap, or name a key that it has.',
  traps: [
    'Keys under `data` and under `binaryData` count.',
    'References marked `optional: true` are left alone, and so are objects that a script of the tree patches.',
    'A ConfigMap that is missing altogether is reported by `reference-missing-configmap`.',
  ],
  sources: [
    'Kubernetes documentation, ConfigMaps, "Using ConfigMaps as files from a Pod"',
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
            volumeMounts:
              - name: config
                mountPath: /app/config.json
                subPath: config.jsn
      #                  ^^^^^^^^^^ 💡 error: ConfigMap app has no key config.jsn, which container app needs; it has the keys config.json
        volumes:
          - name: config
            configMap:
              name: app
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: app
        namespace: matrix
      data:
        config.json: "{}"
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
                mountPath: /app/config.json
                subPath: config.json
        volumes:
          - name: config
            configMap:
              name: app
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: app
        namespace: matrix
      data:
        config.json: "{}"
    `,
  },
  kinds: [...referringKinds],
  check: (resource, workspace) => missingKeys(resource, workspace, 'ConfigMap'),
} satisfies Rule;
