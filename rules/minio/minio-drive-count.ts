import { isAboutMatrix } from '../../analysis/anchor';
import { askedByChecklist } from '../../analysis/checklist-signs';
import { isBelow, mountsOf } from '../../analysis/mounts';
import { containerRunning } from '../../analysis/pods';
import { tenantKind } from '../../analysis/roles';
import { replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { type Pool, poolsOf, storeKinds, stripeOf } from './store';

export default {
  id: 'minio-drive-count',
  items: ['1.3.a.2'],
  severity: 'error',
  summary: 'MinIO does not run on eight drives, two on each of four servers.',
  why: 'EC:4 needs eight drives to be four data and four parity shards. With fewer it is impossible, with more it protects less of them, and on fewer servers the loss of one takes half of all drives.',
  remedy:
    'Set `servers: 4` and `volumesPerServer: 2` before the Tenant is first applied: both cannot be changed later. To grow, add another pool of the same size.',
  traps: [
    'Only the checklist asks for it: this is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning. What MinIO refuses is one everywhere',
    'The servers of a StatefulSet are `POD.SERVICE`, with the Service of `serviceName` and the ordinals of its pods, and each drive is a folder on a volume.',
    'Further pools of eight drives are right; that is how a Tenant grows.',
    'Eight drives made in another way, such as two servers with four each, are a warning.',
    'A plain workload with the image of MinIO is judged by the ranges `{0...3}` in its arguments.',
    'A store in a tree in which nothing is called after Matrix or its programs is somebody else’s.',
  ],
  sources: [
    'MinIO Operator, pkg/apis/minio.min.io/v2/types.go: servers and volumesPerServer are immutable.',
    'MinIO, cmd/endpoint-ellipses.go: how drives are grouped into erasure sets.',
  ],
  examples: {
    bad: `
      #- /tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
      spec:
        pools:
          - name: pool-0
            servers: 4
            volumesPerServer: 1 # for now
      #                       ^ 💡 warning: 4 servers × 1 drive = 4 drives, of which at most 2 can be parity
    `,
    good: `
      #- /tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
      spec:
        pools:
          - name: pool-0
            servers: 4
            volumesPerServer: 2 # for now
    `,
  },
  kinds: storeKinds,
  *check(store, workspace) {
    const pools = poolsOf(workspace, store);
    const list = store.root.at('spec', 'pools');
    // What is no number is refused, and its own rule says so.
    const isSaid = list.items().some(pool => pool.at('servers').exists && pool.at('volumesPerServer').exists);
    if (store.qualifiedKind === tenantKind && pools.length === 0 && !isSaid) {
      yield {
        at: list.exists ? list.key : store.root.at('metadata', 'name'),
        message: `Tenant ${store.name} says no servers and volumesPerServer — give it a pool of 4 servers with 2 drives each.`,
      };
    }
    yield* missingServers(store, pools);
    for (const pool of pools) {
      yield* wrongPeers(workspace, store, pool);
      yield* unmountedDrives(store, pool);
    }
    if (!isAboutMatrix(workspace)) return;
    for (const [index, pool] of pools.entries()) yield* checkPool(store, workspace, pool, index === 0);
  },
} satisfies Rule;

/** The servers of one argument are the pods of the StatefulSet, by their names, and MinIO waits for every one. */
/** Servers by names that the pods of a StatefulSet do not have: `POD.SERVICE.NAMESPACE.svc`, from its first ordinal on. */
function* wrongPeers(workspace: Workspace, store: Resource, { operands, servers, serversAt }: Pool): Iterable<Problem> {
  if (store.kind !== 'StatefulSet') return;
  const spec = store.root.at('spec');
  const service = spec.at('serviceName').string;
  for (const operand of operands) {
    const [, name = '', from = '', rest = ''] =
      /^https?:\/\/([a-z0-9][a-z0-9-]*)-\{(\d+)\.\.\.\d+\}((?:\.[a-z0-9-]+)*)(?::\d+)?(?:\/|$)/.exec(operand) ?? [];
    const [, ownService, namespace] = rest.split('.');
    if (name === '') continue;
    const first = spec.at('ordinals', 'start').number ?? 0;
    const own = `${store.name}-{${first}...${first + servers - 1}}.${service ?? ownService}`;
    const what =
      name !== store.name
        ? workspace.find('StatefulSet', namespace ?? store.namespace, name)
          ? undefined
          : `there is no StatefulSet ${name}`
        : Number(from) !== first
          ? `the pods of ${store.title} are counted from ${first}`
          : namespace !== undefined && store.namespace !== undefined && namespace !== store.namespace
            ? `${store.title} is in namespace ${store.namespace}`
            : service !== undefined && ownService !== undefined && ownService !== service
              ? `the pods of ${store.title} have names in Service ${service} only, its serviceName`
              : undefined;
    if (what)
      yield {
        at: serversAt,
        message: `MinIO looks for servers as ${operand.replace(/^https?:\/\//, '').replace(/[:/].*$/, '')}, but ${what}, so it waits for them and never starts — write ${own}.`,
        related: spec.at('serviceName').exists ? [{ at: spec.at('serviceName'), message: store.title }] : [],
      };
  }
}

/** Drives in folders of the container where no volume is mounted. */
function* unmountedDrives(store: Resource, { operands, volumesAt }: Pool): Iterable<Problem> {
  const container = containerRunning(store, 'minio');
  const mounts = container ? mountsOf(container) : [];
  if (mounts.length === 0) return;
  const paths = operands.flatMap(operand => expanded(operand.replace(/^https?:\/\/[^/]+/, '')));
  const bare = paths.filter(path => path.startsWith('/') && !mounts.some(({ mountPath }) => isBelow(path, mountPath)));
  if (bare.length === 0) return;
  yield {
    at: volumesAt,
    message: `No volume is mounted at ${bare.slice(0, 4).join(', ')}, so what MinIO keeps there is lost with the container — mount one, or correct the path.`,
    related: mounts.map(({ value }) => ({ at: value.at('mountPath'), message: 'A volume' })),
  };
}

/** The paths that `{1...4}` stands for. */
function expanded(path: string): readonly string[] {
  const range = /\{(\d+)\.\.\.(\d+)\}/.exec(path);
  if (!range) return [path];
  const [whole, from = '', to = ''] = range;
  const count = Math.min(Number(to) - Number(from) + 1, 64);
  return Array.from({ length: Math.max(count, 0) }, (_, index) => Number(from) + index).flatMap(number =>
    expanded(path.replace(whole, String(number).padStart(from.length, '0'))),
  );
}

function* missingServers(store: Resource, pools: readonly Pool[]): Iterable<Problem> {
  const [pool, ...others] = pools;
  const replicas = store.root.at('spec', 'replicas');
  const count = replicas.number;
  if (store.kind !== 'StatefulSet' || !pool || others.length > 0 || !count || pool.servers <= count) return;
  const numbered = [...store.root.at('spec', 'template', 'spec', 'containers').scalars(numbersServers)];
  if (!numbered.some(({ text }) => text?.includes(`//${store.name}-{`))) return;
  yield {
    at: replicas,
    message: `MinIO is told of ${pool.servers} servers, but ${store.title} runs ${count} ${count === 1 ? 'pod' : 'pods'}, so it waits for the others and never starts — run ${pool.servers}.`,
    related: [{ at: pool.serversAt, message: 'The servers' }],
    fixes: () => {
      const edit = replaceValue(replicas, String(pool.servers));
      return edit ? [{ title: `Run ${pool.servers} pods`, safe: false, edits: [edit] }] : [];
    },
  };
}

function numbersServers(text: string): boolean {
  return /\/\/[\w.-]+-\{/.test(text);
}

function* checkPool(store: Resource, workspace: Workspace, pool: Pool, isFirst: boolean): Iterable<Problem> {
  const { servers, volumesPerServer, drives } = pool;
  if (drives === 8 && (servers === 4 || !isFirst)) return;
  const stripe = stripeOf(workspace, store, pool);
  const sum = `${servers} ${servers === 1 ? 'server' : 'servers'} × ${volumesPerServer} ${volumesPerServer === 1 ? 'drive' : 'drives'} = ${drives} ${drives === 1 ? 'drive' : 'drives'}`;
  yield {
    at: volumesPerServer === 2 ? pool.serversAt : pool.volumesAt,
    // What MinIO cannot divide it refuses, whoever asks.
    ...(drives === 8 || !isFirst ? { severity: 'warning' } : stripe > 16 ? {} : askedByChecklist(workspace)),
    message: `${isFirst ? '' : `In ${pool.name}, `}${sum}, ${consequence(pool, stripe)} — make it 4 servers with 2 drives each before the first apply.`,
    fixes: () => fourByTwo(pool),
  };
}

function consequence({ servers, volumesPerServer, drives }: Pool, stripe: number): string {
  if (drives === 8) {
    return servers < 4
      ? `and the loss of one server takes ${volumesPerServer} of them`
      : 'where the checklist asks 2 on each of 4 servers';
  }
  if (stripe > 16) return 'which MinIO cannot divide into sets of at most 16 and refuses';
  if (drives < 8) return `of which at most ${Math.floor(stripe / 2)} can be parity, so EC:4 is impossible`;
  return `in sets of ${stripe}: EC:4 is then ${stripe - 4} data and 4 parity shards, not 4 and 4`;
}

function fourByTwo({ value, servers, volumesPerServer }: Pool): readonly Fix[] {
  if (!value) return [];
  const edits: (TextEdit | undefined)[] = [
    ...(servers === 4 ? [] : [replaceValue(value.at('servers'), '4')]),
    ...(volumesPerServer === 2 ? [] : [replaceValue(value.at('volumesPerServer'), '2')]),
  ];
  const made = edits.flatMap(edit => edit ?? []);
  return made.length === edits.length
    ? [{ title: 'Make it 4 servers with 2 drives each', safe: false, edits: made }]
    : [];
}
