import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  estimatedBits,
  isEmptySecret,
  isSecretKey,
  isWeakSecret,
  weaknessOf,
} from '../../../analysis/text/secret-strength';

describe('isEmptySecret', () => {
  it('is what holds nothing', () => {
    for (const value of ['', ' \n', '""', "''", ' "" ', null, undefined]) assert.equal(isEmptySecret(value), true);
    for (const value of ['a', '0', '"a"', '"']) assert.equal(isEmptySecret(value), false);
  });
});

describe('isWeakSecret', () => {
  it('says why', () => {
    const values: readonly (readonly [string, string, string | undefined])[] = [
      ['password', 'DB_PASSWORD', 'well-known'],
      ['Admin123!', 'adminPassword', 'well-known'],
      ['minioadmin', 'MINIO_ROOT_PASSWORD', 'well-known'],
      ['db-password', 'DB_PASSWORD', 'same-as-key'],
      ['k7Qz9', 'DB_PASSWORD', 'too-short'],
      ['k7Qz9vM2pX4tB8', 'DB_PASSWORD', 'too-short'],
      ['aaaaaaaaaaaaaaaaaaaaaaaa', 'DB_PASSWORD', 'guessable'],
      ['abcdefghijklmnopqrstuvwxyz', 'DB_PASSWORD', 'guessable'],
      ['passwordpasswordpassword', 'DB_PASSWORD', 'guessable'],
      ['1234567890123456', 'DB_PASSWORD', 'guessable'],
      ['synapse-password-matrix', 'DB_PASSWORD', 'guessable'],
      ['hT4vQm9XcR2pWn7K', 'DB_PASSWORD', undefined],
      ['9f86d081884c7d659a2feaa0c55ad015', 'macaroon_secret_key', undefined],
      ['correct horse battery staple', 'DB_PASSWORD', undefined],
      ['hT4vQm9XcR2pWn7K', 'LIVEKIT_API_SECRET', 'too-short'],
      ['hT4vQm9XcR2pWn7KhT4vQm9XcR2pWn7L', 'DJANGO_SECRET_KEY', 'too-short'],
      // Not secret, not filled in, or nothing at all: other rules speak of these.
      ['synapse', 'DB_USER', undefined],
      ['synapse-s3-user', 'access-key', undefined],
      ['CHANGEME', 'DB_PASSWORD', undefined],
      ['${PASSWORD}', 'DB_PASSWORD', undefined],
      ['', 'DB_PASSWORD', undefined],
    ];
    for (const [value, key, reason] of values) {
      assert.equal(weaknessOf(value, key)?.reason, reason, `${value} as ${key}`);
      assert.equal(isWeakSecret(value, key), reason !== undefined);
    }
    assert.equal(weaknessOf('hT4vQm9XcR2pWn7K', 'API_SECRET', 32)?.reason, 'too-short');
  });

  it('accepts what the usual generators make', () => {
    const random = fc.array(fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'), {
      minLength: 43,
      maxLength: 43,
    });
    // 43 characters that are drawn one by one; fast-check prefers small values, so repetition is left out.
    fc.assert(
      fc.property(random, characters => {
        fc.pre(new Set(characters).size > 25);
        assert.equal(weaknessOf(characters.join(''), 'DB_PASSWORD'), undefined);
      }),
    );
  });
});

describe('estimatedBits', () => {
  it('is at most what a random text of the length has, and at least nothing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), value => {
        const bits = estimatedBits(value);
        assert.ok(bits >= 0 && bits <= Math.ceil(value.length * Math.log2(95)), `${bits}`);
      }),
    );
  });

  it('counts the alphabet', () => {
    assert.equal(estimatedBits('8401953726'), 33);
    // Four bits for each hexadecimal digit, and one for each of the three that repeat the digit before.
    assert.equal(estimatedBits('9f86d081884c7d659a2feaa0c55ad015'), 29 * 4 + 3);
    // Two hexadecimal digits, six times.
    assert.equal(estimatedBits('abababababab'), Math.round(2 * 4 + Math.log2(6)));
  });
});

describe('isSecretKey', () => {
  it('tells secrets from names and paths', () => {
    const secret = ['DB_PASSWORD', 'password', 'adminPassword', 'API_SECRET', 'secret-key', 'TURN_SHARED_SECRET'];
    const more = [
      'DJANGO_SECRET_KEY',
      'registration_shared_secret',
      'requirepass',
      'KEY_VAULT_API_KEY',
      'signing_key',
      'token',
    ];
    // As the operator of MinIO names the credentials of a Tenant (credsSecret).
    for (const key of [...secret, ...more, 'secretkey']) assert.equal(isSecretKey(key), true, key);
    assert.equal(isSecretKey('accesskey'), false);
    const open = [
      'DB_USER',
      'access-key',
      'CONSOLE_ACCESS_KEY',
      'username',
      'password_path',
      'secretName',
      'passenger',
      'tokenizer',
      'Jwt__Issuer',
      'JWT_AUDIENCE',
      'ETCD_INITIAL_CLUSTER_TOKEN',
      'key',
    ];
    for (const key of open) assert.equal(isSecretKey(key), false, key);
  });
});
