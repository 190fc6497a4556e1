import { isChartObject } from '../../analysis/charts';
import { declarationsOf, declaredNames } from '../../analysis/declarations';
import { nearest } from '../../analysis/nearest';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'hpa-target-missing',
  items: [],
  severity: 'error',
  summary: 'A HorizontalPodAutoscaler scales a workload that is not there.',
  why: 'The autoscaler reports `FailedGetScale` and scales nothing: the workload keeps the replicas it was created with, however high the load.',
  remedy:
    'Correct kind and name in `scaleTargetRef`. A Deployment that was turned into a StatefulSet needs the new kind here.',
  traps: [
    'Only Deployments, StatefulSets and ReplicaSets are looked for; the targets of other kinds belong to operators.',
    'A target that a script creates, that `provided` lists, that stands in a document that cannot be read, or that has the name a Helm chart gives counts.',
    'The target has to be in the namespace of the autoscaler.',
  ],
  sources: ['Kubernetes API reference, HorizontalPodAutoscaler: scaleTargetRef'],
  examples: {
    bad: `
      #- /media.yaml
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata:
        name: media
        namespace: matrix
      spec:
        scaleTargetRef:
          apiVersion: apps/v1
          kind: Deployment
      #         ^^^^^^^^^^ 💡 error: HorizontalPodAutoscaler media scales the Deployment media, but media is a StatefulSet
          name: media
        maxReplicas: 3
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: media
        namespace: matrix
    `,
    good: `
      #- /media.yaml
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata:
        name: media
        namespace: matrix
      spec:
        scaleTargetRef:
          apiVersion: apps/v1
          kind: StatefulSet
          name: media
        maxReplicas: 3
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: media
        namespace: matrix
    `,
  },
  kinds: ['HorizontalPodAutoscaler'],
  *check(scaler, workspace) {
    const target = scaler.root.at('spec', 'scaleTargetRef');
    const kind = target.at('kind').text ?? '';
    const name = target.at('name').string;
    if (!scalable.includes(kind) || !name || isThere(workspace, kind, scaler, name)) return;
    if (isChartObject(workspace, scaler.namespace, name) !== 'no') return;
    const others = scalable.filter(other => isThere(workspace, other, scaler, name));
    const close = nearest(name, declaredNames(workspace, kind, scaler.namespace));
    const [other] = others;
    yield {
      at: other ? target.at('kind') : target.at('name'),
      message: other
        ? `HorizontalPodAutoscaler ${scaler.name} scales the ${kind} ${name}, but ${name} is a ${other} — correct the kind.`
        : `HorizontalPodAutoscaler ${scaler.name} scales the ${kind} ${name}, which nothing creates — ${close ? `did you mean ${close}?` : 'correct kind and name.'}`,
      fixes: () => (other ? setKind(scaler, other, others.length === 1) : rename(scaler, close)),
    };
  },
} satisfies Rule;

const scalable = ['Deployment', 'StatefulSet', 'ReplicaSet'];

function isThere(workspace: Workspace, kind: string, { namespace }: Resource, name: string): boolean {
  return declarationsOf(workspace, kind, namespace, name).some(one => one.origin !== 'promise');
}

function setKind(scaler: Resource, kind: string, safe: boolean): readonly Fix[] {
  const edit = replaceScalar(scaler.root.at('spec', 'scaleTargetRef', 'kind'), kind);
  return edit ? [{ title: `Scale the ${kind}`, safe, edits: [edit] }] : [];
}

function rename(scaler: Resource, close: string | undefined): readonly Fix[] {
  const edit = close === undefined ? undefined : replaceScalar(scaler.root.at('spec', 'scaleTargetRef', 'name'), close);
  return edit ? [{ title: `Scale ${close}`, safe: false, edits: [edit] }] : [];
}
