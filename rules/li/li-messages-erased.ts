import type { HomeserverReader } from '../../analysis/homeserver';
import { mainProcesses, processKinds } from '../../analysis/synapse';
import { replaceValue } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';
import { isDecided, liMain } from './instance';

export default {
  id: 'li-messages-erased',
  items: [],
  severity: 'warning',
  summary: 'The LI instance loses messages that one of the two instances is told to keep.',
  why: 'Synapse erases the text of redacted messages after `redaction_retention_period`, 7 days by default, and with `retention` whole messages, with `forgotten_room_retention_period` whole rooms and with `media_retention` media. The LI instance does so in its copy as its own configuration says; what the main instance erases, the replication erases in the copy as well.',
  remedy:
    'Write the same `redaction_retention_period` for both instances, `null` to keep the text for ever, and none of the others for the LI instance that the main one does not have.',
  traps: [
    'Where neither says anything, both keep the text for 7 days: nothing is reported.',
    'That the LI instance keeps whole messages for longer than the main one is not possible, and is not reported.',
    'Durations that a script puts in are not judged.',
  ],
  sources: [
    'element-hq/synapse, configuration manual, `redaction_retention_period`, `retention`, `forgotten_room_retention_period` and `media_retention`; synapse/storage/databases/main/censor_events.py',
  ],
  examples: { bad: example('7d', true), good: example('null', false) },
  kinds: processKinds,
  *check(resource, workspace) {
    const li = liMain(workspace, resource);
    const main = mainProcesses(workspace).find(one => !one.isLi);
    const kept = main?.homeserver;
    const option = 'redaction_retention_period';
    if (!li || !kept) return;
    const isKnown = isDecided(li, option) && isDecided({ process: main, homeserver: kept }, option);
    const own = isKnown ? keptFor(li.homeserver.at(option)) : undefined;
    const other = isKnown ? keptFor(kept.at(option)) : undefined;
    if (own !== undefined && other !== undefined && own !== other) {
      const [shorter, longer, isOwn] = own < other ? [li.homeserver, kept, true] : [kept, li.homeserver, false];
      const value = shorter.at(option);
      const wanted = longer.at(option);
      // What nobody has written is no promise to keep anything.
      if (wanted.exists) {
        yield {
          at: value.exists ? value : neighbourOf(shorter),
          message: `The ${isOwn ? 'LI' : 'main'} instance erases the text of redacted messages after ${said(value)}${isOwn ? '' : ', and the replication does so in the LI database'}, but the ${isOwn ? 'main' : 'LI'} one keeps it ${wanted.isNull ? 'for ever' : `for ${said(wanted)}`} — write ${option}: ${wanted.isNull ? 'null' : said(wanted)} for both.`,
          related: [{ at: wanted, message: `What the ${isOwn ? 'main' : 'LI'} instance keeps` }],
          fixes: () => {
            const text = wanted.isNull ? 'null' : (wanted.text ?? '');
            const edit = value.exists && text !== '' ? replaceValue(value, text) : undefined;
            return edit ? [{ title: `Write ${text}`, safe: false, edits: [edit] }] : [];
          },
        };
      }
    }
    const purges = li.homeserver.at('retention', 'enabled');
    if (
      purges.boolean === true &&
      isDecided({ process: main, homeserver: kept }, 'retention') &&
      kept.at('retention', 'enabled').boolean !== true
    ) {
      yield {
        at: purges,
        message:
          'The LI instance deletes old messages, which the main one keeps — leave retention out, or set enabled: false.',
      };
    }
    for (const [path, what] of deleting) {
      const [top = ''] = path;
      const value = li.homeserver.at(...path);
      const there = kept.at(...path);
      if (!isDecided(li, top) || !isDecided({ process: main, homeserver: kept }, top) || !value.text) continue;
      const after = keptFor(value);
      const mainAfter = there.exists ? keptFor(there) : Number.POSITIVE_INFINITY;
      if (after === undefined || mainAfter === undefined || after >= mainAfter) continue;
      yield {
        at: value,
        message: `The LI instance deletes ${what} after ${said(value)}, but the main one keeps them${Number.isFinite(mainAfter) ? ' longer' : ''} — leave ${path.join('.')} out.`,
      };
    }
  },
} satisfies Rule;

/** How long the text of a redacted message is kept, in milliseconds; undefined where that cannot be read. */
function keptFor(value: Value): number | undefined {
  if (!value.exists) return 7 * units.d;
  if (value.isNull) return Number.POSITIVE_INFINITY;
  const [, number, unit = ''] = /^(\d+)(s|m|h|d|w|y)?$/.exec(value.text ?? '') ?? [];
  return number === undefined ? undefined : Number(number) * (units[unit as keyof typeof units] ?? 1);
}

/** Times after which Synapse deletes more than the text of messages, off unless they are written. */
const deleting: readonly (readonly [readonly string[], string])[] = [
  [['forgotten_room_retention_period'], 'rooms that everybody has left and forgotten'],
  [['media_retention', 'local_media_lifetime'], 'media of its users'],
  [['media_retention', 'remote_media_lifetime'], 'media of other servers'],
];

/** As synapse/config/_base.py, parse_duration, reads them; a number alone is in milliseconds. */
const units = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
} as const;

function said(value: Value): string {
  if (!value.exists) return '7d, the default';
  return /^\d+$/.test(value.text ?? '') ? `${value.text} ms` : (value.text ?? '');
}

function neighbourOf(homeserver: HomeserverReader): Value['key'] {
  const name = ['database', 'server_name'].find(one => homeserver.at(one).exists) ?? 'server_name';
  return homeserver.at(name).key;
}

function example(period: string, isMarked: boolean): string {
  return `
      #- /main.yaml
${instance('main', 'null', false)}      #- /instance-li.yaml
${instance('li', period, isMarked)}    `;
}

function instance(name: string, period: string, isMarked: boolean): string {
  return `      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-${name}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          redaction_retention_period: ${period}
${isMarked ? '      #                               ^^ 💡 warning: The LI instance erases the text of redacted messages after 7d, but the main one keeps it for ever\n' : ''}      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-${name}
      spec:
        template:
          metadata:
            labels:
              matrix.instance: ${name}
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
                  name: synapse-${name}
`;
}
