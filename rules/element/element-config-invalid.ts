import { parsed } from '../../analysis/configs';
import { workloadKinds } from '../../analysis/pods';
import { jsonProblems } from '../../analysis/text/json';
import type { Rule } from '../rule';
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
