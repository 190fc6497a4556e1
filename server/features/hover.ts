import { type Hover, MarkupKind } from 'vscode-languageserver';
import { type OptionDoc, optionDocAt } from '../../analysis/completion/option-docs';
import { describeImage } from '../../analysis/describe/image';
import { code, paragraphs, plain } from '../../analysis/describe/markdown';
import { describeMonitor } from '../../analysis/describe/monitor';
import { describePeer, describePolicyPort } from '../../analysis/describe/policy';
import { describeSelector, selectorAround } from '../../analysis/describe/selector';
import { type ValueAt, valueAt } from '../../analysis/describe/value-at';
import { occurrencesAt } from '../../analysis/occurrences/find';
import { isGeneratedSecretValue } from '../../analysis/occurrences/kustomizations';
import type { FieldDocs } from '../../analysis/schema/field-docs';
import type { SourceFile } from '../../manifests/file';
import type { Value } from '../../manifests/value';
import { type PointedAt, pointedAt } from '../at';
import type { Session } from '../session';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';
import { asBuilt, type Thing } from './hover/built';
import { itemAt, itemText, namedRuleAt } from './hover/checklist-item';
import { fieldText } from './hover/field';
import { placeholderText } from './hover/placeholder';
import { ruleText } from './hover/rule';
import { resourceText, subjectText } from './hover/subject';

/** Says what stands under the mouse: what a name leads to, what a selector finds, and the rule behind a finding. */
export const hover: Feature = {
  capabilities: () => ({ hoverProvider: true }),
  offer: session =>
    void session.connection.onHover(async (params): Promise<Hover | null> => {
      if (!session.isOn('hover.enable')) return null;
      const docs = session.givesSchemaHelp('hover') ? await session.fieldDocs() : undefined;
      const pointed = pointedAt(session, params);
      return pointed ? hoverAt(session, pointed, docs) : null;
    }),
};

/**
 * The parts of a hover, in the order in which they help: the thing itself, then what is wrong with it. Fields are
 * explained only with `docs`.
 */
export function hoverAt(session: HoverSession, pointed: PointedAt, docs: FieldDocs | undefined): Hover | null {
  const { file, deployment, offset } = pointed;
  const thing = thingAt(session, pointed, docs);
  const findings = deployment
    .findings(file.uri)
    .filter(({ problem }) => problem.at.span.start <= offset && offset <= problem.at.span.end);
  const rules = [...new Set(findings.map(({ rule }) => rule))].slice(0, mostRules);
  const parts = [...(thing ? [thing.text] : []), ...rules.map(rule => ruleText(rule, session))];
  if (parts.length === 0) return null;
  const span = thing?.span ?? findings[0]?.problem.at.span;
  const format = session.capabilities.textDocument?.hover?.contentFormat;
  const isPlain = format !== undefined && !format.includes(MarkupKind.Markdown);
  const value = parts.join('\n\n---\n\n');
  return {
    contents: isPlain
      ? { kind: MarkupKind.PlainText, value: withoutMarks(value) }
      : { kind: MarkupKind.Markdown, value },
    ...(span && span.end > span.start ? { range: toRange(file, span) } : {}),
  };
}

/** What a hover asks the session for. */
export type HoverSession = Pick<Session, 'canRun' | 'capabilities' | 'textsOf'>;

function thingAt(session: HoverSession, pointed: PointedAt, docs: FieldDocs | undefined): Thing | undefined {
  const item = itemAt(pointed);
  const itemMarkdown = item && itemText(pointed, item.id);
  if (item && itemMarkdown) return { text: itemMarkdown, span: item.span };
  const named = namedRuleAt(pointed);
  if (named) return { text: ruleText(named.rule, session), span: named.span };
  return asBuilt(pointed, writtenThingAt(pointed, docs), one => writtenThingAt(one, docs));
}

/** What stands in the files, whatever kustomizations make of it. */
function writtenThingAt(pointed: PointedAt, docs: FieldDocs | undefined): Thing | undefined {
  const { workspace, file, offset } = pointed;
  // What a generator puts into a Secret is its value; of it speaks the Secret that is built.
  if (isGeneratedSecretValue(workspace, file, offset)) return undefined;
  const at = valueAt(file, offset);
  const secret = at && secretValueOf(at);
  const placeholder = placeholderText(workspace, file, offset, secret !== undefined);
  if (placeholder) return { text: placeholder.text, span: placeholder.at.span };
  // Names inside the value of a Secret are a part of it, so nothing is said of them.
  const spot = secret ? secret.key.span.start : offset;
  const isUnread = !at && isBrokenSecret(file, offset);
  const occurrences = occurrencesAt(workspace, file, spot).filter(({ whole }) => !isUnread || whole?.isKey);
  const texts = new Set(occurrences.flatMap(one => subjectText({ ...pointed, offset: spot }, one) ?? []));
  if (texts.size > 0) {
    const [first] = occurrences;
    return { text: severalTexts([...texts]), span: secret ? undefined : first?.at.span };
  }
  // Configurations are files of their own, or scalars of several lines.
  const mayBeOption = at ? !at.isKey && at.value.text?.includes('\n') : !isUnread;
  const option = mayBeOption && !secret ? optionDocAt(workspace, file, offset) : undefined;
  if (option) return { text: optionText(option), span: option.span };
  return at && ofValue(pointed, at, docs);
}

