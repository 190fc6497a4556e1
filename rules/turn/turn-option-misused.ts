import { resolveHost } from '../../analysis/flows/destinations';
import { workloadKinds } from '../../analysis/pods';
import { familiesOf, redisMains } from '../../analysis/roles';
import { deleteEntry } from '../../manifests/edit';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { asksForPassword } from '../redis/password';
import type { Fix, Problem, Rule } from '../rule';
import { type TurnOption, type Turnserver, turnserverOf } from './turnserver';

export default {
  id: 'turn-option-misused',
  items: [],
  severity: 'error',
  summary:
    'The TURN server gets a path where it wants an IP address, may relay to nobody, or has no password for its Redis.',
  why: '`-X` is `--external-ip`: the public address that coturn hands out. A path is no address, so coturn ends at start. Redis answers `NOAUTH` to whoever has no password: coturn then knows no users, or counts nothing.',
  remedy:
    'Give the public address, as `--external-ip=192.0.2.1`. With host network and a public address on the node the option is not needed at all.',
  traps: [
    'A name is resolved by coturn, and `PUBLIC/PRIVATE` is a pair of addresses; both are right.',
    'A Redis that asks for no password, or is not in the tree, needs none here.',
    '`--external-ip=$(detect-external-ip)` works with the entrypoint of the official image, which a `command` replaces.',
  ],
  sources: ['coturn README.turnserver: -X, --external-ip <public-ip[/private-ip]>'],
  examples: {
    bad: `
      #- /coturn.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
            command:
              - turnserver
              - -c
              - /etc/coturn/turnserver.conf
              - -X
              - /tmp/external-ip.conf
      #         ^^^^^^^^^^^^^^^^^^^^^ 💡 error: /tmp/external-ip.conf is no address, but -X is external-ip
    `,
    good: `
      #- /coturn.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
            command:
              - turnserver
              - -c
              - /etc/coturn/turnserver.conf
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const server = turnserverOf(workspace, resource);
    if (server && !server.isPartial) yield* refusedPeers(server.options);
    if (server) yield* withoutPassword(workspace, server);
    for (const option of server?.options ?? []) {
      if (option.name !== 'external-ip') continue;
      const unrun = server && unrunCommand(server, option);
      if (unrun !== undefined)
        yield {
          at: option.at,
          message: `No shell runs ${unrun}, because command starts turnserver itself, and as it stands it is no address — delete command, so that the entrypoint of the image runs it, or give the address.`,
        };
      if (!option.value?.startsWith('/')) continue;
      const written = option.words[0]?.text?.startsWith('-X') ? '-X' : undefined;
      yield {
        at: option.at,
        message: `${option.value} is no address, ${written ? 'but -X is external-ip, the public address, and no file' : 'but external-ip is the public address'} — give the address, or delete the option.`,
        fixes: () => remove(option),
      };
    }
  },
} satisfies Rule;

/** A command in an argument that reaches coturn without a shell; Kubernetes makes `$$(…)` into `$(…)`, and runs neither. */
function unrunCommand({ container }: Turnserver, { from, value }: TurnOption): string | undefined {
  if (from !== 'arguments' || !/(?:^|\/)turnserver$/.test(container.value.at('command', 0).text ?? ''))
    return undefined;
  const name = /^\$?\$\(\s*([a-z][\w-]*)[^)]*\)/.exec(value ?? '');
  const isVariable = container.value
    .at('env')
    .items()
    .some(item => item.at('name').text === name?.[1]);
  return name && (!isVariable || name[0].startsWith('$$')) ? name[0].replace('$$', '$') : undefined;
}

/** A connection to a Redis of the tree that asks for a password, without one (coturn, dbd_redis.c). */
function* withoutPassword(workspace: Workspace, { options, resource }: Turnserver): Iterable<Problem> {
  for (const { name, value = '', at } of options) {
    if (!/^redis-(?:statsdb|userdb)$/.test(name) || /(?:^|[\s"'])password=\S/.test(value)) continue;
    const host = /(?:^|[\s"'])(?:host|ip|addr|ipaddr|hostaddr)=([\w.-]+)/.exec(value)?.[1];
    const found = host === undefined ? undefined : resolveHost(workspace, resource.namespace, host);
    const pods = found?.kind === 'service' ? found.pods : found?.kind === 'pod' ? [found.pods] : [];
    // A proxy in front of Redis asks for nothing by itself.
    const behind = pods.map(({ owner }) => owner);
    const redis = behind.some(owner => familiesOf(owner).has('haproxy')) ? redisMains(workspace) : behind;
    if (/[$%{]/.test(value) || !redis.some(one => familiesOf(one).has('redis') && asksForPassword(workspace, one)))
      continue;
    yield {
      at,
      ...(name === 'redis-statsdb' && { severity: 'warning' as const }),
      message: `${name} has no password for ${host}, which asks for one, so ${name === 'redis-statsdb' ? 'coturn counts nothing' : 'coturn finds no users'} — add password=… to it.`,
    };
  }
}

/** A range of all addresses, after which nobody is left to relay to. */
function* refusedPeers(options: readonly TurnOption[]): Iterable<Problem> {
  if (options.some(({ name }) => name === 'allowed-peer-ip')) return;
  for (const { name, value, at } of options) {
    const all = /^0\.0\.0\.0(?:-255\.255\.255\.255|\/0)$/.test(value ?? '');
    if (name !== 'denied-peer-ip' || !all) continue;
    yield {
      at,
      message: `coturn refuses to relay to any address with ${value}, so no call gets through — deny private ranges only.`,
    };
  }
}

function remove({ words }: TurnOption): readonly Fix[] {
  const edits = words.map(word => deleteEntry(word));
  return edits.length > 0 && edits.every((edit): edit is TextEdit => edit !== undefined)
    ? [{ title: 'Delete the option', safe: false, edits }]
    : [];
}
