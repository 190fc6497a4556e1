import { cached } from '../manifests/derived';
import { concatenate, type MappedText } from '../manifests/mapped-text';
import type { Resource } from '../manifests/resource';
import { isSame } from '../manifests/same';
import type { Place, Span } from '../manifests/span';
import { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import type { Rendered } from './effective/content';
import { type PodWrites, podFiles, type WrittenPath } from './effective/pod-files';
import { type Resolution, resolveIn } from './effective/resolution';
import type { Container } from './pods';

export type { WrittenPath } from './effective/pod-files';
export type { Resolution, ResolvedVariable } from './effective/resolution';

/**
 * The file that a container really reads at a path: a ConfigMap or Secret key as it stands, or what the scripts of the
 * pod's init containers (and of the container itself, before it starts its program) made of it.
 *
 * Tokens that a script replaces still stand in the text as they were written; `resolve` tells what becomes of them. So
 * a configuration can be read as YAML or line by line, with every place in the file that a person edits.
 */
export interface EffectiveFile {
  readonly resource: Resource;
  readonly container: Container;
  readonly path: string;
  readonly content: MappedText;
  /** Whether a tool that is not understood wrote it, or a script that cannot be followed; its text then proves nothing. */
  readonly isOpaque: boolean;
  /** Whether the file is a ConfigMap or Secret key exactly as written. */
  readonly isVerbatim: boolean;
  /** The scalars of ConfigMaps and Secrets that the text comes from. */
  readonly sources: readonly Value[];
  /**
   * What becomes of a part of the text on its way to the program: of a span of it, or of a value that was read from it.
   * Of a value the second argument tells a part, by offsets from where it begins. Whoever asks for a value need not ask
   * again when other lines change.
   */
  resolve(at: Span | Value, part?: Span): Resolution;
  /** What `sed` is told to replace in it, as far as that is plain text. */
  replacements(): readonly Replacement[];
}

/** A text that `sed` looks for. */
export interface Replacement {
  readonly text: string;
  readonly at: Place;
  /** Whether it stands there, or something that is put in may hold it. */
  readonly isFound: boolean;
}

/** The file that a container reads at a path; undefined if it is one of its image, or of a volume nobody writes to. */
export function effectiveFile(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
): EffectiveFile | undefined {
  const files = workspace.derivePair(askedFiles, resource, container);
  let file = files.get(path);
  if (!file) {
    const rendered = cached(
      () => workspace.derive(podFiles, resource).read(container, path),
      (before, now) => (isSameRendering(before, now) ? before : now),
    );
    file = cached(() => {
      const now = rendered();
      return now && toEffectiveFile(resource, container, path, now);
    });
    files.set(path, file);
  }
  return file();
}

/** What the scripts of a pod do to its files, as the containers that do it see them. */
export function podWrites(workspace: Workspace, resource: Resource): PodWrites {
  return workspace.derive(podFiles, resource);
}

/** All files that scripts of a pod write, as the container that wrote them sees them. */
export function writtenPaths(workspace: Workspace, resource: Resource): readonly WrittenPath[] {
  return podWrites(workspace, resource).written;
}

/** The files of a container that somebody has asked for, which stay the same while other things of its pod change. */
function askedFiles(_: Resource, __: Container): Map<string, () => EffectiveFile | undefined> {
  return new Map();
}

function isSameRendering(before: Rendered | undefined, now: Rendered | undefined): boolean {
  if (!before || !now) return before === now;
  return (
    before.isOpaque === now.isOpaque &&
    before.isVerbatim === now.isVerbatim &&
    isSame(before.sources, now.sources) &&
    before.pieces.length === now.pieces.length &&
    before.pieces.every((one, at) => {
      const other = now.pieces[at];
      return (
        isSame(one.origin, other?.origin) &&
        isSame(one.filters, other?.filters) &&
        isSame(one.expanded, other?.expanded)
      );
    })
  );
}

function toEffectiveFile(resource: Resource, container: Container, path: string, rendered: Rendered): EffectiveFile {
  const content: MappedText =
    rendered.pieces.length === 0 ? empty(container) : concatenate(rendered.pieces.map(piece => piece.text));
  return {
    resource,
    container,
    path,
    content,
    isOpaque: rendered.isOpaque,
    isVerbatim: rendered.isVerbatim,
    sources: rendered.sources,
    resolve(at, part) {
      const [only, ...others] = rendered.pieces;
      const written = at instanceof Value && others.length === 0 ? at.writtenIn(content) : undefined;
      if (only && written) return resolveIn(only, written.lines, partOf(written, part));
      const span = partOf(at instanceof Value ? at.sourceSpan : at, part);
      let start = 0;
      for (const piece of rendered.pieces) {
        const end = start + piece.text.text.length;
        if (span.start < end || (span.start === end && span.end === end))
          return resolveIn(piece, piece.text.text, { start: span.start - start, end: Math.min(span.end, end) - start });
        start = end;
      }
      return { kind: 'left' };
    },
    replacements: () => replacementsIn(rendered),
  };
}

function replacementsIn({ pieces }: Rendered): readonly Replacement[] {
  const commands = pieces.flatMap(({ filters }) =>
    filters.flatMap(filter =>
      filter.kind === 'sed'
        ? filter.commands.flatMap(command => (command.kind === 'substitute' ? [{ command, step: filter.step }] : []))
        : [],
    ),
  );
  const isFilledIn = pieces.some(
    ({ expanded, filters }) => expanded || filters.some(({ kind }) => kind === 'template'),
  );
  const texts = [...pieces.map(({ text }) => text.text), ...commands.map(({ command }) => command.replacement.text)];
  return commands.flatMap(({ command, step }) => {
    const { literal: text, span } = command.pattern;
    if (text === undefined || !command.complete || command.ignoresCase) return [];
    const isFound = isFilledIn || texts.some(one => one.includes(text));
    return [{ text, at: step.script.place(span.start, span.end), isFound }];
  });
}

function empty(container: Container): MappedText {
  return { text: '', place: () => container.value.at('name'), linePrefix: undefined };
}

function partOf({ start, end }: Span, part: Span | undefined): Span {
  return part ? { start: start + part.start, end: start + part.end } : { start, end };
}
