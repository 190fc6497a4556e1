import type { OrderProposal } from '../../checklist/steps';
import type { Resolution } from './resolve';
import type { PlanSettings } from './settings';
import type { PlanBlocker } from './source';

/** The resolved plan. It carries names and places only, never contents, so it may be shown, sent and stored. */
export interface DeployPlan {
  readonly version: 1;
  /**
   * SHA-256 over the mapping and the contents, so that two equal hashes mean the same objects in the same order.
   * Values of Secrets do not enter it (their keys do), because weak ones could be guessed from a published hash.
   */
  readonly hash: string;
  /** Where objects without a namespace of their own go. */
  readonly namespace: string;
  readonly phases: readonly PlannedPhase[];
  /** Directories, or files of partly used directories, whose objects no step applies. */
  readonly unclaimed: readonly string[];
  /** How the order differs from the checklist's, and why. */
  readonly changes: readonly OrderProposal[];
}

export interface PlannedPhase {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly PlannedStep[];
}

export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  readonly phase: string;
  readonly checklistPath: string;
  readonly paths: readonly string[];
  readonly resolution: Resolution;
  readonly reason: string;
  /** What a person may choose from; only for an ambiguous step. */
  readonly alternatives: readonly string[];
  /** In the order in which they are applied. */
  readonly objects: readonly PlannedObject[];
  /** What is executed, one line an object, for people to read. */
  readonly commands: readonly string[];
  /** True if the step has Jobs, which a second run would start again. */
  readonly runOnce: boolean;
  readonly waits: readonly PlannedWait[];
  readonly blockedBy: readonly PlanBlocker[];
  /** Ids of steps of this plan that must be done and healthy before. */
  readonly after: readonly string[];
  /** Ids of the post-deployment checks that run when the step is ready. */
  readonly checks: readonly string[];
  readonly hints: readonly string[];
  readonly items: readonly string[];
  /** Why the step exists although the checklist has no such step. */
  readonly proposed?: string;
  /** The command that a person runs; the runner only waits for what comes of it. Such a step has no objects. */
  readonly byHand?: string;
}

export interface PlannedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  readonly file: string;
  /** One-based. */
  readonly line: number;
  /** True for a Job and what the settings name: it is never applied a second time without asking. */
  readonly runOnce?: true;
}

export interface PlannedWait {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly until: string;
  readonly timeoutSeconds: number;
}

export interface PlanOptions {
  /** Where objects without a namespace go; by default the namespace that most objects name, else `matrix`. */
  readonly namespace?: string;
  /** Only these phases; all when absent or empty. */
  readonly phases?: readonly string[];
  /** Only these steps; all when absent or empty. */
  readonly steps?: readonly string[];
  /** Paths a person chose, by step id. */
  readonly choices?: { readonly [step: string]: readonly string[] };
  /** Ids of order proposals that were refused. */
  readonly refused?: readonly string[];
  /** Unclaimed paths that a person wants deployed too, each as a step of its own. */
  readonly extras?: readonly string[];
  /** API groups the cluster serves, once it is known; monitors wait for the monitoring phase if theirs is missing. */
  readonly servedGroups?: ReadonlySet<string>;
  /** What the tree says of its own deployment; the options above win over it. */
  readonly settings?: PlanSettings;
}

/** A text that names an object within a plan: `apiVersion Kind namespace/name`. */
export function objectReference(object: Pick<PlannedObject, 'apiVersion' | 'kind' | 'name' | 'namespace'>): string {
  return `${object.apiVersion} ${object.kind} ${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`;
}
