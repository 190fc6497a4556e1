import { ofText } from '../../manifests/derived';
import { endOfLine, startOfNextLine } from '../../manifests/lines';
import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';
import { endOfBlockComment } from './sql-tokens';

/** The languages of embedded configuration, by how they write comments and quotes. `conf` is any other with `#`. */
export type Language = 'yaml' | 'json' | 'shell' | 'python' | 'sql' | 'haproxy' | 'nginx' | 'ini' | 'conf';

/** The text with every comment replaced by spaces, so that offsets and line breaks stay. */
export function maskComments(text: string, language: Language): string {
  // Several rules read the same configuration, each on its own; a short text is masked faster than it is found again.
  if (text.length < 500) return masked(text, language);
  let mask = masks.get(language);
  if (!mask) {
    mask = ofText(one => masked(one, language));
    masks.set(language, mask);
  }
  return mask(text);
}

const masks = new Map<Language, (text: string) => string>();

function masked(text: string, language: Language): string {
  const pieces: string[] = [];
  let done = 0;
  for (const { start, end } of commentsIn(text, language)) {
    pieces.push(text.slice(done, start), text.slice(start, end).replace(/[^\r\n]/g, ' '));
    done = end;
  }
  return done === 0 ? text : pieces.join('') + text.slice(done);
}

/** The comments of a text in order, from their first mark to the end of the line or to the closing mark. */
export function commentsIn(text: string, language: Language): readonly Span[] {
  return commentReaders[language](text);
}

/**
 * The language of an embedded file by its name, and by its content where the name does not decide (`config`, `x.cfg`).
 * A suffix such as `.template` does not count.
 */
export function languageOf(fileName: string, text: string): Language {
  const name = fileName
    .slice(fileName.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/(?:\.(?:template|tmpl|tpl|example|sample|dist|in))+$/, '');
  if (name === 'rclone.conf') return 'ini';
  if (/^(?:redis|sentinel|turnserver|clamd|freshclam)\b.*\.conf$/.test(name)) return 'conf';
  const extension = name.slice(name.lastIndexOf('.') + 1);
  return languageOfExtension[extension] ?? languageOfText(text);
}

const languageOfExtension = table<Language>({
  yaml: 'yaml',
  yml: 'yaml',
  json: 'json',
  sh: 'shell',
  bash: 'shell',
  py: 'python',
  sql: 'sql',
  ini: 'ini',
  env: 'conf',
});

