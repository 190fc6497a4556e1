import assert from 'node:assert/strict';
import { rules } from '../../../rules/catalogue';
import referenceMissingConfigMap from '../../../rules/references/reference-missing-configmap';
import referenceMissingSecret from '../../../rules/references/reference-missing-secret';
import { check } from '../../fixture';
import { messages } from '../expect';

const hidden = (field: string): string => `
#- /hidden.yaml
apiVersion: ENC[AES256_GCM,data:LDU=,iv:AAAA,tag:AAAA,type:str]
kind: ENC[AES256_GCM,data:NwFl,iv:AAAA,tag:AAAA,type:str]
metadata:
  name: ENC[AES256_GCM,data:DHG0,iv:AAAA,tag:AAAA,type:str]
${field}:
  key: ENC[AES256_GCM,data:qoOh,iv:AAAA,tag:AAAA,type:str]
sops:
  mac: ENC[AES256_GCM,data:xfxf,iv:AAAA,tag:AAAA,type:str]
  version: 3.9.0
`;

const pod = `
#- /pod.yaml
apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: matrix
spec:
  containers:
    - name: app
      image: registry.test/app:1
      resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
      livenessProbe: {tcpSocket: {port: 80}}
      readinessProbe: {tcpSocket: {port: 80}}
      ports: [{containerPort: 80}]
      envFrom:
        - secretRef: {name: settings}
        - configMapRef: {name: settings}
`;

describe('objects that SOPS has encrypted as a whole', () => {
  it('are not judged', () => {
    const { findings } = check(hidden('data') + hidden('stringData').replace('/hidden', '/other'), rules);
    assert.deepEqual(
      findings.map(one => one.rule.id),
      [],
    );
  });

  it('may be any Secret or ConfigMap that has their fields', () => {
    assert.equal(messages(referenceMissingSecret, pod).length, 1);
    assert.equal(messages(referenceMissingConfigMap, pod).length, 1);
    assert.deepEqual(messages(referenceMissingSecret, pod + hidden('stringData')), []);
    assert.equal(messages(referenceMissingConfigMap, pod + hidden('stringData')).length, 1);
    assert.deepEqual(messages(referenceMissingConfigMap, pod + hidden('data')), []);
  });
});