/** Selectors, kinds and fields: what is no name. */
function ofValue({ workspace }: PointedAt, at: ValueAt, docs: FieldDocs | undefined): Thing | undefined {
  const { resource, value, isKey } = at;
  const span = isKey ? value.key.span : value.span;
  if (!isKey && value.name === 'kind' && value.parent?.sourceSpan.start === resource.root.sourceSpan.start)
    return { text: resourceText(workspace, resource), span };
  if (resource.qualifiedKind === 'NetworkPolicy') {
    const peer = peerAround(value);
    const text = peer && describePeer(workspace, resource, peer);
    if (text !== undefined) return { text, span };
    const port = portAround(value);
    const portText = port && describePolicyPort(workspace, resource, port);
    if (portText !== undefined) return { text: portText, span };
  }
  if (!isKey && value.name === 'image' && isContainer(value.parent)) {
    const text = describeImage(workspace, value);
    if (text !== undefined) return { text, span };
  }
  const selected = selectorAround(value);
  const monitor = selected && describeMonitor(workspace, resource);
  if (monitor !== undefined) return { text: monitor, span };
  if (selected) return { text: describeSelector(workspace, resource.namespace, selected.selector), span };
  if (!isKey || !docs || freeMaps.has(String(value.parent?.name))) return undefined;
  const text = fieldText(workspace, docs, resource, value);
  return text === undefined ? undefined : { text, span };
}

/** An option of a configuration such as homeserver.yaml. */
function optionText({ name, takes, sentence }: OptionDoc): string {
  return paragraphs(`**${code(name)}**${takes === '' ? '' : `: ${plain(takes)}`}`, plain(sentence));
}

/** Whether an offset is in a Secret that cannot be read, so that what stands there may be a part of a value. */
function isBrokenSecret(file: SourceFile, offset: number): boolean {
  return file.documents.some(
    ({ span, resources, text }) =>
      span.start <= offset &&
      offset <= span.end &&
      resources.length === 0 &&
      /^\s*["']?kind["']?:\s*["']?Secret\b/m.test(text),
  );
}

/** The entry of a Secret whose value, not its key, is pointed at. */
function secretValueOf({ resource, value, isKey }: ValueAt): Value | undefined {
  if (resource.qualifiedKind !== 'Secret' || isKey) return undefined;
  return value.parent?.name === 'data' || value.parent?.name === 'stringData' ? value : undefined;
}

/** The item of `from` or `to` that a value is a part of. */
function peerAround(value: Value): Value | undefined {
  for (let one: Value | undefined = value; one; one = one.parent) {
    if (typeof one.name === 'number' && (one.parent?.name === 'from' || one.parent?.name === 'to')) return one;
  }
  return undefined;
}

/** The item of `ports` of a rule that a value is a part of. */
function portAround(value: Value): Value | undefined {
  for (let one: Value | undefined = value; one; one = one.parent) {
    if (typeof one.name === 'number' && one.parent?.name === 'ports') return one;
  }
  return undefined;
}

function isContainer(value: Value | undefined): boolean {
  return typeof value?.name === 'number' && /^(?:initC|c)ontainers$/.test(String(value.parent?.name));
}

/** For clients that show plain text only. */
function withoutMarks(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\\(.)/g, '$1')
    .replace(/\*\*|`/g, '');
}

/** A name may mean a thing of each of several objects, such as a port of all Services that a monitor selects. */
function severalTexts(texts: readonly string[]): string {
  if (texts.length <= mostTexts) return texts.join('\n\n');
  return [...texts.slice(0, mostTexts - 1), `… and ${texts.length - mostTexts + 1} more`].join('\n\n');
}

/** Maps whose keys are free, so that their schema says nothing of them. */
const freeMaps: ReadonlySet<string> = new Set([
  'labels',
  'matchLabels',
  'annotations',
  'data',
  'stringData',
  'selector',
]);

const mostRules = 2;
const mostTexts = 4;
