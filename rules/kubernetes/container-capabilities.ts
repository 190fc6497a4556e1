import { commandLine } from '../../analysis/configs';
import { containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { imageName } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'container-capabilities',
  items: [],
  severity: 'error',
  summary: 'A container has a capability that is none, or lacks those that its start script needs.',
  why: 'The container runtime puts `CAP_` before each name and refuses what it does not know, so the container is never created. An image that starts as root and becomes another user ends right away if it may not: "failed switching to …: operation not permitted".',
  remedy:
    'Write `NET_BIND_SERVICE` and not `CAP_NET_BIND_SERVICE`. Beside `drop: [ALL]` say with `runAsUser` which user the container is, or add `SETUID` and `SETGID`.',
  traps: [
    'A `command` of its own takes the place of the start script that changes the user.',
    'Known are the images of Redis, Valkey, PostgreSQL, MariaDB, MySQL, ClamAV and Synapse; of others nothing is said.',
  ],
  sources: [
    'Kubernetes documentation, Configure a Security Context for a Pod or Container: "omit the CAP_ portion of the constant"',
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
      const all = dropped?.find(one => one.text === 'ALL');
      const kept = new Set(added?.map(one => one.text));
      if (!all || kept.has('ALL') || (kept.has('SETUID') && kept.has('SETGID'))) continue;
      const user = own.at('runAsUser').exists ? own.at('runAsUser') : pod?.at('runAsUser');
      if ((user?.exists && user.number !== 0) || !changesUser.test(plainName(container.image))) continue;
      if (commandLine(container).length > 0) continue;
      yield {
        at: all,
        message: `${container.isInit ? 'Init container' : 'Container'} ${container.name} starts as root and becomes another user, which it may not without SETUID and SETGID — add them, or say with runAsUser which user it is to be.`,
      };
    }
  },
} satisfies Rule;

const changesUser =
  /^(?:redis|valkey\/valkey|postgres|mariadb|mysql|clamav\/clamav|matrixdotorg\/synapse|element-hq\/synapse)$/;

function plainName(image: string): string {
  return imageName(image)
    .replace(/^(?:docker\.io|ghcr\.io|quay\.io|mirror\.gcr\.io)\//, '')
    .replace(/^library\//, '');
}

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
