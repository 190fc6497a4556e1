import { escapeRegExp } from '../../manifests/escape-reg-exp';
import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Origin } from './origin';
import { pythonExpands } from './python';
import { readSedScript, type SedCommand } from './sed-script';
import { readOptions } from './shell-options';
import {
  type ContentFilter,
  type ContentPiece,
  type EnvsubstFilter,
  normalPath,
  type RunPiece,
  type RunWord,
  runWord,
  type ShellPath,
  scriptDirectory,
  sliceOf,
  textOfPieces,
  wordAfter,
} from './shell-values';
import type { ShellVariable } from './shell-words';

/** What a program is given. */
export interface Invocation {
  readonly name: string | undefined;
  readonly args: readonly RunWord[];
  readonly stdin: readonly ContentPiece[] | undefined;
  readonly span: Span;
  /** The folder in which it runs. */
  readonly directory: readonly RunPiece[] | undefined;
  path(word: RunWord): ShellPath;
}

/**
 * What a Python program does to a text when all it does is `.replace("TOKEN", os.environ["X"])`, once or several times.
 * Undefined for anything else.
 */
export function pythonReplaces({ text: code, span }: Origin, at: Span): ContentFilter | undefined {
  if (
    /\b(?:for|while|lambda)\b|\b(?:yaml|json|re|string|subprocess|jinja2)\.|\.format\(/.test(
      code.replace(/(["'])\/[^"'\n]*\1/g, ''),
    )
  )
    return undefined;
  const found = [...code.matchAll(pythonReplacement)];
  if (found.length === 0 || found.length !== code.match(/\.replace\s*\(/g)?.length) return undefined;
  const commands = found.flatMap(match => {
    const [whole, , token = '', , item, , getter] = match;
    const place = span(match.index, match.index + whole.length);
    const sign = (value: string): RunPiece => piece(value, place);
    const pattern = escapeRegExp(token);
    const name = item ?? getter ?? '';
    return readSedScript(
      [sign(`s\u0001${pattern}\u0001`), environmentVariable(name, place), sign('\u0001g')],
      true,
      place,
    );
  });
  return { kind: 'sed', commands, span: at };
}

const pythonReplacement =
  /\.replace\s*\(\s*(["'])([^"'\\\n]+)\1\s*,\s*(?:os\.)?(?:environ\[\s*(["'])(\w+)\3\s*\]|(?:getenv|environ\.get)\(\s*(["'])(\w+)\5\s*(?:,[^()]*)?\))\s*\)/g;

function piece(value: string, span: Span): RunPiece {
  return { kind: 'text', text: value, span, verbatim: false, quoted: true, glob: false };
}

/** What a program writes to its standard output: nothing, content that the script tells, or something unknown. */
export function outputOf(invocation: Invocation): readonly ContentPiece[] {
  const { name, args, stdin, span } = invocation;
  switch (name) {
    case undefined:
      return [];
    case 'cat':
      return inputs(invocation, readOptions(args, {}).operands);
    case 'echo':
      return echoed(args, span);
    case 'printf':
      return printed(args);
    case 'tee':
      return stdin ?? [];
    case 'pwd':
      return invocation.directory ?? [unknown(invocation)];
    case 'dirname':
    case 'basename':
    case 'realpath':
    case 'readlink':
      return pathPart(invocation, name);
    case 'printenv': {
      const [variable, ...others] = args;
      return variable && others.length === 0 && variable.certainty === 'known' && /^[A-Za-z_]\w*$/.test(variable.value)
        ? [environmentVariable(variable.value, variable.span), text('\n', span.end)]
        : [unknown(invocation)];
    }
    case 'find': {
      const found = filesFound(args);
      return found ? [...found.pieces, text('\n', span.end)] : [unknown(invocation)];
    }
    case 'ls':
      return listed(args, invocation);
    // getsops.io/docs: `sops decrypt FILE`, before `sops --decrypt FILE`.
    case 'sops': {
      const { operands } = readOptions(args, { long: ['input-type', 'output-type', 'extract', 'config'] });
      const files = operands.filter(({ value }) => value !== 'decrypt');
      return [filtered(inputs(invocation, files), opaque(invocation), span)];
    }
    case 'grep': {
      const found = filesWith(args);
      return found ? [...found.pieces, text('\n', span.end)] : [filtered(stdin ?? [], opaque(invocation), span)];
    }
    case 'sed': {
      const sed = sedOf(args);
      if (sed.inPlace) return [];
      const content = inputs(invocation, sed.files);
      if (sed.commands === undefined || sed.printsNothing) return [filtered(content, opaque(invocation), span)];
      return [filtered(content, { kind: 'sed', commands: sed.commands, span }, span)];
    }
    case 'awk':
    case 'gawk':
    case 'mawk': {
      const { filter, files } = awkOf(args, span);
      return [filtered(inputs(invocation, files), filter ?? opaque(invocation), span)];
    }
    case 'perl': {
      const perl = perlOf(args, span);
      if (perl.inPlace) return [];
      return [filtered(inputs(invocation, perl.files), perl.filter ?? opaque(invocation), span)];
    }
    case 'envsubst': {
      const filter = envsubstOf(args, span);
      return filter ? [filtered(stdin ?? [], filter, span)] : [unknown(invocation)];
    }
    case 'python':
    case 'python3': {
      const code = pythonCode(invocation)?.text;
      const expands = code !== undefined && stdin !== undefined && /\bstdin\b/.test(code) && pythonExpands(code);
      if (!expands || args[0]?.value !== '-c') return [unknown(invocation)];
      return [filtered(stdin, { kind: 'envsubst', variables: 'all', keepsUndefined: true, tool: name, span }, span)];
    }
    default:
      if (silent.has(name)) return [];
      return filters.has(name) ? [filtered(stdin ?? [], opaque(invocation), span)] : [unknown(invocation)];
  }
}

/**
 * The files that `find` lists, as one pattern in which `**` stands for folders of any depth. Tests other than those for
 * names leave it as it is: too many files are better than none for what follows.
 */
export function filesFound(args: readonly RunWord[]): RunWord | undefined {
  const folder = args.find(arg => !/^-[HLP]$/.test(arg.value));
  if (!folder || folder.value.startsWith('-')) return undefined;
  const at = args.findIndex(arg => arg.value === '-name' || arg.value === '-iname');
  const name = at === -1 || args.some(arg => arg.value === '-o' || arg.value === '!') ? undefined : args[at + 1];
  return below(folder, name?.value ?? '*');
}

/** The files that `grep -rl text folder` lists. */
function filesWith(args: readonly RunWord[]): RunWord | undefined {
  const options = readOptions(args, { short: 'efmABC', long: ['include', 'exclude', 'regexp'] });
  const [first, second, ...others] = options.operands;
  const folder = options.has('e', 'regexp') ? first : second;
  if (!options.has('l', 'files-with-matches') || !folder || others.length > 0) return undefined;
  if (options.has('r', 'R', 'recursive')) return below(folder, options.value('include')?.value ?? '*');
  return folder;
}

function below(folder: RunWord, name: string): RunWord {
  const { span, use } = folder;
  const path = `${folder.value.endsWith('/') ? '' : '/'}**/${name}`;
  const pieces: RunPiece[] = [
    ...folder.pieces,
    { kind: 'text', text: path, span, verbatim: false, quoted: false, glob: true },
  ];
  return runWord(pieces, span, use);
}

/** `ls folder` gives the names in it, `ls folder/*.yaml` the paths. */
function listed(args: readonly RunWord[], invocation: Invocation): readonly ContentPiece[] {
  const { operands } = readOptions(args, {});
  const [only] = operands;
  if (!only || operands.length > 1) return [unknown(invocation)];
  const { span } = only;
  const names: readonly RunPiece[] = only.hasGlob
    ? only.pieces
    : [{ kind: 'text', text: '*', span, verbatim: false, quoted: false, glob: true }];
  return [...names, text('\n', invocation.span.end)];
}

/** A Python program on the command line or in a here-document. */
export function pythonCode({ args, stdin, span }: Pick<Invocation, 'args' | 'stdin' | 'span'>): Origin | undefined {
  const at = args.findIndex(arg => arg.value === '-c');
  if (at !== -1) {
    const code = args[at + 1];
    return code && textOfPieces(code.pieces, code.span);
  }
  const readsProgram = args.every(arg => /^-/.test(arg.value)) || args[0]?.value === '-';
  if (!readsProgram || !stdin || stdin.length === 0) return undefined;
  const pieces = stdin.filter(piece => piece.kind !== 'file' && piece.kind !== 'filtered');
  return pieces.length === stdin.length ? textOfPieces(pieces, span) : undefined;
}

export interface SedInvocation {
  /** Undefined when the commands stand in a file (`-f`). */
  readonly commands: readonly SedCommand[] | undefined;
  readonly files: readonly RunWord[];
  readonly inPlace: boolean;
  /** `-n`: only what `p` prints comes out. */
  readonly printsNothing: boolean;
}

/** Reads the arguments of `sed`. */
export function sedOf(args: readonly RunWord[]): SedInvocation {
  const options = readOptions(args, { short: 'efl', attached: 'i', long: ['expression', 'file', 'line-length'] });
  const extended = options.has('E', 'r', 'regexp-extended');
  const given = options.values('e', 'expression');
  const fromFile = options.has('f', 'file');
  const isOption = given.length > 0 || fromFile;
  const scripts = isOption ? given : options.operands.slice(0, 1);
  return {
    commands: fromFile ? undefined : scripts.flatMap(word => readSedScript(word.pieces, extended, word.span)),
    files: isOption ? options.operands : options.operands.slice(1),
    inPlace: options.has('i', 'in-place'),
    printsNothing: options.has('n', 'quiet', 'silent'),
  };
}

/** Reads the arguments of `perl -p`. A program other than `s` commands and `$ENV{X}` is not understood. */
export function perlOf(
  args: readonly RunWord[],
  span: Span,
): { readonly filter: ContentFilter | undefined; readonly files: readonly RunWord[]; readonly inPlace: boolean } {
  const options = readOptions(args, { short: 'eEIMm', attached: 'i' });
  const [code] = options.values('e', 'E');
  const inPlace = options.has('i');
  if (!code || !options.has('p')) return { filter: undefined, files: options.operands, inPlace };
  const files = options.operands;
  // `s/\$\{(\w+)\}/$ENV{$1}/ge` is a usual stand-in for envsubst.
  if (/\$ENV\{\s*["']?\$\d/.test(code.value)) {
    const keepsUndefined = /exists|defined|\/\//.test(code.value.replace(/s\/.*?\//, ''));
    return { filter: { kind: 'envsubst', variables: 'all', keepsUndefined, tool: 'perl', span }, files, inPlace };
  }
  if (!/^s\W/.test(code.value) || /\/\w*e\w*\s*$/.test(code.value)) return { filter: undefined, files, inPlace };
  const commands = readSedScript(perlVariables(code.pieces), true, code.span);
  return { filter: { kind: 'sed', commands, span }, files, inPlace };
}

/**
 * Reads the arguments of `awk`. Only a program that does nothing but `sub` and `gsub` on the line, and prints it, is
 * understood. What it replaces by: `ENVIRON["X"]`, a variable of `-v`, or a text.
 */
function awkOf(
  args: readonly RunWord[],
  span: Span,
): { readonly filter: ContentFilter | undefined; readonly files: readonly RunWord[] } {
  const options = readOptions(args, { short: 'vFf', operandsLast: true });
  const program = options.has('f') ? undefined : options.operands[0];
  const files = program ? options.operands.slice(1) : options.operands;
  const [only] = program?.pieces ?? [];
  if (only?.kind !== 'text' || program?.pieces.length !== 1) return { filter: undefined, files };
  const given = new Map(
    options.values('v').map(word => {
      const name = /^\w*/.exec(word.value)?.[0] ?? '';
      return [name, wordAfter(word, name.length + 1).pieces] as const;
    }),
  );
  const commands: SedCommand[] = [];
  let rest = '';
  let from = 0;
  for (const match of only.text.matchAll(awkSubstitution)) {
    rest += only.text.slice(from, match.index);
    from = match.index + match[0].length;
    const whole = sliceOf(only, match.index, from);
    const [, all, expression, plain, variable, named, quoted] = match;
    const pattern = expression ?? escapeRegExp(plain ?? '');
    const by: readonly RunPiece[] | undefined =
      variable !== undefined
        ? [environmentVariable(variable, whole.span)]
        : quoted !== undefined
          ? [{ ...whole, text: quoted, verbatim: false }]
          : given.get(named ?? '');
    if (!by) return { filter: undefined, files };
    const sign = (text: string): RunPiece => ({ ...whole, text, verbatim: false });
    const pieces = [sign(`s\u0001${pattern}\u0001`), ...by, sign(`\u0001${all === 'gsub' ? 'g' : ''}`)];
    commands.push(...readSedScript(pieces, true, whole.span));
  }
  rest += only.text.slice(from);
  const isPlain = commands.length > 0 && /^(?:[\s;{}]|\bprint\b(?:\s*\$0)?|\b1\b)*$/.test(rest);
  return { filter: isPlain ? { kind: 'sed', commands, span } : undefined, files };
}

const awkSubstitution =
  /\b(g?sub)\(\s*(?:\/((?:[^/\\]|\\.)+)\/|"((?:[^"\\]|\\.)*)")\s*,\s*(?:ENVIRON\[\s*"(\w+)"\s*\]|(\w+)|"((?:[^"\\]|\\.)*)")\s*(?:,\s*\$0\s*)?\)/g;

/** `$ENV{X}` in a Perl program, as the variable that it stands for. */
function perlVariables(pieces: readonly RunPiece[]): readonly RunPiece[] {
  return pieces.flatMap((piece): readonly RunPiece[] => {
    if (piece.kind !== 'text') return [piece];
    const found: RunPiece[] = [];
    let from = 0;
    for (const match of piece.text.matchAll(/\$ENV\{\s*["']?(\w+)["']?\s*\}/g)) {
      const end = match.index + match[0].length;
      if (match.index > from) found.push(sliceOf(piece, from, match.index));
      const { span } = sliceOf(piece, match.index, end);
      const name = match[1] ?? '';
      found.push(environmentVariable(name, span));
      from = end;
    }
    if (from < piece.text.length) found.push(sliceOf(piece, from, piece.text.length));
    return found;
  });
}

/**
 * Reads the arguments of GNU gettext's `envsubst`
 * (https://www.gnu.org/software/gettext/manual/html_node/envsubst-Invocation.html): with an argument, only the
 * variables named in it are replaced. Undefined when it only prints names or its version.
 */
export function envsubstOf(args: readonly RunWord[], span: Span): EnvsubstFilter | undefined {
  const options = readOptions(args, { short: 'io' });
  if (options.has('v', 'V', 'h', 'variables', 'version', 'help')) return undefined;
  const [format] = options.operands;
  const filter = { kind: 'envsubst', tool: 'envsubst', span } as const;
  const keepsUndefined = options.has('no-unset');
  if (!format) return { ...filter, variables: 'all', keepsUndefined };
  if (format.pieces.some(piece => piece.kind !== 'text')) return { ...filter, variables: 'unknown', keepsUndefined };
  const variables: ShellVariable[] = [];
  for (const piece of format.pieces) {
    if (piece.kind !== 'text') continue;
    for (const match of piece.text.matchAll(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g)) {
      const found = sliceOf(piece, match.index, match.index + match[0].length);
      variables.push({ name: match[1] ?? match[2] ?? '', span: found.span });
    }
  }
  return { ...filter, variables, keepsUndefined };
}

/** The files that a program reads, or its standard input when it names none. */
function inputs({ stdin, path }: Invocation, files: readonly RunWord[]): readonly ContentPiece[] {
  if (files.length === 0) return stdin ?? [];
  return files.flatMap((file): readonly ContentPiece[] =>
    file.value === '-' ? (stdin ?? []) : [{ kind: 'file', path: path(file), span: file.span }],
  );
}

/** `echo`, with `-n` and `-e` as Bash and BusyBox know them. */
function echoed(args: readonly RunWord[], { end }: Span): readonly RunPiece[] {
  let first = 0;
  let hasBreak = true;
  let escapes = false;
  for (; /^-[neE]+$/.test(args[first]?.value ?? ''); first++) {
    const option = args[first]?.value ?? '';
    if (option.includes('n')) hasBreak = false;
    if (option.includes('e')) escapes = true;
  }
  const pieces: RunPiece[] = [];
  for (const [index, word] of args.slice(first).entries()) {
    if (index > 0) pieces.push(text(' ', word.use.start));
    pieces.push(...(escapes ? word.pieces.flatMap(withoutEscapes) : word.pieces));
  }
  if (hasBreak) pieces.push(text('\n', end));
  return pieces;
}

/** `printf FORMAT ARGUMENT…`: the format is used again until the arguments are through. */
function printed(args: readonly RunWord[]): readonly RunPiece[] {
  const words = args[0]?.value === '--' ? args.slice(1) : args;
  const [format, ...values] = words;
  if (!format || format.value === '-v') return [];
  const pieces: RunPiece[] = [];
  let next = 0;
  for (let round = 0; round === 0 || (next < values.length && round < 100); round++) {
    const before = next;
    for (const piece of format.pieces) {
      if (piece.kind !== 'text') {
        pieces.push(piece);
        continue;
      }
      let from = 0;
      for (const match of piece.text.matchAll(/%%|%[-+ #0]*[\d*]*(?:\.[\d*]+)?[a-zA-Z]/g)) {
        if (match.index > from) pieces.push(...withoutEscapes(sliceOf(piece, from, match.index)));
        from = match.index + match[0].length;
        if (match[0] === '%%') pieces.push(sliceOf(piece, from - 1, from));
        else pieces.push(...(values[next++]?.pieces ?? []));
      }
      if (from < piece.text.length) pieces.push(...withoutEscapes(sliceOf(piece, from, piece.text.length)));
    }
    if (next === before) break;
  }
  return pieces;
}

const escaped = table<string>({ n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"' });

function withoutEscapes(piece: RunPiece): readonly RunPiece[] {
  if (piece.kind !== 'text' || !piece.text.includes('\\')) return [piece];
  const found: RunPiece[] = [];
  let from = 0;
  for (const match of piece.text.matchAll(/\\([ntr\\"])/g)) {
    if (match.index > from) found.push(sliceOf(piece, from, match.index));
    from = match.index + 2;
    found.push({ ...sliceOf(piece, match.index, from), text: escaped[match[1] ?? ''] ?? '', verbatim: false });
  }
  if (from < piece.text.length) found.push(sliceOf(piece, from, piece.text.length));
  return found;
}

function pathPart(invocation: Invocation, name: string): readonly ContentPiece[] {
  const { operands } = readOptions(invocation.args, { short: 's', long: ['suffix'] });
  const [word, suffix] = operands;
  if (!word) return [unknown(invocation)];
  if (name === 'realpath' || name === 'readlink') return word.pieces;
  const [only] = word.pieces;
  if (name === 'dirname' && only?.kind === 'variable' && word.pieces.length === 1) {
    const isScript = only.name === '0' || only.name === 'BASH_SOURCE';
    return isScript ? [{ ...only, name: scriptDirectory }] : [unknown(invocation)];
  }
  if (word.certainty !== 'known') return [unknown(invocation)];
  const path = normalPath(word.value);
  const slash = path.lastIndexOf('/');
  const base = path.slice(slash + 1);
  const ending = suffix?.value ?? '';
  const hasEnding = ending !== '' && base !== ending && base.endsWith(ending);
  const folder = slash > 0 ? path.slice(0, slash) : slash === 0 ? '/' : '.';
  const part = name === 'dirname' ? folder : hasEnding ? base.slice(0, -ending.length) : base;
  const glob = word.hasGlob && /[*?[]/.test(part);
  return [{ kind: 'text', text: part, span: word.span, verbatim: false, quoted: true, glob }];
}

function filtered(content: readonly ContentPiece[], filter: ContentFilter, span: Span): ContentPiece {
  return { kind: 'filtered', content, filter, span };
}

function opaque({ name = '', span }: Invocation): ContentFilter {
  return { kind: 'opaque', tool: name, span };
}

function unknown({ name = '', span }: Invocation): RunPiece {
  return { kind: 'output', span, raw: name, quoted: true };
}

function text(value: string, at: number): RunPiece {
  return { kind: 'text', text: value, span: { start: at, end: at }, verbatim: false, quoted: true, glob: false };
}

function environmentVariable(name: string, span: Span): RunPiece {
  return { kind: 'variable', name, span, quoted: true, assigned: false, fallback: undefined, transformed: false };
}

/** Programs that give what they read, changed. */
const filters: ReadonlySet<string> = new Set([
  ...['tr', 'sort', 'uniq', 'head', 'tail', 'egrep', 'fgrep', 'cut', 'jq', 'yq', 'base64', 'fold'],
  ...[
    'rev',
    'tac',
    'gzip',
    'gunzip',
    'zcat',
    'openssl',
    'gpg',
    'xxd',
    'od',
    'column',
    'paste',
    'nl',
    'iconv',
    'dos2unix',
    'gomplate',
  ],
]);

/** Whether a program writes nothing to its standard output. */
export function isSilent(name: string): boolean {
  return silent.has(name);
}

/** Programs and builtins that write nothing to their standard output when all goes well. */
const silent: ReadonlySet<string> = new Set([
  ...[
    'true',
    'false',
    ':',
    'test',
    '[',
    '[[',
    '((',
    'cd',
    'export',
    'readonly',
    'local',
    'declare',
    'typeset',
    'set',
    'unset',
  ],
  ...['shift', 'exit', 'return', 'break', 'continue', 'read', 'trap', 'wait', 'sleep', 'exec', '.', 'source', 'umask'],
  ...[
    'mkdir',
    'rmdir',
    'rm',
    'cp',
    'mv',
    'ln',
    'install',
    'chmod',
    'chown',
    'chgrp',
    'touch',
    'truncate',
    'mkfifo',
    'pushd',
    'popd',
  ],
]);
