import { parsed } from '../../analysis/configs';
import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import { jsonProblems } from '../../analysis/text/json';
import type { Value } from '../../manifests/value';
import type { Problem, Rule } from '../rule';
import { elementConfig } from './config';

export default {
  id: 'element-config-invalid',
  items: ['4.2.a.1'],
  severity: 'error',
  summary: 'Element Web’s config.json is not JSON.',
  why: 'The browser reads it with `JSON.parse`, which allows no comment and no trailing comma. Element Web then shows "Your Element is misconfigured" and nothing else.',
  remedy: 'Correct the text at the marked place.',
  traps: ['Tokens that a script replaces inside a text are fine; the file is read as it stands in the ConfigMap.'],
  sources: ['RFC 8259; element-hq/element-web, docs/config.md'],
  examples: {
    bad: `
      #- /element.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: element-web-config
        namespace: matrix
      data:
        config.json: |
          {
            "default_server_config": {
              "m.homeserver": {
                "base_url": "https://matrix.tessera.test",
                "server_name": "tessera.test",
      #                                      ^ 💡 error: is not JSON: a comma before the closing bracket
              }
            }
          }
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: element-web
                image: vectorim/element-web:v1.11.96
                volumeMounts:
                  - name: config
                    mountPath: /app/config.json
                    subPath: config.json
            volumes:
              - name: config
                configMap:
                  name: element-web-config
    `,
    good: `
      #- /element.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: element-web-config
        namespace: matrix
      data:
        config.json: |
          {
            "default_server_config": {
              "m.homeserver": {
                "base_url": "https://matrix.tessera.test",
                "server_name": "tessera.test"
              }
            }
          }
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: element-web
                image: vectorim/element-web:v1.11.96
                volumeMounts:
                  - name: config
                    mountPath: /app/config.json
                    subPath: config.json
            volumes:
              - name: config
                configMap:
                  name: element-web-config
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    const file = elementConfig(workspace, resource)?.file;
    if (!file?.isVerbatim || file.isOpaque) return;
    const [problem] = jsonProblems(file.content.text);
    if (!problem) {
      const { root } = parsed(file);
      if (root.kind !== 'mapping')
        yield {
          at: root.span.end > root.span.start ? root : (file.sources[0]?.key ?? root),
          message: 'config.json holds no object, so Element Web shows an error page — write { … }.',
        };
      else yield* wrongValues(root);
      return;
    }
    const { start, end } = problem.span;
    const at = file.content.place(start, end);
    yield {
      at,
      message: `config.json is not JSON: ${problem.message} — correct it, Element Web shows an error page until then.`,
      fixes: () =>
        file.content.text.slice(start, end) === ','
          ? [{ title: 'Delete the comma', safe: true, edits: [{ at, newText: '' }] }]
          : [],
    };
  },
} satisfies Rule;

/** element-web docs/config.md: settings that are switches, and addresses. */
function* wrongValues(root: Value): Iterable<Problem> {
  const servers = root.at('default_server_config');
  for (const [name, value] of servers.entries()) {
    const meant = nearest(name, ['m.homeserver', 'm.identity_server']);
    if (meant !== undefined && !servers.at(meant).exists)
      yield {
        at: value.key,
        message: `Element Web knows no ${name} in default_server_config, and so no address of the server — write ${meant}.`,
      };
  }
  const names = ['disable_guests', 'disable_custom_urls', 'disable_3pid_login', 'disable_login_language_selector'];
  const switches = [
    ...names.map(name => root.at(name)),
    root.at('show_labs_settings'),
    root.at('element_call', 'use_exclusively'),
    ...root
      .at('features')
      .entries()
      .map(([, value]) => value),
  ];
  for (const value of switches) {
    const text = value.string?.toLowerCase();
    if (text !== 'true' && text !== 'false') continue;
    yield {
      at: value,
      severity: 'warning',
      message: `${value.name} is a switch, and the text "${text}" counts as on — write ${text} without quotes.`,
    };
  }
  const identity = root.at('default_server_config', 'm.identity_server', 'base_url');
  for (const value of [root.at('element_call', 'url'), root.at('permalink_prefix'), identity]) {
    const text = value.string;
    if (!text || /[$%{<]/.test(text) || /^https?:\/\//.test(text)) continue;
    yield {
      at: value,
      severity: 'warning',
      message: `${text} does not begin with https://, so Element Web cannot open it — write https://${text.replace(/^(?:\w+:)?\/+/, '')}.`,
    };
  }
}
