import { processKinds } from '../../analysis/synapse';
import { replaceValue } from '../../manifests/edit';
import type { Rule } from '../rule';
import { addOption, isDecided, liMain, neighbour } from './instance';

export default {
  id: 'li-federation-enabled',
  items: [],
  severity: 'warning',
  summary: 'The LI instance may talk to other Matrix servers.',
  why: 'It has the name and the signing key of the main server. What it sends, others take for the main server’s, so that the two contradict each other, and its existence shows.',
  remedy: 'Write `federation_domain_whitelist: []`, which allows no server at all.',
  traps: [
    '`federation_domain_whitelist: null`, or a line without a value, allows every server; only the empty list allows none.',
    '`send_federation: false` is accepted instead where no listener serves federation.',
  ],
  sources: ['element-hq/synapse, synapse/config/federation.py; configuration manual, `federation_domain_whitelist`'],
  examples: {
    bad: `
      #- /synapse-li.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-li-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          federation_domain_whitelist: null
      #                                ^^^^ 💡 warning: the list is empty, which allows every server
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-li
      spec:
        template:
          metadata:
            labels:
              matrix.instance: li
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-li-config
    `,
    good: `
      #- /synapse-li.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-li-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          federation_domain_whitelist: []
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-li
      spec:
        template:
          metadata:
            labels:
              matrix.instance: li
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-li-config
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const li = liMain(workspace, resource);
    if (!li || !isDecided(li, 'federation_domain_whitelist') || !isDecided(li, 'send_federation')) return;
    const { homeserver, process } = li;
    const list = homeserver.at('federation_domain_whitelist');
    if (list.kind === 'sequence' && list.items().length === 0) return;
    const isServed = process.listeners?.some(({ names }) => names.includes('federation')) ?? true;
    if (!list.exists && homeserver.at('send_federation').boolean === false && !isServed) return;
    const beside = neighbour(li, 'send_federation');
    yield {
      at: list.isNull ? list : list.exists ? list.key : beside.key,
      message: list.isNull
        ? 'The LI instance may talk to other servers: the list is empty, which allows every server — write [], which allows none.'
        : list.exists
          ? 'The LI instance may talk to the servers in federation_domain_whitelist — write [], which allows none.'
          : 'The LI instance may talk to other servers — write federation_domain_whitelist: [].',
      fixes: () => {
        const edit = list.isNull
          ? replaceValue(list, '[]')
          : list.exists
            ? undefined
            : addOption(li, 'federation_domain_whitelist: []', beside);
        return edit ? [{ title: 'Allow no other server', safe: true, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;
