import type { Waiver } from '../checklist/sign-offs';
import type { SourceFile } from '../manifests/file';
import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { fixesOf } from '../rules/findings';
import type { NamedFinding } from './named-findings';
import { type CheckReport, treeCounts } from './report';

/** What `check --format json` prints; the shape is part of the contract with users' scripts. */
export function findingsReport({ version, workspace, findings, root, milliseconds, baseline }: CheckReport): object {
  const summary = { error: 0, warning: 0, info: 0, hint: 0 };
  for (const finding of findings) if (!finding.suppressed) summary[finding.severity]++;
  return {
    version: 1,
    tool: { name: 'matrix-preflight', version },
    root,
    findings: findings.filter(finding => !finding.suppressed).map(finding => findingObject(workspace, finding)),
    suppressed: findings.flatMap(({ rule, problem, suppressed }) =>
      suppressed
        ? [
            {
              rule: rule.id,
              ...location(workspace, problem.at),
              reason: suppressed.reason,
              ...(suppressed.waiver ? { waiver: waiverObject(suppressed.waiver) } : {}),
            },
          ]
        : [],
    ),
    ...(baseline ? { baseline } : {}),
    summary: { ...treeCounts(workspace), ...summary, milliseconds },
  };
}

/** Who waived a finding, and until when. */
export function waiverObject({ by, at, reason, expires, fingerprint }: Waiver): object {
  return { by, at, reason, ...(expires ? { until: expires } : {}), fingerprint };
}

function findingObject(workspace: Workspace, { rule, severity, problem, resource, fingerprint }: NamedFinding): object {
  return {
    rule: rule.id,
    severity,
    ...location(workspace, problem.at),
    message: problem.message,
    ...(resource ? { resource: resource.title } : {}),
    ...(resource?.namespace ? { namespace: resource.namespace } : {}),
    items: problem.items ?? rule.items,
    related: (problem.related ?? []).map(({ at, message }) => ({ ...location(workspace, at), message })),
    fixes: fixesOf({ rule, problem }, workspace).map(({ title, safe }) => ({ title, safe })),
    fingerprint,
  };
}

/** File and range of a place, as in the contract: relative path, zero-based lines, UTF-16 characters. */
export function location(workspace: Workspace, at: Place): object {
  const file = workspace.file(at.uri);
  return { file: file?.path ?? at.uri, range: range(file, at) };
}

function range(file: SourceFile | undefined, at: Place): object {
  const { start, end } = at.span;
  return { start: file?.lines.position(start) ?? zero, end: file?.lines.position(end) ?? zero };
}

const zero = { line: 0, character: 0 };
