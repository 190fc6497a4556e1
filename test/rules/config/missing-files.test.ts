import assert from 'node:assert/strict';
import rule from '../../../rules/config/config-file-missing';
import { messages } from '../expect';

interface Options {
  readonly image?: string;
  readonly command?: string;
  readonly mounts?: string;
  readonly annotations?: string;
}

/** A pod with a ConfigMap `files`, which an init container mounts at /config; the container mounts what is said. */
function pod({ image = 'livekit/livekit-server:v1.8.3', command = '', mounts = '[]', annotations = '{}' }: Options) {
  return `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: files, namespace: matrix}
    data:
      config.yaml: "port: 7880"
      start.sh: exec program
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: app, namespace: matrix}
    spec:
      template:
        metadata: {annotations: ${annotations}}
        spec:
          initContainers:
            - {name: first, image: "busybox:1.36", command: ["true"], volumeMounts: [{name: files, mountPath: /config}]}
          containers:
            - {name: app, image: "${image}", ${command}, volumeMounts: ${mounts}}
          volumes: [{name: files, configMap: {name: files}}]
`;
}

const found = (options: Options): readonly string[] =>
  messages(rule, pod(options)).map(message => message.replace(/ — .*/, ''));

describe('config-file-missing', () => {
  const args = 'args: [--config, /config/config.yaml]';

  it('finds a file on no volume in images that have none', () => {
    const said = ['error: There is no /config/config.yaml in container app, because no volume is mounted there'];
    assert.deepEqual(found({ command: args }), said);
    assert.deepEqual(found({ command: args, mounts: '[{name: files, mountPath: /config}]' }), []);
    assert.deepEqual(
      found({
        image: 'redis:7.4',
        command: 'args: [redis-server, /config/redis.conf]',
      }),
      said.map(message => message.replace('config.yaml', 'redis.conf')),
    );
    assert.deepEqual(
      found({
        image: 'matrixdotorg/synapse:v1.139.2',
        command: 'command: [sh, -c, "exec python -m synapse.app.homeserver --config-path=/config/config.yaml"]',
      }),
      said,
    );
    assert.deepEqual(found({ image: 'haproxy:3.0', command: 'command: [haproxy, -f, /config/config.yaml]' }), said);
  });

  it('finds a file in an empty volume that nobody fills', () => {
    const empty = (container: string, init = ''): string =>
      pod({}).replace(/ {10}containers:[\s\S]*/, '') +
      `${init}
          containers:
            - {name: app, image: "livekit/livekit-server:v1.8.3", ${container}}
          volumes: [{name: files, configMap: {name: files}}, {name: made, emptyDir: {}}]
`;
    const said = (source: string): readonly string[] =>
      messages(rule, source).filter(message => message.includes('nothing puts it into the volume made'));
    const mounts = 'volumeMounts: [{name: made, mountPath: /made}]';
    const readOnly = mounts.replace('/made}', '/made, readOnly: true}');
    const direct = `command: [/livekit-server, --config=/made/config.yaml], ${readOnly}`;
    assert.equal(said(empty(direct)).length, 1);
    // What may write to the volume may write the file.
    assert.deepEqual(said(empty(`args: [--config=/made/config.yaml], ${mounts}`)), []);
    assert.deepEqual(
      said(
        empty(`command: [sh, -c, "cp /x /made/config.yaml; /livekit-server --config=/made/config.yaml"], ${mounts}`),
      ),
      [],
    );
    const filler = `
            - {name: fill, image: "busybox:1.36", command: [sh, -c, "echo 'port: 7880' > /made/config.yaml"], ${mounts}}`;
    assert.deepEqual(said(empty(direct, filler)), []);
  });

  it('does not know what a generator has of files that are not in the tree', () => {
    const generated = (files: string): readonly string[] =>
      messages(
        rule,
        `
#- /app/kustomization.yaml
namespace: matrix
resources: [app.yaml]
configMapGenerator: [{name: files, files: [${files}]}]
#- /app/other.yaml
port: 7880
#- /app/app.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  template:
    spec:
      containers:
        - name: app
          image: livekit/livekit-server:v1.8.3
          args: [--config, /config/config.yaml]
          volumeMounts: [{name: files, mountPath: /config}]
      volumes: [{name: files, configMap: {name: files}}]
`,
      );
    assert.deepEqual(generated('secret/config.yaml'), []);
    assert.deepEqual(generated('other.yaml, "secret/livekit.yaml"'), []);
    assert.match(generated('other.yaml')[0] ?? '', /There is no \/config\/config\.yaml/);
  });

  it('does not know what a loop over a volume makes that the tree does not show', () => {
    const rendered = (map: string, script: string): readonly string[] =>
      messages(
        rule,
        `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: files, namespace: matrix}
    data: {other.yaml: "port: 7880"}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: app, namespace: matrix}
    spec:
      template:
        spec:
          initContainers:
            - name: render
              image: "busybox:1.36"
              command: [sh, -c, '${script}']
              volumeMounts: [{name: templates, mountPath: /templates}, {name: rendered, mountPath: /rendered}]
          containers:
            - name: app
              image: livekit/livekit-server:v1.8.3
              args: [--config, /config/config.yaml]
              volumeMounts: [{name: rendered, mountPath: /config}]
          volumes: [{name: templates, configMap: {name: ${map}}}, {name: rendered, emptyDir: {}}]
`,
      );
    const loop = 'for file in /templates/*; do envsubst < $file > /rendered/$(basename $file); done';
    for (const script of [loop, 'cp -r /templates/. /rendered/', 'cp -a /templates /rendered']) {
      assert.deepEqual(rendered('elsewhere', script), [], script);
    }
    assert.match(rendered('files', 'cp -r /templates/. /rendered/')[0] ?? '', /There is no \/config\/config\.yaml/);
    assert.match(rendered('elsewhere', 'cp /templates/a.yaml /rendered/b.yaml')[0] ?? '', /There is no/);
  });

  it('warns of a file on a claim where the tree writes one of its name elsewhere', () => {
    const livekit = (path: string, script = 'cp /in/config.yaml /made/config.yaml'): readonly string[] =>
      messages(
        rule,
        pod({
          command: `args: [--config, ${path}]`,
          mounts: '[{name: made, mountPath: /made}, {name: data, mountPath: /data}]',
        })
          .replace(
            'command: ["true"], volumeMounts: [{name: files, mountPath: /config}]',
            `command: [sh, -c, "${script}"], volumeMounts: [{name: files, mountPath: /in}, {name: made, mountPath: /made}, {name: data, mountPath: /data}]`,
          )
          .replace(
            'volumes: [',
            'volumes: [{name: made, emptyDir: {}}, {name: data, persistentVolumeClaim: {claimName: data}}, ',
          ),
      );
    assert.deepEqual(livekit('/made/config.yaml'), []);
    assert.match(
      livekit('/data/config.yaml').join(),
      /^warning: Nothing of the tree puts \/data\/config\.yaml into the claim data, but there is \/made\/config\.yaml/,
    );
    assert.deepEqual(livekit('/data/config.yaml', 'cp /in/config.yaml /data/config.yaml'), []);
    assert.deepEqual(livekit('/data/other.yaml'), []);
  });

  it('leaves images of others, scripts that may write it, and injected volumes alone', () => {
    assert.deepEqual(found({ image: 'registry.tessera.test/livekit-server:1', command: args }), []);
    assert.deepEqual(found({ command: args, annotations: '{vault.hashicorp.com/agent-inject: "true"}' }), []);
    assert.deepEqual(
      found({ command: 'command: [sh, -c, "write-it && exec livekit-server --config /config/config.yaml"]' }),
      [],
    );
    assert.deepEqual(found({ image: 'coturn/coturn:4.6', command: 'args: [-c, /etc/coturn/turnserver.conf]' }), []);
  });

  it('finds a script that the volume does not have, or that is not mounted', () => {
    const mounts = '[{name: files, mountPath: /scripts}]';
    const image = 'busybox:1.36';
    assert.deepEqual(found({ image, command: 'command: [sh, /scripts/start.sh]', mounts }), []);
    assert.deepEqual(found({ image, command: 'command: [/scripts/star.sh]', mounts }), [
      'error: There is no /scripts/star.sh in container app, but /scripts/start.sh',
    ]);
    assert.deepEqual(found({ image, command: 'command: [sh, -e, /scripts/start.sh]' }), [
      'error: There is no /scripts/start.sh in container app, because the volume files that holds start.sh is not mounted there',
    ]);
    // A script of the image.
    assert.deepEqual(found({ image, command: 'command: [/docker-entrypoint.sh]' }), []);
    assert.deepEqual(found({ image, command: 'command: [sh, -c, "test -x /scripts/other.sh || exit 0"]', mounts }), []);
  });

  it('finds a script that the command calls where no volume has it', () => {
    const calling = (script: string): readonly string[] =>
      found({
        image: 'rclone/rclone:1.65',
        command: `command: [sh, -c, "${script}"]`,
        mounts: '[{name: files, mountPath: /config}]',
      });
    assert.deepEqual(calling('sh /scripts/start.sh'), [
      'error: There is no /scripts/start.sh in container app, but /config/start.sh',
    ]);
    assert.deepEqual(calling('set -e; . /config/stop.sh'), [
      'error: There is no /config/stop.sh in container app: nothing puts it into the volume files',
    ]);
    assert.deepEqual(calling('sh /config/start.sh'), []);
    assert.deepEqual(calling('[ -f /scripts/start.sh ] && sh /scripts/start.sh'), []);
    assert.deepEqual(calling('sh /usr/local/bin/start.sh'), []);
    assert.deepEqual(calling('cp /config/start.sh /scripts/start.sh; sh /scripts/start.sh'), []);
  });

  it('finds what a script reads where no volume has it', () => {
    const reading = (script: string, image = 'postgres:16-alpine'): readonly string[] =>
      found({ image, command: `command: [sh, -c, "${script}"]`, mounts: '[{name: files, mountPath: /config}]' });
    const other = 'error: There is no /config/start.sql in container app, but /config/start.sh';
    assert.deepEqual(reading('psql -h db -U postgres -f /config/start.sql'), [other]);
    assert.deepEqual(reading('cp /config/start.sql /tmp/a'), [other]);
    assert.deepEqual(reading('envsubst < /config/start.sql > /tmp/a'), [other]);
    assert.deepEqual(reading('sed -e s/a/b/ /config/start.sql > /tmp/a'), [other]);
    assert.deepEqual(reading('cp /keys/a.key /tmp/a'), [
      'error: There is no /keys/a.key in container app: the image does not have it, and no volume is mounted there',
    ]);
    for (const script of [
      'cp /config/start.sh /config/config.yaml /tmp',
      'cp -r /config /tmp',
      'cp /config/*.sql /tmp',
      'cat /etc/hosts /tmp/x',
      'cp /config/start.sql /tmp/a || true',
      'if [ -e /config/start.sql ]; then cat /config/start.sql; fi',
      'sed -i s/a/b/ /var/x',
      'mkdir /keys; echo a > /keys/a.key; cat /keys/a.key',
      'mkdir /keys; echo a > /keys/b.key; mv /keys/b.key /keys/a.key',
    ])
      assert.deepEqual(reading(script), [], script);
    assert.deepEqual(reading('cp /keys/a.key /tmp/a', 'registry.tessera.test/tool:1'), []);
  });
});
