import { valueAt } from '../analysis/describe/value-at';
import { isPatch } from '../analysis/kustomization';
import { type BuiltTree, builtTrees } from '../analysis/kustomization/built-trees';
import { settingsOf } from '../analysis/settings';
import { hasExpired, type Waiver } from '../checklist/sign-offs';
import { decodeBase64 } from '../manifests/base64';
import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import { groupedBy } from '../manifests/grouped';
import { compareTexts } from '../manifests/order';
import type { Resource } from '../manifests/resource';
import type { Place, Span, TextEdit } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { fingerprints } from './fingerprint';
import type { Fix, Found, Problem, ResourceCheck, Rule, Severity } from './rule';
import { RuleSet } from './rule-set';
import { signOffsOf } from './sign-offs';
import { suppressionsOf } from './suppressions';
import { withoutSecretValues } from './untold';
import { inFiles } from './views';

/** A problem that a rule found, with the rule and what it was looking at. */
export interface Finding {
  readonly rule: Rule;
  readonly problem: Problem;
  readonly severity: Severity;
  readonly resource: Resource | undefined;
  /** Why the finding is not to be reported, if a comment in the file says so, or a waiver. */
  readonly suppressed: { readonly reason: string; readonly waiver?: Waiver } | undefined;
}

export interface CheckOptions {
  /** `strict` adds the rules that are opinions. */
  readonly profile?: 'default' | 'strict';
  /** Severities by rule id from the editor's settings; they give way to those of the tree's own configuration. */
  readonly severities?: Readonly<Record<string, Severity | 'off'>>;
  /** Gives the day as an ISO date, on which waivers may have expired. Without it nothing expires. */
  readonly today?: () => string;
}

/** What a rule looked at when it found something. */
export type Subject = Resource | ManifestDocument | SourceFile | Workspace;

/** A problem as the rule yielded it, before settings and suppressions are applied. */
export interface RawFinding {
  readonly rule: Rule;
  readonly problem: Problem;
  readonly resource: Resource | undefined;
}

/** Runs rules over a whole workspace, once. The result is sorted by file, position and rule. */
export function checkWorkspace(
  workspace: Workspace,
  rules: readonly Rule[],
  options: CheckOptions = {},
): readonly Finding[] {
  const active = activeRules(rules, workspace, options);
  const trees = builtTrees(workspace);
  const raw = trees.length === 0 ? rawFindings(workspace, active) : builtFindings(workspace, trees, active);
  return withFindingsChecks(raw, publish(raw, workspace, options), workspace.files, active, workspace, options);
}

/** What rules find in a tree that is as it is written. */
function rawFindings(workspace: Workspace, rules: RuleSet): readonly RawFinding[] {
  const raw: RawFinding[] = [];
  for (const rule of rules.ofWorkspace)
    raw.push(...run(rule, workspace, undefined, () => rule.checkWorkspace(workspace)));
  for (const file of workspace.files) {
    raw.push(...fileFindings(file, rules, workspace));
    for (const document of file.documents) {
      raw.push(...documentFindings(document, rules, workspace));
      for (const resource of document.resources) {
        for (const rule of rules.ofResource(resource)) raw.push(...resourceFindings(rule, resource, workspace));
      }
    }
  }
  return raw;
}

/** What they find in each deployment that kustomizations build, and in the files that these are built from. */
function builtFindings(workspace: Workspace, trees: readonly BuiltTree[], rules: RuleSet): readonly RawFinding[] {
  return [
    ...workspace.files.flatMap(file => ownFindings(file, trees, rules, workspace)),
    ...trees.flatMap(tree => {
      const found = inFiles(rawFindings(tree.workspace, rules), tree, workspace);
      handCrashesOn(tree.workspace, workspace);
      return found;
    }),
  ];
}

/** What a file that is built into nothing by itself says by itself: that it cannot be read, or is not written well. */
export function ownFindings(
  file: SourceFile,
  trees: readonly BuiltTree[],
  rules: RuleSet,
  workspace: Workspace,
): readonly RawFinding[] {
  const isShown = trees.some(tree => tree.file(file.uri)?.text);
  if (isShown) return none;
  // A patch that changes nothing is in no deployment, and what is left open in it is found nowhere else.
  const isInput = trees.some(({ view }) => view.inputs.has(file.path));
  const isIdle = isPatch(workspace, file) && !trees.some(({ view }) => view.applied.has(file.path));
  return [
    ...fileFindings(file, rules, workspace),
    ...(isIdle ? file.documents.flatMap(one => one.resources) : []).flatMap(resource =>
      rules.ofResource(resource).flatMap(rule => resourceFindings(rule, resource, workspace)),
    ),
    ...(isInput ? [] : file.documents).flatMap(document => documentFindings(document, rules, workspace)),
  ];
}

