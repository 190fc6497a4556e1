import type { Span } from '../../manifests/span';
import { type PythonValue, readPython } from './python';
import type { ShellScript } from './shell-nodes';
import { readOptions } from './shell-options';
import { pythonCode } from './shell-output';
import { type RunStep, runShell } from './shell-run';
import { type ContentPiece, plainWord, type RunWord, runWord, wordAfter, wordPart } from './shell-values';

/** A host and port, or a URL, that a command of a script connects to. */
export interface NetworkTarget {
  /** `nc`, `curl`, `redis-cli`, … or `/dev/tcp` for a redirect of Bash. */
  readonly program: string;
  /** A part that the script does not tell stands as `${NAME}`. */
  readonly host: RunWord;
  /** Undefined when the command leaves it to a default. */
  readonly port: RunWord | undefined;
  readonly scheme: string | undefined;
  readonly path: RunWord | undefined;
  /** The host, or the host and port when they stand in one word. */
  readonly span: Span;
  /** The command. */
  readonly command: Span;
  /** It is tried again: it decides a `while` or `until`, is in a `for`, or has a retry option. */
  readonly retries: boolean;
  readonly looped: boolean;
  readonly isCondition: boolean;
  readonly conditional: boolean;
  /** Its failure goes unnoticed: `cmd || true`. */
  readonly errorsIgnored: boolean;
  /** It gives up after some time: `nc -w`, `curl --max-time`, `timeout 5 …`. */
  readonly hasTimeout: boolean;
  /** `nc -z`: it only tries whether the port is open. */
  readonly scansOnly: boolean;
  /** What it sends, where the script tells. */
  readonly stdin: readonly ContentPiece[] | undefined;
  readonly remote: boolean;
  /** The number of its pipeline, as in `ShellCommand.pipeline.index`. */
  readonly pipeline: number;
}

/** The hosts that the commands of a script connect to, each place once. */
export function httpAndTcpTargets(script: ShellScript): readonly NetworkTarget[] {
  const found = new Map<string, NetworkTarget>();
  runShell(script, step => {
    for (const { program, host, port, scheme, path, span, hasTimeout, scansOnly, retries } of targetsOf(step)) {
      const { conditional, looped, errorsIgnored, remote, stdin, command } = step;
      const target: NetworkTarget = {
        ...{ program, host, port, scheme, path, span, conditional, looped, errorsIgnored, remote, stdin },
        command: command.span,
        retries: retries === true || step.looped,
        isCondition: command.isCondition,
        hasTimeout: step.isTimed || hasTimeout === true,
        scansOnly: scansOnly === true,
        pipeline: command.pipeline.index,
      };
      found.set(`${span.start} ${command.span.start} ${host.value} ${port?.value}`, target);
    }
  });
  return [...found.values()];
}

interface Target {
  readonly program: string;
  readonly host: RunWord;
  readonly port?: RunWord | undefined;
  readonly scheme?: string | undefined;
  readonly path?: RunWord | undefined;
  readonly span: Span;
  readonly hasTimeout?: boolean;
  readonly scansOnly?: boolean;
  readonly retries?: boolean;
}

function targetsOf(step: RunStep): readonly Target[] {
  const { name = '', args } = step;
  const isPython = name === 'python' || name === 'python3';
  const module = isPython && args[0]?.value === '-m' ? args[1]?.value.split('.').at(-1) : undefined;
  if (module === 'register_new_matrix_user') return ofArguments(module, args.slice(2));
  return [...(isPython ? ofPython(name, step) : ofArguments(name, args)), ...ofRedirects(step)];
}

function ofArguments(name: string, args: readonly RunWord[]): readonly Target[] {
  return readers.get(name)?.(name, args) ?? [];
}

/** Reads where a call of a program connects to, by the program's own options. */
type Reader = (name: string, args: readonly RunWord[]) => readonly Target[];

const ofNetcat: Reader = (name, args) => {
  const options = readOptions(args, {
    short: 'eGgiIMmopPqsTVwXx',
    long: ['wait', 'idle-timeout', 'source', 'proxy', 'exec'],
  });
  const [host, port] = options.operands;
  if (!host || options.has('l', 'listen')) return [];
  const hasTimeout = options.has('w', 'wait', 'G') || (options.has('z') && name !== 'ncat');
  return [{ program: name, host, port, span: host.span, hasTimeout, scansOnly: options.has('z') }];
};

const ofRedisCli: Reader = (name, args) => {
  const options = readOptions(args, {
    short: 'hpsaunrixdD',
    long: ['user', 'pass', 'uri', 'cacert', 'cert', 'key'],
  });
  const uri = options.value('u', 'uri');
  if (uri) return urls(name, uri, {});
  const host = options.value('h');
  return host ? [{ program: name, host, port: options.value('p'), span: host.span }] : [];
};

