import { nearest } from '../../analysis/nearest';
import { processKinds, synapseProcess } from '../../analysis/synapse';
import { renameKey } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Problem, Rule } from '../rule';

const foci = 'org.matrix.msc4143.rtc_foci';

export default {
  id: 'rtc-focus-invalid',
  items: [],
  severity: 'error',
  summary: 'What Synapse tells clients about calls is not what they look for.',
  why: 'Clients read `org.matrix.msc4143.rtc_foci` of `/.well-known/matrix/client`: a list, each entry with `type: livekit` and `livekit_service_url`. Synapse hands out whatever stands there without a check, and clients then say that calls are not set up on this server.',
  remedy: 'Write the list as Element Call documents it.',
  traps: [
    'Synapse answers `/.well-known/matrix/client` only if `public_baseurl` is written. Where another program of the tree answers that path, nothing is said of it.',
    'An entry of another type than `livekit` is for other clients, as long as it has no `livekit_service_url`.',
  ],
  sources: [
    'element-hq/element-call, docs/self-hosting.md, "MatrixRTC Backend Announcement"; MSC4143; MSC4195',
    'element-hq/synapse, synapse/rest/well_known.py and synapse/config/server.py: public_baseurl, extra_well_known_client_content',
  ],
  examples: { bad: example('rtc_focii', true), good: example('rtc_foci', false) },
  kinds: [...processKinds],
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const homeserver = process?.homeserver;
    if (!process || process.isWorker || process.isLi || !homeserver || homeserver.isPartial) return;
    const content = homeserver.at('extra_well_known_client_content');
    if (content.kind !== 'mapping' || homeserver.layer('extra_well_known_client_content').file.isOpaque) return;
    const own = content.at(foci);
    if (own.exists) yield* fociProblems(own);
    else
      for (const [key, value] of content.entries())
        if (nearest(key, [foci]) === foci || /rtc_foc/.test(key)) yield misspelt(key, value);
    if (own.exists && !homeserver.at('public_baseurl').exists && !workspace.files.some(isAnswer))
      yield {
        at: content.key,
        message:
          'Synapse does not answer /.well-known/matrix/client without public_baseurl, so clients never read this — set public_baseurl.',
      };
  },
} satisfies Rule;

/** Whether a file is one of a web server that may answer for the domain. */
function isAnswer({ path }: { readonly path: string }): boolean {
  return /\.well-known|\/nginx[^/]*\.conf$/.test(path);
}

function misspelt(key: string, value: Value): Problem {
  return {
    at: value.key,
    message: `Clients look for ${foci}, not for ${key} — write that.`,
    fixes: () => {
      const edit = renameKey(value, foci);
      return edit ? [{ title: `Rename to ${foci}`, safe: true, edits: [edit] }] : [];
    },
  };
}

function* fociProblems(list: Value): Iterable<Problem> {
  if (list.kind !== 'sequence') {
    yield {
      at: list.key,
      message: `${foci} has to be a list, so clients find no service for calls — write a dash before each entry.`,
    };
    return;
  }
  if (list.items().length === 0)
    yield { at: list.key, message: `${foci} is empty, so clients find no service for calls — list lk-jwt-service.` };
  for (const focus of list.items()) {
    const type = focus.at('type');
    const url = focus.at('livekit_service_url');
    if (type.text !== 'livekit' && (url.exists || !type.exists))
      yield {
        at: type.exists ? type : (focus.entries()[0]?.[1].key ?? focus),
        message: `Clients pass over this entry, because it is ${type.exists ? `of type ${type.text}` : 'of no type'} — write type: livekit.`,
      };
    if (url.text || (type.exists && type.text !== 'livekit')) continue;
    const [other] = focus.entries().filter(([key]) => /url/i.test(key));
    yield {
      at: other ? other[1].key : focus,
      message: `The entry has no livekit_service_url, where clients ask for tokens — ${other ? `rename ${other[0]}` : 'add it'}.`,
      fixes: () => {
        const edit = other ? renameKey(other[1], 'livekit_service_url') : undefined;
        return edit ? [{ title: 'Rename to livekit_service_url', safe: false, edits: [edit] }] : [];
      },
    };
  }
}

function example(key: string, isMarked: boolean): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          public_baseurl: https://matrix.tessera.test/
          extra_well_known_client_content:
            org.matrix.msc4143.${key}:
${isMarked ? `      #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Clients look for org.matrix.msc4143.rtc_foci, not for org.matrix.msc4143.${key}\n` : ''}              - type: livekit
                livekit_service_url: https://rtc.tessera.test
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: synapse}
    `;
}
