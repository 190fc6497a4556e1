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
