import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  InsertTextFormat,
  InsertTextMode,
  MarkupKind,
} from 'vscode-languageserver';
import type { Candidate, CandidateKind, Completion } from '../../analysis/completion/candidate';
import { complete, type Help } from '../../analysis/completion/complete';
import { stringScalar } from '../../manifests/edit';
import type { SourceFile } from '../../manifests/file';
import { table } from '../../manifests/table';
import { triggerSuggestCommand } from '../../protocol/client-facts';
import { rules } from '../../rules/catalogue';
import { ruleIds } from '../../rules/ids';
import { settingsShape } from '../../rules/settings/shape';
import { type PointedAt, pointedAt } from '../at';
import type { Session } from '../session';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';

/** Offers what the tree has and what schemas allow where the cursor stands; what a field is comes when it is asked for. */
export const completion: Feature = {
  capabilities: () => ({
    completionProvider: {
      triggerCharacters: [' ', '"', "'", '/', '.', '{', '[', ',', '!', '$', '(', '='],
      resolveProvider: true,
    },
  }),
  offer(session) {
    session.connection.onCompletion(async (params): Promise<CompletionList | null> => {
      const docs = await session.fieldDocs();
      const at = pointedAt(session, params);
      if (!at) return null;
      const found = complete(at.workspace, at.file, at.offset, {
        docs,
        offersSchema: session.givesSchemaHelp('completion'),
        offersSettings: session.givesSchemaHelp('settings'),
        settings,
        rules,
        likelyRules: () => rulesNear(at),
      } satisfies Help);
      if (!found) return null;
      const client = clientOf(session);
      return {
        isIncomplete: false,
        items: ranked(found.candidates).map((one, index) => toItem(one, index, found, at.file, client)),
      };
    });
    session.connection.onCompletionResolve(async (item): Promise<CompletionItem> => {
      const { definition, name } = (item.data ?? {}) as { readonly definition?: string; readonly name?: string };
      if (definition === undefined || name === undefined) return item;
      const sentence = (await session.fieldDocs()).describe(definition, name);
      return sentence === undefined
        ? item
        : { ...item, documentation: documentation(`${sentence}.`, clientOf(session)) };
    });
  },
};

const settings = settingsShape(ruleIds);

function ranked(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...candidates].sort((a, b) => (a.rank ?? 1) - (b.rank ?? 1));
}

/** What the editor can do with items. */
interface Client {
  readonly snippets: boolean;
  readonly labelDetails: boolean;
  readonly markdown: boolean;
  readonly insertTextMode: boolean;
  /** Whether it can be told to offer values as soon as a key is written. */
  readonly suggestsAgain: boolean;
}

function clientOf(session: Session): Client {
  const item = session.capabilities.textDocument?.completion?.completionItem;
  return {
    snippets: item?.snippetSupport === true,
    labelDetails: item?.labelDetailsSupport === true,
    markdown: item?.documentationFormat?.includes(MarkupKind.Markdown) === true,
    insertTextMode: item?.insertTextModeSupport?.valueSet.includes(InsertTextMode.asIs) === true,
    suggestsAgain: session.canRun(triggerSuggestCommand),
  };
}

/** The rules that have findings on the line of the cursor or the few below it, which a suppression is for. */
function rulesNear({ deployment, file, offset }: PointedAt): ReadonlySet<string> {
  const line = file.lines.lineOf(offset);
  return new Set(
    deployment
      .findings(file.uri)
      .filter(({ problem }) => {
        const distance = file.lines.lineOf(problem.at.span.start) - line;
        return distance >= 0 && distance <= 3;
      })
      .map(({ rule }) => rule.id),
  );
}

