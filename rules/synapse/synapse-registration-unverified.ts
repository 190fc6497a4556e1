import type { HomeserverReader } from '../../analysis/homeserver';
import { processKinds, synapseMinor, synapseProcess } from '../../analysis/synapse';
import { replaceValue } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'synapse-registration-unverified',
  items: [],
  severity: 'error',
  summary: 'Anybody may register, without any verification, which Synapse refuses to start with.',
  why: 'Synapse stops with "You have enabled open registration without any verification". Servers that were open to everybody have been used to flood others.',
  remedy:
    'Set `enable_registration: false`, or ask for a token (`registration_requires_token`), an e-mail address (`registrations_require_3pid`) or a captcha (`enable_registration_captcha`).',
  traps: [
    '`enable_registration_without_verification: true` says that it is meant, and is accepted.',
    'The LI instance must not let people register at all, which is the business of `li-registration-enabled`.',
    'Values that a script puts in are not judged.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/homeserver.py, validate_config; before, synapse/app/homeserver.py, setup',
  ],
  examples: { bad: example('true', true), good: example('false', false) },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const homeserver = process?.homeserver;
    if (!process || !homeserver || homeserver.isPartial || process.isWorker || process.isLi) return;
    if ((synapseMinor(process.container.image) ?? refusedSince) < refusedSince) return;
    const value = homeserver.at('enable_registration');
    const others = [...settings, 'registrations_require_3pid'].map(name => homeserver.at(name));
    if (!isOn(value) || others.some(one => isOn(one) || one.items().length > 0)) return;
    if ([value, ...others].some(one => !isPlain(homeserver, one))) return;
    yield {
      at: value,
      message:
        'Synapse refuses to start with registration that is open to everybody — set enable_registration: false, or ask for a token, an e-mail address or a captcha.',
      fixes: () => {
        const edit = replaceValue(value, 'false');
        return edit ? [{ title: 'Switch registration off', safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

/** The first minor version that refuses it (docs/upgrade.md, "Upgrading to v1.56.0"). */
const refusedSince = 56;

/** What lets Synapse start, one of them switched on. */
const settings = [
  'enable_registration_without_verification',
  'registration_requires_token',
  'enable_registration_captcha',
];

function isOn(value: Value): boolean {
  return /^(?:y|yes|t|true|on|1)$/i.test(value.text ?? '');
}

/** Whether a value is what is written. */
function isPlain(homeserver: HomeserverReader, value: Value): boolean {
  if (!value.exists || value.kind !== 'scalar') return true;
  const { file } = homeserver.layer(String(value.name));
  return !file.isOpaque && file.resolve(value).kind === 'left';
}

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
          enable_registration: ${enabled}
${isMarked ? '      #                        ^^^^ 💡 error: Synapse refuses to start with registration that is open to everybody\n' : ''}      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
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
                  name: synapse-config
    `;
}
