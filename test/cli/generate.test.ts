import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt, sign, verify } from 'node:crypto';
import { resolve } from 'node:path';
import type { CredentialKind } from '../../analysis/credentials/kinds';
import { generators } from '../../credentials/generate';

describe('generate', () => {
  const shapes: Readonly<Record<Exclude<CredentialKind, 'rsa-pkcs1' | 'rsa-pkcs8'>, RegExp>> = {
    password: /^[A-Za-z0-9]{43}$/,
    hex: /^[0-9a-f]{64}$/,
    django: /^[a-z][a-z0-9!@^*(\-_=+)]{49}$/,
    'signing-key': /^ed25519 a_[A-Za-z0-9]{4} [A-Za-z0-9+/]{43}$/,
    'livekit-api-key': /^API[A-Za-z0-9]{12}$/,
    fernet: /^[A-Za-z0-9_-]{43}=$/,
    's3-access-key': /^[A-Z0-9]{20}$/,
    's3-secret-key': /^[A-Za-z0-9]{40}$/,
  };

  for (const [kind, shape] of Object.entries(shapes)) {
    it(`makes a ${kind} of the right shape, a new one every time`, async () => {
      const drawn = await draws(kind as CredentialKind, 1000);
      for (const one of drawn) assert.match(one, shape);
      assert.equal(new Set(drawn).size, 1000);
    });
  }

  for (const [kind, alphabet, part] of [
    ['password', 62, (one: string) => one],
    ['hex', 16, (one: string) => one],
    ['django', 46, (one: string) => one.slice(1)],
    ['livekit-api-key', 62, (one: string) => one.slice('API'.length)],
    ['s3-access-key', 36, (one: string) => one],
  ] as const) {
    it(`draws every character of a ${kind} equally often`, async () => {
      const text = (await draws(kind, 1000)).map(part).join('');
      const counts = new Map<string, number>();
      for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
      assert.equal(counts.size, alphabet);
      const expected = text.length / alphabet;
      const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // Six standard deviations above the mean of the distribution: a fair draw gets there less than once in a million.
      assert.ok(chiSquare < alphabet - 1 + 6 * Math.sqrt(2 * (alphabet - 1)), `${chiSquare}`);
    });
  }

  it('makes an Ed25519 signing key whose seed signs', async () => {
    const seed = Buffer.from((await generators['signing-key']()).split(' ')[2] ?? '', 'base64');
    assert.equal(seed.length, 32);
    const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
    const key = createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
    const message = Buffer.from('event');
    assert.equal(verify(null, message, createPublicKey(key), sign(null, message, key)), true);
  });

  it('makes an RSA key of 2048 bits in PKCS#1 that decrypts', async () => {
    const pem = await generators['rsa-pkcs1']();
    assert.match(pem, /^-----BEGIN RSA PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END RSA PRIVATE KEY-----$/);
    const key = createPrivateKey(pem);
    assert.equal(key.asymmetricKeyType, 'rsa');
    assert.equal(key.asymmetricKeyDetails?.modulusLength, 2048);
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING };
    const encrypted = publicEncrypt({ key: createPublicKey(pem), ...padding }, Buffer.from('secret'));
    assert.equal(privateDecrypt({ key, ...padding }, encrypted).toString(), 'secret');
    assert.notEqual(await generators['rsa-pkcs1'](), pem);
  });

  describe('on the command line', function () {
    this.timeout(60_000);

    it('prints one credential and a line break, and nothing else', () => {
      const { code, stdout, stderr } = run('generate', 'password');
      assert.match(stdout, /^[A-Za-z0-9]{43}\n$/);
      assert.equal(stderr, '');
      assert.equal(code, 0);
    });

    for (const [what, args, message] of [
      ['no kind', [], /say what to generate: password, hex, django, rsa, signing-key, livekit-key/],
      ['an unknown kind', ['passwort'], /takes password, hex, .*, not "passwort"/],
    ] as const) {
      it(`ends with 2 for ${what}`, () => {
        const { code, stdout, stderr } = run('generate', ...args);
        assert.equal(code, 2);
        assert.equal(stdout, '');
        assert.match(stderr, message);
      });
    }
  });
});

function draws(kind: CredentialKind, count: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, generators[kind]));
}

function run(...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', resolve('cli/main.ts'), ...args], {
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}
