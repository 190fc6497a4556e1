import { workloadKinds } from '../../analysis/pods';
import type { Rule } from '../rule';
import { missingObjects } from './missing';

export default {
  id: 'reference-missing-pvc',
  items: [],
  severity: 'error',
  summary: 'A pod mounts a PersistentVolumeClaim that nothing creates.',
  why: 'The pod stays `Pending`: the scheduler waits for the claim.',
  remedy: 'Create the claim, correct its name, or use a volumeClaimTemplate in a StatefulSet.',
  traps: [
    'The claims of a StatefulSet are known by the names that its controller gives them: `<template>-<statefulset>-<ordinal>`.',
    'A claim that a script creates or that `provided` lists counts.',
  ],
  sources: ['Kubernetes documentation, Persistent Volumes, "Claims As Volumes"; StatefulSets, "Stable Storage"'],
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
        volumes:
          - name: data
            persistentVolumeClaim:
              claimName: app-dat
      #                  ^^^^^^^ 💡 error: Nothing creates the PersistentVolumeClaim app-dat in namespace matrix
      ---
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: app-data
        namespace: matrix
      spec:
        accessModes: [ReadWriteOnce]
        resources:
          requests:
            storage: 1Gi
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
        volumes:
          - name: data
            persistentVolumeClaim:
              claimName: app-data
      ---
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: app-data
        namespace: matrix
      spec:
        accessModes: [ReadWriteOnce]
        resources:
          requests:
            storage: 1Gi
    `,
  },
  kinds: [...workloadKinds],
  check: (resource, workspace) => missingObjects(resource, workspace, ['PersistentVolumeClaim']),
} satisfies Rule;
