import assert from 'node:assert/strict';
import { credentialPlaces } from '../../analysis/credentials/places';
import { planCredentials } from '../../analysis/credentials/plan';
import { rules } from '../../rules/catalogue';
import { checkWorkspace, fixesOf, takeCrashes } from '../../rules/findings';
import { LiveFindings } from '../../rules/live';
import { applyEdits, compareMarks, marksOf, readFixture, show, uriOf, workspaceOf } from '../fixture';

/** Two overlays of one base; what is wrong with it is marked where a person corrects it. */
const tree = `
  #- /base/kustomization.yaml
  resources: [app.yaml, service.yaml]
  #- /base/app.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: app
    labels: {app: app}
  spec:
    replicas: 2
    selector:
      matchLabels: {app: app}
    template:
      metadata:
        labels: {app: app}
      spec:
        containers:
          - name: app
            image: your-registry/app:CHANGEME
            env:
              - name: DB_HOST
                value: CHANGEME_DATABASE
              - name: PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: app-keys
                    key: password
              - name: TOKEN
                valueFrom:
                  secretKeyRef:
                    name: app-keys
                    key: token
  #                      ^^^^^ error: Secret app-keys has no key token
            resources:
              requests: {cpu: 10m, memory: 16Mi}
              limits: {cpu: 10m, memory: 16Mi}
  #- /base/service.yaml
  apiVersion: v1
  kind: Service
  metadata:
    name: app
  spec:
    selector: {app: app}
    ports:
      - port: 80
  #- /prod/kustomization.yaml
  namespace: matrix
  resources: [../base, namespace.yaml]
  images:
    - name: your-registry/app
      newName: CHANGEME_REGISTRY/app
  #            ^^^^^^^^^^^^^^^^^^^^^ error: still the placeholder CHANGEME_REGISTRY
      newTag: "2"
  secretGenerator:
    - name: app-keys
      literals:
        - password=CHANGEME_APP_PASSWORD
  #                ^^^^^^^^^^^^^^^^^^^^^ error: password of Secret app-keys is still the placeholder
  patches:
    - path: database.yaml
  #- /prod/database.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: app
  spec:
    template:
      spec:
        containers:
          - name: app
            env:
              - name: DB_HOST
                value: database.matrix.svc.cluster.local
  #                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: There is no Service database in namespace matrix
  #- /prod/namespace.yaml
  apiVersion: v1
  kind: Namespace
  metadata:
    name: matrix
  #- /staging/kustomization.yaml
  namespace: trial
  resources: [../base]
  images: [{name: your-registry/app, newName: registry.test/app, newTag: "2"}]
  secretGenerator:
    - name: app-keys
      envs: [keys.env]
      literals: ["token=Ni7aiquahR4aelai2Wee"]
  patches:
    - target: {kind: Deployment}
      patch: |-
        - op: replace
          path: /spec/template/spec/containers/0/env/0/value
          value: app
  #- /staging/keys.env
  # For trials only.
  password=secret
`;

const looked = rules.filter(({ id }) =>
  [
    'placeholder-secret',
    'placeholder-image',
    'placeholder-config',
    'reference-missing-secret',
    'reference-missing-secret-key',
    'config-host-unknown-service',
    'secret-unused',
    'secret-key-unused',
    'duplicate-resource',
  ].includes(id),
);

