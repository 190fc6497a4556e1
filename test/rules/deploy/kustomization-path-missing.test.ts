import assert from 'node:assert/strict';
import kustomizationPathMissing from '../../../rules/deploy/kustomization-path-missing';
import { messages } from '../expect';

const there = `
#- /base/app.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
#- /base/kustomization.yaml
resources: [app.yaml]
#- /parts/one.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
#- /conf/haproxy.cfg
global
`;

function of(kustomization: string): readonly string[] {
  return messages(kustomizationPathMissing, `${there}#- /overlays/production/kustomization.yaml\n${kustomization}\n`);
}

describe('paths of a kustomization', () => {
  const right = {
    'a base': 'resources: [../../base]',
    'a file of another folder': 'resources: [../../base/app.yaml]',
    'an address': 'resources: ["https://github.com/cloudnative-pg/cloudnative-pg//config?ref=v1.25.0", github.com/a/b]',
    'a path out of the tree': 'resources: [../../../other/base]',
    'a patch written inline':
      'patchesStrategicMerge:\n  - |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: app}',
    'a file of a Secret': 'secretGenerator: [{name: a, files: [password.conf], envs: [.env.secret]}]',
    'a file under another key': 'configMapGenerator: [{name: a, files: [haproxy.conf=../../conf/haproxy.cfg]}]',
    'a file that is not read': 'configMapGenerator: [{name: a, files: [logo.svg]}]',
  };
  for (const [title, kustomization] of Object.entries(right))
    it(`may be ${title}`, () => assert.deepEqual(of(kustomization), []));

  const wrong = {
    'resources: [../../bass]':
      '../../bass is not in the tree, so this kustomization builds nothing — did you mean ../../base?',
    'bases: [../base]': '../base is not in the tree, so this kustomization builds nothing — correct the path.',
    'components: [../../parts/tls]':
      '../../parts/tls is not in the tree, so this kustomization builds nothing — correct the path.',
    'patches: [{path: replicas.yaml}]':
      'replicas.yaml is not in the tree, so this kustomization builds nothing — correct the path.',
    'patchesJson6902: [{path: ../../base/ap.yaml, target: {kind: ConfigMap, name: app}}]':
      '../../base/ap.yaml is not in the tree, so this kustomization builds nothing — did you mean ../../base/app.yaml?',
    'configMapGenerator: [{name: a, files: [haproxy.cfg]}]':
      'haproxy.cfg is not in the tree, so this kustomization builds nothing — correct the path.',
    'resources: [../../parts]':
      '../../parts has no kustomization.yaml, so this kustomization builds nothing — add one there, or name its files.',
  };
  for (const [kustomization, message] of Object.entries(wrong))
    it(`are missing in ${kustomization}`, () => assert.deepEqual(of(kustomization), [`error: ${message}`]));
});
