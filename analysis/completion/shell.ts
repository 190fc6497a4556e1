import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import { portOfName } from '../flows/address';
import type { Family } from '../roles';
import { type Candidate, distinct, type TextCompletion } from './candidate';
import { hostCandidates, portsOfHost } from './hosts';
import { kubectlAt } from './kubectl';
import { candidatesByName } from './named-settings';
import { sentinelMasters } from './sentinel-masters';
import type { ShellVariableCursor, ShellWordCursor } from './shell-position';
import { assignedIn } from './shell-variables';
import { sqlNames } from './sql-candidates';
import { treeFiles } from './tree-files';

/** A command line that is being typed: of a script, or the arguments of a container. */
export interface CommandText {
  readonly workspace: Workspace;
  readonly namespace: string | undefined;
  /** The paths that the container has, for arguments that begin with a slash. */
  paths(): readonly Candidate[];
  /** The ports of the pod itself. */
  ports(): readonly Candidate[];
  /** The folder of a script or runbook that people run, relative to the root of the tree; undefined in a container. */
  readonly directory: string | undefined;
}

/** The variables that a script may use behind `$`, with what has to be written besides their names. */
export function variableCandidates(
  variables: readonly Candidate[],
  script: string,
  { span, braces }: ShellVariableCursor,
): TextCompletion {
  // The name that is typed is set nowhere else by being typed.
  const rest = script.slice(0, span.start) + script.slice(span.end);
  const all = distinct([...variables, ...assignedIn(rest)]);
  return { candidates: braces === 'open' ? all.map(one => ({ ...one, text: `${one.label}}` })) : all, span };
}

/** What a word of a command may be, and how many letters before the cursor a choice takes the place of. */
export function wordCandidates(
  command: CommandText,
  cursor: ShellWordCursor,
): { readonly candidates: readonly Candidate[]; readonly replaced: number } | undefined {
  const { workspace, namespace } = command;
  const { words, prefix, after, assigned } = cursor;
  const found = (candidates: readonly Candidate[], replaced = prefix.length) => ({ candidates, replaced });
  if (assigned !== undefined) {
    const isHost = /(?:HOST|SERVER|MASTER|PRIMARY|ADDR(?:ESS)?|ENDPOINT)$/i.test(assigned);
    const usualPort = portOfName(assigned);
    return isHost
      ? found(hostCandidates(workspace, namespace, { ...(usualPort === undefined ? {} : { usualPort }) }))
      : undefined;
  }
  const [program, ...args] = words;
  if (program === undefined) return undefined;
  if (program === 'kubectl' || program === 'oc') {
    const inner = args.indexOf('--');
    if (inner !== -1 && /^(?:exec|run|debug)$/.test(args.find(arg => !arg.startsWith('-')) ?? ''))
      return wordCandidates(command, { ...cursor, words: args.slice(inner + 1) });
    return kubectlAt(workspace, namespace, { before: args, prefix, after, directory: command.directory });
  }
  if (program === 'helm' && command.directory !== undefined) {
    const values =
      /^--values=(.*)$/s.exec(prefix)?.[1] ?? (/^(?:-f|--values)$/.test(args.at(-1) ?? '') ? prefix : undefined);
    return values === undefined ? undefined : treeFiles(workspace, command.directory, 'values', values);
  }
  const path = /^(?:--?[\w-]+=)?(\/[\w./-]*)$/.exec(prefix)?.[1];
  if (path !== undefined) return found(command.paths(), path.length);
  const takesFile = /^(?:-f|--file|--config|--config-path|-c)$/.test(args.at(-1) ?? '');
  if (prefix === '' && takesFile && program !== 'psql' && !shells.has(program)) return found(command.paths());
  const client = clients[program];
  if (client) {
    const [option, written] = optionOf(args, prefix, client);
    const host = optionValue(args, client, 'host') ?? optionValue(after, client, 'host');
    switch (option) {
      case 'host':
        return found(hostCandidates(workspace, namespace, client), written);
      case 'port':
        return found(isLocal(host) ? command.ports() : portsOfHost(workspace, namespace, host), written);
      case 'database':
        return found(sqlNames(workspace, 'database'), written);
      case 'role':
        return found(sqlNames(workspace, 'role'), written);
    }
    if (
      program === 'redis-cli' &&
      /^(?:get-master-addr-by-name|master|replicas|slaves|sentinels|failover|reset|ckquorum)$/i.test(args.at(-1) ?? '')
    )
      return found(sentinelMasters(workspace));
    return undefined;
  }
  const option = namedOption(command, cursor);
  if (option) return option;
  if (prefix.startsWith('-')) return undefined;
  const operands = args.filter((arg, index) => !arg.startsWith('-') && !/^-[wWict]$/.test(args[index - 1] ?? ''));
  if (/^(?:nc|ncat|netcat|telnet)$/.test(program) && !args.some(arg => /^-\w*l/.test(arg))) {
    if (/^-[wiqpsTIOVXx]$/.test(args.at(-1) ?? '')) return undefined;
    if (operands.length === 0) return found(hostCandidates(workspace, namespace, {}));
    if (operands.length > 1) return undefined;
    return found(isLocal(operands[0]) ? command.ports() : portsOfHost(workspace, namespace, operands[0]));
  }
  if (/^(?:nslookup|dig|host|ping)$/.test(program) && operands.length === 0)
    return found(hostCandidates(workspace, namespace, {}));
  if (program === 'getent' && operands.length === 1) return found(hostCandidates(workspace, namespace, {}));
  if (/^wait-for(?:-it)?(?:\.sh)?$/.test(program) && operands.length === 0)
    return found(hostCandidates(workspace, namespace, { withPorts: true }));
  if (program === 'openssl' && args.at(-1) === '-connect')
    return found(hostCandidates(workspace, namespace, { withPorts: true }));
  return undefined;
}

