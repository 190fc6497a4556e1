import { type SemanticTokens, SemanticTokensBuilder } from 'vscode-languageserver';
import type { Session } from '../session';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';
import { type FileToken, tokensIn } from './hover/placeholder';
import { refreshAfterChanges } from './refresh';

/**
 * Colours for what no grammar can know: whether a step replaces a placeholder of an embedded configuration, or leaves it
 * to be read as it stands.
 */
export const semanticTokens: Feature = {
  capabilities: () => ({
    semanticTokensProvider: {
      legend: { tokenTypes: ['placeholder'], tokenModifiers: ['replaced', 'left'] },
      full: true,
      range: true,
    },
  }),
  offer,
};

function offer(session: Session): void {
  const { connection } = session;
  connection.languages.semanticTokens.on(({ textDocument: { uri } }) => tokensOf(session, uri));
  connection.languages.semanticTokens.onRange(({ textDocument: { uri }, range }) =>
    tokensOf(session, uri, range.start.line, range.end.line),
  );
  refreshAfterChanges(
    session,
    () => session.capabilities.workspace?.semanticTokens?.refreshSupport === true,
    () => connection.languages.semanticTokens.refresh(),
  );
}

function tokensOf(session: Session, uri: string, from = 0, to = Number.POSITIVE_INFINITY): SemanticTokens {
  const builder = new SemanticTokensBuilder();
  const deployment = session.isOn('semanticTokens.enable') ? session.deploymentOf(uri) : undefined;
  const file = deployment?.isScanned ? deployment.workspace.file(uri) : undefined;
  for (const token of deployment && file ? tokensIn(deployment.workspace, file) : []) {
    const { start, end } = toRange(file as NonNullable<typeof file>, token.at.span);
    const modifier = modifierOf(token);
    // Where the text is not written letter by letter, the place is larger than the placeholder.
    const isExact = token.at.span.end - token.at.span.start === token.text.length;
    if (modifier !== undefined && isExact && start.line === end.line && start.line >= from && start.line <= to)
      builder.push(start.line, start.character, end.character - start.character, 0, modifier);
  }
  return builder.build();
}

/** A placeholder counts as left as soon as one of its readers gets it as it stands; undefined where that is not known. */
function modifierOf({ replacements }: FileToken): number | undefined {
  const kinds = replacements.map(({ resolution }) => resolution.kind);
  if (kinds.some(kind => kind === 'left' || kind === 'unexpanded')) return 1 << 1;
  return kinds.every(kind => kind === 'replaced') ? 1 << 0 : undefined;
}
