/** The textual form of a key (RFC 7468): lines of 64 characters, without a line break at the end. */
export function pemOf(label: string, der: Uint8Array): string {
  const body = btoa(String.fromCharCode(...der)).replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;
}

/**
 * The RSAPrivateKey inside a PKCS#8 PrivateKeyInfo (RFC 5208): its third field, an OCTET STRING. Web Crypto exports
 * private keys in the outer form only.
 */
export function pkcs1Of(pkcs8: Uint8Array): Uint8Array {
  const info = contents(pkcs8, 0, 0x30);
  const version = contents(pkcs8, info.start, 0x02);
  const algorithm = contents(pkcs8, version.end, 0x30);
  const key = contents(pkcs8, algorithm.end, 0x04);
  return pkcs8.subarray(key.start, key.end);
}

/** Where the contents of the DER element at an offset lie. Throws on another tag. */
function contents(der: Uint8Array, at: number, tag: number): { readonly start: number; readonly end: number } {
  if (der[at] !== tag) throw new TypeError(`the key is no PKCS#8: tag ${der[at]} where ${tag} was expected`);
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const bytes = first & 0x7f;
  let length = 0;
  for (let index = 0; index < bytes; index++) length = length * 256 + (der[at + 2 + index] ?? 0);
  const start = at + 2 + bytes;
  return { start, end: start + length };
}
