import { commandLine, commandText } from '../../analysis/configs';
import { publicName } from '../../analysis/images';
import { type Container, containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { insertEntry, insertItem, replaceScalar } from '../../manifests/edit';
import type { Problem, Rule } from '../rule';

export default {
  id: 'container-capabilities',
  items: [],
  severity: 'error',
  summary: 'A container has a capability that is none, or lacks those that its image needs to start.',
  why: 'The container runtime puts `CAP_` before each name and refuses what it does not know, so the container is never created. An image that starts as root and becomes another user ends right away if it may not: "failed switching to …: operation not permitted". A program whose file has a capability is not started at all without it: "exec …: operation not permitted".',
  remedy:
    'Write `NET_BIND_SERVICE` and not `CAP_NET_BIND_SERVICE`. Beside `drop: [ALL]` say with `runAsUser` which user the container is, or add `SETUID` and `SETGID`. For coturn, Caddy and CoreDNS add `NET_BIND_SERVICE`.',
  traps: [
    'A `command` of its own takes the place of the start script that changes the user.',
    'Known are the images of Redis, Valkey, PostgreSQL, MariaDB, MySQL, ClamAV and Synapse; of others nothing is said.',
    'The files of coturn, Caddy and CoreDNS in the images of these projects have the capability `NET_BIND_SERVICE`, whatever ports they listen on and whoever starts them.',
  ],
  sources: [
    'Kubernetes documentation, Configure a Security Context for a Pod or Container: "omit the CAP_ portion of the constant"',
    'coturn/coturn, caddyserver/caddy-docker and coredns/coredns, Dockerfile: setcap cap_net_bind_service=+ep; Linux, security/commoncap.c, bprm_caps_from_vfs_caps: -EPERM where the bounding set has not what the file permits',
    'docker-entrypoint.sh of the official images; Cisco-Talos/clamav-docker; element-hq/synapse docker/start.py',
  ],
  examples: { bad: example('CAP_NET_BIND_SERVICE', true), good: example('NET_BIND_SERVICE', false) },
  kinds: [...workloadKinds],
  *check(resource) {
    const pod = podTemplate(resource)?.at('spec', 'securityContext');
    for (const container of containersOf(resource)) {
      const own = container.value.at('securityContext');
      const [added, dropped] = ['add', 'drop'].map(list => own.at('capabilities', list).items());
      for (const item of [...(added ?? []), ...(dropped ?? [])]) {
        const name = /^CAP_(\w+)$/i.exec(item.text ?? '')?.[1];
        if (name === undefined) continue;
        yield {
          at: item,
          message: `In manifests capabilities are written without CAP_, so ${item.text} is none — write ${name}.`,
          fixes: () => {
            const edit = replaceScalar(item, name);
            return edit ? [{ title: `Write ${name}`, safe: true, edits: [edit] }] : [];
          },
        };
      }
      yield* fileProblem(container);
      const all = dropped?.find(one => one.text === 'ALL');
      const kept = new Set(added?.map(one => one.text));
      if (!all || kept.has('ALL') || (kept.has('SETUID') && kept.has('SETGID'))) continue;
      const user = own.at('runAsUser').exists ? own.at('runAsUser') : pod?.at('runAsUser');
      if ((user?.exists && user.number !== 0) || !changesUser.has(publicName(container.image))) continue;
      if (commandLine(container).length > 0) continue;
      yield {
        at: all,
        message: `${container.isInit ? 'Init container' : 'Container'} ${container.name} starts as root and becomes another user, which it may not without SETUID and SETGID — add them, or say with runAsUser which user it is to be.`,
      };
    }
  },
} satisfies Rule;

/** A program that the kernel does not start, because its file has a capability that the container dropped. */
function* fileProblem(container: Container): Iterable<Problem> {
  const program = filesWithCapability.get(publicName(container.image));
  if (!program || !starts(container, program)) return;
  const capabilities = container.value.at('securityContext', 'capabilities');
  const add = capabilities.at('add');
  const dropped = capabilities
    .at('drop')
    .items()
    .find(one => /^(?:ALL|(?:CAP_)?NET_BIND_SERVICE)$/i.test(one.text ?? ''));
  const isAdded = add.items().some(one => /^(?:ALL|(?:CAP_)?NET_BIND_SERVICE)$/i.test(one.text ?? ''));
  if (!dropped || isAdded || container.value.at('securityContext', 'privileged').boolean === true) return;
  yield {
    at: dropped,
    message: `The kernel does not start ${program} in container ${container.name}, because its file has the capability NET_BIND_SERVICE, which is dropped here — add NET_BIND_SERVICE.`,
    fixes: () => {
      const edit = add.exists
        ? insertItem(add, 'NET_BIND_SERVICE')
        : insertEntry(
            capabilities,
            capabilities.style === 'flow' ? 'add: [NET_BIND_SERVICE]' : 'add:\n  - NET_BIND_SERVICE',
          );
      return edit ? [{ title: 'Add NET_BIND_SERVICE', safe: true, edits: [edit] }] : [];
    },
  };
}

/** Whether a container starts a program: as its image does, or by a command or script that names it. */
function starts(container: Container, program: string): boolean {
  const text = commandText(container);
  const isOwn = !container.value.at('command').exists;
  return isOwn || new RegExp(`(?:^|[\\s/;&|"'])${program}(?:$|[\\s;&|"'])`).test(text);
}

/** Images in which the file of a program has a capability, with its effective bit. */
const filesWithCapability: ReadonlyMap<string, string> = new Map([
  ['coturn/coturn', 'turnserver'],
  ['caddy', 'caddy'],
  ['coredns/coredns', 'coredns'],
  ['registry.k8s.io/coredns/coredns', 'coredns'],
]);

/** Images whose entrypoints give up root. */
const changesUser: ReadonlySet<string> = new Set([
  'redis',
  'valkey/valkey',
  'postgres',
  'mariadb',
  'mysql',
  'clamav/clamav',
  'matrixdotorg/synapse',
  'element-hq/synapse',
]);

function example(capability: string, isBad: boolean): string {
  return `
      #- /haproxy.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        containers:
          - name: haproxy
            image: haproxy:3.0
            securityContext:
              capabilities:
                drop: [ALL]
                add:
                  - ${capability}${isBad ? '\n      #             ^^^^^^^^^^^^^^^^^^^^ 💡 error: In manifests capabilities are written without CAP_, so CAP_NET_BIND_SERVICE is none' : ''}
    `;
}
