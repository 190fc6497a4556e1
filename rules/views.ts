import { isInAlternative } from '../analysis/alternatives';
import type { BuiltTree } from '../analysis/kustomization/built-trees';
import { editIn } from '../analysis/kustomization/printed-places';
import type { View } from '../analysis/kustomization/views';
import { settingsFileName } from '../analysis/settings';
import { insertItem } from '../manifests/edit';
import { LazyPlace } from '../manifests/lazy-place';
import { directoryOf } from '../manifests/paths';
import type { Resource } from '../manifests/resource';
import type { Place, TextEdit } from '../manifests/span';
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
      problem: problemIn(raw.problem, tree, workspace),
      resource: raw.resource && writtenAs(raw.resource, tree, workspace),
    };
    findings.set(raw, known);
  }
  return known;
}

const findings = new WeakMap<RawFinding, RawFinding>();

function problemIn(problem: Problem, tree: BuiltTree, workspace: Workspace): Problem {
  const { fixes } = problem;
  const place = (at: Place): Place => new LazyPlace(() => tree.place(at));
  const { title, kustomization, isPlain } = tree.view;
  // A file of an overlay says itself which deployment is meant.
  const path = workspace.file(tree.place(problem.at).uri)?.path ?? '';
  const isClear = title === '' || title.split(', ').some(directory => isInAlternative(path, directory));
  const related = [
    ...(problem.related ?? []).map(({ at, message }) => ({ at: place(at), message })),
    ...(isClear
      ? []
      : [{ at: kustomization.place(0, 0), message: isPlain ? `Together with ${title}` : `As ${title} builds it` }]),
  ];
  return {
    ...problem,
    at: place(problem.at),
    ...(related.length > 0 ? { related } : {}),
    ...(fixes ? { fixes: () => fixes().flatMap(fix => fixIn(fix, tree, workspace)) } : {}),
  };
}

function fixIn(fix: Fix, tree: BuiltTree, workspace: Workspace): readonly Fix[] {
  const edits = [
    ...fix.edits.map(edit => {
      const printed = tree.file(edit.at.uri)?.printed;
      return printed ? editIn(printed, edit) : edit;
    }),
    ...(fix.creates ?? []).flatMap(({ path }) =>
      path === settingsFileName || tree.view.isPlain ? [] : [takingIn(path, tree, workspace)],
    ),
  ];
  return edits.includes(undefined) ? [] : [{ ...fix, edits: edits.flatMap(edit => edit ?? []) }];
}

/** A new file is not deployed until the kustomization of its folder takes it in. */
function takingIn(path: string, { view }: BuiltTree, workspace: Workspace): TextEdit | undefined {
  for (let directory = path; directory !== ''; ) {
    directory = directoryOf(directory);
    if (!view.directories.has(directory)) continue;
    const file = workspace.files.find(
      one => one.directory === directory && one.isKustomization && one.documents.length > 0,
    );
    const resources = file?.documents[0]?.root.at('resources');
    return resources && insertItem(resources, directory === '' ? path : path.slice(directory.length + 1));
  }
  return undefined;
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
  if (view.isUnread) return literal.test(rule.id);
  if (view.isOpen && needsAll.test(rule.id)) return false;
  return !(view.isTrial && 'checkWorkspace' in rule && /-missing$/.test(rule.id));
}

/** Rules about what stands in an object, whatever else there is. */
const literal = /^(?:placeholder|secret-(?:weak|bad|trailing|data)|yaml|duplicate-yaml|suppression)-/;

/** Rules that say that something is not there, or that nothing needs it. */
const needsAll =
  /^reference-missing-(?!\w+-key$)|-missing$|-not-created$|-(?:selects|matches)-nothing$|-undefined$|-unused$|-incomplete$|^config-host-unknown-service$|^hpa-target-missing$/;
