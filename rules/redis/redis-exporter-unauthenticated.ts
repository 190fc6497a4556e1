import { environmentOf, textOfVariable } from '../../analysis/environment';
import { resolveHost } from '../../analysis/flows/destinations';
import { imageName } from '../../analysis/images';
import { type Container, containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { asksForPassword } from './password';

export default {
  id: 'redis-exporter-unauthenticated',
  items: [],
  severity: 'warning',
  summary: 'redis_exporter has no password for a Redis that asks for one.',
  why: 'Redis answers NOAUTH, so the exporter serves `redis_up 0` and nothing else: alerts on memory and replication never fire, and one on `redis_up` always does.',
  remedy: 'Give the exporter `REDIS_PASSWORD` from the Secret that Redis takes its own from.',
  traps: [
    'A password in the address, in a file or in the arguments counts, and so do variables that the tree does not show.',
    'Sentinel, on port 26379, is not looked at: it has a password of its own, if any.',
  ],
  sources: [
    'oliver006/redis_exporter, README: REDIS_ADDR (redis://localhost:6379), REDIS_PASSWORD, REDIS_PASSWORD_FILE, REDIS_FILE',
  ],
  examples: { bad: example('REDIS_AUTH', true), good: example('REDIS_PASSWORD', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of containersOf(resource)) {
      if (!/redis[-_]exporter$/.test(imageName(container.image)) || signsIn(container)) continue;
      const { variables, isOpen } = environmentOf(workspace, resource, container);
      if (isOpen || [...variables.keys()].some(name => /^REDIS_(?:PASSWORD|PASSWORD_FILE|FILE)$/.test(name))) continue;
      const variable = variables.get('REDIS_ADDR');
      const address = variable ? textOfVariable(workspace, resource, variable) : 'redis://localhost:6379';
      const servers = address === undefined ? [] : serversAt(workspace, resource, address);
      if (servers.length === 0 || !servers.every(one => asksForPassword(workspace, one))) continue;
      yield {
        at: variable?.value ?? container.value.at('name'),
        message: `Container ${container.name} has no password for ${servers[0]?.title}, which asks for one, so it serves no metrics but redis_up 0 — give it REDIS_PASSWORD from the Secret.`,
      };
    }
  },
} satisfies Rule;

/** Whether the arguments say the password, or a file with addresses and passwords. */
function signsIn({ value }: Container): boolean {
  return [...value.at('command').scalars(), ...value.at('args').scalars()].some(word =>
    /redis\.(?:password|file|addr)/.test(word.text ?? ''),
  );
}

/** The workloads of Redis at an address; none where it holds a password or is that of a Sentinel. */
function serversAt(workspace: Workspace, resource: Resource, address: string): readonly Resource[] {
  const [, host, port = '6379'] = /^(?:rediss?:\/\/)?([\w.-]+)(?::(\d+))?\/?$/.exec(address) ?? [];
  if (host === undefined || port === '26379') return [];
  const isOwn = /^(?:localhost|127\.0\.0\.1)$/.test(host);
  const destination = isOwn ? undefined : resolveHost(workspace, resource.namespace, host);
  const owners = isOwn
    ? [resource]
    : destination?.kind === 'service'
      ? destination.pods.map(({ owner }) => owner)
      : destination?.kind === 'pod'
        ? [destination.pods.owner]
        : [];
  return owners.filter(owner => familiesOf(owner).has('redis'));
}

function example(variable: string, isBad: boolean): string {
  return `
      #- /redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: redis
                image: redis:7.4
                args: [--requirepass, "$(PASSWORD)"]
                env:
                  - name: PASSWORD
                    valueFrom:
                      secretKeyRef: {name: redis, key: password}
              - name: exporter
                image: oliver006/redis_exporter:v1.62.0
                env:
                  - name: REDIS_ADDR
                    value: redis://localhost:6379${isBad ? '\n      #                    ^^^^^^^^^^^^^^^^^^^^^^ warning: Container exporter has no password for StatefulSet/redis' : ''}
                  - name: ${variable}
                    valueFrom:
                      secretKeyRef: {name: redis, key: password}
    `;
}
