import assert from 'node:assert/strict';
import rule from '../../../rules/config/config-yaml-invalid';
import registration from '../../../rules/li/li-registration-enabled';
import { applyFix, fixTitles, messages } from '../expect';

/** A homeserver.yaml of the LI instance that an init container fills in, or that is read as it stands. */
function homeserver(lines: readonly string[], isFilled = false): string {
  return `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse-li, namespace: matrix}
    data:
      homeserver.yaml: |
        server_name: tessera.test
${lines.map(line => `        ${line}`).join('\n')}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-li, namespace: matrix}
    spec:
      template:
        metadata: {labels: {matrix.instance: li}}
        spec:
          initContainers:
            - name: fill
              image: busybox:1.36
              command: [sh, -c, 'sed "s|__SECRET__|$SECRET|" /in/homeserver.yaml > /out/homeserver.yaml']
              env: [{name: SECRET, value: x}]
              volumeMounts: [{name: in, mountPath: /in}, {name: out, mountPath: /out}]
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.139.2
              volumeMounts: [{name: ${isFilled ? 'out' : 'in'}, mountPath: /data}]
          volumes: [{name: in, configMap: {name: synapse-li}}, {name: out, emptyDir: {}}]
`;
}

describe('config-yaml-invalid', () => {
  it('finds what no parser reads, also where the file is filled in first', () => {
    for (const lines of [
      ['enable_registration false', 'report_stats: false'],
      ['listeners:', '  - port: 8008', '   type: http'],
      ['turn_uris: [one', 'report_stats: false'],
      ['macaroon_secret_key: "open', 'report_stats: false'],
    ])
      for (const isFilled of [false, true])
        assert.match(messages(rule, homeserver(lines, isFilled)).join(), /^error: \/data\/homeserver\.yaml is no YAML/);
  });

  it('accepts what the parsers of Python and Go read', () => {
    for (const lines of [
      ['turn_uris: [', '  "turn:turn.tessera.test"', ']', 'report_stats: false'],
      ['caches: {', '  global_factor: 1.0', '}'],
      ['form_secret: "a', 'b"', 'report_stats: false'],
    ])
      assert.deepEqual(messages(rule, homeserver(lines)), []);
  });

  it('finds keys that stand twice, of which Synapse keeps the last', () => {
    const twice = homeserver([
      'turn_uris: ["turn:a.test"]',
      'rc_login:',
      '  address: {per_second: 1, per_second: 2}',
      'turn_uris: []',
    ]);
    assert.deepEqual(
      messages(rule, twice).map(
        message => /^warning: The key (\w+) stands twice in homeserver\.yaml, and Synapse keeps/.exec(message)?.[1],
      ),
      ['per_second', 'turn_uris'],
    );
    assert.deepEqual(
      messages(rule, homeserver(['turn_uris: []', 'redis: {enabled: true}', 'push: {enabled: true}'])),
      [],
    );
    const livekit = twice
      .replaceAll('homeserver.yaml', 'livekit.yaml')
      .replace(
        'image: matrixdotorg/synapse:v1.139.2',
        'image: livekit/livekit-server:v1.8.3\n              args: [--config=/data/livekit.yaml]',
      )
      .replaceAll('synapse', 'livekit');
    assert.match(
      messages(rule, livekit)[0] ?? '',
      /^error: The key per_second stands twice in livekit\.yaml, so LiveKit does not start/,
    );
  });

  it('offers to keep either', () => {
    const twice = homeserver(['turn_uris: ["turn:a.test"]', 'report_stats: false', 'turn_uris: []']);
    assert.deepEqual(fixTitles(rule, twice), ['Keep the last turn_uris, as Synapse does', 'Keep the first turn_uris']);
    assert.doesNotMatch(applyFix(rule, twice, /last/)['main.yaml'] ?? '', /turn:a\.test/);
    assert.match(applyFix(rule, twice, /first/)['main.yaml'] ?? '', /turn:a\.test/);
  });

  it('leaves alone what only the filling makes YAML', () => {
    assert.deepEqual(messages(rule, homeserver(['__SECRET__', 'report_stats: false'], true)), []);
    assert.deepEqual(messages(rule, homeserver(['form_secret: @SECRET@', 'report_stats: false'], true)), []);
  });

  it('lets other rules read a file with a bracket in the column of its key', () => {
    const lines = ['turn_uris: [', '  "turn:turn.tessera.test"', ']', 'enable_registration: true'];
    assert.equal(messages(registration, homeserver(lines)).length, 1);
  });
});
