import { processKinds } from '../../analysis/synapse';
import { replaceValue } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';
import { addOption, isDecided, liMain, neighbour } from './instance';

export default {
  id: 'li-room-list-search-enabled',
  items: ['3.2.a.2'],
  severity: 'error',
  summary: 'The LI instance answers searches of the room directory.',
  why: 'The default is true, so leaving the option out leaves the search on. A search asks other servers as well, and so tells them of the instance.',
  remedy: 'Write `enable_room_list_search: false` in the homeserver.yaml of the LI instance.',
  traps: [
    'A quoted `"false"` is a text, and Synapse takes any text for true here.',
    '`no` and `off` are read as false.',
  ],
  sources: ['element-hq/synapse, synapse/config/room_directory.py: enable_room_list_search, default True'],
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
          enable_registration: false
      #   ^^^^^^^^^^^^^^^^^^^ 💡 error: enable_room_list_search is not written
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
          enable_registration: false
          enable_room_list_search: false
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
    if (!li || !isDecided(li, 'enable_room_list_search')) return;
    const value = li.homeserver.at('enable_room_list_search');
    if (!value.exists) {
      const beside = neighbour(li, 'enable_registration');
      yield {
        at: beside.key,
        message:
          'enable_room_list_search is not written for the LI instance, and its default is true — write enable_room_list_search: false.',
        fixes: () => {
          const edit = addOption(li, 'enable_room_list_search: false', beside);
          return edit ? [{ title: 'Write enable_room_list_search: false', safe: true, edits: [edit] }] : [];
        },
      };
    } else if (!isOff(value) && value.number !== 0 && !value.isNull && value.text !== '') {
      yield {
        at: value,
        message:
          value.string === undefined
            ? `The LI instance answers searches of the room directory: enable_room_list_search is ${value.text ?? 'set'} — set it to false.`
            : `enable_room_list_search is the text "${value.string}", which Synapse takes for true — write false without quotes.`,
        fixes: () => {
          const edit = replaceValue(value, 'false');
          return edit ? [{ title: 'Switch the search off', safe: true, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

/** As PyYAML reads a boolean: `n` is a text for it, though YAML 1.1 has it among them (yaml/resolver.py). */
function isOff(value: Value): boolean {
  return value.boolean === false && !/^n$/i.test(value.text ?? '');
}
