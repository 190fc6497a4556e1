/** What the bytes of a private key say of it. */
export interface PrivateKey {
  /** `rsa` for PKCS#1, and for PKCS#8 that says so; `other` for what PKCS#8 and SEC 1 hold else. */
  readonly algorithm: 'rsa' | 'other';
  /** The length of an RSA key in bits, where it can be read. */
  readonly bits: number | undefined;
  /** Whether there are fewer bytes than the key itself says that it has. */
  readonly isCutOff: boolean;
}

/**
 * Reads the base64 text between the lines of a PEM key; undefined if that is no DER sequence. The layouts are those of
 * RFC 8017 (RSAPrivateKey), RFC 5915 (ECPrivateKey) and RFC 5208 (PrivateKeyInfo, which wraps one of them).
 */
export function readPrivateKey(body: string): PrivateKey | undefined {
  const bytes = bytesOf(body);
  const whole = bytes && elementAt(bytes, 0);
  if (!bytes || whole?.tag !== sequence) return undefined;
  if (whole.end > bytes.length) return { algorithm: 'other', bits: undefined, isCutOff: true };
  const version = elementAt(bytes, whole.start);
  const second = version && elementAt(bytes, version.end);
  if (!second) return undefined;
  // PKCS#1: the modulus stands after the version.
  if (second.tag === integer) return { algorithm: 'rsa', bits: bitsOf(bytes, second), isCutOff: false };
  const algorithm = second.tag === sequence ? elementAt(bytes, second.start) : undefined;
  const isRsa =
    algorithm !== undefined && rsaEncryption.every((byte, index) => bytes[algorithm.start + index] === byte);
  if (!isRsa) return { algorithm: 'other', bits: undefined, isCutOff: false };
  const wrapped = elementAt(bytes, second.end);
  const inner = wrapped && elementAt(bytes, wrapped.start);
  const innerVersion = inner && elementAt(bytes, inner.start);
  const modulus = innerVersion && elementAt(bytes, innerVersion.end);
  return { algorithm: 'rsa', bits: modulus && bitsOf(bytes, modulus), isCutOff: false };
}

const integer = 0x02;
const sequence = 0x30;
/** The object identifier 1.2.840.113549.1.1.1. */
const rsaEncryption = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

interface Element {
  readonly tag: number;
  /** Where the contents start and end; the end may lie behind that of the bytes. */
  readonly start: number;
  readonly end: number;
}

function elementAt(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first };
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + 2 + count > bytes.length) return undefined;
  const length = bytes.slice(at + 2, at + 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return { tag, start: at + 2 + count, end: at + 2 + count + length };
}

function bitsOf(bytes: Uint8Array, { start, end }: Element): number {
  // A leading zero keeps a number positive.
  return (end - start - (bytes[start] === 0 ? 1 : 0)) * 8;
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), char => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
