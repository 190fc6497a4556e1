import { configurationOf, parsed } from '../../analysis/configs';
import { publishedProgramOf } from '../../analysis/images';
import { workloadKinds } from '../../analysis/pods';
import type { Rule } from '../rule';

export default {
  id: 'sygnal-app-refused',
  items: [],
  severity: 'error',
  summary: 'Sygnal is given an app of a kind that it does not have, or none at all.',
  why: 'Sygnal makes a pushkin for each app when it starts. Where it cannot, or has none to make, it ends, and no phone gets a notification.',
  remedy: 'Write `type: apns` for Apple, `type: gcm` for Firebase (FCM), and `type: webpush` for browsers.',
  traps: [
    'A type with a dot is a Python class of another package and is left alone; another image than the official one may have more kinds.',
  ],
  sources: [
    'matrix-org/sygnal, sygnal/sygnal.py, _make_pushkin and _make_pushkins_then_start: "Failed to load and create pushkin", "No app IDs are configured", sys.exit(1); the modules sygnal/*pushkin.py',
  ],
  examples: {
    bad: example('fcm\n      #             ^^^ 💡 error: Sygnal has no pushkin fcm and does not start — write gcm.'),
    good: example('gcm'),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const configuration = configurationOf(workspace, resource, 'sygnal');
    if (!configuration) return;
    const isOfficial = publishedProgramOf(configuration.container.image) === 'sygnal';
    for (const file of configuration.files) {
      const { root, problem } = parsed(file);
      if (file.isOpaque || problem || root.kind !== 'mapping') continue;
      const apps = root.at('apps');
      if ((!apps.exists || apps.isNull || apps.kind === 'mapping') && apps.entries().length === 0)
        yield {
          at: apps.exists ? apps.key : configuration.container.value.at('name'),
          message: 'Sygnal has no app to notify and does not start — write each under apps.',
        };
      for (const [name, app] of apps.entries()) {
        const type = app.at('type');
        if (app.kind !== 'mapping' || app.at('<<').exists) continue;
        if (!type.exists) {
          yield {
            at: app.key,
            message: `The app ${name} has no type, so Sygnal does not start — write gcm, apns or webpush.`,
          };
          continue;
        }
        const kind = type.string;
        if (kind === undefined || kinds.has(kind) || kind.includes('.') || file.resolve(type).kind !== 'left') continue;
        const meant = meanings.get(kind.toLowerCase());
        yield {
          at: type,
          ...(!isOfficial && { severity: 'warning' as const }),
          message: `Sygnal has no pushkin ${kind} and does not start — write ${meant ?? 'gcm, apns or webpush'}.`,
          fixes: () =>
            meant === undefined
              ? []
              : [{ title: `Write ${meant}`, safe: false, edits: [{ at: type, newText: meant }] }],
        };
      }
    }
  },
} satisfies Rule;

const kinds: ReadonlySet<string> = new Set(['apns', 'gcm', 'webpush']);

/** What other names of the services mean. */
const meanings: ReadonlyMap<string, string> = new Map([
  ['fcm', 'gcm'],
  ['firebase', 'gcm'],
  ['gcm', 'gcm'],
  ['apn', 'apns'],
  ['apple', 'apns'],
  ['apns', 'apns'],
  ['web', 'webpush'],
  ['webpush', 'webpush'],
]);

function example(type: string): string {
  return `
      #- /sygnal.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: sygnal
        namespace: matrix
      data:
        sygnal.yaml: |
          apps:
            org.example.android:
              type: ${type}
              api_key: k
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: sygnal
        namespace: matrix
      spec:
        containers:
          - name: sygnal
            image: matrixdotorg/sygnal:v0.15.1
            env:
              - name: SYGNAL_CONF
                value: /config/sygnal.yaml
            volumeMounts:
              - name: config
                mountPath: /config
        volumes:
          - name: config
            configMap:
              name: sygnal
    `;
}
