import { isFilledIn } from '../../analysis/filled-in';
import { containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { quantityOf } from '../../analysis/quantity';
import { clusterKind, tenantKind } from '../../analysis/roles';
import { replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'amount-without-unit',
  items: [],
  severity: 'error',
  summary: 'An amount of memory, storage or CPU lacks its unit, or has the wrong one.',
  why: 'Without a unit memory and storage are bytes, and `m` is a thousandth of one: `memory: 512m` is half a byte. The API server takes it, and then the container cannot start, or the volume has the smallest size that the storage makes. CPU without a unit is whole cores: no node has 250 of them, and the pod stays `Pending`.',
  remedy: 'Write the unit: `Mi` and `Gi` for memory and storage, `m` for thousandths of a core.',
  traps: [
    'Bytes that are written in full, such as 1073741824, are right.',
    'What is judged is what cannot be meant: less than 4Mi as a limit of memory, which container runtimes refuse, less than 1Mi as memory or storage, and a hundred cores or more.',
  ],
  sources: [
    'Kubernetes documentation, Resource Management for Pods and Containers, "Resource units in Kubernetes"',
    'opencontainers/runc and containerd: the least limit of memory of a container',
  ],
  examples: { bad: example('512m', true), good: example('512Mi', false) },
  kinds: [...workloadKinds, 'PersistentVolumeClaim', 'PersistentVolume', clusterKind, tenantKind],
  *check(resource, workspace) {
    for (const { at, what, most, least } of amountsOf(resource)) {
      const { text } = at;
      const amount = quantityOf(text);
      if (text === undefined || amount === undefined || amount <= 0 || isFilledIn(workspace, text)) continue;
      if (least !== undefined ? amount >= least : amount < (most ?? Number.POSITIVE_INFINITY)) continue;
      const digits = /^\d+(?:\.\d+)?/.exec(text)?.[0] ?? text;
      const units = least === undefined ? ['m'] : what === 'storage' ? ['Gi', 'Mi'] : ['Mi', 'Gi'];
      yield {
        at,
        message:
          least === undefined
            ? `${text} of ${what} are ${text} cores, which no node has — did you mean ${digits}m?`
            : /[a-ln-z]$/i.test(text)
              ? `${text} of ${what} is less than any program can do with — did you mean ${digits}Gi?`
              : `${text} of ${what} ${text.endsWith('m') ? 'are thousandths of a byte' : 'are bytes'} — write the unit, such as ${digits}${units[0]}.`,
        fixes: () =>
          units.flatMap(unit => {
            const edit = replaceValue(at, `${digits}${unit}`);
            return edit ? [{ title: `Write ${digits}${unit}`, safe: false, edits: [edit] }] : [];
          }),
      };
    }
  },
} satisfies Rule;

interface Amount {
  readonly at: Value;
  readonly what: string;
  /** Less than this is too little. */
  readonly least?: number;
  /** This and more is too much. */
  readonly most?: number;
}

const mebibyte = 2 ** 20;

function* amountsOf(resource: Resource): Iterable<Amount> {
  const spec = resource.root.at('spec');
  for (const { value } of containersOf(resource)) yield* ofResources(value.at('resources'));
  for (const volume of podTemplate(resource)?.at('spec', 'volumes').items() ?? []) {
    yield { at: volume.at('emptyDir', 'sizeLimit'), what: 'storage', least: 1024 };
    yield* ofClaim(volume.at('ephemeral', 'volumeClaimTemplate', 'spec'));
  }
  for (const claim of spec.at('volumeClaimTemplates').items()) yield* ofClaim(claim.at('spec'));
  if (resource.kind === 'PersistentVolumeClaim') yield* ofClaim(spec);
  if (resource.kind === 'PersistentVolume')
    yield { at: spec.at('capacity', 'storage'), what: 'storage', least: mebibyte };
  if (resource.qualifiedKind === clusterKind) {
    yield* ofResources(spec.at('resources'));
    for (const field of ['storage', 'walStorage'])
      yield { at: spec.at(field, 'size'), what: 'storage', least: mebibyte };
  }
  if (resource.qualifiedKind === tenantKind)
    for (const pool of spec.at('pools').items()) {
      yield* ofResources(pool.at('resources'));
      yield* ofClaim(pool.at('volumeClaimTemplate', 'spec'));
    }
}

function* ofResources(resources: Value): Iterable<Amount> {
  for (const field of ['requests', 'limits']) {
    const amounts = resources.at(field);
    yield { at: amounts.at('memory'), what: 'memory', least: (field === 'limits' ? 4 : 1) * mebibyte };
    yield { at: amounts.at('ephemeral-storage'), what: 'storage', least: mebibyte };
    yield { at: amounts.at('cpu'), what: 'CPU', most: 100 };
  }
}

function* ofClaim(spec: Value): Iterable<Amount> {
  yield { at: spec.at('resources', 'requests', 'storage'), what: 'storage', least: mebibyte };
}

function example(memory: string, isBad: boolean): string {
  return `
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
            resources:
              limits:
                memory: ${memory}${isBad ? '\n      #                 ^^^^ 💡 error: 512m of memory are thousandths of a byte — write the unit, such as 512Mi.' : ''}
    `;
}