function toItem(
  candidate: Candidate,
  index: number,
  { span, writing }: Completion,
  file: SourceFile,
  client: Client,
): CompletionItem {
  const { label, kind, detail, field } = candidate;
  const isKey =
    (writing.language === 'yaml' || writing.language === 'json') &&
    (writing.isKey || writing.isItem) &&
    (candidate.opens !== undefined || (writing.isKey && kind === 'label'));
  const written = isKey ? asKey(candidate, writing, client) : asValue(candidate, writing, client);
  const dash = writing.isItem ? '- ' : '';
  const text = `${writing.needsSpace ? ' ' : ''}${dash}${written.text}`;
  const eol = file.text.includes('\r\n') ? '\r\n' : '\n';
  const suggestsAgain = client.suggestsAgain && isKey && !writing.hasColon && !written.isSnippet;
  return {
    label: `${dash}${label}`,
    kind: kinds[kind],
    sortText: `${candidate.rank ?? 1}${String(index).padStart(4, '0')}`,
    filterText: label,
    textEdit: { range: toRange(file, span), newText: text.replaceAll('\n', eol) },
    ...(detail === undefined ? {} : client.labelDetails ? { labelDetails: { description: detail } } : { detail }),
    ...(candidate.documentation === undefined ? {} : { documentation: documentation(candidate.documentation, client) }),
    ...(field === undefined ? {} : { data: field }),
    ...(written.isSnippet ? { insertTextFormat: InsertTextFormat.Snippet } : {}),
    // Nested lines are written with their whole indentation, so the editor must not add its own.
    ...(client.insertTextMode && text.includes('\n') ? { insertTextMode: InsertTextMode.asIs } : {}),
    ...(suggestsAgain ? { command: { title: 'Suggest', command: triggerSuggestCommand } } : {}),
  };
}

function documentation(value: string, client: Client): { readonly kind: MarkupKind; readonly value: string } {
  return { kind: client.markdown ? MarkupKind.Markdown : MarkupKind.PlainText, value };
}

interface Written {
  readonly text: string;
  readonly isSnippet: boolean;
}

/** A key with its colon and what stands behind it. */
function asKey({ label, opens }: Candidate, writing: Completion['writing'], client: Client): Written {
  if (writing.hasColon || writing.quote !== '') return { text: label, isSnippet: false };
  if (writing.language === 'json') {
    const [open, close] = brackets[opens ?? 'scalar'];
    const isSnippet = client.snippets && close !== '';
    return { text: `"${label}": ${open}${isSnippet ? '$1' : ''}${close}`, isSnippet };
  }
  const key = stringScalar(label);
  if (writing.isFlow) return { text: `${key}: `, isSnippet: false };
  const indent = ' '.repeat(writing.column + (writing.isItem ? 4 : 2));
  const inner = client.snippets ? skeletons[label] : undefined;
  if (inner && opens === 'mapping')
    return { text: `${key}:${inner.map((field, at) => `\n${indent}${field}: $${at + 1}`).join('')}`, isSnippet: true };
  const rest = opens === 'mapping' ? `\n${indent}` : opens === 'list' ? `\n${indent}- ` : ' ';
  return { text: `${key}:${rest}`, isSnippet: false };
}

/** What a key of JSON opens at once, because the closing bracket belongs to it. */
const brackets = { scalar: ['', ''], mapping: ['{', '}'], list: ['[', ']'] } as const;

/** References that are of no use without these fields. */
const skeletons = table<readonly string[]>({
  secretKeyRef: ['name', 'key'],
  configMapKeyRef: ['name', 'key'],
  issuerRef: ['name', 'kind'],
  scaleTargetRef: ['apiVersion', 'kind', 'name'],
});

function asValue(candidate: Candidate, writing: Completion['writing'], client: Client): Written {
  const { label, text = label, isBare } = candidate;
  if (writing.language === 'comment' && !writing.hasColon)
    // A suppression without a reason suppresses nothing.
    return client.snippets
      ? { text: `${text} (${'$'}{1:why})`, isSnippet: true }
      : { text: `${text} ()`, isSnippet: false };
  const plain = (written: string): Written => ({ text: written, isSnippet: false });
  if (writing.language === 'json' && writing.quote === '' && !isBare) return plain(JSON.stringify(text));
  if ((writing.language !== 'yaml' && writing.language !== 'json') || isBare) return plain(text);
  if (writing.quote === "'") return plain(text.replaceAll("'", "''"));
  if (writing.quote === '"') return plain(text.replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
  return plain(stringScalar(text));
}

const kinds: Readonly<Record<CandidateKind, CompletionItemKind>> = {
  field: CompletionItemKind.Property,
  item: CompletionItemKind.Property,
  enum: CompletionItemKind.EnumMember,
  value: CompletionItemKind.Value,
  object: CompletionItemKind.Reference,
  key: CompletionItemKind.Field,
  label: CompletionItemKind.Constant,
  port: CompletionItemKind.Unit,
  path: CompletionItemKind.File,
  host: CompletionItemKind.Interface,
  rule: CompletionItemKind.Event,
  directive: CompletionItemKind.Keyword,
  section: CompletionItemKind.Module,
  name: CompletionItemKind.Variable,
};
