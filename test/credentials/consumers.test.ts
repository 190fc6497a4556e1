import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { parse } from 'yaml';
import type { CredentialKind } from '../../analysis/credentials/kinds';
import type { CredentialForm } from '../../analysis/credentials/places';
import { generators } from '../../credentials/generate';
import { valueAt, writtenAs } from '../../credentials/write';
import { asOrdinaryUser, consumer } from './consumers';

/** What stands on one line and is pasted into configurations; keys of several lines are mounted as files. */
const pasted: readonly CredentialKind[] = [
  'password',
  'hex',
  'django',
  'fernet',
  'livekit-api-key',
  's3-access-key',
  's3-secret-key',
];
const inUrls: readonly CredentialKind[] = ['password', 'hex', 's3-access-key', 's3-secret-key', 'livekit-api-key'];
const all = Object.keys(generators) as readonly CredentialKind[];

/** Odd letters come up once in many draws, so each kind is drawn often; each key of several lines takes its time. */
const drawn = new Map<CredentialKind, Promise<readonly string[]>>();
async function draws(kind: CredentialKind, count = 20): Promise<readonly string[]> {
  let values = drawn.get(kind);
  if (!values) {
    values = Promise.all(Array.from({ length: /rsa/.test(kind) ? 1 : 20 }, generators[kind]));
    drawn.set(kind, values);
  }
  return (await values).slice(0, count);
}

