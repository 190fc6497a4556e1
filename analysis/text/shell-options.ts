import { type RunWord, wordAfter } from './shell-values';

/** A command line read as options and operands. */
export interface Options {
  /** Whether one of the options is there: a letter, or a long name without its dashes. */
  has(...names: readonly string[]): boolean;
  /** The value of the last of the options that is there. */
  value(...names: readonly string[]): RunWord | undefined;
  values(...names: readonly string[]): readonly RunWord[];
  readonly operands: readonly RunWord[];
}

export interface OptionTable {
  /** Letters whose value follows, in the same word or the next. */
  readonly short?: string;
  /** Letters whose value can only follow in the same word, as `sed -i.bak`. */
  readonly attached?: string;
  /** Long names whose value follows after `=` or in the next word. */
  readonly long?: readonly string[];
  /** Options end at the first operand. */
  readonly operandsLast?: boolean;
}

/**
 * Reads options as getopt_long(3) does: `-abc`, `-o value`, `-ovalue`, `--name value`, `--name=value`, `--`.
 * A word that is not plain text is an operand.
 */
export function readOptions(args: readonly RunWord[], table: OptionTable): Options {
  const found = new Map<string, RunWord[]>();
  const operands: RunWord[] = [];
  const add = (name: string, value?: RunWord): void => {
    const values = found.get(name) ?? [];
    if (value) values.push(value);
    found.set(name, values);
  };

  for (let at = 0; at < args.length; at++) {
    const word = args[at];
    if (!word) break;
    const { value } = word;
    if (value === '--' || (table.operandsLast && operands.length > 0)) {
      operands.push(...args.slice(value === '--' ? at + 1 : at));
      break;
    }
    const long = /^--([\w-]+)(=?)/.exec(value);
    if (long) {
      const [whole, name = '', equals] = long;
      if (equals) add(name, wordAfter(word, whole.length));
      else if (table.long?.includes(name) && at + 1 < args.length) add(name, args[++at]);
      else add(name);
    } else if (/^-[^-]/.test(value) && word.pieces[0]?.kind === 'text') {
      for (let letter = 1; letter < value.length; letter++) {
        const name = value[letter] ?? '';
        const rest = letter + 1 < value.length;
        if (table.attached?.includes(name)) add(name, rest ? wordAfter(word, letter + 1) : undefined);
        else if (!table.short?.includes(name)) {
          add(name);
          continue;
        } else if (rest) add(name, wordAfter(word, letter + 1));
        else if (at + 1 < args.length) add(name, args[++at]);
        else add(name);
        break;
      }
    } else operands.push(word);
  }

  const values = (...names: readonly string[]): readonly RunWord[] => names.flatMap(name => found.get(name) ?? []);
  return {
    has: (...names) => names.some(name => found.has(name)),
    value: (...names) => values(...names).at(-1),
    values,
    operands,
  };
}
