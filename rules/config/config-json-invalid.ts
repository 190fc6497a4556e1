import { configFilesOf } from '../../analysis/config-files';
import { workloadKinds } from '../../analysis/pods';
import { jsonProblems } from '../../analysis/text/json';
import { baseName } from '../../manifests/paths';
import type { Rule } from '../rule';

export default {
  id: 'config-json-invalid',
  items: [],
  severity: 'error',
  summary: 'A file that a container reads as JSON is none.',
  why: 'A program that cannot read its configuration does not start, and one in a browser, such as Synapse Admin, goes on without: whatever the file was to limit is then allowed.',
  remedy: 'Correct the text at the marked place.',
  traps: [
    'Judged are mounted keys that end in `.json` and that no script changes. Comments and commas before a bracket are left alone, because some programs allow them; so are several texts one after the other.',
    'Element Web’s configuration and the dashboards of Grafana have rules of their own.',
  ],
  sources: ['RFC 8259'],
  examples: { bad: example('false', true), good: example('false,', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const { file, program, isIntermediate } of configFilesOf(workspace, resource)) {
      if (!/\.json$/.test(file.path) || program !== undefined || isIntermediate || !file.isVerbatim || file.isOpaque)
        continue;
      const { text } = file.content;
      // What a program fills in itself need not be JSON before.
      if (/\{\{|\$\{|<%|%\w+%|PLACEHOLDER/.test(text)) continue;
      const [problem] = jsonProblems(text);
      // What follows from something that other dialects allow proves nothing.
      if (!problem || isDialect.test(problem.message)) continue;
      yield {
        at: file.content.place(problem.span.start, problem.span.end),
        message: `${baseName(file.path)} of container ${file.container.name} is not JSON: ${problem.message} — correct it.`,
      };
    }
  },
} satisfies Rule;

const isDialect = /comment|behind the end|before the closing bracket|not allow|does not know|no JSON value/;

function example(value: string, isMarked: boolean): string {
  return `
      #- /admin.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: admin
        namespace: matrix
      data:
        config.json: |
          {
            "asManagedUsers": ${value}
            "restrictBaseUrl": "https://matrix.tessera.test"
${isMarked ? '      #     ^^^^^^^^^^^^^^^^^ error: config.json of container admin is not JSON: a comma is missing\n' : ''}          }
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: admin
        namespace: matrix
      spec:
        containers:
          - name: admin
            image: awesometechnologies/synapse-admin:0.10.3
            volumeMounts:
              - name: config
                mountPath: /app/config.json
                subPath: config.json
        volumes:
          - name: config
            configMap:
              name: admin
    `;
}
