import type { MappedText } from '../../manifests/mapped-text';
import type { Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { SedCommand } from '../text/sed-script';
import type { RunVariable } from '../text/shell-values';
import type { Step } from './step';

/** What a file holds after some steps: the pieces one after the other, each with what has happened to it since it was written. */
export interface Rendered {
  readonly pieces: readonly Piece[];
  readonly isOpaque: boolean;
  readonly isVerbatim: boolean;
  readonly sources: readonly Value[];
}

/** A piece of a file with everything that happened to it, oldest first. */
export interface Piece {
  readonly text: MappedText;
  /** What the text is of, so that pieces can be compared. */
  readonly origin: readonly unknown[];
  readonly filters: readonly AppliedFilter[];
  /** What the shell put in when it wrote the piece, if it did: a variable, or what a program prints. */
  readonly expanded: { readonly variable: RunVariable | 'output'; readonly step: Step } | undefined;
}

export type AppliedFilter = SedStep | EnvsubstStep | TemplateStep;

export interface SedStep {
  readonly kind: 'sed';
  readonly commands: readonly SedCommand[];
  readonly step: Step;
}

export interface EnvsubstStep {
  readonly kind: 'envsubst';
  readonly variables: readonly string[] | 'all' | 'unknown';
  readonly span: Span;
  readonly step: Step;
}

/** A controller fills values into the text, which nobody sees: Flux for variables, others for what stands in braces. */
export interface TemplateStep {
  readonly kind: 'template';
  readonly by: 'variables' | 'braces';
  /** The variables, where only some are filled in. */
  readonly names?: readonly string[];
}

/** A file of which nobody can tell what is in it. */
export const opaque: Rendered = { pieces: [], isOpaque: true, isVerbatim: false, sources: [] };

/** A file that a script has just written. */
export function written(pieces: readonly Piece[]): Rendered {
  return { pieces, isOpaque: false, isVerbatim: false, sources: [] };
}

/** A file to which something is appended. */
export function joined(before: readonly Rendered[], last: Rendered): Rendered {
  const all = [...before, last];
  return {
    pieces: all.flatMap(one => one.pieces),
    isOpaque: all.some(one => one.isOpaque),
    isVerbatim: false,
    sources: all.flatMap(one => one.sources),
  };
}

/** A file after a program has gone over it; it stays unknown where it was. */
export function filtered(source: Rendered | undefined, filter: AppliedFilter): Rendered {
  if (!source) return opaque;
  return {
    ...source,
    isVerbatim: false,
    pieces: source.pieces.map(piece => ({ ...piece, filters: [...piece.filters, filter] })),
  };
}
