import { type MappedText, slice } from '../../manifests/mapped-text';
import type { Span } from '../../manifests/span';
import type { FileWrite } from '../text/file-steps';
import type { RunPiece, ShellPath } from '../text/shell-values';
import { filtered, joined, opaque, type Rendered, written } from './content';
import { type Context, pathOf, type Step } from './step';
import { filledIn, fixedFolder, globPattern } from './wildcards';

export interface Outcome {
  readonly path: string;
  readonly rendered: Rendered;
  /** The files that it is made of. */
  readonly from: readonly string[];
}

/** What one step makes of which files. A step that may not happen is taken to happen: the benefit of the doubt. */
export function outcomes(write: Exclude<FileWrite, { kind: 'run' | 'remove' }>, context: Context): readonly Outcome[] {
  const to = pathOf(write.to, context.step);
  switch (write.kind) {
    case 'copy':
      return copied(write, to, context);
    case 'write':
      return [{ path: to, rendered: render(write.content, context), from: filesOf(write.content, context) }];
    case 'append': {
      const before = context.read(to);
      const rendered = joined(before === undefined ? [] : [before], render(write.content, context));
      return [{ path: to, rendered, from: filesOf(write.content, context) }];
    }
    case 'substitute':
      return pairs(write, context).map(({ from, path }) => ({
        path,
        rendered: filtered(context.read(from), { kind: 'sed', commands: write.commands, step: context.step }),
        from: [from],
      }));
    case 'envsubst': {
      const variables =
        typeof write.variables === 'string' ? write.variables : write.variables.map(variable => variable.name);
      return pairs(write, context).map(({ from, path }) => ({
        path,
        rendered: filtered(context.read(from), { kind: 'envsubst', variables, span: write.span, step: context.step }),
        from: [from],
      }));
    }
    case 'opaque': {
      const from = write.from ? [pathOf(write.from, context.step)] : [];
      if (write.isFolder) return context.filesIn(to).map(path => ({ path, rendered: opaque, from }));
      const paths = write.to.hasGlob ? matching(write.to, context) : [to];
      return paths.map(path => ({ path, rendered: opaque, from }));
    }
  }
}

function filesOf(
  content: readonly (RunPiece | { readonly kind: 'file'; readonly path: ShellPath })[],
  context: Context,
): readonly string[] {
  return content.flatMap(piece => (piece.kind === 'file' ? [pathOf(piece.path, context.step)] : []));
}

/** The files that a step reads and writes, one by one where a pattern stands for several. */
function pairs(
  { from, to }: { readonly from: ShellPath; readonly to: ShellPath },
  context: Context,
): readonly { readonly from: string; readonly path: string }[] {
  const target = pathOf(to, context.step);
  if (!from.hasGlob) return [{ from: pathOf(from, context.step), path: target }];
  const pattern = globPattern(pathOf(from, context.step), false);
  return context.filesIn(fixedFolder(pathOf(from, context.step))).flatMap(path => {
    const match = pattern.exec(path);
    return match ? [{ from: path, path: to.hasGlob ? filledIn(target, match.slice(1)) : target }] : [];
  });
}

/** The files that the tree shows for a pattern, or below a folder. */
export function matching(path: ShellPath, context: Context): readonly string[] {
  const text = pathOf(path, context.step);
  if (!path.hasGlob) return [text, ...context.filesIn(text)];
  const pattern = globPattern(text, true);
  return context.filesIn(fixedFolder(text)).filter(one => pattern.test(one));
}

function copied(write: Extract<FileWrite, { kind: 'copy' }>, to: string, context: Context): readonly Outcome[] {
  const from = pathOf(write.from, context.step);
  if (write.from.hasGlob) {
    const pattern = globPattern(from, write.recursive);
    return context.filesIn(fixedFolder(from)).flatMap(path => {
      const match = pattern.exec(path);
      if (!match) return [];
      const rest = write.recursive ? (match.at(-1) ?? '') : '';
      const target = (write.to.hasGlob ? filledIn(to, match.slice(1)) : to) + rest;
      return [{ path: target, rendered: context.read(path) ?? opaque, from: [path] }];
    });
  }
  const source = context.read(from);
  if (source === undefined && write.recursive) {
    const target =
      write.toInFolder && context.isFolder(to) && !write.from.path.endsWith('/.')
        ? pathOf(write.toInFolder, context.step)
        : to;
    return context.filesIn(from).map(path => ({
      path: `${target}${path.slice(from.length)}`,
      rendered: context.read(path) ?? opaque,
      from: [path],
    }));
  }
  const path = write.toInFolder && context.isFolder(to) ? pathOf(write.toInFolder, context.step) : to;
  return [{ path, rendered: source ?? opaque, from: [from] }];
}

function render(
  content: readonly (RunPiece | { readonly kind: 'file'; readonly path: ShellPath })[],
  context: Context,
): Rendered {
  const parts = content.map(piece => renderPiece(piece, context));
  return joined(parts.slice(0, -1), parts.at(-1) ?? written([]));
}

function renderPiece(
  piece: RunPiece | { readonly kind: 'file'; readonly path: ShellPath },
  context: Context,
): Rendered {
  if (piece.kind === 'file') return context.read(pathOf(piece.path, context.step)) ?? opaque;
  const { step } = context;
  const { span } = piece;
  if (piece.kind === 'text') {
    const text = piece.verbatim ? slice(step.script, span) : spoken(piece.text, span, step);
    return written([{ text, origin: [step.script, span, piece.text], filters: [], expanded: undefined }]);
  }
  const [text, variable] = piece.kind === 'variable' ? [`\${${piece.name}}`, piece] : [piece.raw, 'output' as const];
  return written([
    { text: spoken(text, span, step), origin: [step.script, span], filters: [], expanded: { variable, step } },
  ]);
}

/** A text that does not stand in the script letter by letter; all of it is at the place that says it. */
function spoken(text: string, span: Span, { script }: Step): MappedText {
  return { text, place: () => script.place(span.start, span.end), linePrefix: undefined };
}
