import { findPlaceholders } from './placeholders';

/** Why a secret is weak: the first of these reasons that holds. */
export interface Weakness {
  readonly reason: 'well-known' | 'same-as-key' | 'too-short' | 'guessable';
  /** The number of characters, and how many the secret's use asks for. */
  readonly length: number;
  readonly minimumLength: number;
  /** The estimate of `estimatedBits`. */
  readonly bits: number;
}

/** Whether a secret holds nothing: absent, blanks only, or an empty pair of quotes. */
export function isEmptySecret(value: string | null | undefined): boolean {
  return /^\s*(?:""|'')?\s*$/.test(value ?? '');
}

/** Whether a secret's value is easy to guess. An empty value and a placeholder are no secret, so they are not weak. */
export function isWeakSecret(value: string, key: string): boolean {
  return weaknessOf(value, key) !== undefined;
}

/**
 * What makes a secret's value weak, if anything: fewer than 64 bits, or fewer characters than its use asks for. Django
 * warns below 50 characters (security.W009), LiveKit below 32 (`Config.ValidateKeys`); 16 otherwise. A name such as an
 * access key or a user is not secret, so its length is not judged.
 */
export function weaknessOf(value: string, key: string, minimumLength = minimumLengthOf(key)): Weakness | undefined {
  const secret = value.trim();
  if (isEmptySecret(secret) || findPlaceholders(secret, 'value').length > 0) return undefined;
  if (!isSecretKey(key)) return undefined;
  const bits = estimatedBits(secret);
  const found = (reason: Weakness['reason']): Weakness => ({ reason, length: secret.length, minimumLength, bits });
  const plain = secret.toLowerCase();
  if (wellKnown.has(plain) || wellKnown.has(plain.replace(/[^a-z]+$/, ''))) return found('well-known');
  if (letters(plain) === letters(key.toLowerCase())) return found('same-as-key');
  if (secret.length < minimumLength) return found('too-short');
  // What `django-admin startproject` writes; Django warns of it in production (security.W009).
  if (secret.startsWith('django-insecure-')) return found('guessable');
  return bits < 64 ? found('guessable') : undefined;
}

/** Whether a key names something that must stay unknown: a password, token or private key, and not a user or a path. */
export function isSecretKey(key: string): boolean {
  const words = key.replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase();
  if (
    /(?:^|[^a-z])(?:user(?:name)?|name|path|file|dir|url|uri|host|endpoint|id|length|type|class|enabled?|policy|version|method|mode|scheme|format|alg(?:orithm)?|lifetime|ttl|expir(?:y|ation))$/.test(
      words,
    )
  )
    return false;
  if (/(?:^|[^a-z])(?:access[-_.]?key(?:[-_.]id)?|public[-_.]?key)$/.test(words)) return false;
  // Every token says who made it and whom it is for (RFC 7519, 4.1); etcd tells its clusters apart by a name.
  if (/(?:^|[^a-z])(?:issuers?|audiences?|claims?|realm|initial[-_.]?cluster[-_.]?token)$/.test(words)) return false;
  return /(?:^|[^a-z])(?:pass(?:word|wd|phrase)?|pwd|secrets?|secretkey|tokens?|credentials?|pickle[-_.]?key|private[-_.]?key|signing[-_.]?key|api[-_.]?key|requirepass|masterauth|jwt)(?:$|[^a-z])/.test(
    words,
  );
}

/**
 * An estimate of how many bits an attacker has to guess: the size of the alphabet for each character, next to nothing
 * for repetitions, for runs such as `abcd` and `4321`, and for well-known words. Never more than a random text of the
 * same length would have.
 */
export function estimatedBits(value: string): number {
  const [unit, times] = repeatedUnit(value);
  const perCharacter = Math.log2(alphabetSize(unit));
  let bits = Math.log2(times);
  const guessable = wordAndRunCharacters(unit);
  for (let at = 0; at < unit.length; at++) bits += guessable[at] ? 1 : perCharacter;
  return Math.round(bits);
}

function minimumLengthOf(key: string): number {
  if (/django/i.test(key)) return 50;
  return /livekit.*(?:secret|key)/i.test(key) ? 32 : 16;
}

const wellKnown: ReadonlySet<string> = new Set(
  'password passwd pass admin administrator changeit secret minioadmin minio root toor postgres postgresql redis synapse matrix livekit coturn turn django grafana prom-operator test testing demo default guest user letmein welcome qwerty abc iloveyou dragon master p@ssw0rd passw0rd 123456 12345678 123456789 1234567890 mysecretpassword supersecret s3cr3t hackme'.split(
    ' ',
  ),
);

function letters(text: string): string {
  return text.replace(/[^a-z\d]/g, '');
}

function alphabetSize(text: string): number {
  if (/^\d*$/.test(text)) return 10;
  if (/^[\da-f]*$/.test(text) || /^[\dA-F]*$/.test(text)) return 16;
  const size =
    (/[a-z]/.test(text) ? 26 : 0) +
    (/[A-Z]/.test(text) ? 26 : 0) +
    (/\d/.test(text) ? 10 : 0) +
    (/[^A-Za-z\d]/.test(text) ? 33 : 0);
  return Math.max(size, 2);
}

/** The shortest text that the value repeats, and how often it does. */
function repeatedUnit(value: string): readonly [string, number] {
  // The Knuth-Morris-Pratt failure function: the length of the longest border of each prefix.
  const border = new Int32Array(value.length + 1);
  for (let at = 1, length = 0; at < value.length; at++) {
    while (length > 0 && value[at] !== value[length]) length = border[length - 1] ?? 0;
    if (value[at] === value[length]) length++;
    border[at] = length;
  }
  const period = value.length - (border[value.length - 1] ?? 0);
  const times = value.length / Math.max(period, 1);
  return times >= 2 ? [value.slice(0, period), times] : [value, 1];
}

/** Which characters another one already gives away. */
function wordAndRunCharacters(text: string): readonly boolean[] {
  const known = Array.from({ length: text.length }, () => false);
  for (let at = 1; at < text.length; at++) {
    const step = text.charCodeAt(at) - text.charCodeAt(at - 1);
    const previous = at > 1 ? text.charCodeAt(at - 1) - text.charCodeAt(at - 2) : undefined;
    known[at] = step === 0 || (Math.abs(step) === 1 && step === previous);
  }
  for (const match of text.matchAll(commonWords)) {
    for (let at = match.index + 1; at < match.index + match[0].length; at++) known[at] = true;
  }
  return known;
}

const commonWords =
  /pass(?:word|wd)?|passw0rd|secret|admin|changeit|letmein|welcome|qwerty|synapse|matrix|postgres|redis|minio|livekit|django|grafana|default|example|production|server|database/gi;
