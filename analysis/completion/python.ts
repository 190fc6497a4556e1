import { type PythonToken, pythonTokens } from '../text/python-tokens';
import type { Candidate, TextCompletion } from './candidate';
import type { TextAt } from './embedded';
import { hostCandidates, portsOfHost } from './hosts';
import { candidatesByName } from './named-settings';
import { sqlNames } from './sql-candidates';

/**
 * What can be written in a Python program that depends on the tree: variables of the environment, hosts and ports by the
 * names of settings, and parts of a connection string. URLs are the same in every language and not completed here.
 */
export function pythonAt(at: TextAt): TextCompletion | undefined {
  const { text, offset } = at;
  const tokens = pythonTokens(text);
  const index = tokens.findIndex(
    ({ kind, start, contentStart, contentEnd }) =>
      kind === 'string' && start < offset && contentStart <= offset && offset <= contentEnd,
  );
  const string = tokens[index];
  if (!string) return bareAt(at, tokens);
  // A string that is not closed yet goes to the end of its line.
  const isClosed = string.end > string.contentEnd;
  const rest = isClosed ? string.contentEnd : offset + (/^[\w.:-]*/.exec(text.slice(offset))?.[0].length ?? 0);
  const inString = (candidates: readonly Candidate[]): TextCompletion => ({
    candidates: candidates.map(({ isBare: _, ...one }) => one),
    span: { start: string.contentStart, end: rest },
  });
  const before = tokens.slice(Math.max(0, index - 6), index).map(one => (one.kind === 'string' ? quoted : one.text));
  if (readsEnvironment(before)) return inString(at.environment());
  const typed = text.slice(string.contentStart, offset);
  const part = /(?:^|\s)(host|hostaddr|port|dbname|user)=([\w.-]*)$/.exec(typed);
  if (part) return ofConnection(at, string, part[1] ?? '', (part[2] ?? '').length);
  if (/:\/\//.test(typed)) return undefined;
  const call = callAround(before);
  if (call && connecting.has(call)) return inString(hostCandidates(at.workspace, at.namespace, {}));
  if (call && opening.has(call) && typed.startsWith('/')) return inString(at.paths());
  const name = settingBefore(tokens, index);
  const named = name === undefined ? undefined : candidatesByName(at.workspace, at.namespace, name, settings(tokens));
  return named && inString(named);
}

/** Where no string is: the number of a port. */
function bareAt(at: TextAt, tokens: readonly PythonToken[]): TextCompletion | undefined {
  const { text, offset, workspace, namespace } = at;
  const digits = /\d*$/.exec(text.slice(0, offset))?.[0] ?? '';
  const start = offset - digits.length;
  // Only what follows another token at once is looked at, so that a comment behind it is none.
  const index = tokens.findIndex(token => token.start >= start && token.kind !== 'break');
  const next = index === -1 ? tokens.length : index;
  const last = tokens.slice(0, next).findLast(token => token.kind !== 'break');
  if (!last || !/^[ \t]*$/.test(text.slice(last.end, start))) return undefined;
  const found = (candidates: readonly Candidate[] | undefined): TextCompletion | undefined =>
    candidates && {
      candidates,
      span: { start, end: offset + (/^\d*/.exec(text.slice(offset, offset + 10))?.[0].length ?? 0) },
    };
  const name = settingBefore(tokens, next);
  if (name !== undefined && /port$/i.test(name))
    return found(candidatesByName(workspace, namespace, name, settings(tokens)));
  const host = tokens[next - 2];
  const call = callAround(tokens.slice(Math.max(0, next - 6), next - 2).map(one => one.text));
  return last.text === ',' && host?.kind === 'string' && call && connecting.has(call)
    ? found(portsOfHost(workspace, namespace, host.text))
    : undefined;
}

/** Whether a string names a variable: `os.environ["…"]`, `os.environ.get("…")`, `os.getenv("…")`. */
function readsEnvironment(before: readonly string[]): boolean {
  const [fourth, third, second, last] = before.slice(-4);
  if (last === '[') return second === 'environ';
  if (last !== '(') return false;
  return (
    second === 'getenv' || (/^(?:get|setdefault|pop)$/.test(second ?? '') && third === '.' && fourth === 'environ')
  );
}

/** The name of the call whose first argument comes next, also if that is a pair in brackets. */
function callAround(before: readonly string[]): string | undefined {
  const last = before.at(-1) === '(' && before.at(-2) === '(' ? before.at(-3) : before.at(-2);
  return before.at(-1) === '(' ? last : undefined;
}

/** The name of the setting that gets the value: of `HOST = …`, `host=…`, `"HOST": …`, and of the default of a variable. */
function settingBefore(tokens: readonly PythonToken[], index: number): string | undefined {
  const [name, mark] = [tokens[index - 2], tokens[index - 1]];
  if (mark?.text === '=' && name?.kind === 'name') return name.text;
  if (mark?.text === ':' && name?.kind === 'string') return name.text;
  const before = tokens.slice(Math.max(0, index - 6), index - 2).map(one => one.text);
  return mark?.text === ',' && name?.kind === 'string' && readsEnvironment(before) ? name.text : undefined;
}

/** What the program gives another setting, as far as it is a string. */
function settings(tokens: readonly PythonToken[]): (name: string) => string | undefined {
  return wanted =>
    tokens.find((token, index) => token.kind === 'string' && settingBefore(tokens, index) === wanted)?.text;
}

/** A part of `host=… port=… dbname=…` (PostgreSQL documentation, "Connection Strings"). */
function ofConnection(
  { workspace, namespace, text, offset }: TextAt,
  { text: whole }: PythonToken,
  name: string,
  typed: number,
): TextCompletion {
  const host = /(?:^|\s)host=([\w.-]+)/.exec(whole)?.[1];
  const candidates =
    name === 'port'
      ? portsOfHost(workspace, namespace, host)
      : name === 'dbname'
        ? sqlNames(workspace, 'database')
        : name === 'user'
          ? sqlNames(workspace, 'role')
          : hostCandidates(workspace, namespace, { usualPort: 5432 });
  const rest = /^[\w.-]*/.exec(text.slice(offset, offset + 300))?.[0].length ?? 0;
  return { candidates, span: { start: offset - typed, end: offset + rest } };
}

/** Calls whose first argument is a host, and whose second is its port. */
const connecting: ReadonlySet<string> = new Set([
  ...['create_connection', 'connect', 'connect_ex', 'open_connection', 'ClamdNetworkSocket'],
  ...['HTTPConnection', 'HTTPSConnection', 'Telnet', 'gethostbyname', 'getaddrinfo', 'SMTP', 'SMTP_SSL'],
]);

/** Calls whose first argument is a path. */
const opening: ReadonlySet<string> = new Set(['open', 'Path', 'exists', 'isfile', 'read_text', 'copy', 'copyfile']);

/** Stands for a string, whose text must not be taken for a name. */
const quoted = '"';
