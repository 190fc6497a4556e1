import { endOfLine } from '../../manifests/lines';
import type { Span } from '../../manifests/span';
import { programStart } from '../text/shell-programs';

/** Where a cursor stands in a shell script. */
export type ShellCursor = ShellWordCursor | ShellVariableCursor | ShellTextCursor;

/** A word of a command that is being typed. */
export interface ShellWordCursor {
  readonly kind: 'word';
  /** The words before it, from the program on: without `sudo`, assignments and `if`. Empty where the program is typed. */
  readonly words: readonly string[];
  /** The words behind it, as far as the command goes on. */
  readonly after: readonly string[];
  /** What of the word stands before the cursor, without quotes. */
  readonly prefix: string;
  /** The name that `NAME=` before the word assigns to, which then is not part of `prefix`. */
  readonly assigned: string | undefined;
  /** Of a word in quotes: what stands between them. */
  readonly quoted: Span | undefined;
}

/** The name of a variable that is being typed behind `$`. */
export interface ShellVariableCursor {
  readonly kind: 'variable';
  readonly span: Span;
  /** Whether it stands in braces, and whether they are closed. */
  readonly braces: 'none' | 'open' | 'closed';
}

/** A text that a command writes to a file or reads: a here-document, or what `echo` is given. */
export interface ShellTextCursor {
  readonly kind: 'text';
  /** Whole lines of a here-document; of `echo` what stands between its quotes. */
  readonly span: Span;
  /** Whether the shell expands variables in it. */
  readonly expands: boolean;
  /** The file that it is written to, as the script names it. */
  readonly file: string | undefined;
  /** The program that reads it in the end, and its arguments; empty where it is only written. */
  readonly words: readonly string[];
}

/**
 * Finds the place of a cursor in a shell script that may be half typed: quotes that are not closed end with the script,
 * and so does a here-document without its last line. Undefined in comments and in single quotes that no file is made of.
 */
export function shellCursor(text: string, offset: number): ShellCursor | undefined {
  return new ShellWalk(text, offset).run();
}

/** `${…}` and `$((…))` on one line. */
const expansion = /^\$(?:\{[^{}\n]*\}|\(\([^\n]*?\)\))/;

interface Heredoc {
  readonly delimiter: string;
  readonly expands: boolean;
  readonly stripsTabs: boolean;
  readonly command: Command;
}

interface Word {
  value: string;
  readonly start: number;
  isQuoted: boolean;
}

/** A simple command as far as it has been read. */
interface Command {
  readonly words: Word[];
  /** The words behind `>` and `>>`. */
  readonly outputs: Word[];
  /** The command that reads what this one writes. */
  next: Command | undefined;
}

/** What ends the commands that are read now: the script, `$(…)`, backquotes. */
interface Level {
  readonly closes: ')' | '`' | undefined;
  command: Command;
  word: Word | undefined;
  /** What the next word is, behind `>` or another redirection: a file for output, or something else. */
  target: 'output' | 'other' | undefined;
  /** Whether the substitution stands in double quotes. */
  readonly isInQuotes: boolean;
}

/** Why nothing more has to be read: the cursor's command is over, the cursor is in a comment, or its place is known. */
type End = 'command read' | 'in a comment' | ShellCursor | undefined;

class ShellWalk {
  readonly #text: string;
  readonly #offset: number;
  #level: Level = level(undefined, false);
  readonly #outer: Level[] = [];
  #heredocs: Heredoc[] = [];
  /** What was being read when the cursor was passed. */
  #here: Here | undefined;
  #at = 0;
  /** The quotes that the next character stands in, and where their content begins. */
  #quote: '' | '"' | "'" = '';
  #quoteStart = 0;

  constructor(text: string, offset: number) {
    this.#text = text;
    this.#offset = offset;
  }

