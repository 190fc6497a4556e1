import { type DocumentSymbol, type SymbolInformation, SymbolKind } from 'vscode-languageserver';
import { isHaproxy } from '../../analysis/occurrences/haproxy';
import { containersOf } from '../../analysis/pods';
import { readHaproxy } from '../../analysis/text/haproxy';
import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Session } from '../session';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';

/** The outline of a file: its objects with the parts that people look for. */
export const documentSymbols: Feature = {
  capabilities: () => ({ documentSymbolProvider: { label: 'Matrix Preflight' } }),
  offer(session) {
    session.connection.onDocumentSymbol(({ textDocument: { uri } }): DocumentSymbol[] | SymbolInformation[] => {
      const deployment = session.deploymentOf(uri);
      const file = deployment?.isScanned ? deployment.workspace.file(uri) : undefined;
      if (!file) return [];
      const symbols = file.documents.length > 0 ? file.documents.flatMap(one => ofDocument(file, one)) : ofText(file);
      return isHierarchical(session) ? symbols : symbols.flatMap(symbol => flat(uri, symbol));
    });
  },
};

function isHierarchical(session: Session): boolean {
  return session.capabilities.textDocument?.documentSymbol?.hierarchicalDocumentSymbolSupport === true;
}

/** The kind of symbol that an editor shows an object as; LSP has no kinds of its own for them. */
export function symbolKindOf(kind: string): SymbolKind {
  return symbolKinds[kind] ?? SymbolKind.Object;
}

const symbolKinds = table<SymbolKind>({
  Namespace: SymbolKind.Namespace,
  Secret: SymbolKind.Key,
  ConfigMap: SymbolKind.File,
  Service: SymbolKind.Interface,
  Ingress: SymbolKind.Interface,
  Deployment: SymbolKind.Class,
  StatefulSet: SymbolKind.Class,
  DaemonSet: SymbolKind.Class,
  Job: SymbolKind.Function,
  CronJob: SymbolKind.Function,
  Pod: SymbolKind.Class,
});

function ofDocument(file: SourceFile, document: ManifestDocument): DocumentSymbol[] {
  return document.resources.map(resource => {
    const whole = document.resources.length === 1 ? trimmed(document) : resource.root.span;
    const name = resource.root.at('metadata', 'name');
    return symbol(file, `${resource.kind} ${resource.name}`, symbolKindOf(resource.kind), whole, name.span, {
      detail: resource.namespace,
      children: partsOf(file, resource),
    });
  });
}

function partsOf(file: SourceFile, resource: Resource): DocumentSymbol[] {
  const { root, kind } = resource;
  const part = (value: Value, name: string, as: SymbolKind, options: Options = {}): DocumentSymbol =>
    symbol(file, name, as, cover(value.key.span, value.span), value.key.span, options);
  const named = (value: Value, as: SymbolKind, detail?: string): DocumentSymbol[] =>
    value.at('name').text
      ? [symbol(file, value.at('name').text ?? '', as, value.span, value.at('name').span, { detail })]
      : [];
  const data = ['data', 'stringData', 'binaryData'].flatMap(field =>
    kind === 'Secret' || kind === 'ConfigMap'
      ? root
          .at(field)
          .entries()
          .map(([key, value]) =>
            part(value, key, kind === 'Secret' ? SymbolKind.Key : SymbolKind.File, {
              children: kind === 'ConfigMap' ? ofEmbedded(file, key, value) : [],
            }),
          )
      : [],
  );
  const containers = containersOf(resource).flatMap(container =>
    named(container.value, SymbolKind.Module, container.isInit ? `init · ${container.image}` : container.image).map(
      one => ({
        ...one,
        children: container.value
          .at('env')
          .items()
          .flatMap(variable => named(variable, SymbolKind.Variable)),
      }),
    ),
  );
  const volumes = containersOf(resource)[0]?.template.at('spec', 'volumes').items() ?? [];
  const claims = root.at('spec', 'volumeClaimTemplates').items();
  const ports = kind === 'Service' ? root.at('spec', 'ports').items() : [];
  const rules = kind === 'NetworkPolicy' ? ['ingress', 'egress'].map(field => root.at('spec', field)) : [];
  const hosts = kind === 'Ingress' ? root.at('spec', 'rules').items() : [];
  return [
    ...data,
    ...containers,
    ...volumes.flatMap(volume => named(volume, SymbolKind.Struct, 'volume')),
    ...claims.flatMap(claim => named(claim.at('metadata'), SymbolKind.Struct, 'claim template')),
    ...ports.flatMap(port => named(port, SymbolKind.Property, port.at('port').text)),
    ...rules.flatMap(list =>
      list.exists ? [part(list, String(list.name), SymbolKind.Array, { detail: `${list.items().length} rules` })] : [],
    ),
    ...hosts.flatMap(rule =>
      rule.at('host').text
        ? [symbol(file, rule.at('host').text ?? '', SymbolKind.Property, rule.span, rule.at('host').span)]
        : [],
    ),
  ];
}

/** The sections of a HAProxy configuration, and the top-level keys of embedded YAML. */
function ofEmbedded(file: SourceFile, key: string, value: Value): DocumentSymbol[] {
  const text = value.text ?? '';
  if (isHaproxy(key, text)) return sections(file, text, ({ start, end }) => value.part(start, end).span);
  if (!/\.ya?ml$/.test(key)) return [];
  return value
    .embedded()
    .root.entries()
    .map(([name, entry]) => symbol(file, name, SymbolKind.Property, cover(entry.key.span, entry.span), entry.key.span));
}

function ofText(file: SourceFile): DocumentSymbol[] {
  return isHaproxy(file.name, file.text) ? sections(file, file.text, span => span) : [];
}

function sections(file: SourceFile, text: string, place: (span: Span) => Span): DocumentSymbol[] {
  return readHaproxy(text).sections.map(({ kind, name, span, fullSpan }) =>
    symbol(file, name ? `${kind} ${name.value}` : kind, SymbolKind.Module, place(fullSpan), place(name?.span ?? span)),
  );
}

interface Options {
  readonly detail?: string | undefined;
  readonly children?: DocumentSymbol[];
}

function symbol(
  file: SourceFile,
  name: string,
  kind: SymbolKind,
  whole: Span,
  selection: Span,
  { detail, children }: Options = {},
): DocumentSymbol {
  return {
    // An editor refuses symbols without a name.
    name: name.trim() === '' ? '(unnamed)' : name,
    kind,
    range: toRange(file, cover(whole, selection)),
    selectionRange: toRange(file, selection),
    ...(detail ? { detail } : {}),
    ...(children && children.length > 0 ? { children } : {}),
  };
}

/** The smallest span with both in it: a selection has to lie inside its symbol. */
function cover(a: Span, b: Span): Span {
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}

/** A document without the blank lines at its end. */
function trimmed(document: ManifestDocument): Span {
  const { start } = document.span;
  const root = document.root.span;
  return { start: Math.max(start, root.start), end: Math.max(root.end, start) };
}

function flat(
  uri: string,
  { name, kind, range, children }: DocumentSymbol,
  containerName?: string,
): SymbolInformation[] {
  return [
    { name, kind, location: { uri, range }, ...(containerName ? { containerName } : {}) },
    ...(children ?? []).flatMap(child => flat(uri, child, name)),
  ];
}
