import assert from 'node:assert/strict';
import { rules as catalogue } from '../../rules/catalogue';
import { takeCrashes } from '../../rules/findings';
import { check } from '../fixture';

/** The rules that find something in a tree, with how grave it is. */
function foundIn(source: string): readonly string[] {
  const { workspace, findings } = check(source, catalogue);
  assert.deepEqual(takeCrashes(workspace), []);
  return findings.map(({ rule, severity }) => `${severity} ${rule.id}`);
}

describe('trees that are made in other ways than the checklist’s own', () => {
  it('may hold Secrets that SOPS has encrypted', () => {
    const secret = (value: string, more = ''): string => `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse
        namespace: matrix
      stringData:
        homeserver.signing.key: ${value}
        macaroon_secret_key: ${value}
      data:
        password: ${value}${more}
    `;
    const sops = `
      sops:
        mac: ENC[AES256_GCM,data:c29tZXRoaW5n,iv:aXY=,tag:dGFn,type:str]
        encrypted_regex: ^(data|stringData)$
        version: 3.9.0`;
    const encrypted = 'ENC[AES256_GCM,data:c29tZXRoaW5n,iv:aXY=,tag:dGFn,type:str]';
    const plain = foundIn(secret('short', sops));
    assert.ok(plain.includes('error secret-bad-key-material'), plain.join());
    assert.ok(plain.includes('error secret-data-not-base64'), plain.join());
    assert.deepEqual(
      foundIn(secret(encrypted, sops)).filter(one => !/unused|namespace-undefined/.test(one)),
      [],
    );
    assert.ok(foundIn(secret(encrypted, '\n      sops: yes')).includes('error crd-unknown-field'));
  });

  it('may name in a Secret where its values are kept', () => {
    for (const value of [
      '<path:secret/data/matrix#password>',
      'ref+vault://secret/matrix#/password',
      'vault:secret/data/matrix#PASSWORD',
      'op://matrix/redis/password',
    ]) {
      const found = foundIn(`
        #- /secret.yaml
        apiVersion: v1
        kind: Secret
        metadata:
          name: redis-password
          namespace: matrix
        stringData:
          password: "${value}"
      `);
      assert.deepEqual(
        found.filter(one => /placeholder|weak|base64|empty/.test(one)),
        [],
        value,
      );
    }
  });
});
