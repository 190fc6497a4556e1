import { baseName } from '../../manifests/paths';
import type { Span } from '../../manifests/span';
import { blankBefore, piecesAfter, type ShellHeredoc, type ShellPiece, type ShellWord, wordOf } from './shell-words';

/** The program that a command line runs, without the words that only say how to run it. */
export interface Program<Word> {
  /** The program's name without its folder; undefined when the word is not plain text. */
  readonly name: string | undefined;
  readonly nameWord: Word | undefined;
  readonly args: readonly Word[];
  readonly prefixes: readonly Word[];
  /** `env NAME=value …`. */
  readonly assignments: readonly { name: string; nameSpan: Span; value: Word; span: Span }[];
}

/** Takes `sudo`, `env`, `exec`, `nohup`, `timeout 5` and the like off a command line. */
export function programOf(words: readonly ShellWord[]): Program<ShellWord> {
  const start = programStart(words);
  const nameWord = words[start];
  return {
    name: nameWord?.literal ? baseName(nameWord.value) : undefined,
    nameWord,
    args: words.slice(start + 1),
    prefixes: words.slice(0, start),
    assignments: words.slice(0, start).flatMap(environmentOf),
  };
}

/** The index of the word that names the program. */
export function programStart(words: readonly { readonly value: string; readonly literal: boolean }[]): number {
  let at = 0;
  for (;;) {
    const word = words[at];
    if (!word?.literal) return at;
    const prefix = prefixes.get(baseName(word.value));
    if (!prefix) return at;
    const next = afterOptions(words, at + 1, prefix);
    // `exec > log`, `command -v x` and a lone `env` run no other program.
    if (next >= words.length || (prefix.asks && words[at + 1]?.value.match(prefix.asks))) return at;
    at = next;
  }
}

/**
 * The script in a command's arguments or here-document: `sh -c '…'`, `bash -s <<EOF`, `su x -c '…'`, `eval "…"`,
 * `trap '…' EXIT`.
 */
export function innerScript(
  name: string | undefined,
  args: readonly ShellWord[],
  heredocs: readonly ShellHeredoc[],
): { readonly pieces: readonly ShellPiece[]; readonly span: Span; readonly isTrap: boolean } | undefined {
  if (name === undefined) return undefined;
  if (shells.has(name)) {
    let at = 0;
    let runsText = false;
    let readsInput = false;
    for (; /^[-+]\w/.test(args[at]?.value ?? ''); at++) {
      const option = args[at]?.value ?? '';
      runsText ||= /^-\w*c\w*$/.test(option);
      readsInput ||= /^-\w*s\w*$/.test(option);
      if (/[oO]$/.test(option)) at++;
    }
    if (runsText) return scriptOfWord(args[at]);
    const heredoc = heredocs.at(-1);
    return heredoc && (readsInput || at >= args.length)
      ? { pieces: heredoc.pieces, span: heredoc.span, isTrap: false }
      : undefined;
  }
  if (name === 'su')
    return scriptOfWord(args[args.findIndex(arg => arg.value === '-c' || arg.value === '--command') + 1 || -1]);
  if (name === 'eval' && args.length > 0) {
    const pieces = args.flatMap(({ pieces, span }, index) => (index === 0 ? pieces : [blankBefore(span), ...pieces]));
    return { pieces, span: { start: args[0]?.span.start ?? 0, end: args.at(-1)?.span.end ?? 0 }, isTrap: false };
  }
  if (name === 'trap' && args.length > 1 && !args[0]?.value.startsWith('-')) {
    const found = scriptOfWord(args[0]);
    return found && { ...found, isTrap: true };
  }
  return undefined;
}

