import assert from 'node:assert/strict';
import rule from '../../../rules/synapse/synapse-log-file-unwritable';
import { messages } from '../expect';

const { bad } = rule.examples;
const handler = '{class: logging.handlers.RotatingFileHandler, filename: /data/homeserver.log}';

function changed(from: string, to: string): number {
  assert.ok(bad.includes(from), from);
  return messages(rule, bad.replace(from, to)).length;
}

describe('synapse-log-file-unwritable', () => {
  it('is about read-only roots', () => {
    assert.equal(changed('readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: true'), 1);
    assert.equal(changed('readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false'), 0);
  });

  it('takes the image’s own volume as root’s', () => {
    assert.equal(changed('runAsUser: 991', 'runAsUser: 0'), 0);
    assert.equal(changed('runAsUser: 991', 'runAsNonRoot: true'), 1);
    assert.equal(changed('runAsUser: 991', 'fsGroup: 991'), 0, 'the user may be root');
    const elsewhere = bad
      .replace('runAsUser: 991', 'runAsUser: 0')
      .replace('/data/homeserver.log', '/logs/homeserver.log');
    assert.equal(messages(rule, elsewhere).length, 1, 'root cannot write a read-only root either');
  });

  it('knows where a volume can be written', () => {
    const mounted = (mount: string, volume: string): number =>
      messages(
        rule,
        bad
          .replace('- {name: tmp, mountPath: /tmp}', `- {name: tmp, mountPath: /tmp}\n                  - ${mount}`)
          .replace(
            '- name: tmp\n                emptyDir: {}',
            `- name: tmp\n                emptyDir: {}\n              - ${volume}`,
          ),
      ).length;
    assert.equal(mounted('{name: data, mountPath: /data}', '{name: data, emptyDir: {}}'), 0);
    assert.equal(
      mounted('{name: data, mountPath: /data}', '{name: data, persistentVolumeClaim: {claimName: data}}'),
      0,
    );
    assert.equal(mounted('{name: data, mountPath: /data, readOnly: true}', '{name: data, emptyDir: {}}'), 1);
    assert.equal(mounted('{name: data, mountPath: /data}', '{name: data, configMap: {name: other}}'), 1);
    assert.equal(mounted('{name: data, mountPath: /data/media_store}', '{name: data, emptyDir: {}}'), 1);
  });

  it('leaves alone what opens no file at the start', () => {
    for (const other of ['{class: logging.StreamHandler}', `${handler.slice(0, -1)}, delay: true}`])
      assert.equal(changed(handler, other), 0, other);
  });

  it('says once what stops several processes', () => {
    const worker = bad
      .slice(bad.indexOf('apiVersion: apps/v1'), bad.indexOf('apiVersion: v1\n      kind: Service'))
      .replaceAll('synapse-main', 'synapse-other');
    const found = messages(rule, bad.replace('apiVersion: apps/v1', `${worker}apiVersion: apps/v1`));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /StatefulSet\/synapse-(?:main|other) and 1 more cannot write/);
  });
});
