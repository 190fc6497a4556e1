import { escapeRegExp } from '../../manifests/escape-reg-exp';
import { endOfLine, startOfLine } from '../../manifests/lines';
import type { Place, Span } from '../../manifests/span';
import { type EnvironmentVariable, isSetUnasked } from '../environment';
import { variablesIn } from '../filled-in';
import type { Container } from '../pods';
import type { SedSubstitution } from '../text/sed-script';
import type { RunVariable } from '../text/shell-values';
import type { EnvsubstStep, Piece, SedStep } from './content';
import { definitionOf, mayHaveOthers, type Step } from './step';

/** What becomes of a part of a text on its way to the program. */
export type Resolution =
  | { readonly kind: 'left' }
  | {
      readonly kind: 'replaced';
      readonly by: Place;
      readonly variables: readonly ResolvedVariable[];
      /** What stands there afterwards, if the part is replaced as a whole by something that the step tells. */
      readonly replacement?: readonly (string | ResolvedVariable)[];
    }
  /** A step looks as if it should replace the part, but the shell does not expand its variable. */
  | { readonly kind: 'unexpanded'; readonly by: Place; readonly hasShell: boolean }
  | { readonly kind: 'unknown' };

/** A variable whose value a step puts into a text. */
export interface ResolvedVariable {
  readonly name: string;
  /** Where the container that runs the step gets it from; undefined if it does not. */
  readonly definition: EnvironmentVariable | undefined;
  /** Whether something else may define it: the script itself, a default, or an environment that is not wholly known. */
  readonly mayBeDefined: boolean;
  /** Something made of the value is used, as in `${HOSTNAME##*-}`, and not the value itself. */
  readonly transformed: boolean;
  readonly at: Place;
  readonly container: Container;
}

/** What the steps after a piece was written do to a part of its text, or of lines of it. The first that touches it decides. */
export function resolveIn(piece: Piece, text: string, span: Span): Resolution {
  if (piece.expanded) {
    const { variable, step } = piece.expanded;
    if (variable === 'output') return { kind: 'unknown' };
    const resolved = resolveVariable(variable, step);
    return { kind: 'replaced', by: resolved.at, variables: [resolved] };
  }
  for (const filter of piece.filters) {
    if (filter.kind === 'template') {
      const filledIn = filter.by === 'variables' ? variablesIn(text, filter.names) : bracesIn(text);
      if (isFilledIn(filledIn, span)) return { kind: 'unknown' };
      continue;
    }
    const found = filter.kind === 'sed' ? resolveSed(filter, text, span) : resolveEnvsubst(filter, text, span);
    if (found.kind !== 'left') return found;
  }
  return { kind: 'left' };
}

/** Whether a controller puts a value into a part of a text. */
function isFilledIn(matches: Iterable<RegExpMatchArray>, span: Span): boolean {
  for (const { index = 0, 0: text } of matches) if (index < span.end && span.start < index + text.length) return true;
  return false;
}

function bracesIn(text: string): Iterable<RegExpMatchArray> {
  return text.matchAll(/\{\{[^{}]*\}\}|"\{[^"\n{}]*\}"/g);
}

function resolveSed({ commands, step }: SedStep, text: string, span: Span): Resolution {
  for (const command of commands) {
    if (command.kind !== 'substitute' || !command.complete) continue;
    const touches = touchesSpan(command, text, span);
    if (touches === 'unknown') return { kind: 'unknown' };
    if (!touches) continue;
    const by = step.script.place(command.span.start, command.span.end);
    if (command.replacement.unexpanded.length > 0) return { kind: 'unexpanded', by, hasShell: step.hasShell };
    const isWhole = command.pattern.literal === text.slice(span.start, span.end) && command.address === undefined;
    const replacement = command.replacement.pieces.map(piece =>
      piece.kind === 'text' ? piece.text : piece.kind === 'variable' ? resolveVariable(piece, step) : undefined,
    );
    return {
      kind: 'replaced',
      by,
      variables: command.replacement.variables.map(variable => resolveVariable(variable, step)),
      ...(isWhole && { replacement: replacement.every(piece => piece !== undefined) ? replacement : [] }),
    };
  }
  return { kind: 'left' };
}

