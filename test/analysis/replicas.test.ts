import assert from 'node:assert/strict';
import { replicasIn } from '../../analysis/replicas';
import { databases } from '../../analysis/roles';
import { Workspace } from '../../manifests/workspace';
import { uriOf } from '../fixture';

const statefulSet = 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: cache}\nspec: {replicas: 1}\n';

describe('replicas', () => {
  it('are as written without a kustomization', () => assert.equal(counted({}), 1));

  it('are what replicas of a kustomization says', () =>
    assert.equal(counted({ 'overlays/prod/kustomization.yaml': 'replicas: [{name: cache, count: 3}]\n' }), 3));

  it('are what a JSON patch in the kustomization says, for the objects it is meant for', () => {
    const patch = (target: string) =>
      `patches:\n  - target: ${target}\n    patch: |-\n      - op: replace\n        path: /spec/replicas\n        value: 3\n`;
    assert.equal(counted({ 'overlays/prod/kustomization.yaml': patch('{kind: StatefulSet, name: ca.*}') }), 3);
    assert.equal(counted({ 'overlays/prod/kustomization.yaml': patch('{kind: StatefulSet, name: web}') }), 1);
    assert.equal(counted({ 'overlays/prod/kustomization.yaml': patch('{kind: Deployment}') }), 1);
  });

  it('are what a strategic merge patch says, in the kustomization or in a file', () => {
    const merge = statefulSet.replace('{replicas: 1}', '\n  replicas: 3');
    assert.equal(
      counted({
        'overlays/prod/kustomization.yaml': `patches:\n  - patch: |-\n      ${merge.replaceAll('\n', '\n      ')}\n`,
      }),
      3,
    );
    assert.equal(
      counted({
        'overlays/prod/kustomization.yaml': 'patches:\n  - path: three.yaml\n',
        'overlays/prod/three.yaml': merge,
      }),
      3,
    );
    assert.equal(
      counted({
        'overlays/prod/kustomization.yaml': 'patches:\n  - path: none.yaml\n',
        'overlays/prod/none.yaml': merge.replace('3', '0'),
      }),
      0,
    );
  });

  it('are the most of what kustomizations side by side make of them', () => {
    const staging = { 'overlays/staging/kustomization.yaml': 'replicas: [{name: cache, count: 0}]\n' };
    assert.equal(counted(staging), 0);
    assert.equal(counted({ ...staging, 'overlays/prod/kustomization.yaml': 'resources: [../../base]\n' }), 1);
  });
});

function counted(files: Readonly<Record<string, string>>): number {
  const workspace = new Workspace();
  for (const [path, text] of Object.entries({ 'base/cache.yaml': statefulSet, ...files }))
    workspace.update(uriOf(path), path, text);
  const workload = workspace.resources('StatefulSet').find(one => one.document.file.path === 'base/cache.yaml');
  assert.ok(workload);
  return replicasIn(workspace, workload);
}

describe('the patch of a Cluster', () => {
  it('is no database of its own', () => {
    const workspace = new Workspace();
    const cluster = 'apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\nspec: {instances: 3}\n';
    for (const [path, text] of Object.entries({
      'base/pg.yaml': cluster,
      'prod/kustomization.yaml': 'resources: [../base]\npatches: [{path: pg.yaml}]\n',
      'prod/pg.yaml': cluster,
    }))
      workspace.update(uriOf(path), path, text);
    assert.deepEqual(
      databases(workspace).all.map(one => one.document.file.path),
      ['base/pg.yaml'],
    );
    assert.equal(databases(workspace).li, undefined);
  });
});