/** The findings, and what the rules about findings say of them. `found` is what was published of `raw`. */
export function withFindingsChecks(
  raw: readonly RawFinding[],
  found: readonly Finding[],
  files: readonly SourceFile[],
  rules: RuleSet,
  workspace: Workspace,
  options: CheckOptions,
  ofOther?: (uri: string) => readonly Finding[],
): readonly Finding[] {
  if (rules.ofFindings.length === 0) return found;
  const byUri = groupedBy(found, finding => finding.problem.at.uri);
  const all: Found = {
    of: uri => byUri.get(uri) ?? ofOther?.(uri) ?? [],
    ran: id => rules.has(id),
    today: options.today?.(),
  };
  const about = rules.ofFindings.flatMap(rule =>
    files.flatMap(file => run(rule, workspace, undefined, () => rule.checkFindings(file, all, workspace))),
  );
  return about.length === 0 ? found : publish([...raw, ...about], workspace, options);
}

/** What the rules about whole files find in one. */
export function fileFindings(file: SourceFile, rules: RuleSet, workspace: Workspace): readonly RawFinding[] {
  return rules.ofFiles.flatMap(rule => run(rule, workspace, undefined, () => rule.checkFile(file, workspace)));
}

/** What is found in a document itself, whatever resources it has. */
function documentFindings(document: ManifestDocument, rules: RuleSet, workspace: Workspace): readonly RawFinding[] {
  return rules.ofDocuments.flatMap(rule =>
    run(rule, workspace, undefined, () => rule.checkDocument(document, workspace)),
  );
}

/** What a rule finds in an object; in a patch, which is a part of one, placeholders and secrets only. */
export function resourceFindings(
  rule: Rule & ResourceCheck,
  resource: Resource,
  workspace: Workspace,
): readonly RawFinding[] {
  return run(rule, workspace, resource, () =>
    isPart(rule, resource, workspace) ? [] : rule.check(resource, workspace),
  );
}

/**
 * Whether a resource is the patch of a kustomization, which has only what it changes of an object that is checked
 * itself. What stands in it literally, such as a placeholder, is judged all the same.
 */
function isPart(rule: Rule, resource: Resource, workspace: Workspace): boolean {
  return !/^(?:placeholder|secret)-/.test(rule.id) && isPatch(workspace, resource.document.file);
}

/** Runs one check. A rule that throws is a bug: it is reported under its own id instead of taking the others down. */
export function run(
  rule: Rule,
  workspace: Workspace,
  resource: Resource | undefined,
  check: () => Iterable<Problem>,
): readonly RawFinding[] {
  try {
    const problems = [...check()];
    return problems.length === 0 ? none : problems.map(problem => ({ rule, problem, resource }));
  } catch (error) {
    note(workspace, { rule: rule.id, error });
    return none;
  }
}

function note(workspace: Workspace, crash: RuleCrash): void {
  crashes.get(workspace)?.push(crash) ?? crashes.set(workspace, [crash]);
}

/** The rules that threw since the last call, so that the caller can tell the user and the tests can fail. */
export function takeCrashes(workspace: Workspace): readonly RuleCrash[] {
  const taken = crashes.get(workspace) ?? [];
  crashes.delete(workspace);
  return taken;
}

/** Counts the crashes in what a tree builds as those of the tree. */
export function handCrashesOn(built: Workspace, workspace: Workspace): void {
  for (const crash of takeCrashes(built)) note(workspace, crash);
}

export interface RuleCrash {
  readonly rule: string;
  readonly error: unknown;
}

