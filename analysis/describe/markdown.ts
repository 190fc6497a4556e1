import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { writtenPlace } from '../kustomization/built-trees';

/*
 * Markdown for hovers. Every name comes from a file that anybody may have written, so all of them pass through here.
 */

/** Inline code that shows a text as it is: nothing in it is read as Markdown or HTML. Long texts are cut. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  const shown = line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
  if (shown.trim() === '') return '(empty)';
  // CommonMark, code spans: a run of backticks that the text does not have, and blanks where it begins or ends with one.
  const runs = [...shown.matchAll(/`+/g)].map(([run]) => run.length);
  const fence = '`'.repeat(runs.length === 0 ? 1 : Math.max(...runs) + 1);
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Plain text in which nothing is read as Markdown or HTML. */
export function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&$:]/g, '\\$&').replace(/\s+/g, ' ');
}

/** ``StatefulSet `synapse-main` ``, the way hovers name objects. */
export function titleOf({ kind, name }: Pick<Resource, 'kind' | 'name'>): string {
  return `${/^\w+$/.test(kind) ? kind : code(kind)} ${code(name)}`;
}

/** The first line of a hover: what it is about, and the namespace if there is one. */
export function headline(kind: string, name: string, namespace: string | undefined): string {
  return `**${kind}** ${code(name)}${namespace === undefined ? '' : ` in ${code(namespace)}`}`;
}

/** A link to a place as it is written, named by path and line. */
export function linkTo(workspace: Workspace, place: Place): string {
  const written = writtenPlace(workspace, place);
  const { uri, span } = written.at;
  const file = written.workspace.file(uri);
  const line = (file?.lines.lineOf(span.start) ?? 0) + 1;
  const target = `${uri}#L${line}`.replace(
    /[()<>\s\\]/g,
    char => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `[${code(`${file?.path ?? 'another file'}:${line}`)}](${target})`;
}

/** A list with one line for each entry, which may be Markdown. */
export function bullets(lines: readonly string[]): string {
  return lines.map(line => `- ${line}`).join('\n');
}

/** As bullets, but no more than fit in a hover. */
export function fewBullets(lines: readonly string[], most = 8): string {
  const shown = lines.length > most ? [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more`] : lines;
  return bullets(shown);
}

/** The parts of a hover that say something, one paragraph each. */
export function paragraphs(...parts: readonly (string | undefined)[]): string {
  return parts.filter(part => part !== undefined && part !== '').join('\n\n');
}

const longest = 80;