const ofPgIsready: Reader = (name, args) => {
  const options = readOptions(args, { short: 'dhptU', long: ['dbname', 'host', 'port', 'timeout', 'username'] });
  const host = options.value('h', 'host');
  return host ? [{ program: name, host, port: options.value('p', 'port'), span: host.span, hasTimeout: true }] : [];
};

const ofPostgresClient: Reader = (name, args) => {
  const options = readOptions(args, {
    short: 'cdfFhLoOPpRTUv',
    long: ['host', 'port', 'dbname', 'username', 'command', 'file', 'set'],
  });
  const host = options.value('h', 'host');
  return host
    ? [{ program: name, host, port: options.value('p', 'port'), span: host.span }]
    : options.values('d', 'dbname').flatMap(word => urls(name, word, {}));
};

const ofDownload: Reader = (name, args) => {
  const options = readOptions(args, name === 'curl' ? curlOptions : wgetOptions);
  // `-T` of curl uploads a file.
  const hasTimeout =
    options.has('m', 'max-time', 'connect-timeout', 'T', 'timeout') && !(name === 'curl' && options.has('T'));
  const retries = options.has('retry', 't', 'tries');
  return [...options.operands, ...options.values('url')].flatMap(word => {
    const found = urls(name, word, { hasTimeout, retries });
    return found.length > 0 ? found : bareUrl(name, word, { hasTimeout, retries });
  });
};

const ofOpenssl: Reader = (name, args) => {
  const at = args.findIndex(arg => arg.value === '-connect');
  return at === -1 ? [] : hostAndPort(name, args[at + 1]);
};

const ofSocat: Reader = (name, args) =>
  args.flatMap(arg => {
    const prefix = /^(?:tcp4?|openssl|ssl)(?:-connect)?:/i.exec(arg.value);
    return prefix ? hostAndPort(name, wordAfter(arg, prefix[0].length)) : [];
  });

const ofWaiting: Reader = (name, args) =>
  hostAndPort(name, args[0]).map(target => ({ ...target, retries: true, hasTimeout: true }));

const ofDockerize: Reader = (name, args) => {
  const { values } = readOptions(
    args.map(arg => (/^-\w{2,}/.test(arg.value) ? withDash(arg) : arg)),
    { long: ['wait', 'timeout', 'template'] },
  );
  return values('wait').flatMap(word => urls(name, word, { retries: true, hasTimeout: true }));
};

const ofUrls: Reader = (name, args) => args.flatMap(word => urls(name, word, {}));

const ofLookup: Reader = (name, args) => {
  const host = readOptions(args, { short: 'cWwit' }).operands.at(name === 'getent' ? 1 : 0);
  return host ? [{ program: name, host, span: host.span, hasTimeout: true }] : [];
};

/** Programs that connect to PostgreSQL by `--host` and `--port`. */
export const postgresClients: readonly string[] = [
  ...['psql', 'createdb', 'createuser', 'dropdb', 'dropuser', 'vacuumdb', 'reindexdb', 'pgbench'],
  ...['pg_dump', 'pg_dumpall', 'pg_restore', 'pg_basebackup', 'pg_receivewal'],
];

/** Programs that take addresses as URLs among their arguments. */
const takingUrls = [
  ...['mc', 'mcli', 'git', 'rclone', 'aws', 'grpcurl', 'register_new_matrix_user', 'http', 'xh', 'restic', 's3cmd'],
  ...['amtool', 'logcli', 'websocat', 'hey'],
];

const readers: ReadonlyMap<string, Reader> = new Map(
  (
    [
      [['nc', 'ncat', 'netcat', 'telnet'], ofNetcat],
      [['redis-cli'], ofRedisCli],
      [['pg_isready'], ofPgIsready],
      [postgresClients, ofPostgresClient],
      [['curl', 'wget'], ofDownload],
      [['openssl'], ofOpenssl],
      [['socat'], ofSocat],
      [['wait-for', 'wait-for-it', 'wait-for-it.sh', 'wait-for.sh'], ofWaiting],
      [['dockerize'], ofDockerize],
      [takingUrls, ofUrls],
      [['nslookup', 'getent', 'host', 'dig', 'ping'], ofLookup],
    ] as const
  ).flatMap(([names, reader]) => names.map(name => [name, reader] as const)),
);

const curlOptions = {
  short: 'AbcCdDeEFHhKmoPQrTtuUwXxyYz',
  long: [
    'header',
    'data',
    'data-raw',
    'data-binary',
    'data-urlencode',
    'request',
    'output',
    'write-out',
    'user',
    'max-time',
    'url',
    'connect-timeout',
    'retry',
    'retry-delay',
    'retry-max-time',
    'form',
    'cacert',
    'cert',
    'key',
    'resolve',
    'user-agent',
    'cookie',
  ],
} as const;

const wgetOptions = {
  short: 'OoPQTtUewaBI',
  long: [
    'output-document',
    'timeout',
    'tries',
    'header',
    'post-data',
    'post-file',
    'user',
    'password',
    'method',
    'body-data',
  ],
} as const;

