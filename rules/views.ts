import { editIn, placeIn } from '../analysis/kustomization/printed-places';
import type { View, ViewFile } from '../analysis/kustomization/views';
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
export function inFiles(raw: readonly RawFinding[], view: ViewPlaces): readonly RawFinding[] {
  return raw.filter(one => isKnown(one, view.view)).map(one => view.finding(one));
}

/** Leads from a view back to the files. One for each view, so that the same finding is the same object again. */
export class ViewPlaces {
  readonly #workspace: Workspace;
  readonly #known = new WeakMap<RawFinding, RawFinding>();
  #view: View;
  #printed: ReadonlyMap<string, ViewFile>;

  /** `workspace` has the files themselves. */
  constructor(view: View, workspace: Workspace) {
    this.#workspace = workspace;
    this.#view = view;
    this.#printed = filesOf(view);
  }

  get view(): View {
    return this.#view;
  }

  /** Takes the view as it is after an edit. */
  update(view: View): void {
    this.#view = view;
    this.#printed = filesOf(view);
  }

  finding(raw: RawFinding): RawFinding {
    let known = this.#known.get(raw);
    if (!known) {
      known = { rule: raw.rule, problem: this.#problem(raw.problem), resource: this.#resource(raw.resource) };
      this.#known.set(raw, known);
    }
    return known;
  }

  place(at: Place): Place {
    return new LazyPlace(() => this.#resolve(at));
  }

  #problem(problem: Problem): Problem {
    const { fixes } = problem;
    const related = [
      ...(problem.related ?? []).map(({ at, message }) => ({ at: this.place(at), message })),
      ...(this.#view.title === ''
        ? []
        : [{ at: this.#view.kustomization.place(0, 0), message: `As ${this.#view.title} builds it` }]),
    ];
    return {
      ...problem,
      at: this.place(problem.at),
      ...(related.length > 0 ? { related } : {}),
      ...(fixes ? { fixes: () => fixes().flatMap(fix => this.#fix(fix)) } : {}),
    };
  }

  #fix(fix: Fix): readonly Fix[] {
    const edits = fix.edits.map(edit => {
      const printed = this.#printed.get(edit.at.uri)?.printed;
      return printed ? editIn(printed, edit) : edit;
    });
    // What nothing takes in is not deployed.
    if (edits.includes(undefined) || fix.creates?.length) return [];
    return [{ ...fix, edits: edits.flatMap(edit => edit ?? []) }];
  }

  #resolve(at: Place): Place {
    const printed = this.#printed.get(at.uri)?.printed;
    if (!printed) return at;
    return placeIn(printed, at.span) ?? this.#view.kustomization.place(0, 0);
  }

  /** The object as it is written; undefined for one that a generator makes. */
  #resource(resource: Resource | undefined): Resource | undefined {
    if (!resource) return undefined;
    const { uri, span } = this.#resolve(resource.root.at('kind'));
    const documents = this.#workspace.file(uri)?.documents ?? [];
    const document = documents.find(one => one.span.start <= span.start && span.start < one.span.end);
    return document?.resources.find(one => one.kind === resource.kind);
  }
}

function filesOf(view: View): ReadonlyMap<string, ViewFile> {
  return new Map(view.files.map(file => [file.uri, file]));
}

/**
 * Whether a finding can be told from what the tree shows. Where objects come from elsewhere nothing is known to be
 * missing, and a trial beside production needs not have everything.
 */
function isKnown({ rule }: RawFinding, view: View): boolean {
  if (
    view.isOpen &&
    /^reference-missing-|-missing$|-not-created$|-selects-nothing$|-undefined$|unknown-service$/.test(rule.id)
  )
    return false;
  return !(view.isTrial && 'checkWorkspace' in rule && /-missing$/.test(rule.id));
}
