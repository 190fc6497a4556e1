import assert from 'node:assert/strict';
import clamdMemoryLow from '../../../rules/antivirus/clamd-memory-low';
import { messages } from '../expect';

function clamav(container: string, rest = ''): string {
  return `
    #- /clamav.yaml
    apiVersion: apps/v1
    kind: DaemonSet
    metadata: {name: clamav, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - {name: clamav, ${container}}
          volumes: [{name: config, configMap: {name: clamav}}]
    ${rest}
  `;
}

const image = 'image: "clamav/clamav:1.4.2"';
const limit = (memory: string): string => `resources: {limits: {memory: ${memory}}}`;
const found = (source: string): readonly string[] =>
  messages(clamdMemoryLow, source).map(message => message.replace(/:.*/, ''));

describe('clamd-memory-low', () => {
  it('knows what the signatures need', () => {
    const severities: Readonly<Record<string, readonly string[]>> = {
      '512Mi': ['error'],
      '1Gi': ['error'],
      '1.5Gi': ['warning'],
      '2G': ['warning'],
      '2048Mi': ['warning'],
      '2.4Gi': [],
      '2560Mi': [],
      '4Gi': [],
    };
    for (const [memory, expected] of Object.entries(severities))
      assert.deepEqual(found(clamav(`${image}, ${limit(memory)}`)), expected, memory);
    assert.deepEqual(found(clamav(image)), []);
  });

  it('needs half of it where the old signatures go first', () => {
    const config = (line: string): string => `
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: clamav, namespace: matrix}
    data: {clamd.conf: "TCPSocket 3310\\n${line}\\n"}`;
    const mounted = `${image}, volumeMounts: [{name: config, mountPath: /etc/clamav}]`;
    assert.deepEqual(found(clamav(`${mounted}, ${limit('2Gi')}`, config('ConcurrentDatabaseReload no'))), []);
    assert.deepEqual(found(clamav(`${mounted}, ${limit('2Gi')}`, config('ConcurrentDatabaseReload yes'))), ['warning']);
    assert.deepEqual(found(clamav(`${mounted}, ${limit('2Gi')}`, config('# ConcurrentDatabaseReload no'))), [
      'warning',
    ]);
    assert.deepEqual(found(clamav(`${mounted}, ${limit('1Gi')}`, config('ConcurrentDatabaseReload no'))), ['error']);
    const variable = 'env: [{name: CLAMD_CONF_ConcurrentDatabaseReload, value: "no"}]';
    assert.deepEqual(found(clamav(`${image}, ${variable}, ${limit('2Gi')}`)), []);
  });

  it('looks at what runs clamd only', () => {
    const small = limit('512Mi');
    for (const command of ['[clamd]', '[/usr/sbin/clamd, --foreground]', '[sh, -c, "freshclam && exec clamd -F"]'])
      assert.deepEqual(found(clamav(`image: "registry.test/av:1", command: ${command}, ${small}`)), ['error'], command);
    for (const command of [
      '[freshclam, --daemon]',
      '[sh, -c, "# clamd runs elsewhere\\nfreshclam -d"]',
      '[clamdscan, /media]',
      '[sh, -c, "clamdscan --config-file=/etc/clamav/clamd.conf /media"]',
      '[tail, -f, /var/log/clamav/clamd.log]',
    ])
      assert.deepEqual(found(clamav(`${image}, command: ${command}, ${small}`)), [], command);
    assert.deepEqual(found(clamav(`${image}, env: [{name: CLAMAV_NO_CLAMD, value: "true"}], ${small}`)), []);
    assert.deepEqual(found(clamav(`image: "registry.test/clamav-exporter:1", ${small}`)), []);
  });

  it('leaves the container alone that fetches signatures, which has the same image', () => {
    for (const name of ['freshclam', 'fresclam', 'update-signatures'])
      assert.deepEqual(
        found(clamav(`${image}, ${limit('100Mi')}`).replace('{name: clamav, image', `{name: ${name}, image`)),
        [],
      );
  });
});
