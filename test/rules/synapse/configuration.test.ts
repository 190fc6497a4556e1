import assert from 'node:assert/strict';
import copyDrift from '../../../rules/synapse/config-copy-drift';
import secretUnset from '../../../rules/synapse/synapse-secret-unset';
import signingKey from '../../../rules/synapse/synapse-signing-key-missing';
import unknownKey from '../../../rules/synapse/synapse-unknown-key';
import { check } from '../../fixture';
import { applyFix, fixTitles } from '../expect';
import { configMap, found, indented, scriptedWorker, synapse } from './tree';

describe('synapse-signing-key-missing', () => {
  const config = configMap('synapse-config', {
    'homeserver.yaml': 'server_name: tessera.test\nsigning_key_path: /keys/signing.key',
    'worker.yaml': 'worker_app: synapse.app.generic_worker\nworker_name: generic',
  });
  const secret = (key: string): string =>
    `---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\n  namespace: matrix\nstringData:\n  ${key}: "x"\n`;
  const mounts = '- name: keys\n  mountPath: /keys';
  const volume = (source: string): string => `- name: keys\n${indented(source, 2)}`;
  const fromSecret = volume('secret: {secretName: keys}');
  const main = (volumes: string, init = ''): string => config + synapse('synapse-main', { mounts, volumes, init });

  it('accepts keys from Secrets, scripts and volumes that last', () => {
    assert.deepEqual(found(signingKey, main(fromSecret) + secret('signing.key')), []);
    assert.deepEqual(found(signingKey, main(fromSecret)), []);
    assert.deepEqual(
      found(
        signingKey,
        main(volume('secret:\n  secretName: keys\n  items: [{key: a, path: signing.key}]')) + secret('a'),
      ),
      [],
    );
    assert.deepEqual(found(signingKey, main(volume('persistentVolumeClaim: {claimName: keys}'))), []);
    const copy =
      '- name: copy\n  image: busybox:1.36\n  command: [sh, -c, "cp /secret/signing.key /keys/"]\n  volumeMounts: [{name: keys, mountPath: /keys}]';
    assert.deepEqual(found(signingKey, main(volume('emptyDir: {}'), copy)), []);
    const all = copy.replace('cp /secret/signing.key', 'cp -r /secret/.');
    assert.deepEqual(found(signingKey, main(volume('emptyDir: {}'), all)), []);
    const made =
      '- name: make\n  image: registry.tessera.test/keys:1\n  volumeMounts: [{name: keys, mountPath: /keys}]';
    assert.deepEqual(found(signingKey, main(volume('emptyDir: {}'), made)), []);
  });

  it('finds a key that is not in the Secret, or on a volume that begins empty', () => {
    assert.deepEqual(found(signingKey, main(fromSecret) + secret('synapse.key')), ['error /keys']);
    assert.deepEqual(found(signingKey, main(volume('emptyDir: {}'))), ['error /keys']);
  });

  it('says that a worker does not start without it', () => {
    const { findings } = check(config + synapse('synapse-generic', { worker: true }), [signingKey]);
    assert.match(findings[0]?.problem.message ?? '', /a worker does not start without the signing key/);
  });

  it('takes a key in the configuration, and one whose path a script makes, for right', () => {
    const inline = configMap('synapse-config', {
      'homeserver.yaml': 'server_name: tessera.test\nsigning_key: ed25519 a x',
    });
    assert.deepEqual(found(signingKey, inline + synapse('synapse-main')), []);
  });
});

describe('synapse-secret-unset', () => {
  const of = (text: string, more = ''): readonly string[] =>
    found(
      secretUnset,
      configMap('synapse-config', { 'homeserver.yaml': `server_name: tessera.test\n${text}` }) +
        synapse('synapse-main') +
        more,
    );
  const worker = scriptedWorker('synapse-generic', 'worker_app: synapse.app.generic_worker\nworker_name: generic');

  it('tells empty from absent', () => {
    assert.deepEqual(of('macaroon_secret_key:'), ['error macaroon_secret_key:']);
    assert.deepEqual(of('macaroon_secret_key: x\nform_secret:'), ['warning form_secret:']);
    assert.deepEqual(of("macaroon_secret_key: x\nregistration_shared_secret: ''"), [
      "warning registration_shared_secret: ''",
    ]);
    assert.deepEqual(of('macaroon_secret_key: x\nregistration_shared_secret: null'), []);
    assert.deepEqual(of('registration_shared_secret: x'), []);
    assert.deepEqual(of('report_stats: false'), ['warning server_name']);
  });

  it('asks for a replication secret where there are workers', () => {
    assert.deepEqual(of('macaroon_secret_key: x'), []);
    assert.deepEqual(of('macaroon_secret_key: x\ninstance_map: {}', worker), ['warning instance_map']);
    assert.deepEqual(of('macaroon_secret_key: x\nworker_replication_secret_path: /s', worker), []);
  });
});

