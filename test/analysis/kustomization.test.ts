import assert from 'node:assert/strict';
import { editIn, placeIn } from '../../analysis/kustomization/printed-places';
import { type View, type ViewFile, viewsOf } from '../../analysis/kustomization/views';
import { readFixture, workspaceOf } from '../fixture';

/** What kustomizations build. The results are those of `kubectl kustomize` (Kustomize 5.5). */
describe('kustomizations', () => {
  const base = `
    #- /base/kustomization.yaml
    resources: [cache.yaml]
    #- /base/cache.yaml
    # the cache
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: cache # its name
    spec:
      serviceName: cache
      replicas: 1
      template:
        spec:
          containers:
            - name: cache
              image: registry.test:5000/cache:1 # pinned
              args: # two
                - --a
                - --b
              env:
                - name: MODE
                  value: slow
              resources:
                limits:
                  cpu: "1"
                  memory: 1Gi
    # end
  `;

  it('leave alone a tree that has none, and one that they do not change', () => {
    assert.deepEqual(viewsOf(workspaceOf(readFixture('#- /a.yaml\nkind: A').files).files), []);
    assert.equal(built(base, 'base/cache.yaml'), readFixture(base).files.get('base/cache.yaml'));
  });

  it('keep what they do not change letter by letter', () => {
    assert.equal(
      built(`${base}
    #- /prod/kustomization.yaml
    namespace: matrix
    resources: [../base]
    images: [{name: "registry.test:5000/cache", newTag: "2"}]
    replicas: [{name: cache, count: 3}]`),
      changed([
        ['  name: cache #', '  namespace: "matrix"\n  name: cache #'],
        ['image: registry.test:5000/cache:1', 'image: "registry.test:5000/cache:2"'],
        ['replicas: 1', 'replicas: 3'],
      ]),
    );
  });

  it('merge lists by the keys of their items, what is patched first', () => {
    assert.equal(
      built(`${base}
    #- /prod/kustomization.yaml
    resources: [../base]
    patches: [{path: patch.yaml}]
    #- /prod/patch.yaml
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: cache}
    spec:
      template:
        spec:
          containers:
            - name: cache
              args: [--c]
              env:
                - {name: NEW, value: "1"}
                - {name: MODE, value: fast}
              resources: {limits: {cpu: null}}`),
      changed([
        ['          args: # two\n            - --a\n            - --b', '          args:\n            - "--c"'],
        [
          '            - name: MODE\n              value: slow',
          '            - name: "NEW"\n              value: "1"\n            - name: MODE\n              value: "fast"',
        ],
        ['              cpu: "1"\n              memory', '              memory'],
      ]),
    );
  });

  it('carry out JSON patches on the objects that they select', () => {
    const patched = (target: string): string =>
      built(`${base}
    #- /prod/kustomization.yaml
    resources: [../base]
    patches:
      - target: ${target}
        patch: |-
          - {op: add, path: /spec/template/spec/containers/0/args/-, value: --c}
          - {op: remove, path: /spec/template/spec/containers/0/env}
          - {op: replace, path: /spec/serviceName, value: caches}`);
    const expected = changed([
      ['            - --b', '            - --b\n            - "--c"'],
      ['          env:\n            - name: MODE\n              value: slow\n', ''],
      ['serviceName: cache', 'serviceName: "caches"'],
    ]);
    // A comment of an entry in a mapping that lost another one goes.
    const plain = (text: string): string => text.replaceAll(/ +# (?:pinned|two)/g, '').replaceAll('"', '');
    assert.equal(plain(patched('{kind: StatefulSet, name: ca.*}')), plain(expected));
    assert.equal(patched('{kind: StatefulSet, name: ca}'), readFixture(base).files.get('base/cache.yaml'));
    assert.equal(patched('{kind: Deployment}'), readFixture(base).files.get('base/cache.yaml'));
  });

  it('change what aliases repeat only where it is changed', () => {
    const text = built(
      `
      #- /prod/kustomization.yaml
      resources: [pod.yaml]
      patches:
        - patch: |-
            apiVersion: v1
            kind: Pod
            metadata: {name: pod}
            spec: {containers: [{name: a, env: [{name: X, value: "2"}]}]}
      #- /prod/pod.yaml
      apiVersion: v1
      kind: Pod
      metadata: {name: pod}
      spec:
        containers:
          - name: a
            env: &env
              - {name: X, value: "1"}
          - name: b
            env: *env
    `,
      'prod/pod.yaml',
    );
    assert.deepEqual(text.match(/value: "\d"/g), ['value: "2"', 'value: "1"']);
  });

  it('make Secrets and ConfigMaps of literals, files of variables and files', () => {
    assert.equal(
      built(
        `
      #- /prod/kustomization.yaml
      namespace: matrix
      generatorOptions: {disableNameSuffixHash: true, labels: {app: x}}
      secretGenerator:
        - name: keys
          type: Opaque
          literals: [A=1, "B=a=b", "C='quoted'"]
          envs: [keys.env]
          files: [config.cfg, other.cfg=config.cfg]
      #- /prod/keys.env
      # comment
      D=x y
      E="kept"
      #- /prod/config.cfg
      one
      two
    `,
        'prod/generated.yaml',
      ),
      `---
apiVersion: "v1"
kind: "Secret"
metadata:
  name: "keys"
  labels:
    app: "x"
  namespace: "matrix"
type: "Opaque"
stringData:
  config.cfg: |
    one
    two
  other.cfg: |
    one
    two
  D: "x y"
  E: "\\"kept\\""
  A: "1"
  B: "a=b"
  C: "quoted"
`,
    );
  });

  it('merge what a generator makes into what a base has made', () => {
    const text = built(
      `
      #- /base/kustomization.yaml
      configMapGenerator: [{name: c, literals: [A=1, B=1]}]
      #- /prod/kustomization.yaml
      resources: [../base]
      namePrefix: p-
      generatorOptions: {disableNameSuffixHash: true}
      configMapGenerator: [{name: c, behavior: merge, literals: [B=2]}]
    `,
      'base/generated.yaml',
    );
    assert.match(text, /name: "p-c"\n {2}annotations: \{\}\ndata:\n {2}A: "1"\n {2}B: "2"\n/);
  });

  it('rename objects and what refers to them', () => {
    const text = built(
      `
      #- /prod/kustomization.yaml
      namePrefix: p-
      commonLabels: {env: prod}
      resources: [all.yaml]
      #- /prod/all.yaml
      apiVersion: v1
      kind: Service
      metadata: {name: web}
      spec: {selector: {app: web}}
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: web
      spec:
        defaultBackend:
          service:
            name: web
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: db
      spec:
        superuserSecret:
          name: db
    `,
      'prod/all.yaml',
    );
    assert.match(text, /kind: Service\nmetadata:\n {2}name: "p-web"[\s\S]*selector:\n {4}app: "web"\n {4}env: "prod"/);
    assert.match(text, /defaultBackend:\n {4}service:\n {6}name: "p-web"/);
    assert.match(text, /name: "p-db"[\s\S]*superuserSecret:\n {4}name: db/);
  });

  it('write fields of one object to others', () => {
    const text = built(
      `
      #- /prod/kustomization.yaml
      resources: [all.yaml]
      configMapGenerator: [{name: site, literals: [host=chat.test]}]
      replacements:
        - source: {kind: ConfigMap, name: site, fieldPath: data.host}
          targets:
            - select: {kind: Ingress}
              fieldPaths: [spec.rules.0.host, "spec.tls.*.hosts.0"]
      #- /prod/all.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: {name: web}
      spec:
        rules:
          - host: TODO
        tls:
          - hosts:
              - TODO
    `,
      'prod/all.yaml',
    );
    assert.deepEqual(text.match(/chat\.test/g)?.length, 2);
    assert.doesNotMatch(text, /TODO/);
  });

  it('give overlays of one base a view each, and go together where they do not contradict', () => {
    const tree = ['a', 'b']
      .map(
        app => `
    #- /${app}/base/kustomization.yaml
    resources: [app.yaml]
    #- /${app}/base/app.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: ${app}}
    #- /${app}/prod/kustomization.yaml
    resources: [../base]
    #- /${app}/staging/kustomization.yaml
    resources: [../base]
    `,
      )
      .join('');
    const found = views(tree);
    assert.deepEqual(
      found.map(view => [view.key.split('\n'), view.isTrial]),
      [
        [['a/prod', 'b/prod'], false],
        [['a/staging', 'b/staging'], true],
      ],
    );
  });

  it('know when they do not see all', () => {
    const isOpen = (resources: string): boolean | undefined =>
      views(`${base}\n    #- /prod/kustomization.yaml\n    resources: [../base, ${resources}]`)[0]?.isOpen;
    assert.equal(isOpen('https://example.com/x?ref=1'), true);
    assert.equal(isOpen('missing.yaml'), true);
    // An operator brings nothing that a deployment names.
    assert.equal(
      isOpen('https://github.com/cert-manager/cert-manager/releases/download/v1.16.0/cert-manager.yaml'),
      false,
    );
    const half = views(`${base}\n    #- /prod/kustomization.yaml\n    resources: [../base`);
    assert.deepEqual(
      half.map(view => view.isUnread),
      [true],
    );
    assert.equal(isOpen('../base'), false);
  });

  it('lead every letter that they keep back to where it stands', () => {
    const source = `${base}
    #- /prod/kustomization.yaml
    namespace: matrix
    resources: [../base]
    images: [{name: "registry.test:5000/cache", newTag: "2"}]
    secretGenerator: [{name: keys, literals: [PASSWORD=abcdef]}]`;
    const { files } = readFixture(source);
    const file = fileOf(views(source)[0], 'base/cache.yaml');
    const at = (text: string, from: ViewFile): string => {
      const start = from.text.indexOf(text);
      assert.ok(from.printed && start >= 0, text);
      const place = placeIn(from.printed, { start, end: start + text.length });
      assert.ok(place);
      const path = place.uri.slice('file:///'.length);
      return `${path}: ${files.get(path)?.slice(place.span.start, place.span.end)}`;
    };
    assert.equal(at('value: slow', file), 'base/cache.yaml: value: slow');
    assert.equal(at('"matrix"', file), 'prod/kustomization.yaml: matrix');
    assert.equal(at('"registry.test:5000/cache:2"', file), 'prod/kustomization.yaml: "2"');
    const made = fileOf(views(source)[0], 'prod/generated.yaml');
    assert.equal(at('"abcdef"', made), 'prod/kustomization.yaml: abcdef');
    assert.equal(at('cde', made), 'prod/kustomization.yaml: cde');
    const start = made.text.indexOf('"abcdef"');
    const replaced = (newText: string) =>
      made.printed && editIn(made.printed, { at: { uri: '', span: { start, end: start + 8 } }, newText })?.newText;
    assert.equal(replaced('"xyz"'), 'xyz');
    // What is built into a deleted part goes with it; what is only built is not written down.
    const end = file.text.indexOf('spec:');
    const whole = { uri: '', span: { start: file.text.indexOf('metadata:'), end } };
    const deleted = file.printed && editIn(file.printed, { at: whole, newText: '' });
    const text = files.get('base/cache.yaml') ?? '';
    assert.deepEqual(deleted?.at.span, { start: text.indexOf('metadata:'), end: text.indexOf('spec:') });
    assert.equal(file.printed && editIn(file.printed, { at: whole, newText: 'namespace: "matrix"' }), undefined);
    // It would end the literal, so it cannot be written there.
    assert.equal(replaced('"x: y"'), undefined);
  });

  function changed(edits: readonly (readonly [string, string])[]): string {
    let text = readFixture(base).files.get('base/cache.yaml') ?? '';
    for (const [from, to] of edits) {
      assert.ok(text.includes(from), from);
      text = text.replace(from, to);
    }
    return text;
  }
});

function views(source: string): readonly View[] {
  return viewsOf(workspaceOf(readFixture(source).files).files);
}

function built(source: string, path = 'base/cache.yaml'): string {
  return fileOf(views(source)[0], path).text;
}

function fileOf(view: View | undefined, path: string): ViewFile {
  const file = view?.files.find(one => one.path === path);
  assert.ok(file, `no ${path}`);
  return file;
}
