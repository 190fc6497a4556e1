import type { TextEdit } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { type Finding, fixesOf } from './findings';
import type { Fix } from './rule';

/**
 * The safe fixes of some findings that can be applied together: the first safe fix of each, except where its edits
 * touch those of one before. What is left out is found again once the rest is applied.
 */
export function safeFixes(findings: readonly Finding[], workspace: Workspace): readonly Fix[] {
  return chosenFixes(findings, workspace).map(({ fix }) => fix);
}

/** The same with the finding that each of them mends. */
export function chosenFixes(findings: readonly Finding[], workspace: Workspace): readonly ChosenFix[] {
  const chosen: ChosenFix[] = [];
  const taken: TextEdit[] = [];
  const created = new Set<string>();
  for (const finding of findings) {
    const fix = fixesOf(finding, workspace).find(one => one.safe);
    if (!fix || fix.edits.some(edit => taken.some(other => touches(edit, other)))) continue;
    if (fix.creates?.some(({ path }) => created.has(path))) continue;
    chosen.push({ finding, fix });
    taken.push(...fix.edits);
    for (const { path } of fix.creates ?? []) created.add(path);
  }
  return chosen;
}

export interface ChosenFix {
  readonly finding: Finding;
  readonly fix: Fix;
}

function touches(a: TextEdit, b: TextEdit): boolean {
  return a.at.uri === b.at.uri && a.at.span.start <= b.at.span.end && b.at.span.start <= a.at.span.end;
}
