import assert from 'node:assert/strict';
import rule from '../../../rules/antivirus/scanner-config-invalid';
import { applyFix, messages } from '../expect';

function found(config: string, image = 'vectorim/matrix-content-scanner:v1.1.0'): readonly string[] {
  return messages(
    rule,
    `
    #- /scanner.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: scanner, namespace: matrix}
    data:
      config.yaml: |
        ${config.replaceAll('\n', '\n        ')}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: content-scanner, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: scanner
              image: ${image}
              args: [-c, /config/config.yaml]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: config, configMap: {name: scanner}}]
    `,
  ).map(message => message.replace(/^error: The content scanner(?:’s configuration)? /, ''));
}

const web = 'web: {host: 0.0.0.0, port: 8080}';
const scan = 'scan: {script: /scan.sh, temp_directory: /tmp}';
const crypto = 'crypto: {request_secret_path: /secret/key}';

describe('scanner-config-invalid', () => {
  it('finds the package in place of its module, which is what Python can run', () => {
    const pod = (command: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: content-scanner, namespace: matrix}
spec:
  containers:
    - name: scanner
      image: vectorim/matrix-content-scanner:v1.1.0
      command:
${command.replace(/^/gm, '        ')}
`;
    const source = pod('- python\n- -m\n- matrix_content_scanner\n- -c\n- /config/config.yaml');
    assert.match(
      messages(rule, source).join(),
      /^error: Python cannot run the package matrix_content_scanner, so container scanner/,
    );
    const fixed = applyFix(rule, source, /Name/)['main.yaml'] ?? '';
    assert.match(fixed, /- matrix_content_scanner\.mcs\n/);
    assert.deepEqual(messages(rule, fixed), []);
    assert.deepEqual(messages(rule, pod('- matrix-content-scanner\n- -c\n- /config/config.yaml')), []);
  });

  it('accepts either way of crypto, and all that is optional', () => {
    for (const way of [crypto, 'crypto: {pickle_path: /data/pickle, pickle_key: x}']) {
      const all = [
        'scan: {script: /scan.sh, temp_directory: /tmp, removal_command: srm, blocked_mimetypes: [image/gif]}',
        'download: {base_homeserver_url: "https://tessera.test", proxy: "http://p:1", additional_headers: {a: b}, headers_to_forward: [x]}',
        'result_cache: {max_size: 1, ttl: 1d, exit_codes_to_ignore: [2], max_file_size: 1MB}',
      ];
      assert.deepEqual(found([web, way, ...all].join('\n')), [], way);
    }
  });

  it('misses what must be there, whole sections and their keys', () => {
    assert.deepEqual(found([web, 'scan: {temp_directory: /tmp}'].join('\n')), [
      'has no section crypto, and it does not start without — add it.',
      'has no scan.script, and it does not start without — add it.',
    ]);
  });

  it('knows what an unknown section was meant to be by its keys', () => {
    assert.deepEqual(found([web, scan, crypto, 'cache: {ttl: 60, max_size: 5}', 'log: {level: info}'].join('\n')), [
      'knows no key cache and does not start with it — call it result_cache.',
      'knows no key log and does not start with it — delete it.',
    ]);
  });

  it('leaves the older scanner and other programs alone', () => {
    assert.deepEqual(found('host: 0.0.0.0\nport: 8080\nscan: {tempDirectory: /tmp, script: /scan.sh}'), []);
    assert.deepEqual(found('web: {port: 1}\nlogging: {}', 'registry.tessera.test/other:1'), []);
  });
});