/** The value of an option that is named after a host or a port, such as `--redis-host`. */
function namedOption(
  { workspace, namespace }: CommandText,
  { words, prefix, after }: ShellWordCursor,
): ReturnType<typeof wordCandidates> {
  const attached = /^--([\w-]+)=(.*)$/s.exec(prefix);
  const name = attached?.[1] ?? (prefix.startsWith('-') ? undefined : /^--([\w-]+)$/.exec(words.at(-1) ?? '')?.[1]);
  if (name === undefined) return undefined;
  const all = [...words, ...after];
  const beside = (other: string): string | undefined =>
    all.find(word => word.startsWith(`--${other}=`))?.slice(other.length + 3) ??
    all[all.indexOf(`--${other}`) + 1 || -1];
  const candidates = candidatesByName(workspace, namespace, name, beside);
  return candidates && { candidates, replaced: attached ? (attached[2] ?? '').length : prefix.length };
}

function isLocal(host: string | undefined): boolean {
  return host === undefined || /^(?:localhost|127\.0\.0\.1)$/.test(host);
}

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'python', 'python3']);

type Meaning = 'host' | 'port' | 'database' | 'role';

interface Client {
  readonly usualPort: number;
  readonly wanted?: Family;
  readonly options: Readonly<Record<string, Meaning>>;
}

/** By the manuals of PostgreSQL's client applications. */
const postgres: Client = {
  usualPort: 5432,
  options: table<Meaning>({
    '-h': 'host',
    '--host': 'host',
    '-p': 'port',
    '--port': 'port',
    '-d': 'database',
    '--dbname': 'database',
    '-U': 'role',
    '--username': 'role',
    '-O': 'role',
    '--owner': 'role',
  }),
};

const redis: Client = {
  usualPort: 6379,
  wanted: 'redis',
  options: table<Meaning>({ '-h': 'host', '-p': 'port' }),
};

const clients = table<Client>({
  psql: postgres,
  pg_isready: postgres,
  pg_dump: postgres,
  pg_restore: postgres,
  pg_dumpall: postgres,
  createdb: postgres,
  createuser: postgres,
  dropdb: postgres,
  'redis-cli': redis,
  'valkey-cli': redis,
});

/** What the option means whose value is typed, and how many letters of the value there are. */
function optionOf(
  args: readonly string[],
  prefix: string,
  { options }: Client,
): readonly [meaning: Meaning | undefined, written: number] {
  const attached = /^(--[\w-]+)=(.*)$/s.exec(prefix) ?? /^(-[A-Za-z])(.+)$/s.exec(prefix);
  const meaning = attached && options[attached[1] ?? ''];
  if (attached && meaning) return [meaning, (attached[2] ?? '').length];
  return [options[args.at(-1) ?? ''], prefix.length];
}

function optionValue(args: readonly string[], { options }: Client, wanted: Meaning): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (options[arg] === wanted) return args[index + 1];
    const attached = /^(--[\w-]+)=(.+)$/.exec(arg) ?? /^(-[A-Za-z])(.+)$/.exec(arg);
    if (attached && options[attached[1] ?? ''] === wanted) return attached[2];
  }
  return undefined;
}
