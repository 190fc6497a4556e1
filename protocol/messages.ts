/**
 * Names and shapes that cross the wire between client and server, beyond the standard LSP messages.
 * All requests are safe to repeat; none of them changes a file.
 */

import type { ChecklistItemState, ItemKind } from '../checklist/types';
import type { WireValue } from './values';

/** LSP range: zero-based lines, UTF-16 characters. */
export interface WireRange {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}
export interface WireLocation {
  readonly uri: string;
  readonly range: WireRange;
}

/** Request, no parameters → {@link ChecklistReport}. */
export const checklistRequest = 'matrixPreflight/checklist';
/** Notification server → client, {@link StatusParams}: the states may have changed, ask again. */
export const statusNotification = 'matrixPreflight/status';
/** Request, no parameters → {@link DeployPlan}. */
export const planRequest = 'matrixPreflight/plan';
/** Request, {@link ExplainParams} → {@link ExplainResult}. */
export const explainRequest = 'matrixPreflight/explain';
/** Request, no parameters → {@link RuleSummary}[]. */
export const rulesRequest = 'matrixPreflight/rules';
/**
 * Request, {@link FixAllParams} → LSP WorkspaceEdit with every safe fix of the scope, and {@link FixAllValues} for its marks
 * where the client has the command for that.
 */
export const fixAllRequest = 'matrixPreflight/fixAll';

export interface StatusParams {
  readonly state: 'scanning' | 'ready';
  /** Findings by severity over the whole workspace; zeros while scanning. */
  readonly findings: { readonly error: number; readonly warning: number; readonly info: number; readonly hint: number };
  readonly files: number;
  readonly resources: number;
}

export interface WireChecklistItem {
  readonly id: string;
  readonly phase: string;
  readonly section: string;
  readonly title: string;
  readonly kind: ItemKind;
  readonly state: ChecklistItemState;
  readonly rules: readonly string[];
  /** How many findings stand against the item. */
  readonly findings: number;
  /** Where to look: the findings' places if there are any, else the objects that satisfy the item. */
  readonly evidence: readonly WireLocation[];
  /** One line that says why the item is in its state, for tooltips and screen readers. */
  readonly reason: string;
  /** The part of the deployment that the item is about. */
  readonly component: string;
  /** A person's word for it, also where it does not hold any more. */
  readonly signOff?: WireSignOff;
  /** How many findings against it are waived. */
  readonly waived: number;
  /** Who is to look after it. */
  readonly assigned?: string;
}

export interface WireSignOff {
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly note: string;
  readonly evidence?: string;
  /** The last day, `YYYY-MM-DD`. */
  readonly until?: string;
}

export interface ChecklistReport {
  /** In checklist order. */
  readonly phases: readonly {
    readonly id: string;
    readonly title: string;
    readonly sections: readonly { readonly id: string; readonly title: string }[];
  }[];
  readonly items: readonly WireChecklistItem[];
}

export interface ExplainParams {
  readonly rule: string;
}
export interface ExplainResult {
  /** The rule's page, GitHub-flavoured Markdown; undefined for an unknown rule id. */
  readonly markdown: string | undefined;
}
export interface RuleSummary {
  readonly id: string;
  readonly summary: string;
  readonly severity: string;
}
export interface FixAllParams {
  /** Limits the edit to one file, or one rule, or both; absent means all. */
  readonly uri?: string;
  readonly rule?: string;
  /** Whether the edit asks to be looked at first, under a heading for each rule. */
  readonly preview?: boolean;
}

/** What the marks in the texts of the edit stand for: see `values.ts`. */
export interface FixAllValues {
  readonly values: readonly WireValue[];
}

/** The resolved plan; the same shape as `plan --format json` of the CLI, with uris added. */
export interface DeployPlan {
  readonly version: 1;
  readonly hash: string;
  /** Uri of the directory that the plan's paths start from; absent where the plan is not about an open workspace. */
  readonly root?: string;
  readonly phases: readonly PlanPhase[];
  readonly unclaimed: readonly string[];
}
export interface PlanPhase {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly PlanStep[];
}
export interface PlanStep {
  readonly id: string;
  readonly title: string;
  readonly checklistPath: string;
  readonly paths: readonly string[];
  readonly resolution: 'exact' | 'moved' | 'ambiguous' | 'absent' | 'broken';
  readonly objects: readonly PlanObject[];
  readonly commands: readonly string[];
  /** The command that a person runs instead; such a step has no objects. */
  readonly byHand?: string;
  readonly runOnce: boolean;
  readonly waits: readonly PlanWait[];
  readonly blockedBy: readonly {
    readonly rule: string;
    readonly file: string;
    readonly line: number;
    readonly message?: string;
  }[];
}
export interface PlanObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly file: string;
  /** One-based. */
  readonly line: number;
}
export interface PlanWait {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly until: string;
  readonly timeoutSeconds: number;
}
