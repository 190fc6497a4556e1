import { environmentOf, isSetUnasked } from '../../analysis/environment';
import { type ImageProgram, programOf } from '../../analysis/images';
import { type Container, containersOf } from '../../analysis/pods';
import { isSyncSystem } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { readShell } from '../../analysis/text/shell';
import { type RunStep, runShell } from '../../analysis/text/shell-run';
import type { ContentPiece, RunVariable } from '../../analysis/text/shell-values';
import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';

/** A variable that a command needs in order to connect, and that its container does not have. */
export interface UndefinedVariable {
  readonly name: string;
  /** The program that gets nothing in its place. */
  readonly program: string;
  readonly container: Container;
  readonly at: Place;
}

/**
 * The variables that calls of psql, redis-cli and the like in the scripts and probes of a workload are given, and that
 * nothing defines: neither `env`, nor the script, nor the image. Silent for images that may define anything.
 */
export function undefinedInCommands(workspace: Workspace, resource: Resource): readonly UndefinedVariable[] {
  return workspace.derive(findUndefined, resource);
}

/** Remembered for each workload, so that an edit of a configuration has no command read again. */
function findUndefined(resource: Resource, workspace: Workspace): readonly UndefinedVariable[] {
  const isSync = isSyncSystem(workspace, resource);
  return containersOf(resource).flatMap(container => {
    const texts = scriptsOf(workspace, resource, container).filter(
      ({ text }) => programs.test(text) && text.includes('$') && !definesElsewhere.test(text),
    );
    if (texts.length === 0 || !plainImages.has(programOf(container.image))) return [];
    const { variables, isOpen } = environmentOf(workspace, resource, container);
    if (isOpen) return [];
    const found = new Map<string, UndefinedVariable>();
    for (const script of texts) {
      runShell(readShell(script.text), step => {
        if (step.remote || step.name === undefined || !programs.test(step.name)) return;
        for (const { name, span } of neededBy(step, isSync)) {
          if (variables.has(name) || found.has(name) || isTested(script.text, name)) continue;
          found.set(name, { name, program: step.name, container, at: script.place(span.start, span.end) });
        }
      });
    }
    return [...found.values()];
  });
}

/**
 * The variables in what a program is given: its arguments, its input and what it is signed in with. Those of the
 * subscription that a sync system makes are judged by `sync-subscription-invalid`.
 */
function neededBy(step: RunStep, isSync: boolean): readonly RunVariable[] {
  const words = [...step.args, ...signInVariables.flatMap(name => step.variable(name) ?? [])];
  return [...words.map(({ pieces }) => pieces), step.stdin ?? []]
    .filter(pieces => !isSync || !pieces.some(makesSubscription))
    .flatMap(pieces => pieces.filter(isFromEnvironment));
}

function makesSubscription(piece: ContentPiece): boolean {
  return piece.kind === 'text' && /\bCREATE\s+SUBSCRIPTION\b/i.test(piece.text);
}

function isFromEnvironment(piece: ContentPiece): piece is RunVariable {
  return (
    piece.kind === 'variable' &&
    /^[A-Za-z]\w*$/.test(piece.name) &&
    !piece.assigned &&
    piece.fallback === undefined &&
    !isSetUnasked(piece.name) &&
    !setByOthers.test(piece.name)
  );
}

/** Whether the script asks first whether there is such a variable, so that it may be missing. */
function isTested(script: string, name: string): boolean {
  return new RegExp(`-[nz]\\s+"?\\$\\{?${name}\\b|\\$\\{${name}[:+?-]`).test(script);
}

/** The shell scripts that a container runs: that of its command, and those of its probes and hooks. */
function scriptsOf(workspace: Workspace, resource: Resource, container: Container): readonly MappedText[] {
  const script = scriptOf(workspace, resource, container);
  const places = [
    ['startupProbe'],
    ['readinessProbe'],
    ['livenessProbe'],
    ['lifecycle', 'postStart'],
    ['lifecycle', 'preStop'],
  ];
  return [
    ...(script ? [script.text] : []),
    ...places.flatMap(keys => {
      const words = container.value.at(...keys, 'exec', 'command').items();
      const inline = words.findIndex(word => /^-\w*c$/.test(word.text ?? ''));
      const text = words[inline + 1];
      return inline > 0 && text?.text !== undefined ? [text.mapped] : [];
    }),
  ];
}

const programs =
  /\b(?:psql|createdb|createuser|dropdb|dropuser|pg_dump|pg_dumpall|pg_restore|pg_isready|redis-cli|valkey-cli)\b/;

/** Images of the programs themselves and of small systems; their own variables begin as `setByOthers` says. */
const plainImages: ReadonlySet<ImageProgram | undefined> = new Set<ImageProgram>([
  'postgres',
  'redis',
  'valkey',
  'alpine',
  'busybox',
  'debian',
  'ubuntu',
]);

/** Variables of those images and of the shell. */
const setByOthers =
  /^(?:PG_|PGDATA$|LANG$|LC_|GOSU_|REDIS_(?:VERSION|DOWNLOAD)|VALKEY_(?:VERSION|DOWNLOAD)|BASH|PWD$|OLDPWD$|USER$|SHELL$|RANDOM$|IFS$|UID$|EUID$|PPID$|SECONDS$|LINENO$|KUBERNETES_)/;

const signInVariables = ['PGPASSWORD', 'PGHOST', 'PGUSER', 'PGPORT', 'PGDATABASE', 'REDISCLI_AUTH', 'VALKEYCLI_AUTH'];

/** A script that reads variables from a file of which nothing is known. */
const definesElsewhere = /(?:^|[\n;&|({])[ \t]*(?:\.|source|eval)[ \t]|\bset[ \t]+-a\b|\bread[ \t]/;
