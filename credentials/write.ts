import type { CredentialForm, WrittenAs } from '../analysis/credentials/places';

/**
 * What replaces the text at a place so that the place holds a value. `written` is the present text of the place's
 * range; undefined where the value cannot stand in that form, such as a key of many lines between single quotes.
 */
export function writtenAs(value: string, form: CredentialForm, written: string, eol: string): string | undefined {
  const text = form.isEncoded ? encoded(value, form, written) : value;
  if (text === undefined) return undefined;
  const before = form.isAbsent ? ' ' : '';
  if (form.style === 'inside') {
    if (!text.includes('\n')) return text;
    return form.indent === undefined ? undefined : text.replaceAll('\n', eol + form.indent);
  }
  if (form.style === 'single') return text.includes('\n') ? undefined : `'${text.replaceAll("'", "''")}'`;
  if (form.style === 'plain' && isPlainText(text)) return before + text;
  return `${before}${JSON.stringify(text)}`;
}

/**
 * The value that a place holds, read from the text of its range; undefined where it has escapes that this does not
 * know. The result is a credential: it goes to another place and nowhere else.
 */
export function valueAt(form: CredentialForm, written: string): string | undefined {
  const text = scalarText(form, written);
  if (text === undefined || !form.isEncoded) return text;
  const decoded = decode(text);
  return form.part ? decoded?.slice(form.part.start, form.part.end) : decoded;
}

function scalarText(form: CredentialForm, written: string): string | undefined {
  switch (form.style) {
    case 'single':
      return written.slice(1, -1).replaceAll("''", "'");
    case 'double':
      try {
        return String(JSON.parse(written));
      } catch {
        return undefined;
      }
    case 'plain':
      return written;
    case 'inside':
      return written.replaceAll('\r\n', '\n').replaceAll(`\n${form.indent ?? ''}`, '\n');
  }
}

/** A value as it is written in a text around it. */
export function writtenIn(value: string, as: WrittenAs): string {
  switch (as) {
    case 'plain':
      return value;
    case 'double':
      return JSON.stringify(value).slice(1, -1);
    case 'single':
      return value.replaceAll("'", "''");
    case 'base64':
      return encode(value);
  }
}

/** The base64 of a value, or of what stands there with the value in its part. */
function encoded(value: string, { part, style, indent }: CredentialForm, written: string): string | undefined {
  if (!part) return encode(value);
  const base64 = scalarText({ style, indent, isEncoded: false }, written);
  const text = base64 === undefined ? undefined : decode(base64);
  return text === undefined ? undefined : encode(text.slice(0, part.start) + value + text.slice(part.end));
}

function encode(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function decode(base64: string): string | undefined {
  try {
    const binary = atob(base64.replace(/\s/g, ''));
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, char => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/**
 * Whether YAML reads a text without quotes as the same text: not as a number in any base (`12e5`, `0b01`), a boolean
 * or null, and without what YAML reads at the start of a value or inside it.
 */
function isPlainText(text: string): boolean {
  if (!/^[A-Za-z0-9+/][\w!@^*()=+/. -]*$/.test(text) || /\s$/.test(text)) return false;
  if (/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)) return false;
  return /^[A-Za-z]/.test(text) || /[g-nG-Np-wP-WyzYZ]/.test(text);
}
