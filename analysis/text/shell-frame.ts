import type { Span } from '../../manifests/span';
import type { LoopNames } from './shell-loops';
import type { ShellLoop, ShellNode, ShellScript } from './shell-nodes';
import type { RunStep } from './shell-run';
import {
  type ContentPiece,
  certaintyOf,
  normalPath,
  type RunPiece,
  type RunWord,
  type ShellPath,
  textOf,
} from './shell-values';
import { blankBefore } from './shell-words';

/** Where a script is: what its next command sees, and where its output goes. */
export interface Frame {
  readonly run: Run;
  readonly environment: Environment;
  /** The arguments of the function that is being called. */
  readonly args: { words: readonly RunWord[] } | undefined;
  readonly stdin: readonly ContentPiece[] | undefined;
  readonly stdout: Sink | undefined;
  readonly conditional: boolean;
  readonly looped: boolean;
  readonly errorsIgnored: boolean;
  readonly remote: boolean;
  readonly isTimed: boolean;
  /** What `{}` stands for in a command that `find` runs. */
  readonly found: RunWord | undefined;
  readonly depth: number;
}

/** What is the same all the time while a script runs. */
export interface Run {
  readonly script: ShellScript;
  readonly visit: (step: RunStep) => void;
  /** Runs commands, as `$(…)` does in the middle of a word. */
  readonly runNodes: (nodes: readonly ShellNode[], frame: Frame) => void;
  steps: number;
  readonly names: WeakMap<ShellLoop, LoopNames>;
}

/** A hostile script could ask for endless work; no real one comes near these. */
export const limits = { steps: 10_000, depth: 24, words: 64, pieces: 2_000, valuePieces: 200 } as const;

type Sink = FileSink | PipeSink | ClosedSink;

interface FileSink {
  readonly kind: 'file';
  readonly path: ShellPath;
  readonly append: boolean;
  opened: boolean;
}

interface PipeSink {
  readonly kind: 'pipe';
  readonly content: ContentPiece[];
}

/** Standard error, `/dev/null` and the like. */
interface ClosedSink {
  readonly kind: 'closed';
}

/** Variables. A layer that is not a function's is thrown away or merged when its subshell or branch ends. */
export interface Environment {
  readonly parent: Environment | undefined;
  readonly isFunction: boolean;
  readonly own: Map<string, Variable>;
}

export interface Variable {
  /** Undefined when the script assigns something that it does not tell. */
  readonly pieces: readonly RunPiece[] | undefined;
  readonly elements: readonly RunWord[] | undefined;
  /** What it is if a condition that the script does not tell is false. */
  readonly fallback: readonly RunPiece[] | undefined;
  readonly span: Span;
}

/** Assigns a variable: in the layer of the function that has it as its own, else outside of functions. */
export function setVariable(environment: Environment, name: string, variable: Variable, isLocal = false): void {
  let layer = environment;
  while (!isLocal && layer.isFunction && layer.parent && !layer.own.has(name)) layer = layer.parent;
  layer.own.set(name, variable);
}

export function lookUp(environment: Environment, name: string): Variable | undefined {
  for (let layer: Environment | undefined = environment; layer; layer = layer.parent) {
    const variable = layer.own.get(name);
    if (variable) return variable;
  }
  return undefined;
}

/** Variables whose changes can be thrown away: of a subshell, a branch, or a function's call. */
export function layerOver(parent: Environment, isFunction: boolean): Environment {
  return { parent, isFunction, own: new Map() };
}

/** A variable that gets a value which the script does not tell. */
export function somethingFrom(span: Span): Variable {
  return { pieces: undefined, elements: undefined, fallback: undefined, span };
}

export const nowhere: Span = { start: 0, end: 0 };

/** `$1` and so on. */
export function argumentOf(name: string, frame: Frame): RunWord | undefined {
  return /^[1-9]\d*$/.test(name) ? frame.args?.words[Number(name) - 1] : undefined;
}

/** The path that a word means in the current folder. */
export function pathOf(word: RunWord, frame: Frame): ShellPath {
  const pieces = joinedPath(directoryOf(frame), word);
  const { hasGlob, span } = word;
  return { path: normalPath(textOf(pieces)), certainty: certaintyOf(pieces), hasGlob, span };
}

/** The current folder; undefined where the script started, or has gone who knows where. */
export function directoryOf(frame: Frame): readonly RunPiece[] | undefined {
  return lookUp(frame.environment, 'PWD')?.pieces;
}

export function joinedPath(directory: readonly RunPiece[] | undefined, word: RunWord): readonly RunPiece[] {
  if (!directory || /^[/~$`]/.test(word.value)) return word.pieces;
  return [...directory, { ...blankBefore(word.span), text: '/' }, ...word.pieces];
}
