import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { type Json, type PlanSource, planDocument } from '../../deploy/plan/source';

/** The plan's view of a tree given as texts by path; a document that does not parse is marked broken. */
export function sourcesOf(files: { readonly [path: string]: string }): PlanSource[] {
  return Object.entries(files).map(([path, text]) => {
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
  });
}

/** The YAML files under a directory of this machine, as {@link sourcesOf} wants them. */
export function filesUnder(root: string): { [path: string]: string } {
  const files: { [path: string]: string } = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.ya?ml$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    files[relative(root, path).replaceAll('\\', '/')] = readFileSync(path, 'utf8');
  }
  return files;
}
