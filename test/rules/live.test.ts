import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rules } from '../../rules/catalogue';
import { checkWorkspace } from '../../rules/findings';
import { LiveFindings } from '../../rules/live';
import referenceMissingSecret from '../../rules/references/reference-missing-secret';
import { marksOf, readFixture, show, uriOf, workspaceOf } from '../fixture';

const tree = `
  #- /app.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: app
    namespace: matrix
  spec:
    selector:
      matchLabels: {app: app}
    template:
      metadata:
        labels: {app: app}
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            env:
              - name: PASSWORD
                valueFrom:
                  secretKeyRef: {name: app-secret, key: password}
  #- /other.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: other
    namespace: matrix
  data:
    a: b
  ---
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: another
    namespace: matrix
  data:
    c: d
  #- /secret.yaml
  apiVersion: v1
  kind: Secret
  metadata:
    name: app-secret
    namespace: matrix
  stringData:
    password: correct-horse-battery-staple
  #- /policy.yaml
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    name: dns
    namespace: matrix
  spec:
    podSelector: {}
    egress:
      - to:
          - namespaceSelector:
              matchLabels:
                name: kube-system
`;

/** What an edit costs, counted in documents read and checks run rather than in milliseconds. */
describe('live findings', () => {
  const open = (): {
    edit: (path: string, change: (text: string) => string) => { checks: number; documents: number; changed: string[] };
    shown: (path: string) => string[];
    all: () => string[];
    once: () => string[];
  } => {
    const workspace = workspaceOf(readFixture(tree).files);
    const changed = new Set<string>();
    const live = new LiveFindings(workspace, rules, {}, uri => changed.add(uri));
    for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
    live.start();
    return {
      edit(path, change) {
        const file = workspace.file(uriOf(path));
        assert.ok(file);
        const [checks, documents] = [live.counters.checks, workspace.counters.documentsRead];
        changed.clear();
        live.apply(workspace.update(file.uri, path, change(file.text)));
        return {
          checks: live.counters.checks - checks,
          documents: workspace.counters.documentsRead - documents,
          changed: [...changed].sort(),
        };
      },
      shown: path => marksOf(workspace, live.of(uriOf(path))).map(show),
      all: () => marksOf(workspace, live.all()).map(show),
      once: () => marksOf(workspace, checkWorkspace(workspace, rules)).map(show),
    };
  };
  const fileChecks = rules.filter(rule => 'checkFile' in rule).length > 0 ? 1 : 0;

  it('start out as one check of everything does', () => {
    const { all, once } = open();
    assert.deepEqual(all(), once());
    assert.ok(all().some(line => line.includes('kube-system')));
  });

  it('run nothing again after an edit of comments, and move with the text', () => {
    const { edit, shown } = open();
    const selector = (): string | undefined => shown('policy.yaml').find(line => line.includes('No namespace'));
    const before = selector();
    assert.ok(before);
    const cost = edit('policy.yaml', text => `# why this is here\n${text}`);
    assert.deepEqual([cost.checks, cost.documents], [fileChecks, 0]);
    assert.equal(selector(), before.replace(':12:', ':13:'));
  });

  it('read one document of a file again, and run only its rules', () => {
    const { edit } = open();
    const cost = edit('other.yaml', text => text.replace('c: d', 'c: e'));
    assert.equal(cost.documents, 1);
    const forConfigMaps = rules.filter(
      rule =>
        'checkDocument' in rule ||
        'checkWorkspace' in rule ||
        ('check' in rule && (rule.kinds.includes('ConfigMap') || rule.kinds.includes('*'))),
    ).length;
    assert.ok(cost.checks <= forConfigMaps + fileChecks + 10, `${cost.checks} checks`);
  });

  it('find in another file what an edit broke there, and only look where it matters', () => {
    const { edit, shown, all, once } = open();
    const cost = edit('secret.yaml', text => text.replace('name: app-secret', 'name: renamed'));
    assert.equal(cost.documents, 1);
    assert.ok(shown('app.yaml').some(line => line.includes('Nothing creates the Secret app-secret')));
    assert.ok(cost.changed.includes(uriOf('app.yaml')));
    assert.ok(!cost.changed.includes(uriOf('other.yaml')));
    edit('secret.yaml', text => text.replace('name: renamed', 'name: app-secret'));
    assert.deepEqual(
      shown('app.yaml').filter(line => line.includes('Nothing creates the Secret')),
      [],
    );
    assert.deepEqual(all(), once());
  });

  it('keep the findings of the neighbours of a broken document', () => {
    const { edit, shown } = open();
    const before = shown('policy.yaml').filter(line => line.includes('namespace'));
    edit('policy.yaml', text => `${text}---\na: [\n`);
    assert.deepEqual(
      shown('policy.yaml').filter(line => before.includes(line)),
      before,
    );
    assert.ok(shown('policy.yaml').length > before.length);
  });

  it('stay while somebody types what cannot be read, but for the place where it is typed', () => {
    const { edit, shown, all, once } = open();
    const [app, others] = [shown('app.yaml'), all().filter(line => !line.startsWith('app.yaml'))];
    const cost = edit('app.yaml', text => text.replace('    spec:\n', '    spec:\n      hos\n'));
    assert.ok(cost.checks <= 3 + fileChecks, `${cost.checks} checks`);
    assert.deepEqual(
      shown('app.yaml').filter(line => !line.includes('kubectl refuses')),
      app.map(line => line.replace(/:(\d+):/, (_, row) => `:${Number(row) + (Number(row) > 12 ? 1 : 0)}:`)),
    );
    assert.equal(shown('app.yaml').length, app.length + 1);
    assert.deepEqual(
      all().filter(line => !line.startsWith('app.yaml')),
      others,
    );
    edit('app.yaml', text => text.replace('      hos\n', ''));
    assert.deepEqual(all(), once());
  });

  it('agree with a check from scratch after many edits', () => {
    const { edit, all, once } = open();
    const edits: [string, (text: string) => string][] = [
      ['policy.yaml', text => text.replace('kube-system', 'ingress-nginx')],
      ['app.yaml', text => text.replace('app-secret', 'app-secrets')],
      ['other.yaml', text => text.replace('---\n', '')],
      [
        'other.yaml',
        text =>
          text.replace(
            'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: another',
            '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: another',
          ),
      ],
      ['secret.yaml', text => text.replace('stringData:', 'stringData: {')],
      ['secret.yaml', text => text.replace('stringData: {', 'stringData:')],
      ['app.yaml', text => text.replace('app-secrets', 'app-secret')],
    ];
    for (const [path, change] of edits) {
      edit(path, change);
      assert.deepEqual(all(), once(), path);
    }
  });

  it('agree with a check from scratch after edits of values, lines and keys all over a tree', function () {
    this.timeout(180_000);
    const files = readTree('examples/broken');
    const workspace = workspaceOf(files);
    const live = new LiveFindings(workspace, rules, {}, () => {});
    for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
    live.start();
    const places = [...files].flatMap(([path, text]) =>
      [...text.matchAll(/^[^#\n]*?[:=-] *["']?[A-Za-z0-9][^\n"'{}]*$/gm)].map(match => ({
        path,
        text,
        at: match.index + match[0].length,
      })),
    );
    assert.ok(places.length > 500);
    let made = 0;
    let compared = 0;
    // Every so many of them, so that each run looks at the same edits in files of every kind.
    for (let nth = 7; nth < places.length; nth += Math.ceil(places.length / 14)) {
      const { path, text, at } = places[nth] ?? assert.fail();
      const line = text.lastIndexOf('\n', at) + 1;
      const [whole = '', indent = '', key = ''] = /^([ ]*(?:- )?)([\w.-]+(?=:))?.*\n?/.exec(text.slice(line)) ?? [];
      const edited =
        [
          `${text.slice(0, at)}7${text.slice(at)}`,
          `${text.slice(0, line)}${text.slice(line + whole.length)}`,
          `${text.slice(0, line)}${indent}another: value\n${text.slice(line).replace(`${indent}${key}`, ' '.repeat(indent.length) + key)}`,
          `${text.slice(0, line)}${indent}${key}s${text.slice(line + indent.length + key.length)}`,
        ][made++ % 4] ?? assert.fail();
      live.apply(workspace.update(uriOf(path), path, edited));
      // What cannot be read just now is taken to say what it said before.
      if (!workspace.file(uriOf(path))?.documents.some(document => document.problems.length > 0)) {
        compared++;
        const fresh = workspaceOf(new Map([...files, [path, edited]]));
        assert.deepEqual(
          marksOf(workspace, live.all()).map(show),
          marksOf(fresh, checkWorkspace(fresh, rules)).map(show),
          `${path}:${at}`,
        );
      }
      live.apply(workspace.update(uriOf(path), path, text));
    }
    assert.ok(compared >= 8, `${compared} compared`);
  });
});

