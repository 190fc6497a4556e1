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
  return hideByForm(text, () => mask);
}

/**
 * Puts what `hide` says in the place of everything that looks like a secret by what stands around it: connection
 * strings, bearer tokens, private keys, and what options, settings and statements of the deployment's programs take.
 */
export function hideByForm(text: string, hide: (secret: string) => string): string {
  let shown = text.replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, hide);
  for (const form of secretForms)
    shown = shown.replace(form, (_, before: string, secret: string) => before + hide(secret));
  return shown;
}

/** What stands before a secret, and the secret. */
const secretForms: readonly RegExp[] = [
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)([^\s/@]+)(?=@)/gi,
  /(\bbearer\s+)([\w.~+/=-]{8,})/gi,
  // The name of an object, as in `Secret/redis-password: not found`, has no value behind it.
  /(?<!\b[A-Z]\w*\/[\w.-]*)((?<![A-Za-z])(?:password|passwd|PGPASSWORD|secret[-_]?key|secret[-_]access[-_]key|access[-_]token|static-auth-secret|\w+_secret)\s*[=:]\s*)('[^']*'|"[^"]*"|[^\s'",;]+)/gi,
  // SQL, redis.conf, sentinel.conf, haproxy.cfg.
  /(\bPASSWORD\s+)('[^']*')/gi,
  /(\b(?:requirepass|masterauth|auth-pass\s+\S+|insecure-password)\s+)(\S+)/g,
  /(\bstats\s+auth\s+[^\s:]+:)(\S+)/g,
  // redis-cli -a, curl -u, mc alias set NAME URL USER.
  /(\b(?:redis|valkey)-cli\b[^\n|;&]*\s(?:-a|--pass)[ =]+)(\S+)/g,
  /(\bcurl\b[^\n|;&]*\s(?:-u|--user)[ =]*["']?[^\s:"']+:)([^\s"']+)/g,
  /(\bmc\s+(?:alias\s+set|config\s+host\s+add)\s+\S+\s+\S+\s+\S+\s+)(\S+)/g,
];

/** encodeURIComponent throws on lone surrogates, and the text of a manifest may hold any. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
