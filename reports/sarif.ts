import type { SourceFile } from '../manifests/file';
import { groupedBy } from '../manifests/grouped';
import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { type Finding, fixesOf } from '../rules/findings';
import type { Fix, RuleHead, RuleTexts, Severity } from '../rules/rule';
import type { TextsOf } from '../rules/texts';
import type { NamedFinding } from './named-findings';
import { type CheckReport, rulePages } from './report';
import { printableFixes } from './secrets';

/**
 * A log of one run in SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html). Addresses are
 * relative to the repository; there are no excerpts of files, which could hold the value of a Secret.
 */
export function sarifLog(report: CheckReport, textsOf: TextsOf): object {
  const { version, workspace, findings, baseline } = report;
  const rules = [...new Map(findings.map(({ rule }) => [rule.id, rule])).values()].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  );
  const indexOfRule = new Map(rules.map((rule, index) => [rule.id, index]));
  const isPrintable = printableFixes(workspace, findings);
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Matrix Preflight',
            ...(/^\d+\.\d+\.\d+/.test(version) ? { semanticVersion: version } : {}),
            rules: rules.map(rule => ruleDescriptor(rule, textsOf(rule))),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map(finding => ({
          ...result(report, finding, isPrintable),
          ruleIndex: indexOfRule.get(finding.rule.id) ?? -1,
        })),
        ...(baseline ? { properties: { baseline } } : {}),
      },
    ],
  };
}

function ruleDescriptor({ id, summary, items, severity, profile }: RuleHead, texts: RuleTexts): object {
  const { why, remedy } = texts;
  const traps = (texts.traps ?? []).map(trap => `\n- ${trap}`).join('');
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: why, markdown: why },
    help: { text: `${why}\n\n${remedy}`, markdown: `${why}\n\n## What to do\n\n${remedy}${traps && `\n${traps}`}` },
    helpUri: `${rulePages}${id}.md`,
    defaultConfiguration: { level: levels[severity] },
    properties: { tags: items.map(item => `checklist/${item}`), ...(profile ? { profile } : {}) },
  };
}

function result(report: CheckReport, finding: NamedFinding, isPrintable: (fix: Fix) => boolean): object {
  const { rule, severity, problem, resource, fingerprint, suppressed } = finding;
  const { workspace } = report;
  const fixes = fixesOf(finding, workspace).filter(fix => isPrintable(fix) && canBeWritten(fix, workspace));
  const related = problem.related ?? [];
  return {
    ruleId: rule.id,
    level: levels[severity],
    message: { text: problem.message },
    locations: [
      {
        physicalLocation: physicalLocation(report, problem.at),
        ...(resource
          ? { logicalLocations: [{ name: resource.name, fullyQualifiedName: qualifiedName(finding), kind: 'object' }] }
          : {}),
      },
    ],
    ...(related.length > 0
      ? {
          relatedLocations: related.map(({ at, message }, id) => ({
            id,
            physicalLocation: physicalLocation(report, at),
            message: { text: message },
          })),
        }
      : {}),
    partialFingerprints: { 'matrixPreflight/v1': fingerprint },
    ...(fixes.length > 0 ? { fixes: fixes.map(fix => sarifFix(report, fix)) } : {}),
    ...(suppressed
      ? {
          suppressions: [{ kind: suppressed.waiver ? 'external' : 'inSource', justification: suppressed.reason }],
        }
      : {}),
    properties: { items: problem.items ?? rule.items, severity },
  };
}

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
  hint: 'note',
};

/** A SARIF fix changes files that exist; one that also makes a file would be done by half. */
function canBeWritten({ edits, creates = [] }: Fix, workspace: Workspace): boolean {
  return edits.length > 0 && creates.length === 0 && edits.every(({ at }) => workspace.file(at.uri));
}

function sarifFix(report: CheckReport, { title, safe, edits }: Fix): object {
  return {
    description: { text: title },
    artifactChanges: [...groupedBy(edits, ({ at }) => at.uri)].map(([uri, own]) => ({
      artifactLocation: artifactLocation(report, uri),
      replacements: own.map(({ at, newText }) => ({
        deletedRegion: region(report.workspace.file(uri), at),
        ...(newText === '' ? {} : { insertedContent: { text: newText } }),
      })),
    })),
    properties: { safe },
  };
}

function physicalLocation(report: CheckReport, at: Place): object {
  return {
    artifactLocation: artifactLocation(report, at.uri),
    region: region(report.workspace.file(at.uri), at),
  };
}

function artifactLocation({ workspace, pathPrefix }: CheckReport, uri: string): object {
  const file = workspace.file(uri);
  if (!file) return { uri };
  const path = `${pathPrefix}${file.path}`.split('/').map(encodeURIComponent).join('/');
  return { uri: path, uriBaseId: '%SRCROOT%' };
}

/** Lines and columns count from one; the end is the column after the last character. */
function region(file: SourceFile | undefined, { span }: Place): object {
  const start = file?.lines.position(span.start) ?? { line: 0, character: 0 };
  const end = file?.lines.position(span.end) ?? start;
  return {
    startLine: start.line + 1,
    startColumn: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
  };
}

function qualifiedName({ resource }: Finding): string {
  return [resource?.namespace, resource?.title].filter(part => part).join('/');
}
