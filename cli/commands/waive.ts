import { checklistItem } from '../../checklist/items';
import type { Workspace } from '../../manifests/workspace';
import { type NamedFinding, namedFindings } from '../../reports/named-findings';
import { noSection, withdraw, writeWaiver } from '../../rules/sign-off-edits';
import { signOffsOf } from '../../rules/sign-offs';
import { writeChange } from '../change';
import { person } from '../identity';
import { findingsOf, loadWorkspace } from '../load';
import { parse, treeRoot, UsageError } from '../usage';
import { dateGiven, possible } from './sign';

/** Accepts one finding, with a reason, or takes the waiver back. */
export function waive(argv: readonly string[]): number {
  const { values, positionals } = parse(
    argv,
    {
      reason: { type: 'string' },
      by: { type: 'string' },
      expires: { type: 'string' },
      file: { type: 'string' },
      line: { type: 'string' },
      withdraw: { type: 'boolean' },
    },
    2,
  );
  const [wanted, ...path] = positionals;
  if (wanted === undefined)
    throw new UsageError(
      'say which finding: its fingerprint of check --format json, or its rule with --file and --line',
    );
  const root = treeRoot(path);
  const workspace = loadWorkspace(root);
  if (values.withdraw) {
    const entries = signOffsOf(workspace).waivers.filter(
      one => isFingerprint(one.fingerprint, wanted) || (one.rule === wanted && one.file === values.file),
    );
    const [entry] = entries;
    if (!entry || entries.length > 1)
      throw new UsageError(entry ? 'several waivers are meant; name a fingerprint' : 'there is no such waiver');
    writeChange(root, workspace, possible(withdraw(workspace, entry.entry)));
    process.stderr.write(`the waiver of ${entry.rule} in ${entry.file} is withdrawn\n`);
    return 0;
  }
  const reason = values.reason?.trim();
  if (!reason) throw new UsageError('say with --reason why the finding is accepted');
  const finding = oneFinding(workspace, wanted, values.file, values.line);
  const file = workspace.file(finding.problem.at.uri)?.path ?? '';
  const expires = dateGiven(values.expires);
  const waiver = {
    rule: finding.rule.id,
    file,
    fingerprint: finding.fingerprint,
    reason,
    by: person(root, values.by),
    at: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    ...(expires ? { expires } : {}),
  };
  const [item = ''] = finding.problem.items ?? finding.rule.items;
  const section = checklistItem(item)?.section ?? noSection;
  writeChange(root, workspace, possible(writeWaiver(workspace, waiver, section)));
  process.stderr.write(`${waiver.rule} in ${file} is waived by ${waiver.by}${expires ? ` until ${expires}` : ''}\n`);
  return 0;
}

/** The one finding that is meant. Throws {@link UsageError} if there is none, or if there are several. */
function oneFinding(
  workspace: Workspace,
  wanted: string,
  file: string | undefined,
  line: string | undefined,
): NamedFinding {
  const lineOf = ({ problem }: NamedFinding): number =>
    (workspace.file(problem.at.uri)?.lines.position(problem.at.span.start).line ?? 0) + 1;
  const pathOf = ({ problem }: NamedFinding): string => workspace.file(problem.at.uri)?.path ?? '';
  const meant = namedFindings(findingsOf(workspace), workspace).filter(
    finding =>
      !finding.suppressed &&
      (isFingerprint(finding.fingerprint, wanted) || finding.rule.id === wanted) &&
      (file === undefined || pathOf(finding) === file.replace(/^\.\//, '')) &&
      (line === undefined || lineOf(finding) === Number(line)),
  );
  const [first] = meant;
  if (!first) throw new UsageError(`there is no finding "${wanted}"${file ? ` in ${file}` : ''}`);
  if (meant.length === 1) return first;
  const places = meant.slice(0, 10).map(finding => `${pathOf(finding)}:${lineOf(finding)} ${finding.fingerprint}`);
  throw new UsageError(`${meant.length} findings are meant; name one by its fingerprint:\n  ${places.join('\n  ')}`);
}

/** Whether a word is a fingerprint or enough of its beginning. */
function isFingerprint(fingerprint: string, word: string): boolean {
  return /^[0-9a-f]{8,}$/.test(word) && fingerprint.startsWith(word);
}
