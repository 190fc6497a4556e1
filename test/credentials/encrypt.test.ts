import assert from 'node:assert/strict';
import { isSealable, sopsArguments } from '../../credentials/encrypt';

describe('giving Secrets to programs that encrypt them', () => {
  const regex = ['--encrypted-regex', '^(data|stringData)$'];

  it('has SOPS encrypt the values alone, for the path of the result', () => {
    assert.deepEqual(sopsArguments('/tree/a.sops.yaml', { path: '/tree/.sops.yaml', text: 'creation_rules: []' }), [
      '--config',
      '/tree/.sops.yaml',
      'encrypt',
      ...regex,
      '--filename-override',
      '/tree/a.sops.yaml',
      '--input-type',
      'yaml',
      '--output-type',
      'yaml',
    ]);
    assert.deepEqual(sopsArguments('/tree/a.sops.yaml', undefined).slice(0, 3), ['encrypt', ...regex]);
  });

  it('leaves the choice to a configuration that makes one', () => {
    for (const line of [
      'encrypted_regex: ^(data|stringData)$',
      '- encrypted_suffix: _secret',
      '"unencrypted_regex": ^kind$',
      '- unencrypted_suffix : _plain',
      'encrypted_comment_regex: secret',
    ]) {
      const text = `creation_rules:\n  - path_regex: .*\n    age: age1x\n    ${line}\n`;
      assert.deepEqual(sopsArguments('/a', { path: '/.sops.yaml', text }).slice(0, 4), [
        '--config',
        '/.sops.yaml',
        'encrypt',
        '--filename-override',
      ]);
    }
    const comment = 'creation_rules:\n  - age: age1x # no encrypted_regex: here\n# encrypted_regex: ^data$\n';
    assert.ok(sopsArguments('/a', { path: '/.sops.yaml', text: comment }).includes('--encrypted-regex'));
  });

  it('seals for a namespace that the Secret names, or for the whole cluster', () => {
    assert.equal(isSealable('kind: Secret\n', 'matrix'), true);
    assert.equal(isSealable('kind: Secret\n', undefined), false);
    const annotated = 'metadata:\n  annotations:\n    sealedsecrets.bitnami.com/cluster-wide: "true"\n';
    assert.equal(isSealable(annotated, undefined), true);
  });
});
