import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import elementMismatch from '../../../rules/element/element-homeserver-mismatch';
import { checkWorkspace, fixesOf, takeCrashes } from '../../../rules/findings';
import haproxyResolverAddress from '../../../rules/haproxy/haproxy-resolver-address';
import initdbUser from '../../../rules/key-vault/key-vault-initdb-not-superuser';
import registration from '../../../rules/li/li-registration-enabled';
import { LiveFindings } from '../../../rules/live';
import placeholderConfig from '../../../rules/placeholders/placeholder-config';
import placeholderDomain from '../../../rules/placeholders/placeholder-domain';
import secretGroupMismatch from '../../../rules/secrets/secret-group-mismatch';
import secretInPlainConfig from '../../../rules/secrets/secret-in-plain-config';
import publicationUser from '../../../rules/sync/sync-publication-not-superuser';
import { applyEdits, check, readFixture, uriOf, workspaceOf } from '../../fixture';
import { expectMarks, messages } from '../expect';

const open = 'server_name: tessera.test\nenable_registration: true\n';
const closed = 'server_name: tessera.test\nenable_registration: false\n';

function homeserver(source: string, volume = 'secret: {secretName: homeserver}'): string {
  return `
    #- /config.yaml
    apiVersion: v1
    ${source}
    #- /synapse.yaml
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-li, namespace: matrix}
    spec:
      template:
        metadata:
          labels: {matrix.instance: li}
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.139.2
              args: [--config-path=/config/homeserver.yaml]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes:
            - name: config
              ${volume}
  `;
}

function secret(data: string): string {
  return homeserver(`kind: Secret\n    metadata: {name: homeserver, namespace: matrix}\n    ${data}`);
}

function binary(name: string, key: string, text: string): string {
  return `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: ${name}, namespace: matrix}
    binaryData:
      ${key}: ${btoa(text)}
  `;
}

