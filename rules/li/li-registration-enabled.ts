import { processKinds } from '../../analysis/synapse';
import { replaceValue } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';
import { addOption, isDecided, liMain, neighbour } from './instance';

export default {
  id: 'li-registration-enabled',
  items: ['3.2.a.1'],
  severity: 'error',
  summary: 'The LI instance lets people register.',
  why: 'An account that is made on the LI instance exists only there. It appears in the copied database, gets in the way of the replication, and shows the instance to people who should not know of it.',
  remedy: 'Write `enable_registration: false` in the homeserver.yaml of the LI instance.',
  traps: [
    'Synapse’s default is `false`; the checklist wants it written, so a missing line is a warning.',
    'Synapse reads quoted values too: `"true"` switches registration on and `"false"` off.',
  ],
  sources: ['element-hq/synapse, synapse/config/registration.py: enable_registration goes through strtobool'],
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
          enable_registration: true
      #                        ^^^^ 💡 error: The LI instance lets people register
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
    if (!li) return;
    const guests = li.homeserver.at('allow_guest_access');
    if (guests.boolean === true && isDecided(li, 'allow_guest_access')) {
      yield {
        at: guests,
        message:
          'The LI instance makes accounts for guests, also where registration is off: allow_guest_access is true — set it to false.',
        fixes: () => {
          const edit = replaceValue(guests, 'false');
          return edit ? [{ title: 'Let no guests in', safe: true, edits: [edit] }] : [];
        },
      };
    }
    if (!isDecided(li, 'enable_registration')) return;
    const value = li.homeserver.at('enable_registration');
    if (!value.exists) {
      const beside = neighbour(li, 'enable_room_list_search');
      yield {
        at: beside.key,
        severity: 'warning',
        message:
          'enable_registration is not written for the LI instance; the default is false — write it down, as the checklist asks.',
        fixes: () => {
          const edit = addOption(li, 'enable_registration: false', beside);
          return edit ? [{ title: 'Write enable_registration: false', safe: true, edits: [edit] }] : [];
        },
      };
    } else if (isOn(value)) {
      yield {
        at: value,
        message: `The LI instance lets people register: enable_registration is ${value.text} — set it to false.`,
        fixes: () => {
          const edit = replaceValue(value, 'false');
          return edit ? [{ title: 'Switch registration off', safe: true, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

/** As Synapse's strtobool reads a value (synapse/config/registration.py). */
function isOn(value: Value): boolean {
  return /^(?:y|yes|t|true|on|1)$/i.test(value.text ?? '');
}
