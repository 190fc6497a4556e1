import { table } from '../../manifests/table';

/** What a generated value has to look like. The generators are in `credentials/`, since this floor draws no numbers. */
export type CredentialKind =
  | 'password'
  | 'hex'
  | 'django'
  | 'fernet'
  | 'rsa-pkcs1'
  | 'rsa-pkcs8'
  | 'signing-key'
  | 'livekit-api-key'
  | 's3-access-key'
  | 's3-secret-key';

/**
 * The kind of a credential by the name of its key, the name of the object or file that holds it, and its present text, a
 * placeholder. Undefined for what nobody but its issuer can make (push keys, OAuth clients, htpasswd lines,
 * certificates) and for what is no credential: a host, a user, a bucket.
 */
export function credentialKind(key: string, holder: string, text: string): CredentialKind | undefined {
  const name = words(key);
  const all = `${words(holder)} ${name}`;
  if (issuedElsewhere.test(all) || /htpasswd|^\s*[{<][^>]*$/m.test(text)) return undefined;
  const header = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----/.exec(text)?.[1];
  if (header !== undefined) return pemKinds[header];
  if (/signing key/.test(name) || /^\s*ed25519\b/m.test(text)) return 'signing-key';
  if (/\brsa\b/.test(name) && /\bkey\b|\bpem\b/.test(name)) return 'rsa-pkcs1';
  if (/private key|\bpem\b|\bcrt\b|certificate|public/.test(name)) return undefined;
  if (/fernet|encryption key/.test(name)) return 'fernet';
  if (/django/.test(name) || (/^secret key$/.test(name) && /key vault|django/.test(all))) return 'django';
  if (/secret (?:access )?key/.test(name) && !/api/.test(name) && /\bs3\b|minio|aws|console|backup|rclone/.test(all))
    return 's3-secret-key';
  if (/^secret key$/.test(name)) return 'hex';
  if (/access key/.test(name) || /^minio root user$/.test(name)) return 's3-access-key';
  if (/livekit/.test(all) && /(?:^|api |livekit )key$/.test(name)) return 'livekit-api-key';
  if (/pass(?:word|wd|phrase)?\b|\bpwd\b|requirepass|masterauth/.test(name)) return 'password';
  if (notSecret.test(name)) return undefined;
  if (
    /api key|secret|token|jwt|macaroon|\bform\b|registration|replication|pickle|\bkey\b|cookie|salt|pepper/.test(name)
  )
    return 'hex';
  // The password inside `postgresql://user:CHANGEME@host/db`.
  return /\b(?:url|uri|dsn|connection string)$/.test(name) && userPassword.test(text) ? 'password' : undefined;
}

/** The user, the password and what follows the `@` of a URL with credentials (RFC 3986, 3.2.1). */
export const userPassword = /\b([a-z][a-z0-9+.-]*):\/\/([^\s:@/]*):([^\s@/]+)@([^\s/?#"']+)/i;

const issuedElsewhere =
  /\bapns\b|\bfcm\b|firebase|google|service account|\bsmtp\b|\bmail\b|dockerconfig|docker config|registry|oidc|oauth|client (?:id|secret)|recaptcha|sentry|licen[cs]e|acme|cloudflare|route53|\bdns\b/;

const notSecret = /(?:^| )(?:user(?:name)?|name|id|host|port|path|file|dir|region|bucket|endpoint|class|email|domain)$/;

const pemKinds = table<CredentialKind>({
  'RSA PRIVATE KEY': 'rsa-pkcs1',
  'PRIVATE KEY': 'rsa-pkcs8',
});

/** `KEY_VAULT_API_KEY`, `apiKey` and `api-key` as words in lower case. */
function words(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[^A-Za-z\d]+/g, ' ')
    .trim()
    .toLowerCase();
}
