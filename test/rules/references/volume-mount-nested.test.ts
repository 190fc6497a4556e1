import assert from 'node:assert/strict';
import { rules } from '../../../rules/catalogue';
import { checkWorkspace } from '../../../rules/findings';
import rule from '../../../rules/references/volume-mount-nested';
import { readFixture, workspaceOf } from '../../fixture';
import { fixed } from '../expect';

/** The containers of a pod that cannot start, by what is said of them. */
function found(mounts: string, volumes: string): readonly string[] {
  const source = `
    #- /pod.yaml
    apiVersion: v1
    kind: Pod
    metadata:
      name: app
      namespace: matrix
    spec:
      initContainers:
        - name: prepare
          image: busybox:1.36
          volumeMounts: [${mounts}]
      containers:
        - name: app
          image: registry.tessera.test/app:1
      volumes: [${volumes}]
  `;
  return checkWorkspace(workspaceOf(readFixture(source).files), rules)
    .filter(({ rule }) => rule.id === 'volume-mount-nested')
    .map(({ problem }) => problem.message);
}

const folder = '{name: folder, mountPath: /etc/app/}';
const file = '{name: file, mountPath: /etc/app/tls.key, subPath: tls.key}';
const config = '{name: folder, configMap: {name: app}}';
const secret = '{name: file, secret: {secretName: tls}}';

describe('volume-mount-nested', () => {
  it('also finds it in init containers, in either order, and below projected and downwardAPI volumes', () => {
    for (const mounts of [`${folder}, ${file}`, `${file}, ${folder}`])
      assert.match(
        found(mounts, `${config}, ${secret}`)[0] ?? '',
        /^Container prepare does not start.* outside of \/etc\/app\.$/,
      );
    for (const outer of ['projected: {sources: [{configMap: {name: app}}]}', 'downwardAPI: {items: []}'])
      assert.equal(found(`${folder}, ${file}`, `{name: folder, ${outer}}, ${secret}`).length, 1, outer);
  });

  it('leaves folders alone, in which the runtime can put what it likes', () => {
    for (const outer of ['emptyDir: {}', 'hostPath: {path: /srv}', 'persistentVolumeClaim: {claimName: app}'])
      assert.deepEqual(found(`${folder}, ${file}`, `{name: folder, ${outer}}, ${secret}`), [], outer);
    assert.deepEqual(found(file, `${config}, ${secret}`), [], 'a folder of the image');
  });

  it('leaves alone what is a folder or may be one', () => {
    const whole = '{name: file, mountPath: /etc/app/tls}';
    assert.deepEqual(found(`${folder}, ${whole}`, `${config}, ${secret}`), []);
    const deep = '{name: file, mountPath: /etc/app/tls, subPath: certificates}';
    const items = '{name: file, secret: {secretName: tls, items: [{key: tls.key, path: certificates/tls.key}]}}';
    assert.deepEqual(found(`${folder}, ${deep}`, `${config}, ${items}`), []);
    assert.deepEqual(
      found(`${folder}, ${file}`, `${config}, {name: file, persistentVolumeClaim: {claimName: tls}}`),
      [],
    );
  });

  it('looks at the closest volume above, and only at folders', () => {
    const between = '{name: between, mountPath: /etc/app/keys}';
    const inside = '{name: file, mountPath: /etc/app/keys/tls.key, subPath: tls.key}';
    assert.deepEqual(
      found(`${folder}, ${between}, ${inside}`, `${config}, {name: between, emptyDir: {}}, ${secret}`),
      [],
    );
    const beside = '{name: folder, mountPath: /etc/app/app.conf, subPath: app.conf}';
    assert.deepEqual(found(`${beside}, ${file}`, `${config}, ${secret}`), []);
  });

  it('puts the file into the other volume, for all containers that have it there', () => {
    const container = (name: string): string => `
          - name: ${name}
            image: registry.tessera.test/app:1
            volumeMounts:
              - name: folder # all of it
                mountPath: /etc/app
              - name: file
                mountPath: /etc/app/keys/tls.key
                subPath: own.key`;
    const source = (volumes: string, mounted = container('app')): string => `
      #- /pod.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        initContainers:${container('prepare')}
        containers:${mounted}
        volumes:
${volumes}`;
    const secretFile = `          - name: file
            secret:
              secretName: tls
              items:
                - key: tls.key
                  path: own.key
                  mode: 0400`;
    const added = /- secret:\n +name: tls\n +items:\n +- key: tls\.key\n +path: keys\/tls\.key\n +mode: 0400/;
    const config = `          - name: folder
            configMap:
              name: app
              defaultMode: 0440
${secretFile}`;
    const text = fixed(rule, source(config))['pod.yaml'] ?? '';
    assert.match(text, /projected:\n +defaultMode: 0440\n +sources:\n +- configMap:\n +name: app\n/);
    assert.match(text, added);
    assert.doesNotMatch(text, /name: file|subPath/);
    assert.match(text, /name: folder # all of it/);
    const projected = `          - name: folder
            projected:
              sources:
                - configMap:
                    name: app
${secretFile}`;
    const longer = fixed(rule, source(projected))['pod.yaml'] ?? '';
    assert.match(longer, added);
    assert.doesNotMatch(longer, /name: file/);
    const elsewhere = container('app').replace('/etc/app/keys/tls.key', '/run/tls.key');
    assert.match(fixed(rule, source(config, elsewhere))['pod.yaml'] ?? '', /- name: file\n +secret:/);
  });
});