/** The command line in a command's arguments: after `kubectl exec … --`, `docker exec … name`, `find … -exec`. */
export function innerCommandLine(
  name: string | undefined,
  args: readonly ShellWord[],
): { readonly words: readonly ShellWord[]; readonly remote: boolean } | undefined {
  switch (name) {
    case 'kubectl':
    case 'oc': {
      if (!args.some(arg => arg.value === 'exec' || arg.value === 'run' || arg.value === 'debug')) return undefined;
      const dashes = args.findIndex(arg => arg.value === '--');
      return dashes === -1 ? undefined : { words: args.slice(dashes + 1), remote: true };
    }
    case 'docker':
    case 'podman':
    case 'nerdctl': {
      if (args[0]?.value !== 'exec') return undefined;
      const container = afterOptions(args, 1, { takesValue: /^(-[euw]|--(env|env-file|user|workdir|detach-keys))$/ });
      return { words: args.slice(container + 1), remote: true };
    }
    case 'find': {
      const start = args.findIndex(arg => /^-(exec|execdir|ok)$/.test(arg.value));
      if (start === -1) return undefined;
      const end = args.findIndex((arg, index) => index > start && (arg.value === ';' || arg.value === '+'));
      return { words: args.slice(start + 1, end === -1 ? undefined : end), remote: false };
    }
    default:
      return undefined;
  }
}

interface Prefix {
  /** Options whose value is the next word. */
  readonly takesValue?: RegExp;
  /** Words after the options that still belong to the prefix, such as the seconds of `timeout`. */
  readonly operands?: number;
  /** `NAME=value` words may stand before the program. */
  readonly environment?: boolean;
  /** Options with which it only answers a question about a program. */
  readonly asks?: RegExp;
}

const none: Prefix = {};

/** Programs that run the rest of their command line, by their manual pages. */
const prefixes: ReadonlyMap<string, Prefix> = new Map([
  [
    'sudo',
    {
      takesValue: /^(-[ughpCrtTUDR]|--(user|group|host|prompt|chdir|role|type|chroot|close-from))$/,
      environment: true,
    },
  ],
  ['doas', { takesValue: /^-[uC]$/ }],
  ['env', { takesValue: /^(-[uCS]|--(unset|chdir))$/, environment: true }],
  ['exec', { takesValue: /^-a$/ }],
  ['command', { asks: /^-[vV]$/ }],
  ['builtin', none],
  ['nohup', none],
  ['setsid', none],
  ['time', { takesValue: /^-[fo]$/ }],
  ['nice', { takesValue: /^(-n|--adjustment)$/ }],
  ['ionice', { takesValue: /^(-[cnpPu]|--class|--classdata)$/ }],
  ['stdbuf', { takesValue: /^(-[ioe]|--(input|output|error))$/ }],
  ['timeout', { takesValue: /^(-[ks]|--(kill-after|signal))$/, operands: 1 }],
  ['xargs', { takesValue: /^(-[EIaLlnPsd]|--(arg-file|delimiter|max-lines|max-args|max-procs|max-chars|replace))$/ }],
  ['gosu', { operands: 1 }],
  ['su-exec', { operands: 1 }],
  ['setpriv', none],
  ['chroot', { operands: 1 }],
  ['tini', { takesValue: /^-[pe]$/ }],
  ['dumb-init', { takesValue: /^(-r|--rewrite)$/ }],
  ['busybox', none],
  ['microk8s', none],
  ['k3s', none],
]);

/** Whether a program is a shell. */
export function isShell(name: string | undefined): boolean {
  return name !== undefined && shells.has(name);
}

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh']);

function afterOptions(words: readonly { readonly value: string }[], from: number, prefix: Prefix): number {
  let at = from;
  for (; at < words.length; at++) {
    const value = words[at]?.value ?? '';
    if (value === '--') {
      at++;
      break;
    }
    if (prefix.environment && /^\w+=/.test(value)) continue;
    if (!/^-./.test(value)) break;
    if (prefix.takesValue?.test(value)) at++;
  }
  return Math.min(at + (prefix.operands ?? 0), words.length);
}

function environmentOf(word: ShellWord): Program<ShellWord>['assignments'] {
  const first = word.pieces[0];
  const name = first?.kind === 'text' ? /^[A-Za-z_]\w*(?==)/.exec(first.text)?.[0] : undefined;
  if (name === undefined || !first) return [];
  const nameSpan = { start: word.span.start, end: word.span.start + name.length };
  const value = wordOf(piecesAfter(word.pieces, name.length + 1), { start: nameSpan.end + 1, end: word.span.end });
  return [{ name, nameSpan, value, span: word.span }];
}

function scriptOfWord(word: ShellWord | undefined): ReturnType<typeof innerScript> {
  return word && { pieces: word.pieces, span: word.span, isTrap: false };
}
