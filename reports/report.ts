import { groupedBy } from '../manifests/grouped';
import type { Workspace } from '../manifests/workspace';
import type { Finding } from '../rules/findings';
import type { Severity } from '../rules/rule';
import type { BaselineComparison, NamedFinding } from './named-findings';

/** What every format of `check` is made from. */
export interface CheckReport {
  /** Of the tool. */
  readonly version: string;
  readonly workspace: Workspace;
  /** Suppressed ones included; those of the baseline left out. */
  readonly findings: readonly NamedFinding[];
  /** The name of the tree's folder. */
  readonly root: string;
  /**
   * The path from the repository to the tree with a slash at the end, or nothing: what reads annotations and SARIF
   * looks for files from the repository.
   */
  readonly pathPrefix: string;
  readonly milliseconds: number;
  readonly baseline: BaselineComparison | undefined;
  readonly color: boolean;
  /** Whether the command fails because of a finding. */
  fails(finding: Finding): boolean;
}

/** Where the page of each rule is found, as the language server says it too. */
export const rulePages = 'https://github.com/matrix-preflight/matrix-preflight/blob/main/docs/rules/';

export const severities = ['error', 'warning', 'info', 'hint'] as const satisfies readonly Severity[];

/** `2 errors, 1 warning`; empty if there are none. */
export function severityCounts(findings: readonly { readonly severity: Severity }[]): string {
  return severities
    .map(severity => [severity, findings.filter(finding => finding.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => plural(count, severity))
    .join(', ');
}

/** `1 error`, `2 errors`, `2 info`. */
export function plural(count: number, severity: Severity): string {
  return severity === 'info' ? `${count} info` : `${count} ${severity}${count === 1 ? '' : 's'}`;
}

/** What was looked at: files with documents, their documents, and the resources in them. */
export function treeCounts(workspace: Workspace): { files: number; documents: number; resources: number } {
  const files = workspace.files.filter(file => file.documents.length > 0);
  const documents = files.flatMap(file => file.documents);
  return {
    files: files.length,
    documents: documents.length,
    resources: documents.reduce((total, document) => total + document.resources.length, 0),
  };
}

/** Findings by the path of their file, in the order of the findings; a finding without a file under its address. */
export function findingsByFile<F extends Finding>(
  findings: readonly F[],
  workspace: Workspace,
): ReadonlyMap<string, readonly F[]> {
  return groupedBy(findings, ({ problem: { at } }) => workspace.file(at.uri)?.path ?? at.uri);
}
