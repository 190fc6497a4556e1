import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { fill } from '../../cli/commands/fill';

const real = 'gT5wQz8LmX2vKc9NbR4yHs7JdF3pVe6A';
const encoded = (text: string): string => Buffer.from(text).toString('base64');

const files: Readonly<Record<string, string>> = {
  'synapse.yaml': `# Keep this comment
apiVersion: v1
kind: Secret
metadata:
  name: synapse-secrets
  namespace: matrix
stringData:
  MACAROON_SECRET: CHANGEME # and this one
  FORM_SECRET: 'CHANGEME'
  DB_PASSWORD: ${real}
  REDIS_URL: "redis://:CHANGEME_REDIS_PASSWORD@redis:6379/0"
  S3_SECRET_KEY: CHANGEME_S3_SECRET
  FERNET_KEY: CHANGEME
  SMTP_PORT: ''
  ADMIN_PASSWORD:
  signing.key: |
    ed25519 a_XXXX CHANGEME_SIGNING_KEY
data:
  REDIS_PASSWORD: ${encoded('CHANGEME_REDIS_PASSWORD')}
  app.env: ${encoded('USER=synapse\nAPI_TOKEN=CHANGEME\nJWT_SECRET=CHANGEME_OTHER\n')}
`,
  'minio.yaml': `apiVersion: v1\r
kind: Secret\r
metadata:\r
  name: minio-config\r
  namespace: matrix\r
stringData:\r
  config.env: |\r
    # MINIO_ROOT_PASSWORD=CHANGEME is the password of root\r
    export MINIO_ROOT_USER="root-of-storage"\r
    export MINIO_ROOT_PASSWORD="CHANGE_ME_GENERATE_SECURE_PASSWORD"\r
---\r
apiVersion: v1\r
kind: Secret\r
metadata:\r
  name: key-vault-secrets\r
  namespace: matrix\r
stringData:\r
  DJANGO_SECRET_KEY: CHANGEME\r
  S3_SECRET_KEY: "CHANGEME_S3_SECRET"\r
  RSA_PRIVATE_KEY: |\r
    -----BEGIN RSA PRIVATE KEY-----\r
    CHANGEME: openssl genrsa 2048\r
    -----END RSA PRIVATE KEY-----\r
  APNS_KEY_ID: CHANGEME_APNS\r
`,
  'signing-li.yaml': `apiVersion: v1
kind: Secret
metadata:
  name: synapse-li-signing
  namespace: matrix
stringData:
  signing.key: "ed25519 a_abcd 0Vn3Zk8QmYt5RsJ1xWc7HdLpG2eUa9BiFoKqN6vTyCE"
`,
};

describe('fill', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'fill-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const read = (path: string): string => readFileSync(join(root, path), 'utf8');

  it('writes values of the right kinds in the form of each place, the same where they have to agree', async () => {
    const { stdout } = await run(root);
    const synapse = parse(read('synapse.yaml'));
    const { stringData: plain, data } = synapse;
    const [minio, vault] = read('minio.yaml')
      .split('\r\n---\r\n')
      .map(document => parse(document).stringData);
    assert.match(plain.MACAROON_SECRET, /^[0-9a-f]{64}$/);
    assert.match(plain.FORM_SECRET, /^[0-9a-f]{64}$/);
    assert.notEqual(plain.MACAROON_SECRET, plain.FORM_SECRET);
    assert.equal(plain.DB_PASSWORD, real);
    assert.match(plain.FERNET_KEY, /^[\w-]{43}=$/);
    assert.match(plain.ADMIN_PASSWORD, /^[A-Za-z0-9]{43}$/);
    assert.equal(plain.SMTP_PORT, '');
    assert.match(plain.S3_SECRET_KEY, /^[A-Za-z0-9]{40}$/);
    assert.equal(vault.S3_SECRET_KEY, plain.S3_SECRET_KEY);
    const password = Buffer.from(data.REDIS_PASSWORD, 'base64').toString();
    assert.match(password, /^[A-Za-z0-9]{43}$/);
    assert.equal(plain.REDIS_URL, `redis://:${password}@redis:6379/0`);
    assert.match(
      Buffer.from(data['app.env'], 'base64').toString(),
      /^USER=synapse\nAPI_TOKEN=[0-9a-f]{64}\nJWT_SECRET=[0-9a-f]{64}\n$/,
    );
    // The LI instance has its signing key already, and it is the same server.
    assert.equal(plain['signing.key'], `${parse(read('signing-li.yaml')).stringData['signing.key']}\n`);
    assert.match(
      minio['config.env'],
      /export MINIO_ROOT_USER="root-of-storage"\nexport MINIO_ROOT_PASSWORD="[A-Za-z0-9]{43}"\n$/,
    );
    assert.match(vault.DJANGO_SECRET_KEY, /^[a-z][a-z0-9!@^*(\-_=+)]{49}$/);
    assert.match(
      vault.RSA_PRIVATE_KEY,
      /^-----BEGIN RSA PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{1500,}\n-----END RSA PRIVATE KEY-----\n$/,
    );
    assert.equal(vault.APNS_KEY_ID, 'CHANGEME_APNS');
    assert.match(stdout, /Left to you:\n {2}minio\.yaml:\d+ {2}APNS_KEY_ID of Secret key-vault-secrets/);
  });

  it('keeps comments, quotes and line endings', async () => {
    await run(root);
    assert.match(read('synapse.yaml'), /^# Keep this comment\n/);
    assert.match(read('synapse.yaml'), /MACAROON_SECRET: \S+ # and this one\n {2}FORM_SECRET: '[0-9a-f]{64}'\n/);
    assert.match(read('minio.yaml'), / {4}# MINIO_ROOT_PASSWORD=CHANGEME is the password of root\r\n/);
    assert.doesNotMatch(read('minio.yaml'), /(?<!\r)\n/);
    assert.equal(read('signing-li.yaml'), files['signing-li.yaml']);
  });

  it('prints no value', async () => {
    const { stdout, stderr } = await run(root);
    const texts = [read('synapse.yaml'), read('minio.yaml')].join('\n');
    const values = texts.match(/[A-Za-z0-9+/=_-]{30,}/g) ?? [];
    assert.ok(values.length > 30);
    for (const value of values) assert.ok(!(stdout + stderr).includes(value));
    assert.match(stderr, /^13 places in 2 files\n$/);
  });

  it('changes nothing the second time, and nothing at all in a dry run', async () => {
    const dry = await run(root, '--dry-run');
    for (const [path, text] of Object.entries(files)) assert.equal(read(path), text);
    assert.match(dry.stderr, /nothing written/);
    const first = await run(root);
    assert.equal(first.stdout, dry.stdout);
    const before = Object.keys(files).map(read);
    const second = await run(root);
    assert.deepEqual(Object.keys(files).map(read), before);
    assert.match(second.stderr, /^0 places in 0 files\n$/);
  });
});

/** Runs the command in this process and collects what it prints. */
async function run(root: string, ...options: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const printed = { stdout: '', stderr: '' };
  const streams = ['stdout', 'stderr'] as const;
  const writes = streams.map(name => process[name].write);
  for (const name of streams) {
    process[name].write = ((text: string) => {
      printed[name] += text;
      return true;
    }) as typeof process.stdout.write;
  }
  try {
    assert.equal(await fill([root, ...options]), 0);
  } finally {
    streams.forEach((name, index) => {
      process[name].write = writes[index] as typeof process.stdout.write;
    });
  }
  return printed;
}
