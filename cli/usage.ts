import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The command line cannot be understood; the message says what to do about it. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Parses options and at most one path, or as many words as a command takes. Throws {@link UsageError}. */
export function parse<O extends Options>(
  argv: readonly string[],
  options: O,
  most = 1,
): { values: ReturnType<typeof parseArgs<{ options: O }>>['values']; positionals: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    if (positionals.length > most)
      throw new UsageError(
        `expected ${most === 1 ? 'one path' : `at most ${most} arguments`}, got ${positionals.length}`,
      );
    return { values: values as ReturnType<typeof parseArgs<{ options: O }>>['values'], positionals };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The absolute path of the tree to look at. Throws {@link UsageError} if it is no directory. */
export function treeRoot(positionals: readonly string[]): string {
  const given = positionals[0] ?? '.';
  // A variable of a script that is not set must not change the directory that the script stands in.
  if (given === '') throw new UsageError('the path is empty');
  const root = resolve(given);
  try {
    if (statSync(root).isDirectory()) return root;
  } catch {
    throw new UsageError(`${given} does not exist`);
  }
  throw new UsageError(`${given} is not a directory`);
}

export function oneOf<T extends string>(
  option: string,
  value: string | undefined,
  allowed: readonly T[],
  fallback: T,
): T {
  if (value === undefined) return fallback;
  const found = allowed.find(one => one === value);
  if (found === undefined) throw new UsageError(`${option} takes ${allowed.join(', ')}, not "${value}"`);
  return found;
}
