import { Composer, isAlias, isMap, isScalar, isSeq, type Node, Parser, type Document as YamlDocument } from 'yaml';
import type { Span } from './span';
import { table } from './table';
import { maximalDepth, type NodeStyle, type SyntaxProblem, type Tree, TreeBuilder } from './tree';

export interface RecoveredTree {
  /** What could be understood in spite of the problems; the parts around them may be wrong. */
  readonly tree: Tree;
  readonly problems: readonly SyntaxProblem[];
}

/**
 * Reads a document that the fast reader refused, with a parser that goes on after an error.
 * No problems are returned when this parser finds the text well formed.
 */
export function recoverTree(text: string): RecoveredTree {
  const problems: SyntaxProblem[] = [];
  const builder = new TreeBuilder(text);
  for (const document of compose(text)) {
    for (const error of document.errors) problems.push({ message: reasonOf(error.message), at: toSpan(error.pos) });
    if (
      document.contents &&
      !(isScalar(document.contents) && isUnwritten(document.contents.range, document.contents.source))
    )
      add(builder, text, document.contents, document, 0);
    break;
  }
  return { tree: { ...builder.finish(), isRecovered: true }, problems };
}

function* compose(text: string): Iterable<YamlDocument> {
  // Duplicate keys are not a syntax error to kubectl; a rule of its own reports them.
  const composer = new Composer({
    uniqueKeys: false,
    strict: true,
    version: '1.1',
    merge: false,
    customTags: tags => tags,
  });
  yield* composer.compose(new Parser().parse(text), true, text.length) as Iterable<YamlDocument>;
}

function add(builder: TreeBuilder, text: string, node: Node, document: YamlDocument, depth: number): void {
  if (depth > maximalDepth) return void builder.empty();
  const [start, end] = node.range ?? [0, 0];
  if (isAlias(node)) {
    if (builder.alias(node.source, start, end) === undefined) builder.empty();
    return;
  }
  let index: number;
  if (isMap(node)) {
    const flow = node.flow === true;
    index = builder.open('mapping', start, flow);
    note(builder, node, index);
    for (const pair of node.items) {
      addOrEmpty(builder, text, pair.key as Node | null, document, depth);
      addOrEmpty(builder, text, pair.value as Node | null, document, depth);
    }
    builder.close(flow ? end : undefined);
  } else if (isSeq(node)) {
    const flow = node.flow === true;
    index = builder.open('sequence', start, flow);
    note(builder, node, index);
    for (const item of node.items) addOrEmpty(builder, text, item as Node | null, document, depth);
    builder.close(flow ? end : undefined);
  } else if (isScalar(node)) {
    note(builder, node, addScalar(builder, text, node.source ?? String(node.value ?? ''), node.type, start, end));
  }
}

function addOrEmpty(
  builder: TreeBuilder,
  text: string,
  node: Node | null,
  document: YamlDocument,
  depth: number,
): void {
  if (node && !(isScalar(node) && isUnwritten(node.range, node.source))) add(builder, text, node, document, depth + 1);
  else builder.empty();
}

function isUnwritten(range: readonly [number, number, number] | null | undefined, source: string | undefined): boolean {
  return (range ? range[0] === range[1] : true) && (source ?? '') === '';
}

function addScalar(
  builder: TreeBuilder,
  text: string,
  decoded: string,
  type: string | undefined,
  start: number,
  end: number,
): number {
  const style = styles[type ?? 'PLAIN'] ?? 'plain';
  if (style === 'literal' || style === 'folded') {
    const body = text.indexOf('\n', start) + 1;
    const from = body === 0 || body > end ? end : body;
    const indent = /^[ ]*(?=[^ \r\n])/m.exec(text.slice(from, end))?.[0].length ?? 0;
    return builder.scalar(style, from, end, { verbatim: false, indent, decoded });
  }
  const quotes = style === 'plain' ? 0 : 1;
  const [from, to] = [start + quotes, Math.max(start + quotes, end - quotes)];
  return builder.scalar(style, from, to, { verbatim: text.slice(from, to) === decoded, decoded });
}

function note(builder: TreeBuilder, node: Node, index: number): void {
  if ('anchor' in node && node.anchor) builder.anchor(index, node.anchor);
  if (node.tag && /[!]/.test(node.tag) && node.range) builder.tag(index, node.tag);
}

const styles = table<NodeStyle>({
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
});

function toSpan([start, end]: readonly [number, number]): Span {
  return { start, end: Math.max(start, end) };
}

/** What the parser says, without the words of the text, which may be a password that lacks its quotes. */
function reasonOf(message: string): string {
  if (/call stack/.test(message)) return 'Collections are nested too deeply';
  const [line = message] = message.split('\n', 1);
  return line
    .replace(/ at line \d+, column \d+:?$/, '')
    .replace(/: \S.*$/s, '')
    .replace(/^(Invalid escape sequence) .*$/, '$1');
}
