import { isAboutMatrix } from '../../analysis/anchor';
import { askedByChecklist } from '../../analysis/checklist-signs';
import { appendLine, type Setting, settingsNamed, settingsOf } from '../../analysis/minio-settings';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { defaultParity, parityOf, poolsOf, storeKinds, stripeOf } from './store';

const name = 'MINIO_STORAGE_CLASS_STANDARD';

export default {
  id: 'minio-erasure-parity',
  items: ['1.3.a.1'],
  severity: 'error',
  summary: "MinIO's erasure coding is not EC:4.",
  why: 'With EC:4 on eight drives, four data and four parity shards, any two of the four servers may be lost without losing an object. Less parity loses data earlier; more than half of the drives MinIO refuses, and does not start.',
  remedy: 'Set `MINIO_STORAGE_CLASS_STANDARD="EC:4"` in the `config.env` of the Tenant.',
  traps: [
    'Only the checklist asks for it: this is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning. What MinIO refuses is one everywhere',
    'With fewer than eight drives EC:4 is impossible, so it is not asked for before minio-drive-count is satisfied.',
    'Absent is a warning: MinIO takes EC:4 by itself for eight drives, but EC:2 for four or five and EC:3 for six or seven.',
    'Comments such as `# EC:4 means …` do not count; `export`, single and double quotes do not matter.',
    'A value in `spec.env` beside another one in `config.env` is an error, because it depends on the version which of them wins.',
    'A `config.env` that the tree does not show is left alone.',
    'A store in a tree in which nothing is called after Matrix or its programs is somebody else’s.',
  ],
  sources: [
    'MinIO, docs/erasure/storage-class/README.md: parity is at most half of the drives of a set; its defaults by the number of drives.',
  ],
  examples: {
    bad: `
      #- /minio.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-config
        namespace: matrix
      stringData:
        config.env: |
          export MINIO_ROOT_USER="root-user"
          # EC:4 would be better.
          export MINIO_STORAGE_CLASS_STANDARD="EC:2"
      #                                        ^^^^ 💡 warning: is EC:2, so 2 of 8 drives may be lost
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        configuration:
          name: minio-config
        pools:
          - servers: 4
            volumesPerServer: 2
    `,
    good: `
      #- /minio.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-config
        namespace: matrix
      stringData:
        config.env: |
          export MINIO_ROOT_USER="root-user"
          # EC:4 would be better.
          export MINIO_STORAGE_CLASS_STANDARD="EC:4"
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        configuration:
          name: minio-config
        pools:
          - servers: 4
            volumesPerServer: 2
    `,
  },
  kinds: storeKinds,
  *check(store, workspace) {
    const [pool] = poolsOf(workspace, store);
    if (!pool || !isAboutMatrix(workspace)) return;
    const settings = settingsOf(workspace, store);
    const found = settingsNamed(settings, name);
    const stripe = stripeOf(workspace, store, pool);
    if (found.length === 0) {
      // Fewer drives cannot hold EC:4; minio-drive-count asks for them.
      if (!settings.isOpen && stripe >= 8) yield absent(store, workspace, stripe);
      return;
    }
    const known = found.filter(one => one.value !== undefined);
    const [first, ...others] = known;
    const other = others.find(one => parityOf(one.value ?? '') !== parityOf(first?.value ?? ''));
    if (first && other) {
      yield {
        at: other.at,
        message: `${name} is ${first.value} in one place and ${other.value} in another, and which of them wins depends on the version of MinIO — keep one, EC:4.`,
        related: [{ at: first.at, message: `${name} is ${first.value} here` }],
        fixes: () => setParity(other),
      };
      return;
    }
    if (first) yield* wrongParity(workspace, first, stripe);
  },
} satisfies Rule;

function* wrongParity(workspace: Workspace, setting: Setting, stripe: number): Iterable<Problem> {
  const parity = parityOf(setting.value ?? '');
  if (parity === 4 && stripe >= 8) return;
  // With fewer drives MinIO would not start with EC:4.
  const isPossible = stripe >= 8;
  const drives = 'make it 8 drives, 2 on each of 4 servers';
  const isRefused = Number.isNaN(parity) || parity > stripe / 2;
  yield {
    at: setting.at,
    ...(isRefused ? {} : askedByChecklist(workspace)),
    message: Number.isNaN(parity)
      ? `${name} is ${setting.value}, which is no storage class — ${isPossible ? 'write EC:4' : `${drives}, and write EC:4`}.`
      : parity > stripe / 2
        ? `${name} is EC:${parity}, but an object is spread over ${stripe} drives and at most half of them may be parity, so MinIO refuses to start — ${isPossible ? 'write EC:4' : drives}.`
        : `${name} is EC:${parity}, so ${parity} of ${stripe} drives may be lost — ${isPossible ? 'write EC:4' : `${drives}, and write EC:4`}, four data and four parity shards.`,
    fixes: () => (isPossible ? setParity(setting) : []),
  };
}

function absent(store: Resource, workspace: Workspace, stripe: number): Problem {
  const { file } = settingsOf(workspace, store);
  return {
    at: file ? file.value.key : store.root.at('metadata', 'name'),
    severity: 'warning',
    message: `${name} is not set, so MinIO takes EC:${defaultParity(stripe)} for ${stripe} drives by itself — write EC:4 so that it stays.`,
    fixes: () => {
      const edit = file && appendLine(file, `export ${name}="EC:4"`);
      return edit ? [{ title: 'Set EC:4', safe: true, edits: [edit] }] : [];
    },
  };
}

function setParity(setting: Setting): readonly Fix[] {
  const edit = setting.replace('EC:4');
  return edit ? [{ title: 'Set EC:4', safe: true, edits: [edit] }] : [];
}