describe('a generated credential is read as it is', function () {
  this.timeout(120_000);
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'credentials-'));
    chmodSync(directory, 0o755);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('by sed in the scripts of init containers, whatever its delimiter', async () => {
    const sh = consumer('sh', 'dash');
    consumer('sed', 'sed');
    for (const kind of pasted) {
      const values = await draws(kind, 6);
      for (const delimiter of ['/', '|', '#', ',']) {
        const script = values
          .map(
            (_, index) => `printf 'a X_TOKEN b\\n' | sed "s${delimiter}X_TOKEN${delimiter}\${V${index}}${delimiter}g"`,
          )
          .join('\n');
        const env = Object.fromEntries(values.map((value, index) => [`V${index}`, value]));
        const output = execFileSync(sh, ['-c', script], { encoding: 'utf8', env: { ...process.env, ...env } });
        assert.deepEqual(
          output.trimEnd().split('\n'),
          values.map(value => `a ${value} b`),
          `${kind} with ${delimiter}`,
        );
      }
    }
  });

  it('by sh where it is pasted: in double quotes, in a here-document, in a file that is sourced', async () => {
    const sh = consumer('sh', 'dash');
    for (const kind of [...pasted, 'signing-key'] as const) {
      for (const value of await draws(kind, 10)) {
        const script = `export X="${value}"\ncat <<EOF\n\${X} ${value}\nEOF\n`;
        const file = join(directory, 'config.env');
        writeFileSync(file, script);
        const output = execFileSync(sh, ['-ec', '. "$1"', 'sh', file], { encoding: 'utf8' });
        assert.equal(output, `${value} ${value}\n`, kind);
      }
    }
  });

  it('by envsubst', async () => {
    const envsubst = consumer('envsubst', 'gettext-base');
    for (const kind of pasted) {
      const [value = ''] = await draws(kind, 1);
      const options = { encoding: 'utf8', input: 'password: ${X}\n', env: { X: value } } as const;
      assert.equal(execFileSync(envsubst, [], options), `password: ${value}\n`);
    }
  });

  it('by URLs', async () => {
    for (const kind of inUrls) {
      for (const value of await draws(kind)) {
        assert.equal(new URL(`postgresql://synapse:${value}@db:5432/synapse`).password, value);
        assert.equal(encodeURIComponent(value), value);
      }
    }
  });

  for (const style of ['plain', 'single', 'double', 'inside'] as const) {
    it(`by YAML, written ${style === 'inside' ? 'into a block scalar' : `in the style ${style}`}`, async () => {
      const form: CredentialForm = { style, indent: style === 'inside' ? '  ' : undefined, isEncoded: false };
      for (const kind of all) {
        for (const value of await draws(kind)) {
          const written = writtenAs(value, form, 'CHANGEME', '\n');
          if (style === 'single' && value.includes('\n')) {
            assert.equal(written, undefined);
            continue;
          }
          const yaml = style === 'inside' ? `key: |-\n  ${written}\n` : `key: ${written} # comment\n`;
          assert.deepEqual(parse(yaml), { key: value }, kind);
          assert.deepEqual(load(yaml), { key: value }, kind);
          const quoted = style === 'plain' && written?.startsWith('"') ? { ...form, style: 'double' as const } : form;
          assert.equal(valueAt(quoted, written ?? ''), value);
        }
      }
    });
  }

  it('by YAML in base64, alone and beside what stood there', async () => {
    const form: CredentialForm = { style: 'plain', indent: undefined, isEncoded: true };
    for (const kind of all) {
      const [value = ''] = await draws(kind, 1);
      const written = writtenAs(value, form, 'Q0hBTkdFTUU=', '\n') ?? '';
      assert.equal(Buffer.from(parse(`key: ${written}`).key, 'base64').toString(), value);
      assert.equal(valueAt(form, written), value);
    }
    const before = Buffer.from('user=ä\npassword=CHANGEME\n').toString('base64');
    const part = { start: 'user=ä\npassword='.length, end: 'user=ä\npassword=CHANGEME'.length };
    const written = writtenAs('s3cret', { ...form, part }, before, '\n') ?? '';
    assert.equal(Buffer.from(parse(`key: ${written}`).key, 'base64').toString(), 'user=ä\npassword=s3cret\n');
  });

  it('by YAML also where it looks like a number or a word of YAML', () => {
    const form: CredentialForm = { style: 'plain', indent: undefined, isEncoded: false };
    for (const value of [
      '0123456789',
      '12e345',
      '0x1F',
      '0b0101',
      '0o17',
      'true',
      'No',
      'null',
      '1_000',
      '.5',
      '-x',
      '*x',
      '!x',
      '@x',
      'a: b',
      'a #b',
      'x ',
      '12:30:45',
    ]) {
      const written = writtenAs(value, form, 'CHANGEME', '\n');
      assert.equal(parse(`key: ${written}`).key, value);
      assert.equal((load(`key: ${written}`) as { key: unknown }).key, value);
    }
  });

  it('by openssl, if it is an RSA key', async () => {
    const openssl = consumer('openssl', 'openssl');
    for (const [kind, header] of [
      ['rsa-pkcs1', 'RSA PRIVATE KEY'],
      ['rsa-pkcs8', 'PRIVATE KEY'],
    ] as const) {
      const input = `${(await draws(kind))[0]}\n`;
      assert.ok(input.startsWith(`-----BEGIN ${header}-----\n`));
      const checked = execFileSync(openssl, ['rsa', '-check', '-noout', '-text'], { input, encoding: 'utf8' });
      assert.match(checked, /Private-Key: \(2048 bit/);
      assert.match(checked, /RSA key ok/);
    }
  });

  it('by openssl, if it is the seed of a signing key', async () => {
    const openssl = consumer('openssl', 'openssl');
    const seed = Buffer.from((await generators['signing-key']()).split(' ')[2] ?? '', 'base64');
    const input = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const text = execFileSync(openssl, ['pkey', '-inform', 'DER', '-noout', '-text'], { input, encoding: 'utf8' });
    assert.match(text, /^ED25519 Private-Key:/);
  });

  it('by Redis, from its configuration file and by its clients', async () => {
    const server = consumer('redis-server', 'redis-server');
    const client = consumer('redis-cli', 'redis-tools');
    for (const kind of ['password', 'hex'] as const) {
      const password = await generators[kind]();
      const config = join(directory, `redis-${kind}.conf`);
      const socket = join(directory, `redis-${kind}.sock`);
      writeFileSync(config, `port 0\nunixsocket ${socket}\nsave ""\nrequirepass ${password}\nmasterauth ${password}\n`);
      const running = spawn(server, [config], { cwd: directory, stdio: 'ignore' });
      try {
        const ask = (...args: readonly string[]): string =>
          execFileSync(client, ['-s', socket, '--no-auth-warning', ...args], {
            encoding: 'utf8',
            stdio: 'pipe',
          }).trim();
        await eventually(() => ask('ping') !== '');
        assert.match(ask('ping'), /NOAUTH/);
        assert.equal(ask('-a', password, 'ping'), 'PONG');
        assert.equal(ask('-a', password, 'config', 'get', 'masterauth'), `masterauth\n${password}`);
      } finally {
        running.kill();
        await new Promise(resolve => (running.exitCode === null ? running.once('exit', resolve) : resolve(undefined)));
      }
    }
  });

  it('by PostgreSQL: quoted by psql, in a .pgpass file and in a URL', async () => {
    const initdb = consumer('initdb', 'postgresql');
    const control = consumer('pg_ctl', 'postgresql');
    const psql = consumer('psql', 'postgresql-client');
    const data = asOrdinaryUser('mktemp', ['-d', '-p', tmpdir()]).trim();
    try {
      asOrdinaryUser(initdb, ['-D', data, '-U', 'postgres', '--auth-local=trust', '--no-sync', '--no-instructions']);
      const options = `-c listen_addresses= -c unix_socket_directories=${data} -c fsync=off`;
      asOrdinaryUser(control, ['-D', data, '-o', options, '-w', '-l', join(data, 'log'), 'start']);
      const query = (args: readonly string[], env: NodeJS.ProcessEnv = {}): string =>
        asOrdinaryUser(psql, ['-XAtq', ...args], env).trim();
      const trusted = ['-h', data, '-U', 'postgres', '-d', 'postgres'];
      const passwords = Object.fromEntries(
        await Promise.all(pasted.map(async kind => [kind.replaceAll('-', '_'), await generators[kind]()] as const)),
      );
      for (const [role, password] of Object.entries(passwords)) {
        // psql quotes variables in scripts only, not in the text of -c.
        const script = join(data, 'role.sql');
        asOrdinaryUser('sh', ['-c', `printf '%s\\n' "CREATE ROLE ${role} LOGIN PASSWORD :'password';" > ${script}`]);
        query([...trusted, '-v', 'ON_ERROR_STOP=1', '-v', `password=${password}`, '-f', script]);
      }
      const lines = Object.entries(passwords).map(([role, password]) => `*:*:*:${role}:${password}`);
      const setUp =
        'printf "local all postgres trust\\nlocal all all scram-sha-256\\n" > "$1/pg_hba.conf"; umask 077; printf "%s\\n" "$2" > "$1/pgpass"';
      asOrdinaryUser('sh', ['-c', setUp, 'sh', data, lines.join('\n')]);
      asOrdinaryUser(control, ['-D', data, 'reload']);
      await eventually(() => fails(() => query(['-h', data, '-U', 'hex', '-d', 'postgres', '-w', '-c', 'SELECT 1'])));
      for (const [role, password] of Object.entries(passwords)) {
        const arguments_ = ['-h', data, '-U', role, '-d', 'postgres', '-w', '-c', 'SELECT current_user'];
        assert.equal(query(arguments_, { PGPASSFILE: join(data, 'pgpass') }), role);
        assert.equal(query(arguments_, { PGPASSWORD: password }), role);
        if (role === 'django' || role === 'fernet') continue;
        const url = `postgresql://${role}:${password}@/postgres?host=${data}`;
        assert.equal(query([url, '-w', '-c', 'SELECT current_user']), role);
      }
    } finally {
      try {
        asOrdinaryUser(control, ['-D', data, '-m', 'immediate', 'stop']);
      } catch {
        // It did not start, and the test has failed for that.
      }
      rmSync(data, { recursive: true, force: true });
    }
  });
});

function fails(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

async function eventually(isSo: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      if (isSo()) return;
    } catch {
      // It is not there yet.
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error('it did not come up');
}
