import assert from 'node:assert/strict';
import rule from '../../../rules/antivirus/clamav-unknown-option';
import { fixed, messages } from '../expect';

function tree(key: string, text: string, image = 'clamav/clamav:1.4.1'): string {
  return `
    #- /clamav.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: clamav, namespace: matrix}
    data:
      ${key}: |
        ${text.replaceAll('\n', '\n        ')}
    ---
    apiVersion: apps/v1
    kind: DaemonSet
    metadata: {name: clamav, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: clamd
              image: ${image}
              volumeMounts: [{name: config, mountPath: /etc/clamav/${key}, subPath: ${key}}]
          volumes: [{name: config, configMap: {name: clamav}}]
  `;
}

describe('clamav-unknown-option', () => {
  it('accepts options of either program, old ones, comments and blank lines', () => {
    const text =
      '# Daemon yes\n\nLogTime yes # often\nMaxScanSize 200M\nArchiveBlockEncrypted no\nDatabaseMirror a.test\n\tUser clamav';
    for (const key of ['clamd.conf', 'freshclam.conf']) assert.deepEqual(messages(rule, tree(key, text)), [], key);
  });

  it('wants the folder of the signatures to be there', () => {
    const found = (path: string, image?: string): string =>
      messages(rule, tree('clamd.conf', `DatabaseDirectory ${path}`, image)).join();
    assert.match(found('/var/lib/clamav-db'), /No volume is mounted at \/var\/lib\/clamav-db, .* clamd does not start/);
    for (const path of ['/var/lib/clamav', '/var/lib/clamav/', '/etc/clamav/clamd.conf/db'])
      assert.equal(found(path), '', path);
    assert.equal(found('/signatures', 'registry.test/clamav:1'), '', 'the image may have it');
  });

  it('tells what a misspelt option was meant to be', () => {
    assert.deepEqual(messages(rule, tree('clamd.conf', 'TCPSockets 3310')), [
      'error: ClamAV knows no option TCPSockets, so clamd does not start with it — did you mean TCPSocket?',
    ]);
  });

  it('wants the line of the sample files gone, in every version', () => {
    assert.deepEqual(messages(rule, tree('freshclam.conf', 'Example\nChecks 4', 'clamav/clamav:stable')), [
      'error: freshclam does not start as long as its file has the line Example — delete it.',
    ]);
  });

  it('is less sure where the version is not known or is a later one', () => {
    for (const image of ['clamav/clamav:stable', 'clamav/clamav', 'clamav/clamav:1.9.0', 'clamav/clamav:2.0'])
      assert.match(messages(rule, tree('clamd.conf', 'ScanQuantum yes', image)).join(), /^warning: /, image);
    for (const image of ['clamav/clamav:1.5.1', 'clamav/clamav-debian:1.0.7_base'])
      assert.match(messages(rule, tree('clamd.conf', 'ScanQuantum yes', image)).join(), /^error: /, image);
  });

  it('takes the whole line out, also the last one', () => {
    const [middle, last] = ['LogTime yes\nDaemon yes\nChecks 4', 'LogTime yes\nChecks 4\nDaemon yes'].map(
      text => Object.values(fixed(rule, tree('freshclam.conf', text)))[0] ?? '',
    );
    assert.match(middle ?? '', /LogTime yes\n {4}Checks 4\n---/);
    assert.match(last ?? '', /Checks 4\n---/);
  });
});
