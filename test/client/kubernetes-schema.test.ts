import assert from 'node:assert/strict';
import { hasKubernetesSchema } from '../../client/kubernetes-schema';

const bare = { hover: true, completion: true, schemas: {}, hasKubernetesExtension: false };

describe('the YAML extension beside this one', () => {
  it('helps with Kubernetes when a schema is mapped or the Kubernetes extension gives one', () => {
    assert.equal(hasKubernetesSchema(bare), false);
    assert.equal(
      hasKubernetesSchema({ ...bare, schemas: { 'https://json.schemastore.org/github-workflow': '*' } }),
      false,
    );
    assert.equal(hasKubernetesSchema({ ...bare, schemas: { kubernetes: '*.yaml' } }), true);
    const address = 'https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master/v1.32.1/all.json';
    assert.equal(hasKubernetesSchema({ ...bare, schemas: { [address]: ['deployment/**'] } }), true);
    assert.equal(hasKubernetesSchema({ ...bare, hasKubernetesExtension: true }), true);
  });

  it('does not when neither its hovers nor its completions are on', () => {
    const off = { ...bare, schemas: { kubernetes: '*' }, hover: false };
    assert.equal(hasKubernetesSchema(off), true);
    assert.equal(hasKubernetesSchema({ ...off, completion: false }), false);
  });

  it('takes settings of any shape', () => {
    for (const schemas of [undefined, null, 'kubernetes', 1])
      assert.equal(hasKubernetesSchema({ ...bare, schemas }), false);
  });
});
