import { checklistSteps } from '../../checklist/steps';
import type { ManifestDocument } from '../../manifests/document';
import { endOfLine } from '../../manifests/lines';
import type { Fix, Rule } from '../rule';
import { stepsApplying } from '../step-objects';

export default {
  id: 'yaml-syntax',
  items: checklistSteps.flatMap(({ items }) => items.filter(item => !item.endsWith('w'))),
  severity: 'error',
  summary: 'A document is not well-formed YAML.',
  why: '`kubectl apply` refuses the whole file, so none of its objects is created or updated, not even the correct ones.',
  remedy:
    'Correct the syntax at the marked place. Everything below the first mistake may be misread, so start at the top.',
  traps: [
    'A document is reported once, at its first problem. The other documents of the file are checked as usual, and what the broken one declares is not called missing.',
    'A block scalar ends at the first line that is indented less. A here-document whose body starts at column 0 therefore leaves its script; the fix indents it again.',
    'Files that Helm or another template engine has to fill in first are left alone.',
  ],
  sources: ['YAML 1.2.2, section 8.1 (block scalars)'],
  examples: {
    bad: `
      #- /scanner.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: scanner
      data:
        scan.sh: |
          python3 - <<'EOF'
      import sys
      #^^^^^^^^^ 💡 error: leaves the block scalar
      if sys.argv:
          print("scanned")
      EOF
          exit 0
    `,
    good: `
      #- /scanner.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: scanner
      data:
        scan.sh: |
          python3 - <<'EOF'
          import sys
          if sys.argv:
              print("scanned")
          EOF
          exit 0
    `,
  },
  *checkDocument(document, workspace) {
    const [problem] = document.problems;
    if (!problem) return;
    // kubectl refuses the whole file, so a step that applies it fails.
    const items = stepsApplying(workspace, file => file === document.file);
    const escaped = escapedHeredoc(document, problem.at.start);
    if (escaped) {
      yield {
        at: document.writtenPlace(escaped.start, escaped.firstLineEnd),
        items,
        message: `This line leaves the block scalar, so the here-document above it is cut off and the file is no YAML — indent it down to ${escaped.delimiter}.`,
        fixes: () => [indentAgain(document, escaped)],
      };
      return;
    }
    const text = document.writtenText;
    const start = Math.min(problem.at.start, Math.max(0, text.length - 1));
    const end = Math.max(start + 1, Math.min(problem.at.end, endOfLine(text, start)));
    yield {
      at: document.writtenPlace(start, end),
      items,
      message: `${problem.message} — kubectl refuses the whole file until this is corrected.`,
    };
  },
} satisfies Rule;

interface EscapedHeredoc {
  readonly start: number;
  readonly firstLineEnd: number;
  readonly end: number;
  readonly indent: number;
  readonly delimiter: string;
}

/** A here-document that a script in a block scalar opens and whose body is indented less than the scalar. */
function escapedHeredoc(document: ManifestDocument, problem: number): EscapedHeredoc | undefined {
  const { writtenText: text } = document;
  const openings = text.matchAll(/^([ ]+)(?=\S)[^\n]*<<-?[ ]*(["']?)(\w+)\2[^\n]*\r?\n/gm);
  for (const opening of openings) {
    const start = opening.index + opening[0].length;
    if (start > problem + 1) return undefined;
    const indent = blockIndent(text.slice(0, start)) ?? opening[1]?.length ?? 0;
    const delimiter = opening[3] ?? '';
    const firstLineEnd = endOfLine(text, start);
    const first = text.slice(start, firstLineEnd);
    if (first.trim() === '' || indentOf(first) >= indent) continue;
    const closing = new RegExp(`^[ \\t]*${delimiter}[ \\t]*\\r?$`, 'gm');
    closing.lastIndex = start;
    const end = closing.exec(text);
    if (end && end.index < text.length)
      return { start, firstLineEnd, end: end.index + end[0].length, indent, delimiter };
  }
  return undefined;
}

/** How far the block scalar is indented that a text ends in; lines that go on from others stand deeper. */
function blockIndent(text: string): number | undefined {
  const header = [...text.matchAll(/[:-][ ]+[|>][-+\d]*[ \t]*\r?\n/g)].at(-1);
  const body = header && text.slice(header.index + header[0].length);
  const first = body?.split('\n').find(line => line.trim() !== '');
  return first === undefined ? undefined : indentOf(first);
}

function indentAgain(document: ManifestDocument, { start, end, indent }: EscapedHeredoc): Fix {
  const lines = document.writtenText.slice(start, end).split('\n');
  const least = Math.min(...lines.filter(line => line.trim() !== '').map(indentOf));
  const prefix = ' '.repeat(indent - least);
  return {
    title: 'Indent the here-document into its block scalar',
    safe: true,
    edits: [
      {
        at: document.writtenPlace(start, end),
        newText: lines.map(line => (line.trim() === '' ? line : prefix + line)).join('\n'),
      },
    ],
  };
}

function indentOf(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}