  run(): ShellCursor | undefined {
    while (this.#at <= this.#text.length) {
      if (this.#at === this.#offset && !this.#here) {
        const variable = this.#quote === "'" ? undefined : variableAt(this.#text, this.#at);
        if (variable) return variable;
        this.#here = this.#mark();
      }
      if (this.#at === this.#text.length) break;
      const end = this.#read(this.#text[this.#at] ?? '');
      if (end === 'command read') break;
      if (end === 'in a comment') return undefined;
      if (end) return end;
    }
    this.#endWord();
    return this.#found();
  }

  /** Reads a character, or what begins with it. */
  #read(char: string): End {
    if (this.#quote === "'") return this.#readInQuotes(char);
    if (char === '\\') return this.#readEscaped();
    if (char === '$' && (this.#readExpansion() || this.#openSubstitution())) return undefined;
    if (char === '`') return this.#readBackquote();
    if (this.#quote === '"') return this.#readInQuotes(char);
    if (char === '"' || char === "'") return this.#openQuote(char);
    if (char === '#' && !this.#level.word) return this.#readComment();
    if (char === '\n') return this.#readLineEnd();
    if (/\s/.test(char)) return this.#readSpace();
    if (char === '<' && /^<<(?!<)/.test(this.#text.slice(this.#at, this.#at + 3))) return this.#readHeredoc();
    if (char === '<' || char === '>') return this.#readRedirection(char);
    if (char === ')' && this.#level.closes === ')') return this.#readSubstitutionEnd();
    if (char === '|' && this.#text[this.#at + 1] !== '|') return this.#readPipe();
    if (/[;&|()]/.test(char)) return this.#readSeparator();
    this.#begin();
    this.#add(char, false);
    this.#at++;
    return undefined;
  }

  #readInQuotes(char: string): End {
    if (char === this.#quote) this.#quote = '';
    else this.#add(char, true);
    this.#at++;
    return undefined;
  }

  #readEscaped(): End {
    const next = this.#text[this.#at + 1];
    if (next !== '\n') this.#add(next ?? '', true);
    this.#step(2);
    return undefined;
  }

  /** Reads `${…}` and `$((…))` as a whole, unless the cursor is inside. Says whether it did. */
  #readExpansion(): boolean {
    const whole = expansion.exec(this.#text.slice(this.#at, this.#at + 200))?.[0];
    if (whole === undefined) return false;
    const isBehind = this.#here !== undefined || this.#offset < this.#at || this.#offset >= this.#at + whole.length;
    if (!isBehind) return false;
    this.#begin();
    for (const one of whole) this.#add(one, true);
    this.#at += whole.length;
    return true;
  }

  /** Begins to read `$(…)`. Says whether it did. */
  #openSubstitution(): boolean {
    if (this.#text[this.#at + 1] !== '(') return false;
    this.#begin();
    this.#add('$', true);
    this.#open(')');
    this.#step(2);
    return true;
  }

  #readSubstitutionEnd(): End {
    if (this.#isDone()) return 'command read';
    this.#close();
    this.#at++;
    return undefined;
  }

  #readBackquote(): End {
    if (this.#level.closes === '`') return this.#readSubstitutionEnd();
    this.#begin();
    this.#open('`');
    this.#at++;
    return undefined;
  }

  #openQuote(quote: '"' | "'"): End {
    this.#begin();
    if (this.#level.word) this.#level.word.isQuoted = true;
    this.#quote = quote;
    this.#quoteStart = this.#at + 1;
    this.#at++;
    return undefined;
  }

  #readComment(): End {
    const end = endOfLine(this.#text, this.#at);
    if (this.#offset > this.#at && this.#offset <= end && this.#here === undefined) return 'in a comment';
    this.#at = end;
    return undefined;
  }

  #readLineEnd(): End {
    if (this.#endCommand()) return 'command read';
    this.#at++;
    return this.#bodies();
  }

  #readSpace(): End {
    this.#endWord();
    this.#at++;
    return undefined;
  }

  #readRedirection(char: string): End {
    // `2>&1` and `2> log` are about another stream than the output.
    const { word } = this.#level;
    const descriptor = word && /^\d$/.test(word.value) ? word.value : undefined;
    if (descriptor !== undefined) this.#level.word = undefined;
    this.#endWord();
    const operator = /^(?:>>|>\||>&|<&|<<<|<>|[<>])/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0] ?? char;
    this.#step(operator.length);
    this.#level.target = /^>[>|]?$/.test(operator) && (descriptor ?? '1') === '1' ? 'output' : 'other';
    return undefined;
  }

  #readPipe(): End {
    if (this.#isDone()) return 'command read';
    this.#endWord();
    const before = this.#level.command;
    this.#level.command = command();
    before.next = this.#level.command;
    this.#step(this.#text[this.#at + 1] === '&' ? 2 : 1);
    return undefined;
  }

  #readSeparator(): End {
    if (this.#endCommand()) return 'command read';
    this.#at++;
    return undefined;
  }

  /** Goes forward, but not past the cursor without noticing it. */
  #step(by: number): void {
    const to = this.#at + by;
    this.#at = this.#here === undefined && this.#at < this.#offset && this.#offset < to ? this.#offset : to;
  }

  #begin(): void {
    this.#level.word ??= { value: '', start: this.#at, isQuoted: false };
  }

  #add(char: string, isQuoted: boolean): void {
    this.#begin();
    const { word } = this.#level;
    if (!word) return;
    word.value += char;
    word.isQuoted ||= isQuoted;
  }

  #endWord(): void {
    const { word, target, command } = this.#level;
    if (!word) return;
    if (target === 'output') command.outputs.push(word);
    else if (target === undefined) command.words.push(word);
    this.#level.word = undefined;
    this.#level.target = undefined;
  }

  /** Whether the command that the cursor is in ends here. */
  #isDone(): boolean {
    return this.#here !== undefined && this.#here.level === this.#level && this.#heredocs.length === 0;
  }

  #endCommand(): boolean {
    this.#endWord();
    if (this.#isDone()) return true;
    this.#level.command = command();
    return false;
  }

  #open(closes: ')' | '`'): void {
    this.#outer.push(this.#level);
    this.#level = level(closes, this.#quote === '"');
    this.#quote = '';
  }

