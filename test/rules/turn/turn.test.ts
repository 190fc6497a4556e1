import assert from 'node:assert/strict';
import type { Rule } from '../../../rules/rule';
import unsafe from '../../../rules/secrets/substitution-unsafe-secret';
import misused from '../../../rules/turn/turn-option-misused';
import range from '../../../rules/turn/turn-port-range';
import realm from '../../../rules/turn/turn-realm-missing';
import mismatch from '../../../rules/turn/turn-shared-secret-mismatch';
import notApplied from '../../../rules/turn/turn-static-secret-not-applied';
import uris from '../../../rules/turn/turn-uris-invalid';
import { check } from '../../fixture';
import { applyFix } from '../expect';

describe('TURN rules', () => {
  it('take a secret from arguments, from the entrypoint’s expansion and from a user database', () => {
    assert.deepEqual(messages(coturn('args: ["--use-auth-secret", "--static-auth-secret=$(S)"]'), notApplied), []);
    assert.deepEqual(messages(coturn('args: ["--use-auth-secret", "--static-auth-secret=${S}"]'), notApplied), []);
    assert.deepEqual(messages(coturn('args: ["--use-auth-secret", "--userdb=/db"]'), notApplied), []);
  });
  it('split arguments at their blanks as the entrypoint does, unless command replaces it', () => {
    const user = `["-v", '--user "synapse:pT4vNq8ZsYx1"']`;
    assert.deepEqual(messages(coturn(`args: ${user}`), notApplied), []);
    assert.deepEqual(messages(coturn(`args: ['--use-auth-secret --static-auth-secret=$(S)']`), notApplied), []);
    const replaced = messages(coturn(`command: ["turnserver"]\n      args: ${user}`), notApplied);
    assert.match(replaced[0] ?? '', /neither a shared secret nor users/);
  });
  it('see that nothing expands a variable once command replaces the entrypoint', () => {
    const found = messages(
      coturn('command: ["turnserver", "--use-auth-secret", "--static-auth-secret=${S}"]'),
      notApplied,
    );
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /\$\{S\} is still there/);
  });
  it('see a path that is meant as the file of the secret, which coturn does not read', () => {
    const mounted = (path: string): readonly string[] =>
      messages(
        coturn(
          `args: ["--use-auth-secret", "--static-auth-secret=${path}"]\n      volumeMounts: [{name: s, mountPath: /secrets}]`,
        ),
        notApplied,
      );
    assert.match(mounted('/secrets/s')[0] ?? '', /the path \/secrets\/s itself is the secret/);
    // A secret may begin with a slash.
    assert.deepEqual(mounted('/pT4vNq8ZsYx1LcWb'), []);
  });
  it('do not know what a file says that is mounted where coturn looks for it', () => {
    const mount = (path: string): readonly string[] =>
      messages(coturn(`volumeMounts: [{name: c, mountPath: ${path}, subPath: turnserver.conf}]`), notApplied);
    assert.deepEqual(mount('/etc/turnserver.conf'), []);
    assert.deepEqual(mount('/etc/coturn/turnserver.conf'), []);
    assert.equal(mount('/var/turnserver.conf').length, 1);
  });
  it('see a variable that the container does not have', () => {
    const found = messages(coturn('args: ["--use-auth-secret", "--static-auth-secret=$(T)"]'), notApplied);
    assert.match(found[0] ?? '', /does not have the variable T/);
  });
  it('tell that a secret alone depends on the version, and that no-auth lets anybody in', () => {
    const { findings } = check(coturn('args: ["--static-auth-secret=$(S)"]'), [notApplied]);
    assert.deepEqual(
      findings.map(({ severity, problem }) => `${severity} ${problem.message.slice(0, 48)}`),
      ['info There is a static-auth-secret without use-auth-s'],
    );
    assert.match(messages(coturn('args: ["--no-auth"]'), notApplied)[0] ?? '', /relays for anybody/);
    assert.match(
      messages(coturn('args: ["--no-auth", "--use-auth-secret", "--static-auth-secret=$(S)"]'), notApplied)[0] ?? '',
      /does not start with no-auth/,
    );
  });
  it('do not compare with a secret that nothing has filled in, nor with one that a shell works out', () => {
    for (const secret of ['$S', '$(cat /secret)'])
      assert.deepEqual(
        messages(
          `${coturn(`command: ["turnserver", "--static-auth-secret=${secret}"]`)}${synapse('turn:t.example.org', 'turn_shared_secret: q8Lr2VxKs7TnWm4Z')}`,
          mismatch,
        ),
        [],
      );
  });
  it('see users that Synapse does not sign in as', () => {
    const found = (commandLine: string, credentials: string): readonly string[] =>
      messages(`${coturn(commandLine)}${synapse('turn:t.example.org', credentials)}`, mismatch);
    const secret = 'turn_shared_secret: q8Lr2VxKs7TnWm4Z';
    const users = 'args: ["--lt-cred-mech", "--user=matrix:pT4vNq8ZsYx1"]';
    assert.match(found(users, secret)[0] ?? '', /knows only the users/);
    assert.deepEqual(found(users, 'turn_username: matrix'), []);
    assert.deepEqual(found('args: ["--user=matrix:pT4vNq8ZsYx1", "--userdb=/db"]', secret), []);
  });
  it('see a range that is no number, and one among the NodePorts of the cluster', () => {
    assert.match(messages(coturn('args: ["--min-port=x", "--max-port=65535"]'), range)[0] ?? '', /x is no port number/);
    const { findings } = check(coturn('args: ["--min-port=30000", "--max-port=31000"]'), [range]);
    assert.deepEqual(
      findings.map(({ severity }) => severity),
      ['warning'],
    );
    assert.deepEqual(messages(coturn('args: ["--min-port=32768", "--max-port=40000"]'), range), []);
  });
  it('are silent about a file that the tree does not show', () => {
    const source = coturn('args: ["-c", "/secret/turnserver.conf"]');
    assert.deepEqual(messages(source, notApplied, realm, range), []);
  });
  it('accept addresses and names as external-ip', () => {
    assert.deepEqual(
      messages(coturn('args: ["-X", "192.0.2.1/10.0.0.1", "--external-ip=turn.example.org"]'), misused),
      [],
    );
    assert.equal(messages(coturn('args: ["--external-ip=/tmp/ip"]'), misused).length, 1);
  });
  it('see that nobody runs a command in the arguments where the entrypoint is replaced', () => {
    for (const value of ['$(detect-external-ip)', '$$(detect-external-ip)']) {
      assert.deepEqual(messages(coturn(`args: ["--external-ip=${value}"]`), misused), []);
      assert.match(
        messages(coturn(`command: [turnserver]\n      args: ["--external-ip=${value}"]`), misused)[0] ?? '',
        /No shell runs \$\(detect-external-ip\)/,
      );
    }
    assert.deepEqual(messages(coturn('command: [turnserver, "--external-ip=$(POD_IP)"]'), misused), []);
  });
  it('see a listening port among the relay ports, and a range upside down', () => {
    const inside = messages(coturn('args: ["--min-port=3000", "--max-port=4000"]'), range);
    assert.equal(inside.length, 1);
    assert.match(inside[0] ?? '', /listening-port 3478/);
    assert.match(messages(coturn('args: ["--min-port=5000", "--max-port=4000"]'), range)[0] ?? '', /no range/);
    assert.deepEqual(messages(coturn('args: ["--min-port=50000", "--max-port=51000"]'), range), []);
  });
  it('see relay ports that only the pod’s own network has', () => {
    const source = coturn('args: ["--min-port=50000", "--max-port=51000"]').replace(
      'hostNetwork: true',
      'hostNetwork: false',
    );
    assert.match(messages(source, range)[0] ?? '', /1001 relay ports are configured, but 0 UDP/);
  });
  it('judge the ports and schemes of turn_uris by what coturn listens on', () => {
    const with_ = (uri: string): string => `${coturn('args: ["--cert=/tls/tls.crt"]')}${synapse(uri)}`;
    assert.deepEqual(messages(with_('turn:turn.example.org:3478?transport=udp'), uris), []);
    assert.deepEqual(messages(with_('turns:turn.example.org:3478?transport=tcp'), uris), []);
    assert.match(messages(with_('turn:turn.example.org:3500'), uris)[0] ?? '', /port 3500/);
    assert.match(messages(with_('https://turn.example.org'), uris)[0] ?? '', /is no TURN address/);
    assert.match(
      messages(`${coturn('args: ["--realm=x"]')}${synapse('turns:turn.example.org:5349')}`, uris)[0] ?? '',
      /no certificate/,
    );
  });
  it('do not compare placeholders, nor the same key of the same Secret', () => {
    const source = `${coturn('args: ["--static-auth-secret=$(S)"]')}${synapse('turn:t.example.org', 'turn_shared_secret: CHANGEME_TURN')}`;
    assert.deepEqual(messages(source, mismatch), []);
    assert.equal(messages(source.replace('s: "CHANGEME"', 's: q8Lr2VxKs7TnWm4Z'), mismatch).length, 1);
  });
});

