import type { CredentialKind } from '../../protocol/editing';

/** What people call the kinds, after `a new`. */
export const kindNames: Readonly<Record<CredentialKind, string>> = {
  password: 'password',
  hex: 'secret of 64 hexadecimal digits',
  django: 'Django secret key',
  fernet: 'Fernet key',
  'rsa-pkcs1': 'RSA private key (PKCS#1)',
  'rsa-pkcs8': 'RSA private key (PKCS#8)',
  'signing-key': 'Synapse signing key',
  'livekit-api-key': 'LiveKit API key',
  's3-access-key': 'S3 access key',
  's3-secret-key': 'S3 secret key',
};