describe('the cost of a keystroke', () => {
  const files = readTree('examples/production');
  const workspace = workspaceOf(files);
  let live: LiveFindings;
  before(() => {
    live = new LiveFindings(workspace, rules, {}, () => {});
    for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
    live.start();
  });

  // A check more or less is no matter. Of some 30,000, these are what may depend on such a value; a rule that reads more
  // than it needs, or an index that every text is an entry of, makes them hundreds.
  for (const [what, path, mark, most] of [
    ['a limit', 'main-instance/01-synapse/main-statefulset.yaml', 'memory: ', 6],
    ['a number of a probe', 'main-instance/08-key-vault/deployment.yaml', 'periodSeconds: ', 6],
    ['a label of a pod', 'main-instance/08-key-vault/deployment.yaml', 'app.kubernetes.io/part-of: ', 6],
    ['a comment', 'main-instance/01-synapse/configmap.yaml', '# ', 3],
    ['a setting of Synapse', 'main-instance/01-synapse/configmap.yaml', 'max_upload_size: ', 40],
    ['a secret of Synapse', 'main-instance/01-synapse/configmap.yaml', 'macaroon_secret_key: ', 40],
  ] as const)
    it(`is a few checks for ${what}`, () => {
      const text = files.get(path) ?? assert.fail(path);
      const at = text.indexOf(mark) + mark.length;
      assert.ok(at >= mark.length, `${path} has ${mark}`);
      const checksOf = (now: string) => {
        const before = live.counters.checks;
        live.apply(workspace.update(uriOf(path), path, now));
        return live.counters.checks - before;
      };
      const type = () => checksOf(`${text.slice(0, at)}7${text.slice(at)}`);
      // What the first edit asks for the first time is known at the second.
      type();
      checksOf(text);
      const made = type();
      checksOf(text);
      assert.ok(made > 0 && made <= most, `${made} checks`);
    });
});

