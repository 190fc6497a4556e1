import assert from 'node:assert/strict';
import rule from '../../../rules/references/reference-missing-secretstore';
import { messages } from '../expect';

function store(kind: string, name: string, namespace?: string): string {
  return `apiVersion: external-secrets.io/v1
kind: ${kind}
metadata: {name: ${name}${namespace ? `, namespace: ${namespace}` : ''}}
spec: {provider: {vault: {server: "https://vault.tessera.test"}}}
---
`;
}

function external(spec: string): string {
  return `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: one, namespace: matrix}
spec: ${spec}
`;
}

describe('reference-missing-secretstore', () => {
  const named = (name: string, kind = ''): string =>
    external(`{secretStoreRef: {name: ${name}${kind && `, kind: ${kind}`}}}`);

  it('accepts stores that are there, and asks nothing of a tree without any', () => {
    assert.deepEqual(messages(rule, store('SecretStore', 'vault', 'matrix') + named('vault')), []);
    assert.deepEqual(messages(rule, store('ClusterSecretStore', 'vault') + named('vault', 'ClusterSecretStore')), []);
    assert.deepEqual(messages(rule, named('vault')), []);
    const provided = '#- /matrix-preflight.yaml\nprovided:\n  - {kind: ClusterSecretStore, name: cloud}\n';
    const tree = `#- /a.yaml\n${store('ClusterSecretStore', 'vault')}${named('cloud', 'ClusterSecretStore')}`;
    assert.match(messages(rule, tree)[0] ?? '', /^warning: .* create it, correct the name/);
    assert.deepEqual(messages(rule, `${tree}${provided}`), []);
  });

  it('takes stores of another kind only for what they are', () => {
    assert.deepEqual(messages(rule, store('ClusterSecretStore', 'vault') + named('cloud')), []);
    const tree = store('ClusterSecretStore', 'vault') + external('{secretStoreRef: {name: x, kind: OtherStore}}');
    assert.deepEqual(messages(rule, tree), []);
  });

  it('knows that a SecretStore serves its own namespace only', () => {
    const found = messages(rule, store('SecretStore', 'vault', 'other') + named('vault'));
    assert.match(found[0] ?? '', /^error: .* that of namespace other serves only its own/);
  });

  it('reads the stores of parts, and leaves names that are filled in', () => {
    const part = external('{data: [{secretKey: a, sourceRef: {storeRef: {name: vaults, kind: ClusterSecretStore}}}]}');
    assert.match(messages(rule, store('ClusterSecretStore', 'vault') + part)[0] ?? '', /did you mean vault\?/);
    const filled = named('"${STORE}"', 'ClusterSecretStore');
    assert.deepEqual(messages(rule, store('ClusterSecretStore', 'vault') + filled), []);
  });
});