describe('synapse-unknown-key', () => {
  const of = (text: string): readonly string[] =>
    found(
      unknownKey,
      configMap('synapse-config', { 'homeserver.yaml': `server_name: tessera.test\n${text}` }) +
        synapse('synapse-main'),
    );

  it('reports near misses only', () => {
    assert.deepEqual(of('turn-uris: []'), ['warning turn-uris']);
    assert.deepEqual(of('enableRegistration: false'), ['warning enableRegistration']);
    assert.deepEqual(of('rc_mesage: {}'), ['warning rc_mesage']);
    assert.deepEqual(
      of('enable_password_reset: false\nx-secrets: {}\n_anchors: {}\nmy_module_settings: {}\npushy: 1'),
      [],
    );
  });

  it('reports what the driver of the database does not get', () => {
    const database = (rest: string): readonly string[] => of(`database: {name: psycopg2, ${rest}}`);
    assert.deepEqual(database('password: x, args: {user: synapse}'), ['warning password']);
    assert.deepEqual(database('txn_limit: 1000, allow_unsafe_locale: true, args: {password: x}'), []);
  });

  it('knows old, new and workers’ options', () => {
    assert.deepEqual(
      of(
        'worker_app: synapse.app.homeserver\nfederation_ip_range_blacklist: []\nmatrix_authentication_service: {}\nuser_types: {}\nrc_reports: {}\nuse_presence: true',
      ),
      [],
    );
  });

  it('offers no name that is there already', () => {
    const tree =
      configMap('synapse-config', { 'homeserver.yaml': 'server_name: tessera.test\nturn-uris: []\nturn_uris: []' }) +
      synapse('synapse-main');
    assert.deepEqual(fixTitles(unknownKey, tree), []);
  });
});

describe('config-copy-drift', () => {
  const cm = (file: string, text: string): string =>
    `#- /haproxy/deployment.yaml\n${configMap('haproxy-config', { [file]: text })}`;
  const copy = (file: string, text: string): string => `#- /haproxy/${file}\n${text}\n`;

  it('compares what the files say', () => {
    assert.deepEqual(
      found(
        copyDrift,
        cm('homeserver.yaml', 'a: 1\nb: [x, "y"]') + copy('homeserver.yaml', "# A comment.\nb:\n  - x\n  - 'y'\na: 1"),
      ),
      [],
    );
    assert.deepEqual(
      found(
        copyDrift,
        cm('haproxy.cfg', 'global\n  maxconn 10') + copy('haproxy.cfg', '# A comment\nglobal # all\n    maxconn   10'),
      ),
      [],
    );
    assert.deepEqual(found(copyDrift, cm('config.json', '{"a": 1}') + copy('config.json', '{ "a": 2 }')), ['info "a"']);
    assert.deepEqual(found(copyDrift, cm('homeserver.yaml', 'a: 1\nb: 2') + copy('homeserver.yaml', 'a: 1')), [
      'info a',
    ]);
  });

  it('warns of routes that are not deployed', () => {
    assert.deepEqual(
      found(
        copyDrift,
        cm('haproxy.cfg', 'frontend f\n  default_backend a') +
          copy('haproxy.cfg', 'frontend f\n  use_backend b if TRUE\n  default_backend a'),
      ),
      ['warning use_backend b if TRUE'],
    );
    assert.deepEqual(
      found(copyDrift, cm('haproxy.cfg', 'global\n  maxconn 1') + copy('haproxy.cfg', 'global\n  maxconn 2')),
      ['info maxconn 2'],
    );
  });

  it('does not take the source of a ConfigMap for a copy', () => {
    const drift = cm('homeserver.yaml', 'a: 1') + copy('homeserver.yaml', 'a: 2');
    assert.deepEqual(found(copyDrift, drift), ['info a']);
    assert.deepEqual(
      found(copyDrift, `${drift}#- /deploy.sh\nkubectl create configmap x --from-file=haproxy/homeserver.yaml\n`),
      [],
    );
    assert.deepEqual(
      found(
        copyDrift,
        `${drift}#- /haproxy/kustomization.yaml\nkind: Kustomization\nconfigMapGenerator:\n  - name: x\n    files: [config=homeserver.yaml]\n`,
      ),
      [],
    );
  });

  it('never shows what may be a password', () => {
    const tree = cm('redis.conf', 'requirepass one-secret') + copy('redis.conf', 'requirepass another-secret');
    const [finding] = check(tree, [copyDrift]).findings;
    assert.ok(finding);
    assert.ok(!finding.problem.message.includes('secret'));
  });

  it('puts the copy into the ConfigMap', () => {
    const files = applyFix(
      copyDrift,
      cm('haproxy.cfg', 'global\n  maxconn 1') + copy('haproxy.cfg', 'global\n  maxconn 2\n\n  log stdout'),
      /Put the copy/,
    );
    assert.ok(
      files['haproxy/deployment.yaml']?.endsWith('  haproxy.cfg: |\n    global\n      maxconn 2\n\n      log stdout\n'),
    );
  });
});
