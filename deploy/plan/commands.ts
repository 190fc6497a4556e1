/** The name under which the API server records what this tool applied. */
const fieldManager = 'matrix-preflight';

/**
 * The arguments that apply one object, whose JSON is given on standard input. Server-side apply, because client-side
 * apply writes the values of a Secret in plain text into an annotation and prints them when a patch is refused.
 */
export function applyArguments(namespace: string): readonly string[] {
  return ['apply', '--server-side', `--field-manager=${fieldManager}`, `--namespace=${namespace}`, '--filename=-'];
}

/** A command line as text, for people to read; it is never executed in this form. */
export function commandText(program: string, args: readonly string[]): string {
  return [program, ...args].map(quote).join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./<>-]+$/.test(word) && !/[<>]/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
