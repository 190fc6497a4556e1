import assert from 'node:assert/strict';
import { endpointsNaming } from '../../analysis/endpoints';
import { Workspace } from '../../manifests/workspace';
import { uriOf } from '../fixture';

describe('endpoints in files that a ConfigMap is made of', () => {
  const kustomization = 'namespace: chat\nconfigMapGenerator:\n  - {name: hs, files: [homeserver.yaml=conf/hs.yaml]}\n';
  const homeserver = '# endpoint_url: http://minio:1\nendpoint_url: http://minio:9000\n';

  it('are found once, in the namespace of the kustomization, and not in comments', () => {
    const workspace = new Workspace();
    workspace.update(uriOf('kustomization.yaml'), 'kustomization.yaml', kustomization);
    workspace.update(uriOf('conf/hs.yaml'), 'conf/hs.yaml', homeserver);
    const found = endpointsNaming(workspace, 'minio');
    assert.deepEqual(
      found.map(one => [one.host.namespace, one.reference.port?.number, one.owner.uri]),
      [['chat', 9000, uriOf('conf/hs.yaml')]],
    );
    const [endpoint] = found;
    assert.ok(endpoint?.isWritten);
    assert.equal(homeserver.slice(endpoint.at.span.start, endpoint.at.span.end), 'http://minio:9000');
  });

  it('are not looked for in a copy that nothing deploys', () => {
    const workspace = new Workspace();
    workspace.update(uriOf('conf/hs.yaml'), 'conf/hs.yaml', homeserver);
    assert.deepEqual(endpointsNaming(workspace, 'minio'), []);
  });
});
