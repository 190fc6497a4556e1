/** Base64 of the UTF-8 bytes of a text. */
export function encodeBase64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Base64 to text, read as UTF-8. Line breaks are skipped, as Go does. Undefined if it is no base64 or no text. */
export function decodeBase64(text: string): string | undefined {
  try {
    const binary = atob(text.replace(/[\r\n]/g, ''));
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, char => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
