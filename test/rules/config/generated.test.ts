import assert from 'node:assert/strict';
import { Workspace } from '../../../manifests/workspace';
import aclSeveralCriteria from '../../../rules/haproxy/haproxy-acl-several-criteria';
import registrationEnabled from '../../../rules/li/li-registration-enabled';
import { LiveFindings } from '../../../rules/live';
import type { Rule } from '../../../rules/rule';
import { check, fixAll, uriOf } from '../../fixture';

const haproxy = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: haproxy, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: haproxy
          image: haproxy:3.0
          volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]
      volumes: [{name: config, configMap: {name: haproxy-config}}]
`;

const configuration = `frontend web
  bind :8008
  acl is_sync path_beg /_matrix/client/ path_end /sync
  use_backend sync if is_sync
`;

const li = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse-li, namespace: matrix, labels: {matrix.instance: li}}
spec:
  template:
    metadata: {labels: {matrix.instance: li}}
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          args: [--config-path=/config/homeserver.yaml]
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, secret: {secretName: synapse-li}}]
`;

const kustomization = `namespace: matrix
resources: [workload.yaml]
configMapGenerator:
  - name: haproxy-config
    files: [haproxy.cfg=config/production.cfg]
secretGenerator:
  - name: synapse-li
    files: [../shared/homeserver.yaml]
`;

function places(files: Readonly<Record<string, string>>, rule: Rule): readonly string[] {
  const source = Object.entries(files).map(([path, text]) => `#- /${path}\n${text}`);
  return check(source.join('\n'), [rule]).findings.map(({ problem }) => problem.at.uri.replace(/^.*?\/\/\/?/, ''));
}

describe('ConfigMaps and Secrets made of files', () => {
  it('reads the files of a kustomization', () => {
    const files = {
      'app/kustomization.yaml': kustomization,
      'app/workload.yaml': haproxy,
      'app/config/production.cfg': configuration,
    };
    const [place = ''] = places(files, aclSeveralCriteria);
    assert.ok(place.endsWith('app/config/production.cfg'), place);
    const { 'app/kustomization.yaml': _, ...without } = files;
    assert.deepEqual(places(without, aclSeveralCriteria), []);
  });

  it('changes the file itself', () => {
    const files = new Map([
      ['app/kustomization.yaml', kustomization],
      ['app/workload.yaml', li],
      ['shared/homeserver.yaml', 'server_name: tessera.test\nenable_registration: true # open\n'],
    ]);
    const fixed = fixAll(files, [registrationEnabled]);
    assert.equal(fixed.get('shared/homeserver.yaml'), 'server_name: tessera.test\nenable_registration: false # open\n');
  });

  it('reads the files that a script names', () => {
    const script = 'kubectl create configmap haproxy-config -n matrix --from-file=haproxy.cfg=config/haproxy.cfg\n';
    const files = {
      'deploy.sh': script,
      'workload.yaml': haproxy,
      'config/haproxy.cfg': configuration,
    };
    const [place = ''] = places(files, aclSeveralCriteria);
    assert.ok(place.endsWith('config/haproxy.cfg'), place);
  });

  it('reads those of each overlay, which are deployments of their own', () => {
    const files = {
      'a/kustomization.yaml': kustomization,
      'b/kustomization.yaml': kustomization,
      'workload.yaml': haproxy,
      'a/config/production.cfg': configuration,
      'b/config/production.cfg': configuration,
    };
    assert.deepEqual(
      places(files, aclSeveralCriteria).map(place => place.replace(/^.*?(?=[ab]\/config)/, '')),
      ['a/config/production.cfg', 'b/config/production.cfg'],
    );
  });

  it('follows what is typed into the files', () => {
    const workspace = new Workspace();
    const live = new LiveFindings(workspace, [aclSeveralCriteria, registrationEnabled], {}, () => undefined);
    const put = (path: string, text: string): void => {
      const changed = workspace.update(uriOf(path), path, text);
      if (changed) live.apply(changed);
    };
    put('app/kustomization.yaml', kustomization);
    put('app/workload.yaml', `${haproxy}---${li}`);
    put('app/config/production.cfg', configuration);
    put('shared/homeserver.yaml', 'server_name: tessera.test\nenable_registration: true\n');
    live.start();
    const ids = (): readonly string[] => live.all().map(one => one.rule.id);
    assert.deepEqual([...ids()].sort(), ['haproxy-acl-several-criteria', 'li-registration-enabled']);
    put('shared/homeserver.yaml', 'server_name: tessera.test\nenable_registration: false\n');
    assert.deepEqual(ids(), ['haproxy-acl-several-criteria']);
    put('app/config/production.cfg', configuration.replace(' path_end /sync', ''));
    assert.deepEqual(ids(), []);
    put('shared/homeserver.yaml', 'server_name: tessera.test\n\nenable_registration: true\n');
    assert.deepEqual(ids(), ['li-registration-enabled']);
    live.dispose();
  });
});
