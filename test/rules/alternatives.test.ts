import assert from 'node:assert/strict';
import { alternativesOf } from '../../analysis/alternatives';
import { chartReleases } from '../../analysis/charts';
import { credentialGroups } from '../../analysis/credentials/groups';
import { builtTrees } from '../../analysis/kustomization/built-trees';
import { rules } from '../../rules/catalogue';
import { checkWorkspace, fixesOf, takeCrashes } from '../../rules/findings';
import { LiveFindings } from '../../rules/live';
import { marksOf, readFixture, show, uriOf, workspaceOf } from '../fixture';

/** A deployment below a directory: what it declares and where in a namespace. */
const deployment = (directory: string, namespace: string, host = 'cache'): string => `
  #- /${directory}/synapse.yaml
  apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: synapse, namespace: ${namespace}}
  spec:
    selector: {matchLabels: {app: synapse}}
    template:
      metadata: {labels: {app: synapse}}
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
            env:
              - name: REDIS_HOST
                value: ${host}.${namespace}.svc.cluster.local
              - name: PASSWORD
                valueFrom: {secretKeyRef: {name: keys, key: password}}
              - name: TOKEN
                valueFrom: {secretKeyRef: {name: keys, key: token}}
  #- /${directory}/service.yaml
  apiVersion: v1
  kind: Service
  metadata: {name: synapse, namespace: ${namespace}}
  spec: {selector: {app: synapse}, ports: [{port: 8008}]}
  ---
  apiVersion: v1
  kind: Service
  metadata: {name: cache, namespace: ${namespace}}
  spec: {selector: {app: cache}, ports: [{port: 6379}]}
  #- /${directory}/keys.yaml
  apiVersion: v1
  kind: Secret
  metadata: {name: keys, namespace: ${namespace}}
  stringData: {password: "CHANGEME_PASSWORD", token: "Ni7aiquahR4aelai2Wee"}
  `;

/** What belongs to each of them. */
const shared = `
  #- /monitoring/scraper.yaml
  apiVersion: batch/v1
  kind: Job
  metadata: {name: scraper, namespace: matrix}
  spec:
    template:
      spec:
        restartPolicy: Never
        containers:
          - name: scraper
            image: registry.test/scraper:1
            env:
              - name: TOKEN
                valueFrom: {secretKeyRef: {name: keys, key: token}}
  `;

const looked = rules.filter(({ id }) =>
  [
    'placeholder-secret',
    'reference-missing-secret',
    'reference-missing-secret-key',
    'config-host-unknown-service',
    'secret-key-unused',
    'duplicate-resource',
    'service-selects-several-workloads',
  ].includes(id),
);

function treeOf(...parts: readonly string[]): ReadonlyMap<string, string> {
  return readFixture(parts.join('')).files;
}

function alternativesIn(...parts: readonly string[]): readonly string[] {
  return alternativesOf(workspaceOf(treeOf(...parts)))
    .map(({ directory }) => directory)
    .sort();
}

function found(files: ReadonlyMap<string, string>): readonly string[] {
  const workspace = workspaceOf(files);
  const findings = checkWorkspace(workspace, looked);
  assert.deepEqual(takeCrashes(workspace), []);
  return marksOf(workspace, findings).map(show);
}

