import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { endOfLine, startOfLine } from '../manifests/lines';
import type { Workspace } from '../manifests/workspace';
import type { Finding } from './findings';

/**
 * Names for findings that stay the same while other lines are edited: made from the rule, the file, the object and
 * the text of the line, and a number where all of these are equal. The result is in the order of the findings.
 */
export function fingerprints(findings: readonly Finding[], workspace: Workspace): readonly string[] {
  const seen = new Map<string, number>();
  return findings.map(({ rule, problem, resource }) => {
    const file = workspace.file(problem.at.uri);
    const base = [
      rule.id,
      file?.path ?? '',
      resource?.title ?? '',
      lineText(file?.text ?? '', problem.at.span.start),
    ].join('\n');
    const nth = seen.get(base) ?? 0;
    seen.set(base, nth + 1);
    return bytesToHex(sha256(new TextEncoder().encode(`${base}\n${nth}`))).slice(0, 32);
  });
}

function lineText(text: string, offset: number): string {
  const start = startOfLine(text, offset);
  return text.slice(start, endOfLine(text, offset)).trim();
}
