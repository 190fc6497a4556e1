import assert from 'node:assert/strict';
import decryption from '../../../rules/deploy/flux-decryption-missing';
import reference from '../../../rules/deploy/flux-reference-missing';
import issuer from '../../../rules/references/reference-missing-issuer';
import type { Rule } from '../../../rules/rule';
import { check } from '../../fixture';

function found(source: string, rule: Rule): readonly string[] {
  return check(source, [rule]).findings.map(({ problem }) => problem.message.replace(/ — .*/, ''));
}

function kustomization(name: string, path: string, more = ''): string {
  return `---
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: { name: ${name}, namespace: flux-system }
      spec: { path: ${path}, sourceRef: { kind: GitRepository, name: flux-system }${more} }
      `;
}

const decrypts = ', decryption: { provider: sops, secretRef: { name: sops-age } }';

function encrypted(path: string): string {
  return `#- /${path}
      apiVersion: v1
      kind: Secret
      metadata: { name: redis, namespace: matrix }
      stringData: { password: "ENC[AES256_GCM,data:Zm9v,iv:3q2+7w==,tag:AAECAwQ=,type:str]" }
      sops: { mac: "ENC[AES256_GCM,data:bWFj,iv:3q2+7w==,tag:AAECAwQ=,type:str]" }
      `;
}

const missing = [
  'Kustomization matrix applies matrix/secret.yaml, which SOPS has encrypted, but it is not told to decrypt',
];

describe('encrypted files that Flux applies', () => {
  const tree = (...kustomizations: readonly string[]): string => `
      #- /clusters/production/apps.yaml
      ${kustomizations.join('')}
      ${encrypted('matrix/secret.yaml')}`;

  it('need decryption, as other Kustomizations have it or their parent could give it', () => {
    assert.deepEqual(
      found(tree(kustomization('matrix', './matrix'), kustomization('x', './x', decrypts)), decryption),
      missing,
    );
    assert.deepEqual(
      found(tree(kustomization('matrix', './matrix'), kustomization('all', './clusters')), decryption),
      missing,
    );
  });

  it('are not judged in a part of a repository, or where a closer Kustomization or a patch decrypts', () => {
    assert.deepEqual(found(tree(kustomization('matrix', './matrix')), decryption), []);
    const patch = ", patches: [{ patch: 'spec: { decryption: { provider: sops } }', target: { kind: Kustomization } }]";
    assert.deepEqual(
      found(tree(kustomization('matrix', './matrix'), kustomization('all', './clusters', patch)), decryption),
      [],
    );
    const outer = kustomization('outer', './apps');
    const inner = kustomization('inner', './apps/matrix', decrypts);
    const apps = `
      #- /clusters/production/apps.yaml
      ${outer}${inner}
      ${encrypted('apps/matrix/secret.yaml')}`;
    assert.deepEqual(found(apps, decryption), []);
  });
});

describe('values of a HelmRelease in other objects', () => {
  const tree = (valuesFrom: string, more = ''): string => `
      #- /clusters/production/apps.yaml
      ${kustomization('matrix', './matrix')}
      ---
      apiVersion: source.toolkit.fluxcd.io/v1
      kind: GitRepository
      metadata: { name: flux-system, namespace: flux-system }
      spec: { interval: 1m, url: https://git.tessera.test/cluster }
      #- /matrix/minio.yaml
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: { name: minio, namespace: matrix }
      spec: { chart: { spec: { chart: minio } }, valuesFrom: [${valuesFrom}] }
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: minio-sizes, namespace: matrix }
      data: { values.yaml: "a: 1" }
      ${more}`;

  it('have to be there', () => {
    assert.deepEqual(found(tree('{ kind: ConfigMap, name: minio-sizes }'), reference), []);
    assert.deepEqual(found(tree('{ kind: ConfigMap, name: minio-sizing }'), reference), [
      'There is no ConfigMap minio-sizing in namespace matrix, so Flux does not install HelmRelease minio',
    ]);
    assert.deepEqual(found(tree('{ kind: ConfigMap, name: minio-sizes, valuesKey: sizes.yaml }'), reference), [
      'ConfigMap minio-sizes has no key sizes.yaml, so Flux finds no values for HelmRelease minio; it has values.yaml',
    ]);
  });

  it('may be optional, filled in, or a Secret that somebody creates', () => {
    for (const one of [
      '{ kind: ConfigMap, name: elsewhere, optional: true }',
      '{ kind: ConfigMap, name: "${CLUSTER}-values" }',
      '{ kind: Secret, name: cluster-secrets }',
    ])
      assert.deepEqual(found(tree(one), reference), []);
  });
});

describe('issuers that the values of a chart name', () => {
  const tree = (name: string, issuerName: string): string => `
      #- /app.yaml
      apiVersion: argoproj.io/v1alpha1
      kind: Application
      metadata: { name: synapse, namespace: argocd }
      spec:
        destination: { namespace: matrix }
        source:
          repoURL: https://charts.tessera.test
          chart: synapse
          helm: { valuesObject: { ingress: { annotations: { cert-manager.io/cluster-issuer: ${name} } } } }
      ---
      apiVersion: cert-manager.io/v1
      kind: ${issuerName === '' ? 'Issuer' : 'ClusterIssuer'}
      metadata: { name: ${issuerName || 'other'} }
      spec: { selfSigned: {} }`;

  it('have to be there where the tree has others', () => {
    assert.deepEqual(found(tree('letsencrypt', 'letsencrypt'), issuer), []);
    assert.deepEqual(found(tree('letsencrypt', ''), issuer), []);
    assert.deepEqual(found(tree('le-production', 'letsencrypt'), issuer), [
      'Nothing creates the ClusterIssuer le-production, which the chart is told to use, so no certificate is issued',
    ]);
  });
});