/** `3<>/dev/tcp/HOST/PORT` (https://www.gnu.org/software/bash/manual/html_node/Redirections.html). */
function ofRedirects(step: RunStep): readonly Target[] {
  return step.redirectTargets.flatMap(word => {
    const match = /^\/dev\/(tcp|udp)\/([^/]+)\/([^/]+)$/.exec(word.value);
    if (!match) return [];
    const start = '/dev/tcp/'.length;
    const [, , host = '', port = ''] = match;
    return [
      {
        program: `/dev/${match[1]}`,
        host: wordPart(word, start, start + host.length),
        port: wordPart(word, start + host.length + 1, start + host.length + 1 + port.length),
        span: word.span,
      },
    ];
  });
}

/** The hosts that a Python program on the command line connects to. */
function ofPython(program: string, step: RunStep): readonly Target[] {
  const code = pythonCode({ ...step, span: step.command.span });
  if (!code) return [];
  const word = (value: PythonValue): RunWord | undefined => {
    const span = code.span(value.span.start, value.span.end);
    if (value.kind === 'string' || (value.kind === 'other' && /^\d+$/.test(value.text)))
      return plainWord(value.text, span);
    if (value.kind === 'other') return runWord([{ kind: 'output', span, raw: value.text, quoted: true }], span, span);
    if (value.kind !== 'environment') return undefined;
    const fallback = value.default?.kind === 'string' ? plainWord(value.default.text, span).pieces : undefined;
    const variable = {
      kind: 'variable',
      name: value.name,
      span,
      quoted: true,
      assigned: false,
      fallback,
      transformed: false,
    } as const;
    return runWord([variable], span, span);
  };
  return readPython(code.text).connections.flatMap(({ host, port }) => {
    const named = word(host);
    return named ? [{ program, host: named, port: port && word(port), span: named.span }] : [];
  });
}

/** The URLs in a word. */
function urls(program: string, word: RunWord, flags: Pick<Target, 'hasTimeout' | 'retries'>): readonly Target[] {
  const found: Target[] = [];
  for (const match of word.value.matchAll(/\b([a-z][a-z0-9+.-]*):\/\//gi)) {
    const scheme = match[1]?.toLowerCase();
    const target = authority(program, word, match.index + match[0].length, { ...flags, scheme });
    if (target && !hostless.test(scheme ?? '')) found.push(target);
  }
  return found;
}

/** Schemes whose URLs name a file, or a bucket of a store that is named elsewhere. */
const hostless = /^(?:file|unix|s3[an]?|gs|gcs|az|abfss?|wasbs?|b2|swift)$/;

/** `curl host:port/path`, which curl and wget take for `http://`. */
function bareUrl(program: string, word: RunWord, flags: Pick<Target, 'hasTimeout' | 'retries'>): readonly Target[] {
  if (!/^[\w${}.-]+(?:\.[\w${}.-]+|:[\d${}\w]+|$)/.test(word.value)) return [];
  const target = authority(program, word, 0, { ...flags, scheme: 'http' });
  return target ? [target] : [];
}

function hostAndPort(program: string, word: RunWord | undefined): readonly Target[] {
  const target = word && authority(program, word, 0, {});
  return target?.port ? [target] : [];
}

/** Reads `user:password@host:port/path` from an offset of a word on. */
function authority(
  program: string,
  word: RunWord,
  start: number,
  flags: Pick<Target, 'hasTimeout' | 'retries' | 'scheme'>,
): Target | undefined {
  const rest = word.value.slice(start);
  const length = rest.search(/[/?#\s,"'<>|]/);
  const whole = length === -1 ? rest : rest.slice(0, length);
  const hostStart = whole.lastIndexOf('@') + 1;
  const match = /^(\[[^\]]*\]|[^:]+)(?::(\d+|\$\{[^}]*\}))?$/.exec(whole.slice(hostStart));
  const host = match?.[1];
  if (!match || !host) return undefined;
  const from = start + hostStart;
  const to = start + whole.length;
  const port = match[2];
  return {
    program,
    ...flags,
    host: wordPart(word, from, from + host.length),
    port: port === undefined ? undefined : wordPart(word, to - port.length, to),
    path: rest[whole.length] === '/' ? wordPart(word, to, start + pathEnd(rest, whole.length)) : undefined,
    span: wordPart(word, from, to).span,
  };
}

function pathEnd(text: string, from: number): number {
  const length = text.slice(from).search(/[?#\s,"'<>|]/);
  return length === -1 ? text.length : from + length;
}

/** `-wait` as `--wait`. */
function withDash(word: RunWord): RunWord {
  return { ...word, value: `-${word.value}`, pieces: [{ ...blankDash(word.span) }, ...word.pieces] };
}

function blankDash({ start }: Span): RunWord['pieces'][number] {
  return { kind: 'text', text: '-', span: { start, end: start }, verbatim: false, quoted: true, glob: false };
}
