import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';
import { linesOf, trimmed, type Word, wordAt } from './words';

/** One option of a turnserver.conf. */
export interface TurnserverOption {
  /** The long name, without other spellings: `userdb` for `db`. */
  readonly name: string;
  readonly nameSpan: Span;
  /** Undefined for a flag. Without the double quotes that coturn takes off; its span has them. */
  readonly value: Word | undefined;
  readonly span: Span;
}

/**
 * The options of a turnserver.conf in order: `name`, `name=value` or `name value`. As in coturn (`read_config_file`,
 * `parse_arg_string`) only a line that begins with `#` is a comment, and nothing is expanded.
 */
export function readTurnserverConf(text: string): readonly TurnserverOption[] {
  const options: TurnserverOption[] = [];
  for (const line of linesOf(text)) {
    const { start, end } = trimmed(text, line.start, line.end);
    if (start === end || text[start] === '#') continue;
    let nameEnd = start;
    while (nameEnd < end && !isSeparator(text, nameEnd)) nameEnd++;
    let valueStart = nameEnd;
    while (valueStart < end && isSeparator(text, valueStart)) valueStart++;
    const written = text.slice(start, nameEnd);
    options.push({
      name: aliases[written] ?? written,
      nameSpan: { start, end: nameEnd },
      value: valueStart < end ? unquoted(text, valueStart, end) : undefined,
      span: { start, end },
    });
  }
  return options;
}

/** An option on the command line of turnserver. */
export interface TurnserverArgument {
  /** The long name, also of an option that is given by its letter: `external-ip` for `-X`. */
  readonly name: string;
  /** How it is written: `-X`, `--external-ip`. */
  readonly written: string;
  readonly value: string | undefined;
  /** The index of the argument that holds the option, and of the one that holds its value. */
  readonly index: number;
  readonly valueIndex: number;
}

/**
 * The options among the arguments of turnserver, as getopt_long reads them: `--name=value`, `--name value`, `-X value`,
 * `-Xvalue` and `-va`. `-c FILE` has the name `config`, `-n` (no file) `no-config`.
 */
export function readTurnserverArguments(args: readonly string[]): readonly TurnserverArgument[] {
  const found: TurnserverArgument[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') break;
    const next = args[index + 1];
    if (arg.startsWith('--')) {
      const [, written = '', given] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(arg) ?? [];
      const name = aliases[written] ?? written;
      const takesNext = given === undefined && withValue.has(name) && next !== undefined;
      const valueIndex = takesNext ? index + 1 : index;
      found.push({ name, written: `--${written}`, value: takesNext ? next : given, index, valueIndex });
      index = valueIndex;
    } else if (/^-[A-Za-z]/.test(arg)) {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg.charAt(at);
        const name = letters[letter] ?? letter;
        const written = `-${letter}`;
        if (!withValue.has(name)) {
          found.push({ name, written, value: undefined, index, valueIndex: index });
          continue;
        }
        const attached = at + 1 < arg.length;
        const value = attached ? arg.slice(at + 1) : next;
        const valueIndex = attached || next === undefined ? index : index + 1;
        found.push({ name, written, value, index, valueIndex });
        index = valueIndex;
        break;
      }
    }
  }
  return found;
}

/** Whether an option without a value or with this one is on: coturn reads `no`, `false`, `off` and `0` as off. */
export function turnserverFlag(value: string | undefined): boolean {
  return !/^(?:[0nf]|off$)/i.test(value ?? '');
}

const aliases = table<string>({ db: 'userdb', 'sql-userdb': 'psql-userdb' });

/** `OPTIONS` and `long_options` in coturn's mainrelay.c. */
const letters = table<string>({
  a: 'lt-cred-mech',
  b: 'userdb',
  B: 'bps-capacity',
  c: 'config',
  C: 'rest-api-separator',
  d: 'listening-device',
  e: 'psql-userdb',
  E: 'relay-ip',
  f: 'fingerprint',
  h: 'help',
  i: 'relay-device',
  J: 'mongo-userdb',
  l: 'log-file',
  L: 'listening-ip',
  m: 'relay-threads',
  M: 'mysql-userdb',
  n: 'no-config',
  N: 'redis-userdb',
  o: 'daemon',
  O: 'redis-statsdb',
  p: 'listening-port',
  q: 'user-quota',
  Q: 'total-quota',
  r: 'realm',
  s: 'max-bps',
  S: 'stun-only',
  u: 'user',
  v: 'verbose',
  V: 'Verbose',
  X: 'external-ip',
  z: 'no-auth',
});

/** The options that need a value. Others take one only after `=`. */
const withValue: ReadonlySet<string> = new Set(
  'CA-file acme-redirect allocation-default-address-family allowed-peer-ip alt-listening-port alt-tls-listening-port alternate-server aux-server bps-capacity cert cipher-list cli-ip cli-max-output-sessions cli-password cli-port config denied-peer-ip dh-file ec-curve-name external-ip listening-device listening-ip listening-port log-file max-allocate-timeout max-bps max-port min-port mongo-userdb mysql-userdb ne new-log-timestamp-format pidfile pkey pkey-pwd proc-group proc-user psql-userdb realm redis-statsdb redis-userdb relay-device relay-ip relay-threads rest-api-separator secret-key-file server-name static-auth-secret syslog-facility tcp-proxy-port tls-alternate-server tls-listening-port total-quota user user-quota userdb web-admin-ip web-admin-port'.split(
    ' ',
  ),
);

/** Only double quotes are taken off, and the last one only if the first is there. */
function unquoted(text: string, start: number, end: number): Word {
  const written = text.slice(start, end);
  if (!written.startsWith('"')) return wordAt(text, start, end);
  return {
    value: written.slice(1, written.length > 1 && written.endsWith('"') ? -1 : undefined),
    span: { start, end },
  };
}

function isSeparator(text: string, at: number): boolean {
  return ' =\t'.includes(text.charAt(at));
}
