import type { Workspace } from '../manifests/workspace';
import type { Finding } from './findings';

/** A finding that keeps a step of the deployment from running. The line is one-based. */
export interface Blocker {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Every error that nobody has suppressed, as the deployment plan reads it. */
export function blockers(findings: readonly Finding[], workspace: Workspace): readonly Blocker[] {
  return findings
    .filter(finding => finding.severity === 'error' && !finding.suppressed)
    .flatMap(({ rule, problem }) => {
      const file = workspace.file(problem.at.uri);
      return file
        ? [
            {
              rule: rule.id,
              file: file.path,
              line: file.lines.lineOf(problem.at.span.start) + 1,
              message: problem.message,
            },
          ]
        : [];
    });
}
