import { LineCounter, parseAllDocuments } from 'yaml';
import { type Json, type PlanSource, planDocument } from '../../deploy/plan/source';

/** The plan's view of a tree given as texts by path; a document that does not parse is marked broken. */
export function sourcesOf(files: { readonly [path: string]: string }): PlanSource[] {
  return Object.entries(files).map(([path, text]) => {
    const known = parsed.get(path);
    if (known?.text === text) return known.source;
    const source = sourceOf(path, text);
    parsed.set(path, { text, source });
    return source;
  });
}

/** Hundreds of runs read the same few texts. */
const parsed = new Map<string, { readonly text: string; readonly source: PlanSource }>();

function sourceOf(path: string, text: string): PlanSource {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  return {
    path,
    documents: [...documents].flatMap(document => {
      const raw = (document.errors.length > 0 ? null : document.toJS()) as Json;
      const line = lines.linePos(document.contents?.range?.[0] ?? document.range[0]).line;
      if (document.errors.length > 0) {
        const kind = /^kind: *(\w+)/m.exec(text)?.[1] ?? '';
        const name = /^ {2}name: *([\w-]+)/m.exec(text)?.[1] ?? '';
        return [{ ...planDocument({ kind, metadata: { name } }, line), broken: true }];
      }
      const read = planDocument(raw, line);
      return read.kind === '' || read.apiVersion === '' ? [] : [read];
    }),
  };
}