function messages(source: string, ...rules: readonly Rule[]): readonly string[] {
  return check(source, rules).findings.map(({ problem }) => problem.message);
}

describe('a shared secret with a line break at its end', () => {
  const value = 'c72fbe4215723ff21fe678b0a72e4d30f824abe6dda88ea7';
  const tree = (coturn: string): string => `
apiVersion: v1
kind: Secret
metadata: {name: coturn, namespace: matrix}
stringData:
  SECRET: |
    ${value}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coturn, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: coturn
          image: coturn/coturn:4.6.2
          ${coturn}
          env: [{name: SECRET, valueFrom: {secretKeyRef: {name: coturn, key: SECRET}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: synapse, namespace: matrix}
data:
  homeserver.yaml: |
    server_name: tessera.test
    turn_uris: ["turn:turn.tessera.test:3478"]
    turn_shared_secret: ${value}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          args: [--config-path=/config/homeserver.yaml]
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, configMap: {name: synapse}}]
`;
  const found = (coturn: string): readonly string[] =>
    check(tree(coturn), [mismatch, unsafe]).findings.map(one => one.rule.id);
  const option = '--static-auth-secret=$(SECRET)';

  it('is dropped by the entrypoint behind the last argument, and ends the command behind another', () => {
    assert.deepEqual(found(`args: [-n, --use-auth-secret, "${option}"]`), []);
    assert.deepEqual(found(`args: ["${option}", --use-auth-secret]`), ['substitution-unsafe-secret']);
  });

  it('stays where no shell makes the arguments', () => {
    assert.deepEqual(found(`command: [turnserver, -n, --use-auth-secret, "${option}"]`), [
      'turn-shared-secret-mismatch',
    ]);
  });
});