  #close(): void {
    this.#endWord();
    this.#quote = this.#level.isInQuotes ? '"' : '';
    this.#level = this.#outer.pop() ?? this.#level;
  }

  #readHeredoc(): End {
    const match = /^<<(-?)[ \t]*(?:'([^'\n]*)'|"([^"\n]*)"|(\\?)([\w.-]+))/.exec(
      this.#text.slice(this.#at, this.#at + 200),
    );
    this.#endWord();
    if (!match) {
      this.#at += 2;
      return undefined;
    }
    const delimiter = match[2] ?? match[3] ?? match[5] ?? '';
    const expands = match[5] !== undefined && match[4] === '';
    this.#heredocs.push({ delimiter, expands, stripsTabs: match[1] === '-', command: this.#level.command });
    this.#step(match[0].length);
    return undefined;
  }

  /** Reads the here-documents that begin on this line: the cursor in one, or nothing. */
  #bodies(): ShellCursor | undefined {
    const pending = this.#heredocs;
    this.#heredocs = [];
    for (const heredoc of pending) {
      const start = this.#at;
      let end = start;
      for (;;) {
        const stop = endOfLine(this.#text, end);
        const line = this.#text.slice(end, stop).replace(/\r$/, '');
        const isLast = (heredoc.stripsTabs ? line.replace(/^\t+/, '') : line) === heredoc.delimiter;
        if (isLast || stop === this.#text.length) {
          this.#at = Math.min(this.#text.length, stop + 1);
          if (!isLast) end = this.#text.length + 1;
          break;
        }
        end = stop + 1;
      }
      if (this.#offset >= start && this.#offset < end && this.#here === undefined) {
        const { expands, command } = heredoc;
        const variable = expands ? variableAt(this.#text, this.#offset) : undefined;
        if (variable) return variable;
        return {
          kind: 'text',
          span: { start, end: Math.min(end, this.#text.length) },
          expands,
          ...destination(command),
        };
      }
    }
    return undefined;
  }

  #mark(): Here {
    const { command, word, target } = this.#level;
    return {
      level: this.#level,
      command,
      before: command.words.length,
      word,
      prefix: word?.value ?? '',
      quote: this.#quote,
      quoteStart: this.#quoteStart,
      // Digits right before `>` are a file descriptor.
      isTarget: target !== undefined || /^\d+[<>]/.test(`${word?.value ?? ''}${this.#text[this.#at] ?? ''}`),
    };
  }

  #found(): ShellCursor | undefined {
    const here = this.#here;
    if (!here) return undefined;
    const { command, word, quote, prefix } = here;
    const quoted =
      quote === '' ? undefined : { start: here.quoteStart, end: closingQuote(this.#text, here.quoteStart, quote) };
    if (quoted) {
      const file = textWritten(command, word, here.before);
      if (file !== undefined)
        return {
          kind: 'text',
          span: quoted,
          expands: quote === '"',
          file,
          words: wordsOf(command.words),
        };
    }
    if (here.isTarget) return undefined;
    const words = wordsOf(command.words.slice(0, here.before));
    const assignment = words.length === 0 ? /^(?:[A-Za-z_]\w*)(?==)/.exec(prefix)?.[0] : undefined;
    const exported = /^(?:export|local|readonly|declare)$/.test(words[0] ?? '')
      ? /^(?:[A-Za-z_]\w*)(?==)/.exec(prefix)?.[0]
      : undefined;
    const assigned = assignment ?? exported;
    return {
      kind: 'word',
      words,
      after: command.words.slice(here.before + (word ? 1 : 0)).map(one => one.value),
      prefix: assigned === undefined ? prefix : prefix.slice(assigned.length + 1),
      assigned,
      quoted,
    };
  }
}

interface Here {
  readonly level: Level;
  readonly command: Command;
  readonly before: number;
  readonly word: Word | undefined;
  readonly prefix: string;
  readonly quote: '' | '"' | "'";
  readonly quoteStart: number;
  /** Whether the word is no argument. */
  readonly isTarget: boolean;
}

/** A variable whose name ends at an offset, or may begin there. */
export function variableAt(text: string, offset: number): ShellVariableCursor | undefined {
  const before = text.slice(Math.max(0, offset - 100), offset);
  const match = /(\\*)\$(\{[#!]?)?((?:[A-Za-z_]\w*)?)$/.exec(before);
  if (!match || (match[1] ?? '').length % 2 === 1 || text[offset] === '(') return undefined;
  const rest = /^\w*/.exec(text.slice(offset, offset + 100))?.[0] ?? '';
  const end = offset + rest.length;
  const isBraced = match[2] !== undefined;
  return {
    kind: 'variable',
    span: { start: offset - (match[3] ?? '').length, end },
    braces: !isBraced ? 'none' : /^(?:[}:#%/+=?,^@-]|\[)/.test(text.slice(end, end + 1)) ? 'closed' : 'open',
  };
}

/** The words of a command from its program on. */
function wordsOf(words: readonly Word[]): readonly string[] {
  let at = 0;
  while (at < words.length) {
    const { value, isQuoted } = words[at] ?? { value: '', isQuoted: true };
    if (!/^[A-Za-z_]\w*\+?=/.test(value) && (isQuoted || !leading.has(value))) break;
    at++;
  }
  const rest = words.slice(at).map(({ value, isQuoted }) => ({ value, literal: !isQuoted }));
  return rest.slice(programStart(rest)).map(({ value }) => value);
}

/** Words of the language that a command follows. */
const leading: ReadonlySet<string> = new Set(['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', 'time']);

/** Where a here-document goes: the file that its command, or one that reads from it, writes. */
function destination(command: Command): { readonly file: string | undefined; readonly words: readonly string[] } {
  let file: string | undefined;
  let reader: readonly string[] | undefined;
  for (let one: Command | undefined = command; one; one = one.next) {
    const words = wordsOf(one.words);
    if (!passing.has(words[0] ?? '')) reader ??= words;
    const written = one.outputs.map(({ value }) => value).filter(value => !value.startsWith('/dev/'));
    file = written.at(-1) ?? (words[0] === 'tee' ? words.slice(1).find(word => !word.startsWith('-')) : file);
  }
  return { file, words: reader ?? [] };
}

/** Programs that only pass on what they read. */
const passing: ReadonlySet<string> = new Set(['cat', 'tee', 'envsubst', 'sed']);

/** The file that `echo` or `printf` writes a word to. */
function textWritten(command: Command, word: Word | undefined, index: number): string | undefined {
  const [program] = wordsOf(command.words);
  if (!word || index === 0 || (program !== 'echo' && program !== 'printf')) return undefined;
  return destination(command).file;
}

function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return text.length;
}

function command(): Command {
  return { words: [], outputs: [], next: undefined };
}

function level(closes: ')' | '`' | undefined, isInQuotes: boolean): Level {
  return { closes, command: command(), word: undefined, target: undefined, isInQuotes };
}