/** Whether a substitution replaces a part of a text; without the flag `g` only the first match of each line counts. */
function touchesSpan(
  { pattern, global, ignoresCase, extended }: SedSubstitution,
  text: string,
  span: Span,
): boolean | 'unknown' {
  if (pattern.isComputed) return 'unknown';
  const lineStart = startOfLine(text, span.start);
  const line = text.slice(lineStart, endOfLine(text, span.start));
  // Most lines hold no word that a script replaces.
  if (pattern.literal !== undefined && !ignoresCase && !line.includes(pattern.literal)) return false;
  const expression =
    pattern.literal === undefined
      ? toRegExp(pattern.text, extended, ignoresCase)
      : new RegExp(escapeRegExp(pattern.literal), ignoresCase ? 'gi' : 'g');
  if (!expression || line.length > 5000) return 'unknown';
  for (const match of line.matchAll(expression)) {
    const start = lineStart + match.index;
    if (match[0] !== '' && start < span.end && span.start < start + match[0].length) return true;
    if (!global) return false;
  }
  return false;
}

/** A sed pattern as a JavaScript one; undefined if it cannot be said so. Basic expressions escape what extended ones do not. */
function toRegExp(pattern: string, extended: boolean, ignoresCase: boolean): RegExp | undefined {
  const source = extended
    ? pattern
    : pattern.replace(
        /\\([(){}+?|])|([(){}+?|])/g,
        (_, escaped: string | undefined, plain: string | undefined) => escaped ?? `\\${plain}`,
      );
  try {
    return new RegExp(
      source.replaceAll('[[:space:]]', '\\s').replaceAll('[:space:]', '\\s').replaceAll('[:alnum:]', 'A-Za-z0-9'),
      ignoresCase ? 'gi' : 'g',
    );
  } catch {
    return undefined;
  }
}

function resolveEnvsubst({ variables, span: by, step }: EnvsubstStep, text: string, span: Span): Resolution {
  for (const match of text.slice(Math.max(0, span.start - 64), span.end + 64).matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
    const start = Math.max(0, span.start - 64) + match.index;
    if (start >= span.end || span.start >= start + match[0].length) continue;
    const name = match[1] ?? match[2] ?? '';
    if (variables === 'unknown') return { kind: 'unknown' };
    if (variables !== 'all' && !variables.includes(name)) continue;
    const at = step.script.place(by.start, by.end);
    const definition = definitionOf(step, name);
    return {
      kind: 'replaced',
      by: at,
      variables: [
        {
          name,
          definition,
          mayBeDefined: mayHaveOthers(step) || step.assigned.has(name),
          transformed: false,
          at,
          container: step.container,
        },
      ],
    };
  }
  return { kind: 'left' };
}

function resolveVariable(variable: RunVariable, step: Step): ResolvedVariable {
  const argument = /^[1-9]\d*$/.test(variable.name) ? step.args[Number(variable.name) - 1] : undefined;
  return {
    name: variable.name,
    definition: argument?.definition ?? definitionOf(step, variable.name),
    mayBeDefined:
      argument !== undefined ||
      /^\W$/.test(variable.name) ||
      variable.assigned ||
      variable.fallback !== undefined ||
      isSetUnasked(variable.name) ||
      ofShells.has(variable.name) ||
      mayHaveOthers(step),
    transformed: variable.transformed,
    at: step.script.place(variable.span.start, variable.span.end),
    container: step.container,
  };
}

/** Variables that shells set by themselves. */
const ofShells: ReadonlySet<string> = new Set(['PWD', 'USER', 'RANDOM', 'IFS', 'SHELL', 'UID']);