describe('an object that a thousand others need', () => {
  it('may go and come back, and each of them is looked at once', () => {
    const pods = Array.from(
      { length: 1000 },
      (_, at) => `apiVersion: v1
kind: Pod
metadata: {name: app-${at}, namespace: matrix}
spec:
  containers:
    - name: app
      image: registry.test/app:1
      envFrom: [{secretRef: {name: shared}}]
`,
    );
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: shared, namespace: matrix}\nstringData: {a: b}\n';
    const workspace = workspaceOf(
      new Map([
        ['pods.yaml', pods.join('---\n')],
        ['secret.yaml', secret],
      ]),
    );
    const live = new LiveFindings(workspace, [referenceMissingSecret], {}, () => {});
    for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
    live.start();
    const found = () => live.of(uriOf('pods.yaml'));
    assert.equal(found().length, 0);
    const before = live.counters.checks;
    live.apply(workspace.update(uriOf('secret.yaml'), 'secret.yaml', secret.replace('shared', 'renamed')));
    assert.equal(found().length, 1, 'whoever opens a file sees once what it lacks');
    assert.equal(found()[0]?.problem.related?.length, 12);
    assert.ok(live.counters.checks - before <= 1002, `${live.counters.checks - before} checks`);
    live.apply(workspace.update(uriOf('secret.yaml'), 'secret.yaml', secret));
    assert.equal(found().length, 0);
  });
});

function readTree(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => /\.\w+$/.test(name));
  return new Map(names.map(name => [name.replaceAll('\\', '/'), readFileSync(join(folder, name), 'utf8')]));
}
