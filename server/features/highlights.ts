import { type DocumentHighlight, DocumentHighlightKind } from 'vscode-languageserver';
import { occurrencesAt, occurrencesIn } from '../../analysis/occurrences/find';
import { isSameSubject } from '../../analysis/occurrences/occurrence';
import { pointedAt } from '../at';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';

/** Marks the other places of the file that name what the cursor is on. */
export const highlights: Feature = {
  capabilities: () => ({ documentHighlightProvider: true }),
  offer(session) {
    session.connection.onDocumentHighlight((params): DocumentHighlight[] | null => {
      const at = pointedAt(session, params);
      if (!at) return null;
      const { workspace, file, offset } = at;
      const pointed = occurrencesAt(workspace, file, offset);
      // Null lets the editor mark equal words instead.
      if (pointed.length === 0) return null;
      const marked = new Map<number, DocumentHighlight>();
      for (const { subject, at: place, role } of occurrencesIn(workspace, file)) {
        if (!pointed.some(one => isSameSubject(one.subject, subject))) continue;
        const kind = role === 'definition' ? DocumentHighlightKind.Write : DocumentHighlightKind.Read;
        marked.set(place.span.start, { range: toRange(file, place.span), kind });
      }
      return [...marked.values()].sort((a, b) => a.range.start.line - b.range.start.line);
    });
  },
};
