/** A directive of a configuration that has one on each line. */
export interface Directive {
  readonly name: string;
  /** What its arguments are, in order: words divided by `|`, or one of {@link ArgumentType}. */
  readonly args: readonly string[];
  readonly sentence: string;
}

/**
 * `HOST` and `PORT` of a server to connect to, `MASTER` a master of Redis Sentinel, `DOMAIN` a public name, `SECRETFILE` a file
 * that a Secret is mounted as. Everything else is free.
 */
export type ArgumentType = 'HOST' | 'PORT' | 'MASTER' | 'DOMAIN' | 'SECRETFILE';

/** Reads lines of `name [arguments]: sentence`. */
export function readDirectives(table: string): readonly Directive[] {
  return table
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const colon = line.indexOf(': ');
      const [name = '', ...args] = line.slice(0, colon).split(' ');
      return { name, args, sentence: line.slice(colon + 2) };
    });
}

/** What a directive is given, in a few words. */
export function argumentsOf({ args }: Directive): string {
  return args
    .map(arg => (arg === 'SECRETFILE' ? 'path of a file' : arg === 'DOMAIN' ? 'domain name' : arg.toLowerCase()))
    .join(' ');
}
