import rule from '../../../rules/config/config-json-invalid';
import { expectMarks } from '../expect';

describe('config-json-invalid', () => {
  const pod = (key: string, ...lines: readonly string[]): string => `
      #- /pod.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: app, namespace: matrix}
      data:
        ${key}: |
          ${lines.join('\n          ')}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: app, namespace: matrix}
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            volumeMounts: [{name: config, mountPath: /app}]
        volumes: [{name: config, configMap: {name: app}}]`;

  it('leaves dialects, templates and other texts alone', () => {
    expectMarks(rule, pod('a.json', '{"a": 1, // one', '"b": 2}'));
    expectMarks(rule, pod('a.json', '{"a": 1,}'));
    expectMarks(rule, pod('a.json', "{a: 'b'}"));
    expectMarks(rule, pod('a.json', '{"a": 1}', '{"b": 2}'));
    expectMarks(rule, pod('a.json', '{"a": ${A} "b": {{ .B }}}'));
    expectMarks(rule, pod('a.yaml', '{"a": 1 "b": 2}'));
    expectMarks(rule, pod('a.json', '{"a": 1, "b": 2}'));
  });
});
