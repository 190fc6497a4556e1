import type { BuiltTree } from '../analysis/kustomization/built-trees';
import { editIn } from '../analysis/kustomization/printed-places';
import type { View } from '../analysis/kustomization/views';
import { LazyPlace } from '../manifests/lazy-place';
import type { Resource } from '../manifests/resource';
import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import type { RawFinding } from './findings';
import type { Fix, Problem } from './rule';

/**
 * What rules find in a view of a tree, said of the files of the tree. Places are worked out when they are asked for, as
 * everywhere. A fix that cannot be made in the files as it was thought of is left out.
 */
export function inFiles(raw: readonly RawFinding[], tree: BuiltTree, workspace: Workspace): readonly RawFinding[] {
  return raw.filter(one => isKnown(one, tree.view)).map(one => inFilesOnce(one, tree, workspace));
}

/** The same of one finding, which is the same object whenever it is asked for. */
function inFilesOnce(raw: RawFinding, tree: BuiltTree, workspace: Workspace): RawFinding {
  let known = findings.get(raw);
  if (!known) {
    known = {
      rule: raw.rule,
      problem: problemIn(raw.problem, tree),
      resource: raw.resource && writtenAs(raw.resource, tree, workspace),
    };
    findings.set(raw, known);
  }
  return known;
}

const findings = new WeakMap<RawFinding, RawFinding>();

function problemIn(problem: Problem, tree: BuiltTree): Problem {
  const { fixes } = problem;
  const place = (at: Place): Place => new LazyPlace(() => tree.place(at));
  const { title, kustomization } = tree.view;
  const related = [
    ...(problem.related ?? []).map(({ at, message }) => ({ at: place(at), message })),
    ...(title === '' ? [] : [{ at: kustomization.place(0, 0), message: `As ${title} builds it` }]),
  ];
  return {
    ...problem,
    at: place(problem.at),
    ...(related.length > 0 ? { related } : {}),
    ...(fixes ? { fixes: () => fixes().flatMap(fix => fixIn(fix, tree)) } : {}),
  };
}

function fixIn(fix: Fix, tree: BuiltTree): readonly Fix[] {
  const edits = fix.edits.map(edit => {
    const printed = tree.file(edit.at.uri)?.printed;
    return printed ? editIn(printed, edit) : edit;
  });
  // A new file is not deployed until a kustomization takes it in.
  if (edits.includes(undefined) || fix.creates?.length) return [];
  return [{ ...fix, edits: edits.flatMap(edit => edit ?? []) }];
}

/** The object as it is written; undefined for one that a generator makes. */
function writtenAs(resource: Resource, tree: BuiltTree, workspace: Workspace): Resource | undefined {
  const { uri, span } = tree.place(resource.root.at('kind'));
  const documents = workspace.file(uri)?.documents ?? [];
  const document = documents.find(one => one.span.start <= span.start && span.start < one.span.end);
  return document?.resources.find(one => one.kind === resource.kind);
}

/**
 * Whether a finding can be told from what the tree shows. Where objects come from elsewhere nothing is known to be
 * missing, and a trial beside production needs not have everything.
 */
function isKnown({ rule }: RawFinding, view: View): boolean {
  if (view.isOpen && needsAll.test(rule.id)) return false;
  return !(view.isTrial && 'checkWorkspace' in rule && /-missing$/.test(rule.id));
}

/** Rules that say that something is not there, or that nothing needs it. */
const needsAll =
  /^reference-missing-(?!\w+-key$)|-missing$|-not-created$|-(?:selects|matches)-nothing$|-undefined$|-unused$|-incomplete$|^config-host-unknown-service$|^hpa-target-missing$/;
