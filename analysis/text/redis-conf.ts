import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';
import { linesOf, type Word } from './words';

/** One line of a redis.conf or sentinel.conf that says something. */
export interface RedisDirective {
  /** In lower case, as Redis compares names. */
  readonly name: string;
  readonly nameSpan: Span;
  readonly args: readonly Word[];
  /** From the name to the last argument. */
  readonly span: Span;
  /** A quote is not closed, or something follows right after one: Redis does not start with such a line. */
  readonly unbalanced: boolean;
}

/**
 * The directives of a redis.conf or sentinel.conf in order. As in Redis (`loadServerConfigFromString`, `sdssplitargs`)
 * a comment is a line that begins with `#`, nothing is expanded, and `#` after a value is one more argument.
 */
export function readRedisConf(text: string): readonly RedisDirective[] {
  const directives: RedisDirective[] = [];
  for (const line of linesOf(text)) {
    const { words, unbalanced } = argumentsOf(text, line);
    const [name, ...args] = words;
    if (!name || text[name.span.start] === '#') continue;
    directives.push({
      name: name.value.toLowerCase(),
      nameSpan: name.span,
      args,
      span: { start: name.span.start, end: (args.at(-1) ?? name).span.end },
      unbalanced,
    });
  }
  return directives;
}

/** The directive of a name that counts: the last one. */
export function redisSetting(directives: readonly RedisDirective[], name: string): RedisDirective | undefined {
  return directives.findLast(directive => directive.name === name);
}

/** `sentinel monitor MASTER HOST PORT QUORUM`. What is not written is undefined. */
export interface SentinelMonitor {
  readonly directive: RedisDirective;
  readonly master: Word;
  readonly host: Word | undefined;
  readonly port: Word | undefined;
  readonly quorum: Word | undefined;
}

export function sentinelMonitors(directives: readonly RedisDirective[]): readonly SentinelMonitor[] {
  return sentinelSettings(directives, 'monitor').flatMap(({ directive, master, values }) => {
    const [host, port, quorum] = values;
    return master ? [{ directive, master, host, port, quorum }] : [];
  });
}

/** `sentinel OPTION MASTER VALUE…`, and `sentinel OPTION VALUE` for those options that are not of one master. */
export interface SentinelSetting {
  readonly directive: RedisDirective;
  readonly option: Word;
  readonly master: Word | undefined;
  readonly values: readonly Word[];
}

/** The settings of one option, or of all, in order. */
export function sentinelSettings(directives: readonly RedisDirective[], name?: string): readonly SentinelSetting[] {
  return directives.flatMap(directive => {
    const [option, ...rest] = directive.args;
    if (directive.name !== 'sentinel' || !option) return [];
    const written = option.value.toLowerCase();
    if (name !== undefined && written !== name) return [];
    if (withoutMaster.has(written)) return [{ directive, option, master: undefined, values: rest }];
    return [{ directive, option, master: rest[0], values: rest.slice(1) }];
  });
}

/** `sentinelHandleConfiguration` in Redis' sentinel.c. */
const withoutMaster: ReadonlySet<string> = new Set([
  'announce-hostnames',
  'announce-ip',
  'announce-port',
  'current-epoch',
  'deny-scripts-reconfig',
  'myid',
  'resolve-hostnames',
  'sentinel-pass',
  'sentinel-user',
]);

/** The bytes that a memory size means: `1k` is 1000, `1kb` 1024. Undefined if it is none. Redis, `memtoull`. */
export function redisMemory(value: string): number | undefined {
  const size = /^(\d+)(b|kb?|mb?|gb?)?$/i.exec(value);
  if (!size) return undefined;
  const unit = (size[2] ?? 'b').toLowerCase();
  const power = 'bkmg'.indexOf(unit.charAt(0));
  return Number(size[1]) * (unit.length === 2 ? 1024 : 1000) ** power;
}

/** The words of a line, quoted or not. Quotes may begin inside a word, and a blank must follow their end. */
function argumentsOf(text: string, line: Span): { readonly words: readonly Word[]; readonly unbalanced: boolean } {
  const words: Word[] = [];
  let at = line.start;
  for (;;) {
    while (at < line.end && isBlank(text, at)) at++;
    if (at >= line.end) return { words, unbalanced: false };
    const start = at;
    let value = '';
    let quote = '';
    for (; at < line.end; at++) {
      const char = text.charAt(at);
      if (!quote) {
        if (isBlank(text, at)) break;
        if (char === '"' || char === "'") quote = char;
        else value += char;
      } else if (char === quote) {
        quote = '';
        if (at + 1 < line.end && !isBlank(text, at + 1)) {
          words.push({ value: value + text.slice(at + 1, line.end), span: { start, end: line.end } });
          return { words, unbalanced: true };
        }
      } else if (char === '\\' && at + 1 < line.end) {
        const [escaped, length] = quote === '"' ? doubleQuotedEscape(text, at) : singleQuotedEscape(text, at);
        value += escaped;
        at += length - 1;
      } else {
        value += char;
      }
    }
    words.push({ value, span: { start, end: at } });
    if (quote) return { words, unbalanced: true };
  }
}

function doubleQuotedEscape(text: string, at: number): readonly [string, number] {
  const hex = /^x([\da-fA-F]{2})/.exec(text.slice(at + 1, at + 4));
  if (hex) return [String.fromCharCode(Number.parseInt(hex[1] ?? '', 16)), 4];
  const char = text.charAt(at + 1);
  return [escapes[char] ?? char, 2];
}

const escapes = table<string>({ n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' });

function singleQuotedEscape(text: string, at: number): readonly [string, number] {
  return text[at + 1] === "'" ? ["'", 2] : ['\\', 1];
}

function isBlank(text: string, at: number): boolean {
  return ' \t\v\f\r'.includes(text.charAt(at));
}

/**
 * Whether a command line or script runs a Sentinel. A host of that name does not count, as in `redis-cli -h
 * redis-sentinel`, `SENTINEL=redis-sentinel` and `redis-sentinel:26379`.
 */
export function runsSentinel(command: string): boolean {
  return (
    /(?<![=\w.@:-]|-[hu]["']? +["']?|--host["']? +["']?)(?:redis|valkey)-sentinel(?![\w.:-])/.test(command) ||
    /(?<![\w-])--sentinel(?![\w-])/.test(command)
  );
}
