import type { StepRole } from '../../checklist/steps';
import type { CheckVerdict } from '../journal/entries';
import type { Kubectl } from '../kubectl/kubectl';
import type { DeployPlan, PlannedObject } from '../plan/plan';
import { plannedSteps } from '../plan/plan';
import { hasRole } from '../plan/roles';
import type { PlanDocument, PlanSource } from '../plan/source';

/** What a check may use. It only reads. */
export interface CheckContext {
  readonly kubectl: Kubectl;
  readonly plan: DeployPlan;
  readonly sources: readonly PlanSource[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** How long to watch for restarts; 0 looks once. */
  readonly sampleMilliseconds: number;
  /** Asks a public address, only for checks the user asked for; returns the status and the body. */
  readonly fetch?: (url: string) => Promise<{ readonly status: number; readonly body: string }>;
  /** The public server name, for checks from outside. */
  readonly domain?: string;
}

/** The answer of a check. Anything that could not be found out is `unknown`, never `pass`. */
export interface CheckOutcome {
  readonly verdict: CheckVerdict;
  /** One sentence. */
  readonly text: string;
  /** What exactly, one line a thing. */
  readonly details: readonly string[];
}

export type Check = (context: CheckContext) => Promise<CheckOutcome>;

/** The outcome of a check that has passed. */
export function pass(text: string, details: readonly string[] = []): CheckOutcome {
  return { verdict: 'pass', text, details };
}

/** The outcome of a check that has found something wrong. */
export function fail(text: string, details: readonly string[] = []): CheckOutcome {
  return { verdict: 'fail', text, details };
}

/** The outcome of a check that has found something to look at. */
export function warn(text: string, details: readonly string[] = []): CheckOutcome {
  return { verdict: 'warn', text, details };
}

/** The outcome of a check that could not find out. */
export function unknown(text: string, details: readonly string[] = []): CheckOutcome {
  return { verdict: 'unknown', text, details };
}

/** For a check that has nothing to look at because the plan has no such thing. */
export function skipped(text: string): CheckOutcome {
  return { verdict: 'skipped', text, details: [] };
}

/** Fails if there are complaints, else passes; a check without anything to look at must not come here. */
export function judge(complaints: readonly string[], passed: string, failed: string): CheckOutcome {
  return complaints.length === 0 ? pass(passed) : fail(failed, complaints);
}

/** Everything the plan applies, each object once. */
export function plannedObjects(context: CheckContext): readonly PlannedObject[] {
  return plannedSteps(context.plan).flatMap(step => step.objects);
}

/** The documents the plan applies that have a role. */
export function plannedWithRole(
  context: CheckContext,
  role: StepRole,
): readonly (PlanDocument & { readonly namespace: string })[] {
  return plannedDocuments(context).filter(document => hasRole(document, role));
}

/**
 * Documents with a role anywhere in the tree: those of the plan, else those of the files. A run of a few steps still
 * has to ask services that an earlier run has deployed.
 */
export function withRoleAnywhere(
  context: CheckContext,
  role: StepRole,
): readonly (PlanDocument & { readonly namespace: string })[] {
  const planned = plannedWithRole(context, role);
  if (planned.length > 0) return planned;
  return context.sources
    .flatMap(source => source.documents)
    .filter(document => !document.broken && hasRole(document, role))
    .map(document => ({ ...document, namespace: document.namespace ?? context.plan.namespace }));
}

/** The documents of the objects that a plan applies. */
export function plannedDocuments(context: CheckContext): readonly (PlanDocument & { readonly namespace: string })[] {
  return plannedObjects(context).flatMap(object => {
    const source = context.sources.find(candidate => candidate.path === object.file);
    const document = source?.documents.find(
      d => d.line === object.line && d.kind === object.kind && d.name === object.name,
    );
    return document === undefined ? [] : { ...document, namespace: object.namespace ?? context.plan.namespace };
  });
}
