import type { Index, Workspace } from '../manifests/workspace';

/** The documents and scripts that set a label on running pods with `kubectl label` or a patch. */
export function scriptsNaming(workspace: Workspace, label: string): readonly string[] {
  return workspace.lookup(labelled, label);
}

const labelled: Index<string> = {
  name: 'labels set by scripts',
  *document(document) {
    for (const key of labelsIn(document.textWith(labelling) ?? '')) yield [key, document.file.path];
  },
  *textFile(file) {
    if (!/\.md$/i.test(file.path)) for (const key of labelsIn(file.text)) yield [key, file.path];
  },
};

const labelling = /kubectl|\/api\/v1\/namespaces/;

function labelsIn(text: string): ReadonlySet<string> {
  const keys = new Set<string>();
  if (!labelling.test(text)) return keys;
  for (const line of text.matchAll(/\bkubectl\b[^\n]*\blabel\b(?:[^\n]*\\\r?\n)*[^\n]*/g))
    for (const pair of line[0].matchAll(/([A-Za-z0-9][\w./-]*)=/g)) keys.add(pair[1] ?? '');
  for (const patch of text.matchAll(/["']?labels["']?\s*:\s*\{([^}\n]*)\}/g))
    for (const pair of (patch[1] ?? '').matchAll(/["']?([A-Za-z0-9][\w./-]*)\\?["']?\s*:/g)) keys.add(pair[1] ?? '');
  return keys;
}
