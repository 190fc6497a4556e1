import assert from 'node:assert/strict';
import removedVolumeType from '../../../rules/kubernetes/removed-volume-type';
import { messages } from '../expect';

const settings = (version: string): string =>
  `#- /matrix-preflight.yaml\ntarget:\n  kubernetes: "${version}"\n#- /a.yaml\n`;
const job = (volume: string): string => `
  apiVersion: batch/v1
  kind: Job
  metadata: {name: a, namespace: matrix}
  spec: {template: {spec: {containers: [{name: a, image: a}], volumes: [{name: v, ${volume}: {}}]}}}
`;
const storageClass = (provisioner: string): string => `
  apiVersion: storage.k8s.io/v1
  kind: StorageClass
  metadata: {name: a}
  provisioner: ${provisioner}
`;
const found = (version: string, source: string): string =>
  messages(removedVolumeType, settings(version) + source.replace(/^ {2}/gm, ''))
    .map(message => message.replace(/ —.*$/, ''))
    .join();

describe('removed-volume-type', () => {
  it('judges volumes of pods by the target', () => {
    assert.equal(
      found('1.25', job('flocker')),
      'error: Volumes of the type flocker are gone since Kubernetes 1.25, and the target is 1.25',
    );
    assert.equal(found('1.30', job('rbd')), 'warning: Volumes of the type rbd go away with Kubernetes 1.31');
    assert.match(found('1.31', job('cephfs')), /^error/);
    assert.equal(
      found('1.33', job('gitRepo')),
      'warning: Volumes of the type gitRepo are turned off since Kubernetes 1.33',
    );
    assert.match(found('1.36', job('gitRepo')), /^error/);
  });

  it('judges provisioners of StorageClasses', () => {
    assert.match(found('1.27', storageClass('kubernetes.io/glusterfs')), /^error/);
    assert.equal(found('1.31', storageClass('rbd.csi.ceph.com')), '');
  });

  it('leaves alone what a CSI driver took over', () => {
    for (const type of ['awsElasticBlockStore', 'gcePersistentDisk', 'csi', 'nfs', 'emptyDir'])
      assert.equal(found('1.33', job(type)), '', type);
  });
});