describe('what kustomizations build', () => {
  it('is checked, and not what it is built from', () => {
    const fixture = readFixture(tree);
    const workspace = workspaceOf(fixture.files);
    const findings = checkWorkspace(workspace, looked);
    assert.deepEqual(takeCrashes(workspace), []);
    const marks = marksOf(workspace, findings).map(mark => ({ ...mark, hasFix: mark.hasFix }));
    const compared = compareMarks(fixture.marks, marks);
    assert.deepEqual(compared.found, compared.expected);
  });

  it('says which deployment is meant where there are several', () => {
    const { workspace, findings } = checked(tree);
    const related = (id: string) =>
      findings
        .find(({ rule }) => rule.id === id)
        ?.problem.related?.map(({ at, message }) => [workspace.file(at.uri)?.path, message]);
    assert.deepEqual(related('reference-missing-secret-key')?.at(-1), ['prod/kustomization.yaml', 'As prod builds it']);
    // What stands in an overlay says so itself.
    assert.equal(related('placeholder-secret'), undefined);
  });

  it('is not known to lack anything where it takes in what the tree does not show', () => {
    const remote = tree.replaceAll('[../base', '[https://forge.test/x?ref=1, ../base');
    assert.deepEqual(
      new Set(checked(remote).findings.map(({ rule }) => rule.id)),
      new Set(['placeholder-secret', 'placeholder-image', 'reference-missing-secret-key']),
    );
    const { findings } = checked(
      tree.replace('- password=CHANGEME', '- other=CHANGEME').replace('keys.env]', 'gone.env]'),
    );
    assert.ok(
      findings.some(({ problem }) => problem.message.includes('no key password')),
      'of production',
    );
    const { findings: unknown } = checked(tree.replace(/literals:\n\s+- password=.*/, 'envs: [gone.env]'));
    assert.ok(!unknown.some(({ rule }) => rule.id === 'reference-missing-secret-key'), 'of a file that is not there');
  });

  it('has its fixes made in the files', () => {
    const { files } = readFixture(tree.replace('database.matrix.svc', 'ap.matrix.svc'));
    const workspace = workspaceOf(files);
    const finding = checkWorkspace(workspace, looked).find(({ rule }) => rule.id === 'config-host-unknown-service');
    const [fix] = finding ? fixesOf(finding, workspace) : [];
    assert.ok(fix);
    const fixed = applyEdits(files, fix.edits);
    assert.match(fixed.get('prod/database.yaml') ?? '', /value: app\.matrix\.svc\.cluster\.local\n/);
  });

  it('takes in the files that fixes make', () => {
    const { files } = readFixture(`
      #- /deploy/kustomization.yaml
      resources:
        - app.yaml
      #- /deploy/app.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse, namespace: matrix}
      spec:
        template:
          spec:
            containers: [{name: synapse, image: "matrixdotorg/synapse:v1.139.2"}]
    `);
    const workspace = workspaceOf(files);
    const rule = rules.filter(({ id }) => id === 'minio-tenant-missing');
    const [finding] = checkWorkspace(workspace, rule);
    const fix = finding && fixesOf(finding, workspace).find(({ creates }) => creates?.length);
    assert.ok(fix?.creates?.[0]);
    const fixed = applyEdits(files, fix.edits, fix.creates);
    const name = fix.creates[0].path.replace('deploy/', '');
    assert.equal(fixed.get('deploy/kustomization.yaml'), `resources:\n  - app.yaml\n  - ${name}\n`);
  });

  it('says in no message what a Secret holds', () => {
    const secret = 'Xu4aequ9eeN7oor0';
    const { findings } = checked(
      tree.replace('password=secret', `password=${secret}`).replace('key: password', 'key: pass'),
    );
    assert.ok(findings.length > 3);
    for (const { problem } of findings)
      for (const text of [problem.message, ...(problem.related ?? []).map(({ message }) => message)])
        assert.doesNotMatch(text, new RegExp(secret));
  });

  it('has its credentials where kustomizations take them from', () => {
    const workspace = workspaceOf(readFixture(tree.replace('password=secret', 'password=CHANGEME')).files);
    const text = ({ at }: (typeof places)[number]): string => {
      const file = workspace.file(at.uri);
      return `${file?.path}: ${file?.text.slice(at.span.start, at.span.end)}`;
    };
    const places = credentialPlaces(workspace).filter(({ isOpen }) => isOpen);
    assert.deepEqual(places.map(text).sort(), [
      'prod/kustomization.yaml: CHANGEME_APP_PASSWORD',
      'staging/keys.env: CHANGEME',
    ]);
    const { credentials } = planCredentials(workspace);
    assert.deepEqual(
      credentials.map(({ kind, places: own }) => [kind, own.map(({ form }) => form.style)]),
      [
        ['password', ['inside']],
        ['password', ['inside']],
      ],
    );
    // Values that the server may not send are known by the same places.
    assert.ok(credentialPlaces(workspace).some(place => text(place).endsWith('Ni7aiquahR4aelai2Wee')));
  });

  it('is followed through edits as a check from scratch finds it', () => {
    const workspace = workspaceOf(readFixture(tree).files);
    const changed = new Set<string>();
    const live = new LiveFindings(workspace, looked, {}, uri => changed.add(uri));
    for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
    live.start();
    const all = (): readonly string[] => marksOf(workspace, live.all()).map(show);
    const shown = new Map(workspace.files.map(({ uri }) => [uri, marksOf(workspace, live.of(uri)).map(show)]));
    const edit = (path: string, from: string, to: string, most: number): void => {
      const file = workspace.file(uriOf(path));
      assert.ok(file?.text.includes(from), from);
      changed.clear();
      live.counters.checks = 0;
      live.apply(workspace.update(uriOf(path), path, (file?.text ?? '').replace(from, to)));
      const once = workspaceOf(new Map(workspace.files.map(one => [one.path, one.text])));
      assert.deepEqual(all(), marksOf(once, checkWorkspace(once, looked)).map(show), `${from} → ${to}`);
      assert.ok(live.counters.checks <= most, `${live.counters.checks} checks after ${from} → ${to}`);
      for (const { uri } of workspace.files) {
        const now = marksOf(workspace, live.of(uri)).map(show);
        if (JSON.stringify(now) !== JSON.stringify(shown.get(uri))) assert.ok(changed.has(uri), `${uri} after ${to}`);
        shown.set(uri, now);
      }
    };
    const some = 30;
    assert.equal(all().length, 4);
    edit('prod/kustomization.yaml', 'CHANGEME_APP_PASSWORD', 'eiGh7ohghai4Oxoo', some);
    edit('prod/kustomization.yaml', 'namespace: matrix', '# above\nnamespace: matrix', 0);
    edit('base/app.yaml', 'key: token', 'key: password', some);
    edit('base/app.yaml', 'apiVersion', '# above\napiVersion', some);
    edit('prod/database.yaml', 'database.matrix', 'app.matrix', some);
    // While a kustomization cannot be read, it goes on saying what it said.
    const before = all();
    const half = workspace.file(uriOf('prod/kustomization.yaml'))?.text.replace('resources: [', 'resources: [[') ?? '';
    live.apply(workspace.update(uriOf('prod/kustomization.yaml'), 'prod/kustomization.yaml', half));
    assert.equal(all().length, before.length);
    edit('prod/kustomization.yaml', 'resources: [[', 'resources: [', 0);
    edit('staging/keys.env', 'password', 'passwort', some);
    edit('staging/kustomization.yaml', 'resources: [../base]', 'resources: []', 100);
    edit('staging/kustomization.yaml', 'resources: []', 'resources: [../base]', 200);
    // Without kustomizations the tree is what it says.
    for (const path of ['prod', 'staging', 'base'].map(directory => `${directory}/kustomization.yaml`)) {
      const change = workspace.remove(uriOf(path));
      assert.ok(change);
      live.apply(change);
    }
    const once = workspaceOf(new Map(workspace.files.map(one => [one.path, one.text])));
    assert.deepEqual(all(), marksOf(once, checkWorkspace(once, looked)).map(show));
    assert.ok(all().some(one => one.includes('placeholder your-registry')));
    live.dispose();
  });
});

function checked(source: string) {
  const workspace = workspaceOf(readFixture(source).files);
  return { workspace, findings: checkWorkspace(workspace, looked) };
}
