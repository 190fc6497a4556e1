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

  it('may have variables that Flux or envsubst fills in before anything is applied', () => {
    const app = (replicas: string) => `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        replicas: ${replicas}
        selector:
          matchLabels: {app: app}
        template:
          metadata:
            labels: {app: app}
          spec:
            containers:
              - name: app
                image: registry.test/app:\${app_tag}
                envFrom:
                  - secretRef:
                      name: \${app_secret}
                resources:
                  limits:
                    memory: \${app_memory}`;
    const about = (source: string) =>
      foundIn(source).filter(one => /placeholder|reference-missing|crd-unknown|refused/.test(one));
    const wrong = ['error crd-unknown-field', 'error placeholder-image', 'error reference-missing-secret'];
    const flux = `
      #- /flux.yaml
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata:
        name: app
        namespace: flux-system
      spec:
        postBuild:
          substituteFrom:
            - kind: ConfigMap
              name: cluster`;
    assert.deepEqual(about(app('2').replace('${app_memory}', '1Gi')).sort(), wrong.slice(1));
    assert.deepEqual(about(app('${app_replicas}').replace('${app_memory}', '1Gi')).sort(), wrong);
    assert.deepEqual(about(app('${app_replicas}')), [], 'by the number of variables');
    assert.deepEqual(about(app('${app_replicas:=2}').replace('${app_memory}', '1Gi')), [], 'by a default for Flux');
    assert.deepEqual(about(app('${app_replicas}').replace('${app_memory}', '1Gi') + flux), [], 'by Flux');
    assert.deepEqual(about(app('${app_replicas}').replace('image: registry.test/app', 'image: CHANGEME')), [
      'error placeholder-image',
    ]);
  });
});
