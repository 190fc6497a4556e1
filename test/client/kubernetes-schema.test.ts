import assert from 'node:assert/strict';
import { helpOfYamlExtension } from '../../client/kubernetes-schema';

const bare = { hover: true, completion: true, schemas: {}, hasKubernetesExtension: false };

describe('the YAML extension beside this one', () => {
  it('helps with Kubernetes when a schema is mapped or the Kubernetes extension gives one', () => {
    assert.deepEqual(helpOfYamlExtension(bare), ['settings']);
    const other = { ...bare, schemas: { 'https://json.schemastore.org/github-workflow': '.github/workflows/*' } };
    assert.deepEqual(helpOfYamlExtension(other), ['settings']);
    const all = ['completion', 'hover', 'settings'];
    assert.deepEqual(helpOfYamlExtension({ ...bare, schemas: { kubernetes: 'deployment/*.yml' } }), all);
    const address = 'https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master/v1.32.1/all.json';
    assert.deepEqual(helpOfYamlExtension({ ...bare, schemas: { [address]: ['deployment/**/*.yml'] } }), all);
    assert.deepEqual(helpOfYamlExtension({ ...bare, hasKubernetesExtension: true }), all);
  });

  it('does what is not switched off in it', () => {
    const mapped = { ...bare, schemas: { kubernetes: '*.yml' } };
    assert.deepEqual(helpOfYamlExtension({ ...mapped, hover: false }), ['completion', 'settings']);
    assert.deepEqual(helpOfYamlExtension({ ...mapped, completion: false }), ['hover']);
    assert.deepEqual(helpOfYamlExtension({ ...mapped, hover: false, completion: false }), []);
  });

  it('does nothing for the settings of a tree whose name is mapped to another schema', () => {
    for (const globs of ['*.yaml', '/*.yaml', '**/*.{yml,yaml}', '*', ['a.yaml', 'deployment/*.y?ml'], 'matrix-*'])
      assert.deepEqual(helpOfYamlExtension({ ...bare, schemas: { kubernetes: globs } }), ['completion', 'hover']);
    for (const globs of ['*.yml', 'k8s-*.yaml', [], '(', '{', 'matrix.preflight.yaml'])
      assert.ok(helpOfYamlExtension({ ...bare, schemas: { kubernetes: globs } }).includes('settings'), String(globs));
  });

  it('takes settings of any shape', () => {
    for (const schemas of [undefined, null, 'kubernetes', 1, { a: 1 }, { a: [null] }])
      assert.deepEqual(helpOfYamlExtension({ ...bare, schemas }), ['settings']);
  });
});
