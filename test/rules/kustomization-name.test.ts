import assert from 'node:assert/strict';
import missingConfigMap from '../../rules/references/reference-missing-configmap';
import { messages } from './expect';

describe('a kustomization whose file is called Kustomization', () => {
  it('generates and renames as any other does', () => {
    const app =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: app}\nspec: {containers: [{name: app, image: "registry.test/app:1", envFrom: [{configMapRef: {name: settings}}]}]}\n';
    const source = (name: string): string =>
      `#- /app.yaml\n${app}#- /${name}\nresources: [app.yaml]\nnamespace: shop\nconfigMapGenerator: [{name: settings, literals: [A=b]}]\n`;
    assert.deepEqual(messages(missingConfigMap, source('kustomization.yaml')), []);
    assert.deepEqual(messages(missingConfigMap, source('Kustomization')), []);
    assert.equal(messages(missingConfigMap, source('Other')).length, 1);
  });
});
