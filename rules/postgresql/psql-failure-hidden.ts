import { type Container, workloadKinds } from '../../analysis/pods';
import { type ContainerScript, startScriptOf } from '../../analysis/scripts';
import { type PostgresRun, postgresRunsOf, type SqlRun, sqlRunsOf } from '../../analysis/sql-runs';
import type { PsqlCall } from '../../analysis/text/psql-calls';
import { readShell } from '../../analysis/text/shell';
import { commandsThatFail } from '../../analysis/text/shell-failures';
import type { SqlName, SqlStatement } from '../../analysis/text/sql';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'psql-failure-hidden',
  items: [],
  severity: 'warning',
  summary: 'A Job completes although psql has failed in it.',
  why: 'Whoever waits for the Job goes on with a database, role or subscription that is not there, and what needs it fails with an error that does not tell why. Kubernetes does not try a completed Job again.',
  remedy:
    'Begin the script with `set -e`, and give psql `-v ON_ERROR_STOP=1` where it reads several statements: without it psql goes on after an error and ends as if all had gone well.',
  traps: [
    'Only what makes something is looked at: databases, roles, schemas, publications and subscriptions.',
    'Nothing is reported where the script looks at exit statuses itself (`$?`, `trap … ERR`), in loops and functions, or where a later call that counts uses what was made.',
    '`|| true` behind a statement that fails when it runs for the second time is a usual way to have it run again, and information only.',
  ],
  sources: ['PostgreSQL documentation, psql: Exit Status; ON_ERROR_STOP', 'POSIX, Shell Command Language: set -e'],
  examples: {
    bad: example(
      `psql -h pg-rw -U postgres -c "CREATE DATABASE key_vault"
      #             ^^^^ 💡 warning: Job/init ends well although psql fails, because its script goes on`,
      '',
    ),
    good: example('psql -h pg-rw -U postgres -c "CREATE DATABASE key_vault"', 'set -e\n                    '),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const isJob = resource.kind === 'Job' || resource.kind === 'CronJob';
    const seen = new Set<Container>();
    for (const { container } of postgresRunsOf(workspace, resource)) {
      if (seen.has(container) || !(isJob || container.isInit)) continue;
      seen.add(container);
      const problem = problemOf(workspace, resource, container);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

interface Hidden {
  readonly call: PsqlCall;
  /** Whether what it makes is made only where it is missing, so that it does not fail when it runs again. */
  readonly isRepeatable: boolean;
  readonly why: 'goes-on' | 'ignored' | 'several';
  /** Whether psql itself goes on after an error, whatever the script does. */
  readonly isSwallowed: boolean;
  readonly at: Place;
}

function problemOf(workspace: Workspace, resource: Resource, container: Container): Problem | undefined {
  const script = startScriptOf(workspace, resource, container);
  const runs = sqlRunsOf(workspace, resource).filter(one => one.container === container);
  const programs = postgresRunsOf(workspace, resource).filter(
    one => one.container === container && /^create(?:db|user)$/.test(one.call.program),
  );
  const hidden = hiddenIn(script, container, runs, programs);
  const [first, ...others] = hidden;
  if (!first) return undefined;
  const who = container.isInit ? `Init container ${container.name} of ${resource.title}` : resource.title;
  const isUsual = hidden.every(({ why, isRepeatable: isGuarded }) => why === 'ignored' && !isGuarded);
  return {
    at: first.at,
    ...(isUsual ? { severity: 'info' as const } : {}),
    message: `${who} ends well although ${first.call.program} fails, because ${reasonOf(hidden)}`,
    related: others
      .filter(({ call }) => call !== first.call)
      .map(({ at }) => ({ at, message: 'Fails unnoticed, too' })),
    fixes: () => fixesFor(script, hidden),
  };
}

function reasonOf(hidden: readonly Hidden[]): string {
  switch (hidden[0]?.why) {
    case 'goes-on':
      return hidden.some(one => one.isSwallowed)
        ? 'its script goes on, and so does psql — begin it with set -e, and add -v ON_ERROR_STOP=1.'
        : 'its script goes on — begin it with set -e.';
    case 'ignored':
      return 'the script ignores that — let the failure count, and make the statement repeatable instead.';
    default:
      return 'psql goes on with the next statement — add -v ON_ERROR_STOP=1.';
  }
}

/** The statements that make something and whose failure changes nothing of how the container ends. */
function hiddenIn(
  script: ContainerScript | undefined,
  container: Container,
  runs: readonly SqlRun[],
  programs: readonly PostgresRun[],
): readonly Hidden[] {
  const shell = script && readShell(script.text.text);
  const counted = shell && commandsThatFail(shell, startsWithErrexit(container));
  if (script && !counted) return [];
  const found: Hidden[] = [];
  const making = [
    ...runs
      .filter(({ statement }) => makes(statement))
      .map(run => ({
        call: run.call,
        at: run.at,
        isRepeatable: isRepeatable(run),
        isUsed: (isCounted: (call: PsqlCall) => boolean) => isUsedLater(run, runs, isCounted),
      })),
    ...programs.map(({ call, place }) => ({
      call,
      at: place(call.span),
      isRepeatable: call.conditional,
      isUsed: (isCounted: (call: PsqlCall) => boolean) =>
        signsInTo(call.operand?.value, call, [...runs, ...programs], isCounted),
    })),
  ].sort((one, other) => one.call.span.start - other.call.span.start);
  for (const { call, at, isRepeatable: isGuarded, isUsed } of making) {
    if (call.looped || call.remote) continue;
    const command = shell?.commands.find(
      ({ name, span }) => name === call.program && span.start <= call.span.start && call.span.end <= span.end,
    );
    if (shell && !command) continue;
    const counts = command === undefined || counted?.has(command) === true;
    const isSwallowed = swallows(call, runs);
    const why = !counts ? (call.errorsIgnored ? 'ignored' : 'goes-on') : isSwallowed ? 'several' : undefined;
    if (!why || isUsed(one => isHeeded(one, runs))) continue;
    found.push({
      call,
      isRepeatable: isGuarded,
      why,
      isSwallowed,
      at: script && command?.nameWord ? script.text.place(command.nameWord.span.start, command.nameWord.span.end) : at,
    });
  }
  return found;

  function isHeeded(call: PsqlCall, all: readonly SqlRun[]): boolean {
    const command = shell?.commands.find(({ span }) => span.start <= call.span.start && call.span.end <= span.end);
    return command !== undefined && counted?.has(command) === true && !swallows(call, all);
  }
}

/** Whether psql goes on after an error and returns 0: it does so with what it reads from a file or its input. */
function swallows(call: PsqlCall, runs: readonly SqlRun[]): boolean {
  if (call.program !== 'psql' || call.stopsOnError) return false;
  if (!call.sql.some(input => input.kind === 'file' || input.from === 'stdin')) return false;
  return !runs.some(
    ({ call: other, statement }) =>
      other === call &&
      statement.kind === 'psql' &&
      /^\\set$/.test(statement.command) &&
      /ON_ERROR_STOP/.test(statement.arguments),
  );
}

function makes(statement: SqlStatement): boolean {
  switch (statement.kind) {
    case 'create-publication':
    case 'create-subscription':
      return true;
    case 'database':
    case 'role':
      return statement.action === 'create';
    case 'other':
      return /^CREATE SCHEMA\b/.test(statement.keywords);
    default:
      return false;
  }
}

/** Whether a later call that counts signs in to what a statement makes, or names it. */
function isUsedLater(run: SqlRun, runs: readonly SqlRun[], isHeeded: (call: PsqlCall) => boolean): boolean {
  const { statement, call } = run;
  if (!('name' in statement)) return false;
  const name = run.partOf(statement.name).text;
  const isNamed = runs.some(
    later =>
      later.call.span.start > call.span.start &&
      isHeeded(later.call) &&
      namedIn(later.statement).some(({ text }) => text === statement.name.text),
  );
  return isNamed || [name, statement.name.text].some(one => signsInTo(one, call, runs, isHeeded));
}

/** The roles and objects that a statement needs to be there. */
function namedIn(statement: SqlStatement): readonly SqlName[] {
  if (statement.kind === 'database') return statement.owner ? [statement.owner] : [];
  return statement.kind === 'grant' ? [...statement.roles, ...statement.objects] : [];
}

/** Whether a call that counts, after another one, signs in to a database or as a role of a name, or gives it something. */
function signsInTo(
  name: string | undefined,
  { span }: PsqlCall,
  runs: readonly { readonly call: PsqlCall }[],
  isHeeded: (call: PsqlCall) => boolean,
): boolean {
  return runs.some(
    ({ call }) =>
      name !== undefined &&
      call.span.start > span.start &&
      isHeeded(call) &&
      [call.database?.value, call.user?.value, call.owner].some(one => one?.value === name),
  );
}

/** Whether a statement does no harm when it runs again. */
function isRepeatable({ statement, call }: SqlRun): boolean {
  return call.conditional || statement.conditional || statement.dynamic !== undefined;
}

/** `sh -ec`, `bash -euo pipefail -c`. */
function startsWithErrexit({ value }: Container): boolean {
  const words = [...value.at('command').items(), ...value.at('args').items()].map(word => word.text ?? '');
  const at = words.findIndex(word => /^-\w*c$/.test(word));
  return words.slice(0, at + 1).some(word => /^-[a-z]*e[a-z]*$/.test(word) || word === 'errexit');
}

function fixesFor(script: ContainerScript | undefined, hidden: readonly Hidden[]): readonly Fix[] {
  if (!script || hidden.some(({ why }) => why === 'ignored')) return [];
  const { text, linePrefix, eol = '\n', place } = script.text;
  const calls = new Map(hidden.flatMap(one => (one.isSwallowed ? [[one.call, one.at] as const] : [])));
  const stops = [...calls.values()].map(at => ({
    at: { uri: at.uri, span: { start: at.span.end, end: at.span.end } },
    newText: ' -v ON_ERROR_STOP=1',
  }));
  if (hidden.every(({ why }) => why === 'several'))
    return [{ title: 'Let psql stop at the first error', safe: false, edits: stops }];
  if (linePrefix === undefined) return [];
  const start = text.startsWith('#!') ? text.indexOf('\n') + 1 : 0;
  const edits = [{ at: place(start, start), newText: `set -e${eol}${linePrefix}` }, ...stops];
  return [{ title: 'Begin the script with set -e', safe: false, edits }];
}

function example(call: string, first: string): string {
  return `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: init
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: psql
                image: postgres:16
                command:
                  - sh
                  - -c
                  - |
                    ${first}${call}
                    echo "The database is there."
    `;
}
