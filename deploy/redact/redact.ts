import { encodeBase64 } from '../../manifests/base64';
/** Makes a text safe to show, log or store. */
export type Redact = (text: string) => string;

/** What stands where a secret stood. */
export const mask = '[redacted]';

/**
 * A redactor that knows some secret values, in all the forms in which programs print them: as they are, in base64,
 * URL-encoded and JSON-escaped. It also masks what looks like a secret by its form (connection strings, bearer
 * tokens, private keys), because operators create passwords the manifests do not show.
 *
 * It works on whole texts. A value that is cut in two cannot be recognized, so cut after redacting, never before.
 */
export function createRedactor(secrets: Iterable<string>): Redact {
  const forms = new Set<string>();
  for (const secret of secrets) for (const form of formsOf(secret)) forms.add(form);
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const known = longestFirst.length === 0 ? undefined : new RegExp(longestFirst.map(escapeForRegExp).join('|'), 'g');
  return text => {
    const clean = stripControl(text);
    const masked = known === undefined ? clean : clean.replace(known, mask);
    return maskByForm(masked);
  };
}

/**
 * Removes terminal escape sequences and control characters other than line feeds and tabs, so that a log cannot
 * move the cursor, rename the window or hide text.
 */
export function stripControl(text: string): string {
  return text
    .replace(/\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?/g, '')
    .replace(/\x1b[[(][0-?]*[ -/]*[@-~]?/g, '')
    .replace(/\r\n/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}

function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = encodeBase64(secret);
  const withNewline = encodeBase64(`${secret}\n`);
  return [
    secret,
    json,
    base64,
    base64.replace(/=+$/, ''),
    base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
    withNewline,
    encodeURIComponent(wellFormed(secret)),
    JSON.stringify(json).slice(1, -1),
  ];
}

function maskByForm(text: string): string {
  return text
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, mask)
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi, `$1:${mask}@`)
    .replace(/\b(bearer\s+)[\w.~+/=-]{8,}/gi, `$1${mask}`)
    .replace(
      // The name of an object, as in `Secret/redis-password: not found`, has no value behind it.
      /(?<!\b[A-Z]\w*\/[\w.-]*)\b(password|passwd|PGPASSWORD|secret[-_]?key|access[-_]?token)(\s*[=:]\s*)('[^']*'|"[^"]*"|[^\s'",;]+)/gi,
      `$1$2${mask}`,
    );
}

/** encodeURIComponent throws on lone surrogates, and the text of a manifest may hold any. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