describe('directories that are alternatives', () => {
  it('are those side by side whose names say so and which declare the same', () => {
    const two = ['production', 'staging'];
    assert.deepEqual(alternativesIn(deployment('production', 'matrix'), deployment('staging', 'matrix')), two);
    assert.deepEqual(alternativesIn(deployment('production', 'matrix'), deployment('staging', 'trial')), two);
    assert.deepEqual(alternativesIn(deployment('clusters/a', 'matrix'), deployment('clusters/b', 'matrix')), [
      'clusters/a',
      'clusters/b',
    ]);
    assert.deepEqual(alternativesIn(deployment('matrix', 'matrix'), deployment('matrix-staging', 'trial')), [
      'matrix',
      'matrix-staging',
    ]);
  });

  it('are none where one has little of the other, or the names say nothing and not all is there', () => {
    const part = deployment('staging', 'matrix').replace(/#- \/staging\/(?:keys|service)[\s\S]*?(?=#-|$)/g, '');
    assert.deepEqual(alternativesIn(deployment('production', 'matrix'), part), []);
    assert.deepEqual(alternativesIn(deployment('synapse', 'matrix'), deployment('synapse-copy', 'matrix')), []);
    assert.deepEqual(alternativesIn(deployment('production', 'matrix'), shared), []);
    const applications = [deployment('sites/one', 'one'), deployment('sites/two', 'two')];
    assert.deepEqual(alternativesIn(...applications), [], 'applications whose objects have simple names');
    assert.deepEqual(alternativesIn(deployment('cluster-issuers', 'a'), deployment('cluster-roles', 'b')), []);
  });

  const more = (directory: string): string =>
    Array.from(
      { length: 8 },
      (_, nth) => `
  #- /${directory}/more-${nth}.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: more-${nth}, namespace: matrix}
  data: {}
  `,
    ).join('');
  const whole = (directory: string): string => deployment(directory, 'matrix') + more(directory);

  it('are complete deployments of the same objects, whatever they are called', () => {
    assert.deepEqual(alternativesIn(whole('before'), whole('after')), ['after', 'before']);
    assert.deepEqual(alternativesIn(whole('main-instance'), whole('li-instance')), [], 'deployed together');
    assert.deepEqual(alternativesIn(deployment('before', 'matrix'), whole('after')), [], 'not half of it');
    assert.deepEqual(alternativesIn(more('before'), more('after')), [], 'without a homeserver');
  });

  it('are taken whole: what is in them is no choice of its own', () => {
    const inside = (outer: string): string =>
      deployment(`${outer}/dev`, 'matrix') + deployment(`${outer}/prod`, 'matrix');
    assert.deepEqual(alternativesIn(inside('cluster-a'), inside('cluster-b')), ['cluster-a', 'cluster-b']);
  });

  it('go together by their names where each component has its own', () => {
    const cache = (directory: string, key: string): string => `
  #- /keys/${directory}/keys.yaml
  apiVersion: v1
  kind: Secret
  metadata: {name: keys, namespace: matrix}
  stringData: {${key}: "Ni7aiquahR4aelai2Wee", password: "eiGh7ohghai4Oxoo"}
  `;
    const app = (directory: string): string =>
      deployment(`synapse/${directory}`, 'matrix').replace(/#- \/synapse\/\w+\/keys[\s\S]*/, '');
    const files = treeOf(app('prod'), app('staging'), cache('prod', 'token'), cache('staging', 'other'));
    assert.deepEqual(
      found(files)
        .filter(one => one.includes('no key'))
        .map(one => one.replace(/:.*/, '')),
      ['synapse/staging/synapse.yaml'],
    );
  });
});

describe('files that are named after stages', () => {
  /** A deployment in one file, and one of which each part has a file. */
  const inOne = (path: string, namespace: string, host?: string): string =>
    `\n  #- /${path}` +
    deployment('x', namespace, host)
      .replace(/\n {2}#- \/x\/\w+\.yaml/, '')
      .replace(/#- \/x\/\w+\.yaml/g, '---');
  const inParts = (stage: string, namespace: string): string =>
    deployment('matrix', namespace).replace(/(\/matrix\/\w+)\.yaml/g, `$1-${stage}.yaml`);

  it('are alternatives as directories of those names would be', () => {
    assert.deepEqual(alternativesIn(inOne('prod.yaml', 'matrix'), inOne('staging.yaml', 'trial')), ['prod', 'staging']);
    assert.deepEqual(alternativesIn(inParts('prod', 'matrix'), inParts('dev', 'matrix')), [
      'matrix/dev',
      'matrix/prod',
    ]);
    assert.deepEqual(
      alternativesIn(inParts('prod', 'matrix'), inParts('aws', 'matrix')),
      ['matrix/aws', 'matrix/prod'],
      'a place beside a stage',
    );
    assert.deepEqual(
      alternativesIn(inOne('app/production.yaml', 'matrix'), deployment('app/staging', 'matrix')),
      ['app/production', 'app/staging'],
      'a file beside a directory',
    );
    assert.deepEqual(alternativesIn(inOne('synapse.yaml', 'matrix'), inOne('synapse-copy.yaml', 'matrix')), []);
    assert.deepEqual(alternativesIn(inOne('synapse.yaml', 'matrix'), inOne('test-synapse.yaml', 'matrix')), []);
  });

  it('are checked as each of them with what they share, and what is named like one goes with it', () => {
    const extra = `
  #- /shared.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: notes, namespace: matrix}
  data: {a: b}
  #- /rules-staging.yaml
  apiVersion: v1
  kind: Service
  metadata: {name: more, namespace: matrix}
  spec: {selector: {app: synapse}, ports: [{port: 8008}]}
  `;
    const files = treeOf(inOne('prod.yaml', 'matrix', 'cach'), inOne('staging.yaml', 'matrix'), extra);
    const messages = found(files);
    assert.ok(messages.some(one => one.startsWith('prod.yaml') && one.includes('cach')));
    assert.ok(!messages.some(one => one.includes('declared again')), messages.join('\n'));
    const paths = builtTrees(workspaceOf(files)).map(({ view }) => [
      view.title,
      view.files.filter(({ text }) => text !== '').map(({ path }) => path),
    ]);
    assert.deepEqual(paths, [
      ['prod', ['prod.yaml', 'shared.yaml']],
      ['staging', ['rules-staging.yaml', 'shared.yaml', 'staging.yaml']],
    ]);
  });

  it('are duplicates where one stage has an object twice, or the names tell no stages', () => {
    const twice = treeOf(
      inParts('prod', 'matrix'),
      inParts('dev', 'matrix'),
      inParts('prod', 'matrix').replaceAll('/matrix/', '/matrix/more-'),
    );
    const duplicates = found(twice).filter(one => one.includes('declared again'));
    assert.ok(duplicates.length > 0);
    for (const one of duplicates) assert.match(one, /^matrix\/[\w-]+-prod\.yaml/);
    const copies = found(treeOf(inOne('a.yaml', 'matrix'), inOne('b.yaml', 'matrix')));
    assert.equal(copies.filter(one => one.includes('declared again')).length, 4);
  });
});

describe('a tree of alternatives', () => {
  const files = treeOf(
    deployment('production', 'matrix', 'cach'),
    deployment('staging', 'matrix').replaceAll('token: ', 'tokens: '),
    shared,
  );
  const below = (directory: string): ReadonlyMap<string, string> =>
    new Map([...files].filter(([path]) => path.startsWith(`${directory}/`) || path.startsWith('monitoring/')));

  it('is checked as each of them with what they share', () => {
    const each = [...found(below('production')), ...found(below('staging'))];
    assert.ok(each.some(one => one.startsWith('production/') && one.includes('cach')));
    assert.ok(each.some(one => one.startsWith('staging/') && one.includes('no key token')));
    assert.ok(each.some(one => one.startsWith('monitoring/') && one.includes('no key token')));
    assert.deepEqual([...found(files)].sort(), [...new Set(each)].sort());
  });

  it('says of what they share in which it is wrong', () => {
    const workspace = workspaceOf(files);
    const finding = checkWorkspace(workspace, looked).find(
      ({ problem }) => workspace.file(problem.at.uri)?.path === 'monitoring/scraper.yaml',
    );
    const [last] = finding?.problem.related?.slice(-1) ?? [];
    assert.equal(last?.message, 'Together with staging');
    assert.match(workspace.file(last?.at.uri ?? '')?.path ?? '', /^staging\//);
  });

  it('has the charts of one, whose values are named after them, not in the others', () => {
    const more = new Map([...files, ['staging/cache-values.yaml', 'replicas: 3\n']]);
    const trees = builtTrees(workspaceOf(more)).map(({ view, workspace }) => [
      view.title,
      chartReleases(workspace).length,
    ]);
    assert.deepEqual(trees, [
      ['production', 0],
      ['staging', 1],
    ]);
  });

  it('has the same object declared twice in one of them', () => {
    const copy = new Map([...files, ['production/copy.yaml', files.get('production/service.yaml') ?? '']]);
    const duplicates = found(copy).filter(one => one.includes('declared again'));
    assert.equal(duplicates.length, 2);
    for (const one of duplicates) assert.match(one, /^production\//);
  });

  it('has its fixes made in the files, and a credential of its own in each', () => {
    const workspace = workspaceOf(files);
    const finding = checkWorkspace(workspace, looked).find(({ rule }) => rule.id === 'config-host-unknown-service');
    const [fix] = finding ? fixesOf(finding, workspace) : [];
    assert.equal(workspace.file(fix?.edits[0]?.at.uri ?? '')?.path, 'production/synapse.yaml');
    const open = credentialGroups(workspace).filter(({ places }) => places.some(({ isOpen }) => isOpen));
    assert.deepEqual(
      open.map(({ places }) => places.map(({ at }) => workspace.file(at.uri)?.path)),
      [['production/keys.yaml'], ['staging/keys.yaml']],
    );
  });

  it('is followed through edits as a check from scratch finds it', () => {
    const workspace = workspaceOf(treeOf(deployment('production', 'matrix', 'cach'), shared));
    const live = new LiveFindings(workspace, looked, {}, () => {});
    for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
    live.start();
    const same = (what: string): void => {
      const once = workspaceOf(new Map(workspace.files.map(one => [one.path, one.text])));
      const expected = marksOf(once, checkWorkspace(once, looked)).map(show);
      assert.deepEqual(marksOf(workspace, live.all()).map(show), expected, what);
    };
    const write = (path: string, text: string): void => live.apply(workspace.update(uriOf(path), path, text));
    same('one deployment');
    for (const [path, text] of files) if (path.startsWith('staging/')) write(path, text);
    assert.equal(alternativesOf(workspace).length, 2);
    same('a second one beside it');
    live.counters.checks = 0;
    write('staging/keys.yaml', (files.get('staging/keys.yaml') ?? '').replace('tokens: ', 'token: '));
    same('an edit in the second');
    assert.ok(live.counters.checks <= 10, `${live.counters.checks} checks`);
    write('staging/service.yaml', '# Nothing is left of it.\n');
    write('staging/keys.yaml', '# Nothing is left of it.\n');
    assert.equal(alternativesOf(workspace).length, 0);
    same('a part of the second');
    const removed = workspace.remove(uriOf('staging/synapse.yaml'));
    if (removed) live.apply(removed);
    same('one deployment again');
    live.dispose();
  });
});
