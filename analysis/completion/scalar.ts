import type { Span } from '../../manifests/span';
import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { programOf } from '../images';
import type { Completion } from './candidate';
import type { Current } from './current';
import { completeText, verbatim } from './embedded';
import { portsIn, sqlLists, surroundingsOf } from './embedded-at';
import { mountedFiles } from './mounted-files';
import { candidatesByName } from './named-settings';
import { besideOf, endsWith, type Place, valueAt } from './places';
import type { YamlCursor } from './position';
import { wordCandidates } from './shell';
import { containerAt, variablesIn } from './shell-variables';
import { urlHostsAt } from './url-hosts';

/**
 * Completes a scalar on one line that holds a command or a URL: an item of `command` and `args`, or a setting in `env`, in a
 * ConfigMap or in a Secret.
 */
export function completeScalar(workspace: Workspace, current: Current, offset: number): Completion | undefined {
  const { document, cursor, path, resource } = current;
  if (cursor.kind !== 'yaml' || cursor.hasColon || cursor.role === 'key') return undefined;
  const place: Place = { workspace, resource };
  const isCommand = endsWith(path, 'command|args', '#');
  const isSetting =
    endsWith(path, 'env', '#', 'value') ||
    (path.length === 2 &&
      (path[0] === 'data' || path[0] === 'stringData') &&
      /^(?:ConfigMap|Secret)$/.test(resource.kind));
  const surroundings = isCommand || endsWith(path, sqlLists, '#') ? surroundingsOf(place, path) : undefined;
  const { writtenText: text } = document;
  const at = offset - document.offset;
  const toFile = ({ start, end }: Span): Span => ({ start: start + document.offset, end: end + document.offset });
  if (surroundings && surroundings.name !== '') {
    const { start, end } = cursor.span;
    return completeText({
      ...surroundings,
      text: text.slice(start, end),
      offset: at - start,
      indent: 0,
      outer: span => toFile({ start: span.start + start, end: span.end + start }),
      place: (from, to) => document.writtenPlace(from, to),
    });
  }
  if (/\s$/.test(text.slice(cursor.span.start, at))) return undefined;
  const isAddress = endsWith(path, 'endpointURL|endpoint|url|uri') && path.at(0) === 'spec';
  if (!isCommand && !isSetting && !isAddress) return undefined;
  const container = containerAt(resource, path);
  const expanded = /(?<!\$)\$\((\w*)$/.exec(text.slice(cursor.span.start, at));
  if (expanded && container) {
    const isClosed = text[at] === ')';
    const candidates = variablesIn(workspace, resource, container).map(one =>
      isClosed ? one : { ...one, text: `${one.label})` },
    );
    return { candidates, span: toFile({ start: at - (expanded[1] ?? '').length, end: at }), writing: verbatim };
  }
  const url = urlHostsAt(workspace, resource.namespace, text.slice(0, cursor.span.end), at);
  if (url && url.span.start >= cursor.span.start) return { ...url, span: toFile(url.span), writing: verbatim };
  if (isSetting) return completeSetting(place, path, cursor, toFile(cursor.span));
  return isCommand && container ? completeArgument(place, path, cursor, text, at, toFile) : undefined;
}

/** The value of a setting that is named after a host or a port. */
function completeSetting(
  place: Place,
  path: readonly PathKey[],
  { quote, needsSpace }: YamlCursor,
  span: Span,
): Completion | undefined {
  const { workspace, resource } = place;
  const isVariable = path.at(-1) === 'value';
  const name = isVariable ? besideOf(place, path, 'name').text : String(path.at(-1));
  if (name === undefined) return undefined;
  const beside = (other: string): string | undefined =>
    isVariable
      ? valueAt(place, path.slice(0, -2))
          .items()
          .find(item => item.at('name').text === other)
          ?.at('value').text
      : // What a Secret holds decides nothing that is shown.
        resource.kind === 'Secret'
        ? undefined
        : besideOf(place, path, other).text;
  const named = candidatesByName(workspace, resource.namespace, name, beside);
  // A port that belongs to no other host is most likely the program's own.
  const own = named?.length === 0 && isVariable ? portsIn(resource) : named;
  const candidates = own?.map(({ isBare: _, ...one }) => one);
  return candidates && { candidates, span, writing: { ...verbatim, language: 'yaml', quote, needsSpace } };
}

/** A word of a command line that is written as a list. */
function completeArgument(
  { workspace, resource }: Place,
  path: readonly PathKey[],
  cursor: YamlCursor,
  text: string,
  at: number,
  toFile: (span: Span) => Span,
): Completion | undefined {
  const around = resource.root.at(...path.slice(0, -2));
  const index = Number(path.at(-1));
  const words = (field: 'command' | 'args'): readonly string[] =>
    around
      .at(field)
      .items()
      .map(item => item.text ?? '');
  const own = words(path.at(-2) === 'args' ? 'args' : 'command');
  const command = words('command');
  const before =
    path.at(-2) === 'args'
      ? [...(command.length > 0 ? command : [startedBy(around)]), ...own.slice(0, index)]
      : own.slice(0, index);
  if (before.length === 0) return undefined;
  const container = containerAt(resource, path);
  const prefix = text.slice(cursor.span.start, at);
  const found = wordCandidates(
    {
      workspace,
      namespace: resource.namespace,
      paths: () => (container ? mountedFiles(workspace, resource, container) : []),
      ports: () => portsIn(resource),
      directory: undefined,
    },
    {
      kind: 'word',
      words: [(before[0] ?? '').replace(/^.*\//, ''), ...before.slice(1)],
      after: own.slice(index + 1),
      prefix,
      assigned: undefined,
      quoted: undefined,
    },
  );
  if (!found) return undefined;
  const isWhole = found.replaced === prefix.length;
  return {
    candidates: found.candidates.map(({ isBare: _, ...one }) => one),
    span: toFile({ start: at - found.replaced, end: cursor.span.end }),
    writing: isWhole ? { ...verbatim, language: 'yaml', quote: cursor.quote, needsSpace: cursor.needsSpace } : verbatim,
  };
}

/** The program that an image starts by itself, where it is one whose arguments are known; else empty. */
function startedBy(container: Value): string {
  return programOf(container.at('image').text ?? '') === 'kubectl' ? 'kubectl' : '';
}
