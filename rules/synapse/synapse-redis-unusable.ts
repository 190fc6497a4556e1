import { leadsTo } from '../../analysis/leads-to';
import { workloads } from '../../analysis/roles';
import { instanceOf, processKinds, synapseProcess } from '../../analysis/synapse';
import { insertEntry, replaceValue } from '../../manifests/edit';
import { asksForPassword } from '../redis/password';
import type { Rule } from '../rule';

export default {
  id: 'synapse-redis-unusable',
  items: [],
  severity: 'error',
  summary: 'Synapse has workers, but does not use Redis, or has no password for it.',
  why: 'The processes of a homeserver tell each other through Redis what has happened. It is off by default. Without it workers serve what they have once read, and messages written by one process are not seen by the others; a Redis that asks for a password answers `NOAUTH`.',
  remedy: 'Set `enabled: true` and the `password` in the section `redis` of the shared homeserver.yaml.',
  traps: [
    'One process without workers needs no Redis.',
    '`password_path` is accepted instead of `password`.',
    'Whether the password is the right one is the business of `secret-group-mismatch`.',
  ],
  sources: [
    'element-hq/synapse, docs/workers.md, "Shared configuration"; synapse/config/redis.py: the default of `enabled` is false',
  ],
  examples: { bad: example('', true), good: example('            enabled: true\n', false) },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const homeserver = process?.homeserver;
    if (!process || !homeserver || homeserver.isPartial || process.isWorker) return;
    const [worker] = instanceOf(workspace, resource).workers;
    const redis = homeserver.at('redis');
    const { file } = homeserver.layer('redis');
    if (file.isOpaque) return;
    const enabled = redis.at('enabled');
    if (enabled.exists && (enabled.boolean === undefined || file.resolve(enabled).kind !== 'left')) return;
    if (enabled.boolean !== true) {
      if (!worker) return;
      yield {
        at: enabled.exists ? enabled : redis.exists ? redis.key : homeserver.at('server_name').key,
        message: `${redis.exists ? 'redis.enabled is not true' : 'There is no section redis'}, so the workers of Synapse and its main process do not hear of each other — set enabled: true there.`,
        related: [{ at: worker.resource.root.at('metadata', 'name'), message: 'A worker' }],
        fixes: () => {
          const edit = enabled.exists
            ? replaceValue(enabled, 'true')
            : redis.kind === 'mapping'
              ? insertEntry(redis, 'enabled: true')
              : undefined;
          return edit ? [{ title: 'Enable Redis', safe: true, edits: [edit] }] : [];
        },
      };
      return;
    }
    const password = redis.at('password');
    if (password.text || redis.at('password_path').exists || (password.exists && password.text === undefined)) return;
    const asking = workloads(workspace, 'redis').find(
      one => leadsTo(workspace, resource, redis.at('host').text, one) && asksForPassword(workspace, one),
    );
    if (!asking) return;
    yield {
      at: password.exists ? password.key : redis.key,
      message: `Synapse has no password for Redis, but ${asking.title} asks for one — put it into redis.password.`,
      related: [{ at: asking.root.at('metadata', 'name'), message: asking.title }],
    };
  },
} satisfies Rule;

function example(enabled: string, isMarked: boolean): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          redis:
${isMarked ? '      #   ^^^^^ 💡 error: redis.enabled is not true, so the workers of Synapse and its main process do not hear of each other\n' : ''}            host: redis
${enabled}        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: generic
${process('synapse-main', 'synapse.app.homeserver', '')}${process('synapse-generic', 'synapse.app.generic_worker', ', --config-path=/config/worker.yaml')}    `;
}

function process(name: string, app: string, more: string): string {
  return `      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: ${name}
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, ${app}, --config-path=/config/homeserver.yaml${more}]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
`;
}