/** Guesses from the first line that says something. */
function languageOfText(text: string): Language {
  const shebang = /^#![^\r\n]*/.exec(text)?.[0];
  if (shebang !== undefined) return shebang.includes('python') ? 'python' : 'shell';
  const first = /^[ \t]*(?![#;\s]|--)[^\r\n]+/m.exec(text)?.[0].trim() ?? '';
  if (/^(?:global|defaults|frontend|backend|listen|resolvers|peers|userlist|program)\b(?!\s*[:={])/.test(first)) {
    return 'haproxy';
  }
  if (/^\[[^\]]*\]$/.test(first)) return 'ini';
  if (/^[[{]/.test(first)) return 'json';
  if (/^(?:http|events|server|upstream|location|map|stream)\b[^;]*\{(?:.*\})?$/.test(first)) return 'nginx';
  if (
    /^(?:user|worker_processes|pid|error_log|listen|include|daemon|load_module|resolver|client_max_body_size|limit_req_zone|log_format|proxy_\w+)\s[^;]*;/.test(
      first,
    )
  )
    return 'nginx';
  if (/^(?:import|from) [\w.]+/.test(first)) return 'python';
  if (/^(?:create|alter|grant|revoke|drop|select|insert|update|begin|do|set|with)\b.*(?:;|\$\$|$)/i.test(first)) {
    return /^[a-z]+\s*[:=]/i.test(first) ? 'conf' : 'sql';
  }
  if (/^(?:---$|- |["']?[\w.$/-]+["']?:(?:\s|$))/.test(first)) return 'yaml';
  return 'conf';
}

const commentReaders: { readonly [language in Language]: (text: string) => readonly Span[] } = {
  yaml: yamlComments,
  json: () => [],
  shell: shellComments,
  sql: sqlComments,
  // A quote that is not closed ends with its line, so that half-typed text does not hide the comments after it.
  python: tokensBeginning(
    '#',
    /#[^\r\n]*|"""(?:[^"\\]+|\\[\s\S]|"(?!""))*(?:""")?|'''(?:[^'\\]+|\\[\s\S]|'(?!''))*(?:''')?|"(?:[^"\\\r\n]+|\\[\s\S])*"?|'(?:[^'\\\r\n]+|\\[\s\S])*'?/g,
  ),
  // HAProxy ends a line at any `#` that is neither quoted nor escaped, also inside a word (manual, 2.2).
  haproxy: tokensBeginning('#', /\\[^\r\n]|'[^'\r\n]*'?|"(?:[^"\\\r\n]+|\\[^\r\n])*"?|#[^\r\n]*/g),
  // nginx knows quotes and comments only where a word begins (ngx_conf_read_token).
  nginx: tokensBeginning(
    '#',
    /#[^\r\n]*|"[^"\\]*(?:\\[\s\S][^"\\]*)*"|'[^'\\]*(?:\\[\s\S][^'\\]*)*'|["'][^\r\n]*|(?:\\[\s\S]|[^\s;{}\\])(?:\\[\s\S]|\$\{|[^\s;{\\])*/g,
  ),
  // Programs that read INI files take `;` and `#` for a comment only at the start of a line: values hold both.
  ini: tokensBeginning('', /(?<=^[ \t]*)[;#][^\r\n]*/gm),
  conf: tokensBeginning(
    '#',
    /#[^\r\n]*|(?:(?<=^|[\s=:,([{])(?:"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"|'[^'\r\n]*')|\S)+/g,
  ),
};

/** A reader that takes those matches of a token pattern for comments that begin with a mark. */
function tokensBeginning(mark: string, token: RegExp): (text: string) => readonly Span[] {
  return text => {
    const comments: Span[] = [];
    for (const match of text.matchAll(token)) {
      if (match[0].startsWith(mark)) comments.push({ start: match.index, end: match.index + match[0].length });
    }
    return comments;
  };
}

/** YAML 1.2, 6.6: `#` at the start of a line or after white space, outside quotes and outside block scalars. */
function yamlComments(text: string): readonly Span[] {
  const comments: Span[] = [];
  let quote: '"' | "'" | undefined;
  let blockParent: number | undefined;
  for (let lineStart = 0; lineStart < text.length; ) {
    const lineEnd = endOfContent(text, lineStart);
    const next = startOfNextLine(text, lineEnd);
    const indent = leadingSpaces(text, lineStart, lineEnd);
    const isContent = blockParent !== undefined && (lineStart + indent === lineEnd || indent > blockParent);
    if (!isContent) {
      blockParent = undefined;
      let contentEnd = lineEnd;
      for (let at = lineStart; at < lineEnd; at++) {
        const char = text[at];
        const before = at === lineStart ? '' : text.charAt(at - 1);
        if (quote) {
          if (quote === '"' && char === '\\') at++;
          else if (char === quote) {
            if (quote === "'" && text[at + 1] === "'") at++;
            else quote = undefined;
          }
        } else if (char === '#' && (before === '' || before === ' ' || before === '\t')) {
          comments.push({ start: at, end: lineEnd });
          contentEnd = at;
          break;
        } else if ((char === '"' || char === "'") && (before === '' || ' \t[{,:'.includes(before))) {
          quote = char;
        }
      }
      if (!quote) blockParent = blockScalarParent(text.slice(lineStart, contentEnd));
    }
    lineStart = next;
  }
  return comments;
}

/** The indentation above which the lines after this one belong to the block scalar that it begins, if it does. */
function blockScalarParent(line: string): number | undefined {
  const content = line.trimEnd();
  const header = /(?:^|[\s:?-])[|>][-+1-9]{0,2}$/.exec(content);
  if (!header) return undefined;
  const before = content.slice(0, header.index + 1).trimEnd();
  if (before !== '' && !/(?:[:?-]|(?:^|\s)[!&]\S*|---)$/.test(before)) return undefined;
  const dashes = /^ *(?:[-?] +)*/.exec(content)?.[0] ?? '';
  const parent = dashes.length > header.index ? dashes.trimEnd().length - 1 : dashes.length;
  return /^---(?:\s|$)/.test(content) || before === '' ? -1 : parent;
}

/**
 * POSIX, Shell Command Language, 2.3 rule 9: `#` where a word begins. So not in `$#`, `${x#y}`, `a#b`, quotes and
 * here-documents.
 */
function shellComments(text: string): readonly Span[] {
  const comments: Span[] = [];
  const open: ('"' | '`' | '(' | '{' | '((')[] = [];
  const heredocs: { readonly delimiter: string; readonly stripsTabs: boolean }[] = [];
  let wordBegins = true;
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    const inside = open.at(-1);
    if (char === '\\') {
      at += 2;
      wordBegins = false;
    } else if (char === '$' && text[at + 1] === '(') {
      open.push(text[at + 2] === '(' ? '((' : '(');
      at += text[at + 2] === '(' ? 3 : 2;
      wordBegins = true;
    } else if (char === '$' && text[at + 1] === '{') {
      open.push('{');
      at += 2;
    } else if (char === '`') {
      if (inside === '`') open.pop();
      else open.push('`');
      at++;
      wordBegins = open.at(-1) === '`';
    } else if (char === '"') {
      if (inside === '"') open.pop();
      else open.push('"');
      at++;
      wordBegins = false;
    } else if (inside === '"') {
      at++;
    } else if (char === "'" && !(inside === '{' && open.includes('"'))) {
      at = text[at - 1] === '$' ? endOfAnsiQuote(text, at + 1) : after(text, "'", at + 1);
      wordBegins = false;
    } else if (inside === '{') {
      if (char === '}') open.pop();
      at++;
      wordBegins = false;
    } else if (inside === '((') {
      if (char === ')' && text[at + 1] === ')') {
        open.pop();
        at++;
      }
      at++;
      wordBegins = false;
    } else if (char === '#' && wordBegins) {
      const end = endOfContent(text, at);
      comments.push({ start: at, end });
      at = end;
    } else if (char === '<' && text[at + 1] === '<') {
      heredocStart.lastIndex = at;
      const heredoc = heredocStart.exec(text);
      if (heredoc) heredocs.push({ delimiter: unquoted(heredoc[2] ?? ''), stripsTabs: heredoc[1] === '-' });
      at += heredoc?.[0].length ?? (text[at + 2] === '<' ? 3 : 2);
      wordBegins = !heredoc;
    } else if (char === '\n' || char === '\r') {
      at = startOfNextLine(text, at);
      for (const heredoc of heredocs.splice(0)) at = afterHeredoc(text, at, heredoc);
      wordBegins = true;
    } else {
      if (char === '(') open.push('(');
      else if (char === ')' && inside === '(') open.pop();
      at++;
      wordBegins = ' \t;|&()<>'.includes(char);
    }
  }
  return comments;
}

const heredocStart = /<<(-?)[ \t]*((?:\\.|'[^'\r\n]*'|"[^"\r\n]*"|[^\s\\'"<>;&|()])+)/y;

function afterHeredoc(
  text: string,
  from: number,
  heredoc: { readonly delimiter: string; readonly stripsTabs: boolean },
): number {
  let at = from;
  while (at < text.length) {
    const end = endOfContent(text, at);
    const line = text.slice(at, end);
    at = startOfNextLine(text, end);
    if ((heredoc.stripsTabs ? line.replace(/^\t+/, '') : line) === heredoc.delimiter) break;
  }
  return at;
}

function endOfAnsiQuote(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "'") at += text[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function unquoted(word: string): string {
  return word.replace(/\\(.)|['"]/g, '$1');
}

/**
 * PostgreSQL, 4.1.5: `--` to the end of the line and nested block comments, outside quotes. The body of a function or
 * of DO is code although it stands between dollar quotes, so comments in it count; any other dollar quote is a string.
 */
function sqlComments(text: string): readonly Span[] {
  const comments: Span[] = [];
  const bodies = new Set<string>();
  const mark = /--|\/\*|['"]|\$(?:[A-Za-z_]\w*)?\$|^[ \t]*\\[^\r\n]*/gm;
  for (let match = mark.exec(text); match; match = mark.exec(text)) {
    const start = match.index;
    const what = match[0];
    let end = mark.lastIndex;
    if (what === '--') {
      end = endOfContent(text, start);
      comments.push({ start, end });
    } else if (what === '/*') {
      end = endOfBlockComment(text, end);
      comments.push({ start, end });
    } else if (what === "'" && /(?<![\w$])[eE]$/.test(text.slice(Math.max(0, start - 2), start))) {
      end = endOfAnsiQuote(text, end);
    } else if (what === "'" || what === '"') {
      end = after(text, what, end);
    } else if (what.startsWith('$')) {
      if (!bodies.delete(what)) {
        if (/\b(?:do|as|is|language\s+\w+)\s*$/i.test(text.slice(Math.max(0, start - 80), start))) bodies.add(what);
        else end = after(text, what, end);
      }
    }
    mark.lastIndex = end;
  }
  return comments;
}

/** The offset after the next occurrence of a mark, or the end of the text. */
function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? text.length : at + mark.length;
}

/** The end of the line of an offset, before its line ending. */
function endOfContent(text: string, from: number): number {
  const end = endOfLine(text, from);
  return end > from && text[end - 1] === '\r' ? end - 1 : end;
}

function leadingSpaces(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text[at] === ' ') at++;
  return at - start;
}