describe('fixes of turn_uris', () => {
  const fixed = (uri: string, title: string): string =>
    applyFix(uris, `${coturn('args: ["--realm=turn.tessera.test"]')}${synapse(uri)}`, title)['main.yaml'] ?? '';

  it('take a port that coturn listens on', () => {
    assert.match(fixed('turn:turn.tessera.test:3500?transport=udp', 'Use port 3478'), /"turn:turn.tessera.test:3478\?/);
    assert.match(fixed('turn:turn.tessera.test:0099', 'Use port 5349'), /"turn:turn.tessera.test:5349"/);
  });
  it('take the name that coturn has as its realm', () => {
    assert.match(fixed('turn:coturn.matrix.svc:3478', 'Use turn.tessera.test'), /"turn:turn.tessera.test:3478"/);
  });
  it('correct the spelling', () => {
    assert.match(fixed('turn://turn.tessera.test', 'Use turn:turn.tessera.test'), /"turn:turn.tessera.test"/);
  });
});

function coturn(commandLine: string): string {
  return `apiVersion: v1
kind: Secret
metadata: {name: coturn, namespace: matrix}
stringData: {s: "CHANGEME"}
---
apiVersion: v1
kind: Pod
metadata: {name: coturn, namespace: matrix}
spec:
  hostNetwork: true
  containers:
    - name: coturn
      image: coturn/coturn:4.6.2
      ${commandLine}
      env:
        - name: S
          valueFrom: {secretKeyRef: {name: coturn, key: s}}
---
`;
}

function synapse(uri: string, more = 'report_stats: false'): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: synapse, namespace: matrix}
data:
  homeserver.yaml: |
    turn_uris: ["${uri}"]
    ${more}
---
apiVersion: v1
kind: Pod
metadata: {name: synapse, namespace: matrix}
spec:
  containers:
    - name: synapse
      image: ghcr.io/element-hq/synapse:v1.119.0
      volumeMounts:
        - {name: config, mountPath: /data}
  volumes:
    - name: config
      configMap: {name: synapse}
`;
}
