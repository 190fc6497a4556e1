import assert from 'node:assert/strict';
import fluxReferenceMissing from '../../../rules/deploy/flux-reference-missing';
import kustomizationEntryIdle from '../../../rules/deploy/kustomization-entry-idle';
import kustomizationPartUnlisted from '../../../rules/deploy/kustomization-part-unlisted';
import operatorNotProvisioned from '../../../rules/kubernetes/operator-not-provisioned';
import type { Rule } from '../../../rules/rule';
import { messages } from '../expect';

const base = `
#- /base/app/app.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: matrix, labels: {tier: web}}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: "nginx:1.27.0"}]}
#- /base/app/kustomization.yaml
resources: [app.yaml]
#- /base/other/other.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: matrix}
#- /base/other/kustomization.yaml
resources: [other.yaml]
`;
const overlay = (text: string, resources = '[app, other]') =>
  `${base}#- /base/kustomization.yaml\nresources: ${resources}\n#- /production/kustomization.yaml\nresources: [../base]\n${text}\n`;
const found = (rule: Rule, source: string) => messages(rule, source);

describe('what a kustomization changes and takes in', () => {
  for (const [title, text] of Object.entries({
    'replicas of an object that is there': 'replicas: [{name: app, count: 2}]',
    'an image that a container has': 'images: [{name: nginx, newTag: 1.27.1}]',
    'a patch with a target that selects':
      'patches: [{target: {kind: Deployment, labelSelector: tier=web}, patch: "[]"}]',
    'a patch of an object that is there': `patches:
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: app}
      spec: {replicas: 3}`,
    'anything, if resources are elsewhere': `replicas: [{name: elsewhere, count: 2}]
components: [../../other/repository]`,
  }))
    it(`accepts ${title}`, () => assert.deepEqual(found(kustomizationEntryIdle, overlay(text)), []));

  for (const [title, text] of Object.entries({
    'replicas of a ConfigMap': 'replicas: [{name: other, count: 2}]',
    'an image with a part of the name': 'images: [{name: library/nginx, newTag: 1.27.1}]',
    'a patch with a target of another kind': 'patches: [{target: {kind: StatefulSet}, patch: "[]"}]',
    'a patch of another name': `patches:
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: apps}
      spec: {replicas: 3}`,
  }))
    it(`reports ${title}`, () => assert.equal(found(kustomizationEntryIdle, overlay(text)).length, 1));

  it('reports a folder beside those that are listed, unless Flux or a script applies it', () => {
    const flux = `#- /flux.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: other, namespace: flux-system}
spec: {path: ./base/other}
`;
    assert.deepEqual(found(kustomizationPartUnlisted, overlay('')), []);
    assert.equal(found(kustomizationPartUnlisted, overlay('', '[app]')).length, 1);
    assert.deepEqual(found(kustomizationPartUnlisted, overlay('', '[app]') + flux), []);
    assert.deepEqual(
      found(kustomizationPartUnlisted, `${overlay('', '[app]')}#- /deploy.sh\nkubectl apply -k base/other\n`),
      [],
    );
  });

  it('expects no file in the list that has Flux apply that very folder', () => {
    const beside = (path: string) => `${overlay('')}#- /base/app/ks.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec: {path: ${path}}
`;
    assert.deepEqual(found(kustomizationPartUnlisted, beside('./base/app')), []);
    assert.deepEqual(found(kustomizationPartUnlisted, beside('./clusters/home/base/app')), [], 'of a larger tree');
    assert.equal(found(kustomizationPartUnlisted, beside('./base/another')).length, 1);
  });

  it('expects no file in the list whose folder Flux applies without a kustomization', () => {
    const other = (path: string) => `${overlay('')}#- /base/app/db/job.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: db}
#- /flux.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: db, namespace: flux-system}
spec: {path: ${path}}
`;
    assert.deepEqual(found(kustomizationPartUnlisted, other('./base/app/db')), []);
    assert.equal(found(kustomizationPartUnlisted, other('./base/app')).length, 1);
  });

  it('tells which objects of Flux wait for each other', () => {
    const tree = (one: string, other: string) => `
#- /flux.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: one, namespace: flux-system}
spec: {path: ./base, dependsOn: [{name: ${one}}]}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: two, namespace: flux-system}
spec: {path: ./base, dependsOn: [{name: ${other}}]}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: three, namespace: flux-system}
spec: {path: ./base}
`;
    assert.deepEqual(found(fluxReferenceMissing, tree('two', 'three')), []);
    assert.equal(found(fluxReferenceMissing, tree('two', 'one')).length, 2);
    assert.equal(found(fluxReferenceMissing, tree('two', 'four')).length, 1);
  });

  it('knows a folder of a cluster from all of it', () => {
    const part = (more = '') => `
#- /apps/matrix/synapse/ks.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: synapse, namespace: flux-system}
spec:
  dependsOn: [{name: cloudnative-pg}]
  path: ./apps/matrix/synapse/app
  sourceRef: {kind: GitRepository, name: flux-system}
#- /apps/matrix/synapse/app/kustomization.yaml
resources: [account.yaml]
#- /apps/matrix/synapse/app/account.yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: synapse, namespace: matrix}
${more}`;
    const of = (kind: string, name: string, spec: string) =>
      `#- /${name}.yaml\napiVersion: ${kind === 'GitRepository' ? 'source' : 'kustomize'}.toolkit.fluxcd.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: flux-system}\nspec: ${spec}\n`;
    const severity = (more?: string) => found(fluxReferenceMissing, part(more)).map(one => one.split(/[ :]/, 1)[0]);
    assert.deepEqual(severity(), ['info']);
    assert.deepEqual(severity(of('GitRepository', 'charts', '{url: https://git.tessera.test/charts}')), ['info']);
    assert.deepEqual(severity(of('GitRepository', 'flux-system', '{url: https://git.tessera.test/all}')), ['error']);
    assert.deepEqual(severity(of('Kustomization', 'apps', '{path: ./apps}')), ['error']);
    assert.deepEqual(severity(of('Kustomization', 'cloudnative-pq', '{path: ./apps/matrix/synapse/app}')), ['error']);
  });

  it('leaves a generator and what it reads to kustomize', () => {
    const generator = (read: string) => `${overlay('')}
#- /base/app/kustomization.yaml
resources: [app.yaml]
generators: [generator.yaml]
#- /base/app/generator.yaml
apiVersion: viaduct.ai/v1
kind: ksops
metadata: {name: secrets}
files: [./${read}]
#- /base/app/secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: app, namespace: matrix}
`;
    assert.deepEqual(found(kustomizationPartUnlisted, generator('secret.yaml')), []);
    assert.equal(found(kustomizationPartUnlisted, generator('other.yaml')).length, 1);
  });

  it('counts a release of Flux as what installs operators', () => {
    const tree = (chart: string) => `
#- /release.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: some, namespace: some}
spec: {chart: {spec: {chart: ${chart}}}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: ca}
spec: {selfSigned: {}}
`;
    assert.deepEqual(found(operatorNotProvisioned, tree('cert-manager')), []);
    assert.match(found(operatorNotProvisioned, tree('ingress-nginx'))[0] ?? '', /^warning/);
  });
});
