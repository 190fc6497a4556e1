import type { Workspace } from '../manifests/workspace';
import type { NetworkReport } from '../protocol/network';
import type { ReportFacts, ReportFormat } from '../protocol/report';
import type { ItemReport } from '../rules/checklist';
import type { Finding } from '../rules/findings';
import type { TextsOf } from '../rules/texts';
import { checklistObject, stateCounts } from './checklist';
import { fullHtml } from './full-html';
import { fullMarkdown } from './full-markdown';
import { findingsReport } from './json';
import { junitReport } from './junit';
import { type NamedFinding, namedFindings } from './named-findings';
import { networkReport } from './network';
import type { CheckReport } from './report';
import { sarifLog } from './sarif';

/** All that is known about a deployment at one moment. */
export interface FullReport {
  readonly workspace: Workspace;
  /** The name of the tree's folder. */
  readonly root: string;
  readonly facts: ReportFacts;
  /** In checklist order. */
  readonly items: readonly ItemReport[];
  /** Suppressed and waived ones included. */
  readonly findings: readonly NamedFinding[];
  readonly network: NetworkReport;
}

/** Gathers what a report says. */
export function fullReport(
  workspace: Workspace,
  given: {
    readonly root: string;
    readonly facts: ReportFacts;
    readonly items: readonly ItemReport[];
    readonly findings: readonly Finding[];
  },
): FullReport {
  return {
    workspace,
    root: given.root,
    facts: given.facts,
    items: given.items,
    findings: namedFindings(given.findings, workspace),
    network: networkReport(workspace, given.findings),
  };
}

/** The report as the text of a file. Values of Secrets are in none of the formats. */
export function reportText(report: FullReport, format: ReportFormat, textsOf: TextsOf): string {
  switch (format) {
    case 'markdown':
      return fullMarkdown(report);
    case 'html':
      return fullHtml(report);
    case 'json':
      return `${JSON.stringify(fullObject(report), null, 2)}\n`;
    case 'sarif':
      return `${JSON.stringify(sarifLog(checkReport(report), textsOf), null, 2)}\n`;
    case 'junit':
      return junitReport(checkReport(report));
  }
}

/** The parts have the shapes that `check`, `checklist` and `network` print as JSON. */
function fullObject(report: FullReport): object {
  const { workspace, root, facts, items, network } = report;
  const { version, generatedAt, git, runs } = facts;
  return {
    version: 1,
    tool: { name: 'matrix-preflight', version },
    root,
    ...(generatedAt === undefined ? {} : { generatedAt }),
    ...(git ? { git } : {}),
    states: stateCounts(items),
    checklist: checklistObject({ workspace, root, items }),
    check: findingsReport(checkReport(report)),
    network,
    runs: runs ?? [],
  };
}

function checkReport({ workspace, root, facts, findings }: FullReport): CheckReport {
  return {
    version: facts.version,
    workspace,
    findings,
    root,
    pathPrefix: '',
    milliseconds: 0,
    baseline: undefined,
    color: false,
    fails: ({ severity, suppressed }) => !suppressed && severity === 'error',
  };
}
