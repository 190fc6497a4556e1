import assert from 'node:assert/strict';
import duplicateResource from '../../../rules/yaml/duplicate-resource';
import duplicateYamlKey from '../../../rules/yaml/duplicate-yaml-key';
import { applyFix, expectMarks, fixed, fixTitles, messages } from '../expect';

describe('duplicate-yaml-key', () => {
  it('accepts that an entry overrides one of a merge key', () => {
    expectMarks(
      duplicateYamlKey,
      `
      base: &base
        image: a
        tag: b
      one:
        <<: *base
        tag: c
      two:
        <<: *base
        tag: d
      `,
    );
  });

  it('accepts the same key in sibling mappings and in the items of a list', () => {
    expectMarks(
      duplicateYamlKey,
      `
      env:
        - name: A
          value: "1"
        - name: B
          value: "1"
      labels: { app: a }
      selector: { app: a }
      `,
    );
  });

  it('finds duplicates in flow mappings and in JSON, where it offers no fix', () => {
    expectMarks(
      duplicateYamlKey,
      `
      labels: { app: a, app: b }
      #                 ^^^ warning: The key app is already in this mapping, and kubectl keeps only this last value
      `,
    );
  });

  it('says nothing of a document that is broken anyway', () => {
    expectMarks(duplicateYamlKey, 'a: 1\na: 2\nb: [\n');
  });

  it('deletes whole blocks, and offers to keep either', () => {
    const source = ['env:', '  - name: A', '  # the second list', 'env:', '  - name: B', 'x: 1', ''].join('\n');
    assert.deepEqual(fixTitles(duplicateYamlKey, source), ['Keep the last env, as kubectl does', 'Keep the first env']);
    assert.deepEqual(applyFix(duplicateYamlKey, source, 'Keep the first env'), {
      'main.yaml': ['env:', '  - name: A', '  # the second list', 'x: 1', ''].join('\n'),
    });
  });

  it('mends three of the same', () => {
    assert.deepEqual(fixed(duplicateYamlKey, 'a: 1\na: 2\na: 3\n'), { 'main.yaml': 'a: 3\n' });
  });
});

const secret = (namespace: string, value: string): string => `
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: ${namespace}
      stringData:
        password: ${value}`;

describe('duplicate-resource', () => {
  it('warns of copies whose only difference is order, comments and quotes', () => {
    expectMarks(
      duplicateResource,
      `
      apiVersion: v1
      kind: Service
      metadata:
        name: web
        namespace: matrix
      spec:
        selector: { app: web }
        ports:
          - port: 80
            name: http
      ---
      # once more
      apiVersion: v1
      kind: Service
      metadata:
        namespace: matrix
        name: "web"
      #       ^^^^^ 💡 warning: Service web in namespace matrix is declared again with the same content
      spec:
        ports:
          - name: http
            port: 80
        selector:
          app: web
      `,
    );
  });

  it('accepts the same name in another namespace and for another kind', () => {
    expectMarks(
      duplicateResource,
      `${secret('matrix', 'one')}
      ---${secret('other', 'two')}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis-password
        namespace: matrix
      `,
    );
  });

  it('accepts kustomize overlays, patches and alternatives', () => {
    expectMarks(
      duplicateResource,
      `
      #- /base/kustomization.yaml
      resources: [secret.yaml]
      #- /base/secret.yaml${secret('matrix', 'one')}
      #- /overlays/production/kustomization.yaml
      resources: [../../base]
      #- /overlays/production/secret.yaml${secret('matrix', 'two')}
      `,
    );
    expectMarks(
      duplicateResource,
      `
      #- /kustomization.yaml
      resources: [secret.yaml]
      patches:
        - path: ./changes/secret.yaml
      #- /secret.yaml${secret('matrix', 'one')}
      #- /changes/secret.yaml${secret('matrix', 'two')}
      `,
    );
    expectMarks(
      duplicateResource,
      `
      #- /option-a/secret.yaml${secret('matrix', 'one')}
      #- /option-b/secret.yaml${secret('matrix', 'two')}
      `,
    );
  });

  it('accepts what is kept beside what is applied', () => {
    const map = (value: string): string => `
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: app, namespace: matrix}
      data: {key: ${value}}
    `;
    for (const other of ['old', 'tests', 'deprecated'])
      expectMarks(duplicateResource, `\n      #- /${other}/app.yaml${map('one')}\n      #- /app/app.yaml${map('two')}`);
  });

  it('finds duplicates in one kustomization', () => {
    expectMarks(
      duplicateResource,
      `
      #- /kustomization.yaml
      resources: [a.yaml, b.yaml]
      #- /a.yaml${secret('matrix', 'one')}
      #- /b.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
      #       ^^^^^^^^^^^^^^ error: declared again with other content
        namespace: matrix
      stringData:
        password: two
      `,
    );
  });

  it('finds duplicates in the items of a List, which it does not delete', () => {
    expectMarks(
      duplicateResource,
      `
      apiVersion: v1
      kind: List
      items:
        - apiVersion: v1
          kind: ConfigMap
          metadata: { name: a, namespace: matrix }
        - apiVersion: v1
          kind: ConfigMap
          metadata: { name: a, namespace: matrix }
      #                     ^ warning: declared again
      `,
    );
  });

  it('does not show what is in a Secret', () => {
    const titles = fixTitles(duplicateResource, `${secret('matrix', 'one')}\n      ---${secret('matrix', 'two')}\n`);
    assert.deepEqual(titles, ['Delete this Secret, in main.yaml', 'Delete the first Secret, in main.yaml']);
  });
});

describe('duplicate Services', () => {
  it('are the same with and without what the API server adds', () => {
    const service = (spec: string): string => `
      apiVersion: v1
      kind: Service
      metadata: {name: cache, namespace: matrix}
      spec: ${spec}
      ---`;
    const severities = (one: string, other: string): readonly string[] =>
      messages(duplicateResource, `\n      #- /services.yaml${service(one)}${service(other)}`).map(text =>
        text.replace(/:.*/, ''),
      );
    const short = '{selector: {app: a}, ports: [{name: tcp, port: 80}]}';
    const long = '{type: ClusterIP, selector: {app: a}, ports: [{name: tcp, port: 80, targetPort: 80, protocol: TCP}]}';
    assert.deepEqual(severities(short, long), ['warning']);
    for (const other of ['targetPort: 8080', 'protocol: UDP'])
      assert.deepEqual(severities(short, long.replace(/targetPort.*TCP/, other)), ['error'], other);
    assert.deepEqual(severities(short, long.replace('ClusterIP', 'NodePort')), ['error']);
  });
});