/** Applies severities, switches and suppressions, drops what was said twice, and sorts. */
export function publish(
  raw: readonly RawFinding[],
  workspace: Workspace,
  options: CheckOptions = {},
): readonly Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  const typed = new Map<string, readonly Span[]>();
  for (const { rule, problem, resource } of raw) {
    const severity = severityOf(rule, problem, workspace, options);
    if (severity === 'off') continue;
    const { uri } = problem.at;
    const spans = typed.get(uri) ?? whatIsTyped(uri, workspace);
    typed.set(uri, spans);
    if (spans.length > 0 && isWithin(problem.at, spans) && !('checkDocument' in rule)) continue;
    const { start, end } = problem.at.span;
    const identity = `${rule.id}\n${uri}\n${start}\n${end}\n${problem.message}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    const file = workspace.file(uri);
    const suppressed = file ? suppressionsOf(file).find(one => one.covers(rule.id, start)) : undefined;
    findings.push({
      rule,
      problem: workspace.derive(withoutSecretValues, problem),
      severity,
      resource,
      suppressed: suppressed && { reason: suppressed.reason },
    });
  }
  const sorted = findings
    .map(finding => ({
      finding,
      path: workspace.file(finding.problem.at.uri)?.path ?? finding.problem.at.uri,
      at: finding.problem.at.span.start,
    }))
    .sort(
      (a, b) =>
        compareTexts(a.path, b.path) ||
        a.at - b.at ||
        compareTexts(a.finding.rule.id, b.finding.rule.id) ||
        compareTexts(a.finding.problem.message, b.finding.problem.message),
    )
    .map(({ finding }) => finding);
  return waived(sorted, workspace, options.today?.());
}

/** Where somebody types just now in a file and the text cannot be read: nothing is known of it. */
function whatIsTyped(uri: string, workspace: Workspace): readonly Span[] {
  return workspace.file(uri)?.documents.flatMap(({ unsure }) => unsure ?? []) ?? [];
}

function isWithin({ span }: Place, typed: readonly Span[]): boolean {
  return typed.some(one => span.start <= one.end && one.start <= span.end);
}

/**
 * The fixes of a finding that can be written: not where somebody types, unless what is typed is what they mend, and not
 * into a text that does not stand in the file letter by letter.
 */
export function fixesOf({ rule, problem }: Pick<Finding, 'rule' | 'problem'>, workspace: Workspace): readonly Fix[] {
  const fixes = (problem.fixes?.() ?? []).filter(({ edits }) => !edits.some(edit => breaksScalar(edit, workspace)));
  return 'checkDocument' in rule
    ? fixes
    : fixes.filter(({ edits }) => !edits.some(({ at }) => isWithin(at, whatIsTyped(at.uri, workspace))));
}

/**
 * Whether an edit of a part of a text would replace all of it: parts of what is in base64, folded or written with escapes
 * stand where the whole scalar stands.
 */
function breaksScalar({ at, newText }: TextEdit, workspace: Workspace): boolean {
  const file = workspace.file(at.uri);
  const { start, end } = at.span;
  const found = file && start < end ? valueAt(file, start) : undefined;
  if (!found || found.isKey || found.value.kind !== 'scalar') return false;
  const { resource, value } = found;
  if (value.span.start !== start || value.span.end !== end) return false;
  if (value.isAt(resource.root.at(resource.kind === 'Secret' ? 'data' : 'binaryData', value.name ?? '')))
    return hasLines(decodeBase64(value.text ?? '')) && !hasLines(decodeBase64(newText.replace(/["']/g, '')));
  const hasMore = hasLines(value.text);
  const isEscaped = value.style === 'double' && file?.text.slice(start, end).includes('\\') === true;
  if (!(value.style === 'folded' || value.style === 'double') || !(hasMore || isEscaped)) return false;
  // A text in place of all of it has quotes, and lines where there were lines.
  return !/^\s*["'|>]/.test(newText) || (hasMore && !/\\n|\n/.test(newText));
}

function hasLines(text: string | undefined): boolean {
  return text?.trim().includes('\n') === true;
}

/** Marks the findings that a waiver takes out. Fingerprints are worked out only for files that have waivers. */
function waived(findings: readonly Finding[], workspace: Workspace, today: string | undefined): readonly Finding[] {
  const { waivers } = signOffsOf(workspace);
  if (waivers.length === 0) return findings;
  const paths = new Set(waivers.map(waiver => waiver.file));
  const own = findings.filter(({ problem }) => paths.has(workspace.file(problem.at.uri)?.path ?? ''));
  const names = fingerprints(own, workspace);
  const byFinding = new Map<Finding, Waiver>();
  for (const [index, finding] of own.entries()) {
    const waiver = waivers.find(one => one.fingerprint === names[index] && one.rule === finding.rule.id);
    if (waiver && !finding.suppressed && !hasExpired(waiver.expires, today)) byFinding.set(finding, waiver);
  }
  return findings.map(finding => {
    const waiver = byFinding.get(finding);
    return waiver ? { ...finding, suppressed: { reason: waiver.reason, waiver } } : finding;
  });
}

/** The rules that the settings of the tree and of the editor leave on. */
export function activeRules(rules: readonly Rule[], workspace: Workspace, options: CheckOptions): RuleSet {
  return new RuleSet(rules.filter(rule => isActive(rule, workspace, options)));
}

function isActive(rule: Rule, workspace: Workspace, options: CheckOptions): boolean {
  const chosen = settingsOf(workspace).rules.get(rule.id)?.severity ?? options.severities?.[rule.id];
  if (chosen !== undefined) return chosen !== 'off';
  return rule.profile !== 'strict' || (settingsOf(workspace).profile ?? options.profile) === 'strict';
}

function severityOf(rule: Rule, problem: Problem, workspace: Workspace, options: CheckOptions): Severity | 'off' {
  const chosen = settingsOf(workspace).rules.get(rule.id)?.severity ?? options.severities?.[rule.id];
  return chosen ?? problem.severity ?? rule.severity;
}

const none: readonly RawFinding[] = [];
const crashes = new WeakMap<Workspace, RuleCrash[]>();
