import { startOfLine } from '../manifests/lines';
import { baseName } from '../manifests/paths';
import type { Place } from '../manifests/span';
import type { Index, Workspace } from '../manifests/workspace';

/** A label that a `kubectl label namespace` command sets. */
export interface NamespaceLabelCommand {
  readonly key: string;
  readonly value: string;
  /** The namespaces that the command names; undefined for all of them. */
  readonly namespaces: readonly string[] | undefined;
  /** `script`: a script runs it; `promise`: a comment or a README shows it. */
  readonly origin: 'script' | 'promise';
  readonly at: Place;
}

/** The commands that set a label on some namespace, by its key. */
export function namespaceLabelCommands(workspace: Workspace, key: string): readonly NamespaceLabelCommand[] {
  return workspace.lookup(byKey, key);
}

/** The commands that set labels on a namespace. */
export function labelCommandsFor(workspace: Workspace, namespace: string): readonly NamespaceLabelCommand[] {
  return [...workspace.lookup(byNamespace, namespace), ...workspace.lookup(byNamespace, everyNamespace)];
}

const everyNamespace = '*';

const kubectl = /kubectl/;

const byKey: Index<NamespaceLabelCommand> = {
  name: 'namespace labels set by commands, by key',
  *document(document) {
    for (const { start, end, ...label } of labelsIn(document.textWith(kubectl) ?? ''))
      yield [label.key, { ...label, origin: 'promise', at: document.place(start, end) }];
  },
  *textFile(file) {
    for (const label of labelsOfFile(file)) yield [label.key, label];
  },
};

const byNamespace: Index<NamespaceLabelCommand> = {
  name: 'namespace labels set by commands, by namespace',
  *document(document) {
    for (const { start, end, ...label } of labelsIn(document.textWith(kubectl) ?? ''))
      yield* filed({ ...label, origin: 'promise', at: document.place(start, end) });
  },
  *textFile(file) {
    for (const label of labelsOfFile(file)) yield* filed(label);
  },
};

function* filed(command: NamespaceLabelCommand): Iterable<readonly [string, NamespaceLabelCommand]> {
  for (const namespace of command.namespaces ?? [everyNamespace]) yield [namespace, command];
}

function* labelsOfFile(file: { readonly path: string; readonly uri: string; readonly text: string }) {
  const isScript = !/\.md$/i.test(file.path);
  for (const { start, end, ...label } of labelsIn(file.text)) {
    const lineStart = startOfLine(file.text, start);
    const isComment = /^\s*#/.test(file.text.slice(lineStart, start));
    const command: NamespaceLabelCommand = {
      ...label,
      origin: isScript && !isComment ? 'script' : 'promise',
      at: { uri: file.uri, span: { start, end } },
    };
    yield command;
  }
}

interface WrittenLabel extends Pick<NamespaceLabelCommand, 'key' | 'value' | 'namespaces'> {
  readonly start: number;
  readonly end: number;
}

function* labelsIn(text: string): Iterable<WrittenLabel> {
  if (!text.includes('kubectl')) return;
  for (const match of text.matchAll(
    /\bkubectl\b[^\n;|&]*?\blabel\b[ \t]+(?:--?\S+[ \t]+)*(?:ns|namespaces?)(?:[ \t]+|\/)((?:[^\n;|&\\]|\\\r?\n)+)/g,
  )) {
    const place = { start: match.index, end: match.index + match[0].trimEnd().length };
    const words = (match[1] ?? '').split(/[\s\\]+/).map(word => word.replace(/["']/g, ''));
    const named = words
      .filter(word => /^[\w./-]+$/.test(word) && !word.startsWith('-') && !word.endsWith('-'))
      .map(word => baseName(word));
    const namespaces = words.includes('--all') || named.length === 0 ? undefined : named;
    for (const word of words) {
      const pair = /^([A-Za-z0-9][\w./-]*)=([\w.-]+)$/.exec(word);
      if (pair) yield { key: pair[1] ?? '', value: pair[2] ?? '', namespaces, ...place };
    }
  }
}
