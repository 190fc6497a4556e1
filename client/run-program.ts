/**
 * Runs a program with arguments and text for its standard input; resolves with its standard output. A browser has none of
 * these.
 */
export type RunProgram = (program: string, args: readonly string[], input: string) => Promise<string>;

/** The program is not installed, or not found. */
export class MissingProgram extends Error {}
