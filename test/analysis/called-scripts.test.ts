import assert from 'node:assert/strict';
import { configurationOf } from '../../analysis/configs';
import { homeserverOf } from '../../analysis/homeserver';
import { containersOf } from '../../analysis/pods';
import { scriptOf } from '../../analysis/scripts';
import type { Resource } from '../../manifests/resource';
import { check } from '../fixture';

function pod(command: string, data: Readonly<Record<string, string>>, image = 'example.org/tools:1.0') {
  const { workspace } = check(
    `
apiVersion: v1
kind: ConfigMap
metadata: {name: files, namespace: matrix}
data: ${JSON.stringify(data)}
---
apiVersion: v1
kind: Pod
metadata: {name: pod, namespace: matrix}
spec:
  containers:
    - name: main
      image: ${image}
      command: ${command}
      volumeMounts: [{name: files, mountPath: /files}]
  volumes: [{name: files, configMap: {name: files}}]
`,
    [],
  );
  const [resource] = workspace.resources('Pod');
  assert.ok(resource);
  return { workspace, resource: resource as Resource };
}

describe('what containers run', () => {
  it('has the mounted scripts that a script calls', () => {
    const data = { 'setup.sh': 'psql -c "SELECT 1"\n', 'lib.sh': 'greet() { echo; }\n', 'other.sh': 'false\n' };
    const { workspace, resource } = pod(`[sh, -c, 'set -e; . /files/lib.sh && exec bash -e /files/setup.sh']`, data);
    const [container] = containersOf(resource);
    assert.ok(container);
    const script = scriptOf(workspace, resource, container);
    assert.ok(script);
    assert.match(script.text.text, /greet\(\)/);
    assert.match(script.text.text, /psql/);
    assert.doesNotMatch(script.text.text, /false/);
    // A place in a called script is where that script stands.
    const at = script.text.text.indexOf('psql');
    const { uri, span } = script.text.place(at, at + 4);
    assert.match(workspace.file(uri)?.text.slice(span.start, span.end) ?? '', /psql/);
  });

  it('reads the files of a folder as Synapse does', () => {
    const data = {
      'homeserver.yaml': 'server_name: a.test\nenable_registration: true\n',
      'zz.yaml': 'enable_registration: false\n',
      'notes.txt': 'server_name: b.test\n',
    };
    const { workspace, resource } = pod(
      '[python, -m, synapse.app.homeserver, --config-path=/files/]',
      data,
      'matrixdotorg/synapse:v1.139.2',
    );
    assert.deepEqual(configurationOf(workspace, resource, 'synapse')?.paths, [
      '/files/homeserver.yaml',
      '/files/zz.yaml',
    ]);
    assert.equal(homeserverOf(workspace, resource)?.at('enable_registration').boolean, false);
    assert.equal(homeserverOf(workspace, resource)?.at('server_name').text, 'a.test');
  });
});