describe('configurations in base64', () => {
  it('reads a Secret’s data as the program does, and points at the whole scalar', () => {
    const encoded = btoa(open);
    expectMarks(
      registration,
      secret(`data:
      homeserver.yaml: ${encoded}
    #                  ${'^'.repeat(encoded.length)} error: The LI instance lets people register`),
    );
    expectMarks(registration, secret(`data:\n      homeserver.yaml: ${btoa(closed)}`));
  });

  it('reads binaryData of a ConfigMap and base64 over several lines', () => {
    const config = 'configMap: {name: homeserver}';
    const head = 'kind: ConfigMap\n    metadata: {name: homeserver, namespace: matrix}\n    binaryData:';
    assert.equal(messages(registration, homeserver(`${head} {homeserver.yaml: ${btoa(open)}}`, config)).length, 1);
    const [first, second] = [btoa(open).slice(0, 40), btoa(open).slice(40)];
    const block = `${head}\n      homeserver.yaml: |\n        ${first}\n        ${second}`;
    assert.equal(messages(registration, homeserver(block, config)).length, 1);
    assert.equal(messages(registration, homeserver(`${head} {homeserver.yaml: ${btoa(closed)}}`, config)).length, 0);
  });

  it('lets stringData win, as the API server does', () => {
    const data = (text: string): string => `data: {homeserver.yaml: ${btoa(text)}}`;
    const plain = (text: string): string => `\n    stringData: {homeserver.yaml: ${JSON.stringify(text)}}`;
    assert.deepEqual(messages(registration, secret(data(open) + plain(closed))), []);
    assert.equal(messages(registration, secret(data(closed) + plain(open))).length, 1);
  });

  it('takes what is no base64 and no text for nothing', () => {
    for (const data of ['!!!', btoa('\xff\xfe\x00'), '', '[]', '{a: b}', '4']) {
      const { workspace, findings } = check(secret(`data:\n      homeserver.yaml: ${data}`), [registration]);
      assert.deepEqual(takeCrashes(workspace), [], data);
      assert.deepEqual(
        findings.map(one => one.severity).filter(severity => severity === 'error'),
        [],
        data,
      );
    }
  });

  it('offers no fix that would put a part in the place of the whole', () => {
    const { workspace, findings } = check(secret(`data:\n      homeserver.yaml: ${btoa(open)}`), [registration]);
    assert.ok(findings[0]);
    assert.deepEqual(fixesOf(findings[0], workspace), []);
  });

  it('offers none in a text that is written with escapes or folded either, where the same holds', () => {
    for (const written of [JSON.stringify(open), `>\n        ${open.trim().replace('\n', '\n\n        ')}`]) {
      const { workspace, findings } = check(secret(`stringData:\n      homeserver.yaml: ${written}`), [registration]);
      assert.ok(findings[0]);
      assert.deepEqual(fixesOf(findings[0], workspace), []);
    }
    const literal = `|\n        ${open.trim().replace('\n', '\n        ')}`;
    const { workspace, findings } = check(secret(`stringData:\n      homeserver.yaml: ${literal}`), [registration]);
    assert.ok(findings[0]);
    assert.equal(fixesOf(findings[0], workspace).length, 1);
  });

  it('offers none between quotes with escapes, whether the text has one line or what is put there has quotes', () => {
    for (const rule of [elementMismatch, initdbUser, publicationUser]) {
      const { files } = readFixture(rule.examples.bad);
      const written = new Map([...files].map(([path, text]) => [path.replace(/yaml$/, 'json'), asJson(text)]));
      const workspace = workspaceOf(written);
      const [found] = checkWorkspace(workspace, [rule]);
      assert.ok(found, rule.id);
      for (const { edits, creates } of fixesOf(found, workspace)) {
        const fixed = workspaceOf(applyEdits(written, edits, creates));
        for (const text of fixed.files.map(file => file.text)) assert.doesNotThrow(() => JSON.parse(text), rule.id);
        assert.equal(checkWorkspace(fixed, [rule]).length, 0, rule.id);
      }
    }
  });

  it('follows an edit of the base64 text', () => {
    const files = new Map([
      ['config.yaml', secretFile(open)],
      ['synapse.yaml', check(secret('data: {}'), []).fixture.files.get('synapse.yaml') ?? ''],
    ]);
    const workspace = workspaceOf(files);
    const live = new LiveFindings(workspace, [registration], {}, () => undefined);
    for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
    live.start();
    const errors = (): number => live.all().filter(one => one.severity === 'error').length;
    const put = (text: string): void => live.apply(workspace.update(uriOf('config.yaml'), 'config.yaml', text));
    assert.equal(errors(), 1);
    put(secretFile(closed));
    assert.equal(errors(), 0);
    put(secretFile(`# ${open}`));
    put(secretFile(open).replace('\ndata:', '\ndata:\n  other: dGVzdA=='));
    assert.equal(errors(), 1);
    assert.deepEqual(
      live.all().map(one => one.problem.message),
      checkWorkspace(workspace, [registration]).map(one => one.problem.message),
    );
    live.dispose();
  });

  it('finds placeholders, domains and secrets in binaryData', () => {
    const cfg = 'resolvers cluster\n  nameserver dns CHANGEME_KUBE_DNS_IP:53\n';
    assert.deepEqual(messages(placeholderConfig, binary('haproxy', 'haproxy.cfg', cfg)), [
      'error: CHANGEME_KUBE_DNS_IP is still to be filled in — write the real value.',
    ]);
    assert.equal(messages(placeholderDomain, binary('element', 'config.json', '{"a":\n"chat.example.com"}')).length, 1);
    const plain = 'macaroon_secret_key: 8dKq3mVx0pLz7RtW\nserver_name: a.test\n';
    const [found] = messages(secretInPlainConfig, binary('synapse', 'homeserver.yaml', plain));
    assert.match(found ?? '', /macaroon_secret_key/);
    assert.doesNotMatch(found ?? '', /8dKq3mVx0pLz7RtW/);
    assert.deepEqual(messages(haproxyResolverAddress, binary('haproxy', 'haproxy.cfg', 'global\n')), []);
  });

  it('compares a password in it with that of Redis, whichever way redis-server gets that', () => {
    const redis = (command: string): string => `
    #- /redis.yaml
    apiVersion: v1
    kind: Secret
    metadata: {name: redis, namespace: matrix}
    stringData: {password: Q8sV1xLm4TzRb7Kd}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: redis, namespace: matrix}
    spec: {selector: {app: redis}, ports: [{port: 6379}]}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: redis}}
        spec:
          containers:
            - name: redis
              image: redis:7.4
              command: ${command}
              env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: redis, key: password}}}]
    `;
    const config = (password: string): string =>
      secret(`data:
      another.yaml: ${btoa('a: 1\nb: 2\n')}
      homeserver.yaml: ${btoa(`server_name: tessera.test\nredis:\n  host: redis\n  password: ${password}\n`)}`);
    for (const command of [
      '[redis-server, --requirepass, $(PASSWORD)]',
      `[sh, -c, 'exec redis-server --requirepass "$PASSWORD"']`,
      `[sh, -c, "redis-server --port 6379 --requirepass \${PASSWORD} --masterauth \${PASSWORD}"]`,
      '[sh, -c, "exec redis-server --requirepass \\\\\\n  $PASSWORD"]',
    ]) {
      const [found, ...others] = messages(secretGroupMismatch, config('another-0ne-1234') + redis(command));
      assert.match(
        found ?? command,
        /redis.password in homeserver.yaml of Secret homeserver is not what password of Secret redis/,
      );
      assert.doesNotMatch(found ?? '', /another-0ne|Q8sV/);
      assert.deepEqual(others, [], command);
      assert.deepEqual(messages(secretGroupMismatch, config('Q8sV1xLm4TzRb7Kd') + redis(command)), [], command);
    }
    for (const command of [`[sh, -c, "# redis-server --requirepass $PASSWORD\\nredis-server"]`, '[redis-server]'])
      assert.deepEqual(messages(secretGroupMismatch, config('another-0ne-1234') + redis(command)), [], command);
  });
});

function secretFile(text: string): string {
  const head = 'apiVersion: v1\nkind: Secret\nmetadata: {name: homeserver, namespace: matrix}\n';
  return `${head}data:\n  homeserver.yaml: ${btoa(text)}\n`;
}

/** The documents of a file as one List in JSON. */
function asJson(text: string): string {
  const items = parseAllDocuments(text).map(document => document.toJS());
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`;
}
