import rule from '../../../rules/config/substitution-idle';
import { expectMarks } from '../expect';

const pod = (template: string, ...script: readonly string[]): string => `
      #- /app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: app, namespace: matrix}
      data:
        a.yaml: |
          ${template}
        b.yaml: |
          other: OTHER_TOKEN
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: app, namespace: matrix}
      spec:
        initContainers:
          - name: fill
            image: busybox:1.36
            command:
              - sh
              - -c
              - |
                ${script.join('\n                ')}
            env: [{name: KEY, value: a}]
            volumeMounts: [{name: template, mountPath: /template}, {name: config, mountPath: /config}]
        containers:
          - name: app
            image: registry.test/app:1
            volumeMounts: [{name: config, mountPath: /config}]
        volumes: [{name: template, configMap: {name: app}}, {name: config, emptyDir: {}}]`;

describe('substitution-idle', () => {
  it('follows copies and several commands', () => {
    expectMarks(
      rule,
      pod(
        'key: API_KEY, MY_SECRET',
        'cp /template/a.yaml /config/a.yaml',
        "sed -i -e 's/API_KEY/TEMP_KEY/' -e 's/TEMP_KEY/x/' /config/a.yaml",
        'sed -i "s/SECRET_PLACEHOLDER/${KEY}/" /config/a.yaml',
      ).replace(
        'SECRET_PLACEHOLDER/${KEY}/" /config/a.yaml',
        `SECRET_PLACEHOLDER/${'${KEY}'}/" /config/a.yaml\n      #                   ^^^^^^^^^^^^^^^^^^ 💡 warning: did you mean MY_SECRET?`,
      ),
    );
  });

  it('says nothing of files that are found in one of several, of plain words, and of what nobody knows', () => {
    expectMarks(
      rule,
      pod('key: a', 'for f in a b; do sed "s/OTHER_TOKEN/$KEY/" /template/$f.yaml > /config/$f.yaml; done'),
    );
    expectMarks(rule, pod('key: a', 'sed "s/API_KEY/$KEY/" /template/a.yaml > /config/a.yaml'));
    expectMarks(rule, pod('# OLD_API_KEY', 'sed "s/API_KEY/$KEY/" /template/a.yaml > /config/a.yaml'));
    expectMarks(rule, pod('key: a', 'sed "s/debug/info/" /template/a.yaml > /config/a.yaml'));
    expectMarks(rule, pod('key: a', 'sed "s/^KEY_.*/b/" /template/a.yaml > /config/a.yaml'));
    expectMarks(rule, pod('key: a', 'render > /config/a.yaml', 'sed -i "s/API_KEY/$KEY/" /config/a.yaml'));
    expectMarks(rule, pod('key: ${KEY}', 'envsubst < /template/a.yaml > /config/a.yaml'));
    expectMarks(rule, pod('key: a', 'sed "s/API_KEY/$KEY/" /elsewhere/a.yaml > /config/a.yaml'));
  });
});
