/** How an item can be decided: from the manifests, by asking the cluster, or by a person only. */
export type ItemKind = 'static' | 'live' | 'manual';

/** The state of one item; see the checklist report for what leads to each. */
export type ChecklistItemState =
  | 'passed'
  | 'failed'
  | 'waived'
  | 'not-applicable'
  | 'unknown'
  | 'signed-off'
  | 'stale'
  | 'open';

/** An identifier such as `1.4.b.2`, `A.3.c` or `B.8w`: stable, used in reports, settings and sign-offs. */
export type ChecklistItemId = string;

/** One line of the checklist that can be decided on its own. */
export interface ChecklistItem {
  readonly id: ChecklistItemId;
  /** Id of a {@link ChecklistPhase}. */
  readonly phase: string;
  /** Id of a {@link ChecklistSection} of that phase. */
  readonly section: string;
  /** The checklist's own wording, shortened, without its emphasis marks. */
  readonly title: string;
  readonly kind: ItemKind;
  /** One line on how to find out; present on every live and manual item. */
  readonly hint?: string;
}

export interface ChecklistSection {
  readonly id: string;
  readonly title: string;
}

export interface ChecklistPhase {
  readonly id: string;
  readonly title: string;
  /** In checklist order. */
  readonly sections: readonly ChecklistSection[];
}
