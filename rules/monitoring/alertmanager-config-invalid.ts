import { declarationsOf } from '../../analysis/declarations';
import { chartValues } from '../../analysis/helm-values';
import { keyTexts } from '../../analysis/secret-data';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'alertmanager-config-invalid',
  items: [],
  severity: 'error',
  summary: 'Alertmanager’s configuration names a receiver or a Secret that is not there.',
  why: 'Alertmanager does not load a configuration with a route to an unknown receiver: it does not start, or goes on with the old one. Alerts then reach nobody, and nobody is told.',
  remedy: 'Name each receiver of the routes in `receivers`, and create the Secrets that they refer to.',
  traps: [
    'The values of kube-prometheus-stack replace the chart’s list of receivers, but its route to `null` stays where `routes` is not written: keep a receiver `null`.',
    'Routes may leave the receiver out; then it is that of the route above. The topmost one needs it.',
  ],
  sources: [
    'Alertmanager documentation, Configuration: route, receiver',
    'Prometheus Operator, API reference: AlertmanagerConfig',
  ],
  examples: {
    bad: example(
      'pager',
      '      #               ^^^^^ error: There is no receiver pager, so Alertmanager does not load this — name one of mail',
    ),
    good: example('mail'),
  },
  kinds: ['AlertmanagerConfig.monitoring.coreos.com', 'Secret'],
  *check(resource, workspace) {
    if (resource.kind === 'Secret') {
      for (const [key, value] of keyTexts(resource))
        if (/^alertmanager\.ya?ml$/.test(key) && !/\{\{/.test(value.text ?? ''))
          yield* badRoutes(value.embedded().root);
      return;
    }
    const spec = resource.root.at('spec');
    yield* badRoutes(spec);
    for (const receiver of spec.at('receivers').items()) yield* missingSecrets(receiver, workspace, resource.namespace);
  },
  *checkWorkspace(workspace) {
    for (const root of chartValues(workspace))
      for (const values of [root, root.at('kube-prometheus-stack')])
        yield* badRoutes(values.at('alertmanager', 'config'));
  },
} satisfies Rule;

function* badRoutes(config: Value): Iterable<Problem> {
  const receivers = config.at('receivers');
  const route = config.at('route');
  // What is not written comes from elsewhere, such as the chart.
  if (receivers.kind !== 'sequence' || route.kind !== 'mapping') return;
  const names = receivers.items().flatMap(one => one.at('name').text ?? []);
  const missing = [...receiversOf(route)].filter(({ text }) => text !== undefined && !names.includes(text));
  for (const at of missing)
    yield {
      at,
      message: `There is no receiver ${at.text}, so Alertmanager does not load this — ${names.length > 0 ? `name one of ${names.join(', ')}, or add it` : 'add it'}.`,
    };
}

function* receiversOf(route: Value): Iterable<Value> {
  const receiver = route.at('receiver');
  if (receiver.exists) yield receiver;
  for (const child of route.at('routes').items()) yield* receiversOf(child);
}

/** References to keys of Secrets, which stand in many fields and always have a name and a key. */
function* missingSecrets(value: Value, workspace: Workspace, namespace: string | undefined): Iterable<Problem> {
  for (const part of [...value.items(), ...value.entries().map(([, one]) => one)]) {
    const name = part.at('name');
    const key = part.at('key');
    const isReference =
      part.kind === 'mapping' && part.entries().every(([field]) => /^(?:name|key|optional)$/.test(field));
    if (isReference && name.text !== undefined && key.text !== undefined) {
      const found = declarationsOf(workspace, 'Secret', namespace, name.text);
      if (found.length === 0)
        yield {
          at: name,
          message: `Nothing creates the Secret ${name.text}${namespace === undefined ? '' : ` in namespace ${namespace}`}, so this receiver is not loaded — create it, or correct the name.`,
        };
      else if (found.length > 0 && found.every(({ keys }) => keys !== 'any' && !keys.has(key.text ?? '')))
        yield {
          at: key,
          message: `Secret ${name.text} has no key ${key.text}, so this receiver is not loaded — name one that it has.`,
        };
    } else if (part.kind === 'mapping' || part.kind === 'sequence') yield* missingSecrets(part, workspace, namespace);
  }
}

function example(receiver: string, marks = ''): string {
  return `
      #- /alertmanager.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: alertmanager-config
        namespace: monitoring
      stringData:
        alertmanager.yaml: |
          route:
            receiver: ${receiver}
${marks === '' ? '' : `${marks}\n`}          receivers:
            - name: mail
              webhook_configs:
                - url: http://mail.tessera.test/
    `;
}
