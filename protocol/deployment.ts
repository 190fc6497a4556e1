/**
 * What the extension and the process that carries a deployment out say to each other. That process is the server's
 * program started with `--runner`; manifests and secrets stay in it, and only redacted texts come out.
 */
import type { ProtectionSettings } from '../deploy/cluster/protection';
import type { ClusterIdentity, Waiver } from '../deploy/journal/entries';
import type { DeployPlan } from '../deploy/plan/plan';
import type { Pace, RunEvent } from '../deploy/run/context';
import type { Interaction } from '../deploy/run/interaction';
import type { DeployResult } from '../deploy/run/result';
import type { LiveResults } from '../deploy/run/results';
import type { VerifiedCheck } from '../deploy/verify/verify';

/** The argument that makes the server's program a runner. */
export const runnerArgument = '--runner';

/** Request, first of all, {@link RunnerTarget} → {@link RunnerTools}; fails with a sentence for the user, as all of these do. */
export const openRequest = 'runner/open';
/** Request, {@link PlanParams} → {@link PlanAnswer}. */
export const planRequest = 'runner/plan';
/** Request, {@link ContextParams} → {@link IdentifyAnswer}. */
export const identifyRequest = 'runner/identify';
/** Request, {@link DeployParams} → {@link DeployResult}. */
export const deployRequest = 'runner/deploy';
/** Request, {@link VerifyParams} → {@link VerifyAnswer}. Nothing is changed. */
export const verifyRequest = 'runner/verify';
/** Notification client → runner, {@link StopParams}: ends a deployment; its request is answered when it has ended. */
export const stopNotification = 'runner/stop';
/** Request runner → client, {@link RunnerQuestion} → what that method of `Interaction` gives. */
export const askRequest = 'runner/ask';
/** Notification runner → client, {@link RunnerEvent}. */
export const eventNotification = 'runner/event';

/** Notification client → language server, {@link LiveResultsParams}: what the cluster has answered, for live items. */
export const liveResultsNotification = 'matrixPreflight/liveResults';

export interface LiveResultsParams {
  readonly results: LiveResults | null;
}

export interface RunnerTarget {
  /** Absolute path of the deployment tree. */
  readonly root: string;
  /** All folders of the workspace; no program and no kubeconfig in them is used. */
  readonly roots: readonly string[];
  readonly stateDirectory: string;
  /** The extension's settings, for what they say about rules and excluded files. */
  readonly settings: unknown;
  readonly kubectlPath?: string;
  readonly kubeconfig?: string;
  readonly allowedContexts?: readonly string[];
  readonly protection: ProtectionSettings;
  readonly pace: Partial<Pace>;
}

export interface RunnerTools {
  readonly kubectl: { readonly path: string; readonly version: string };
  readonly contexts: readonly string[];
}

/** Which part of the plan; all of it when both are absent. */
export interface Selection {
  readonly phases?: readonly string[];
  readonly steps?: readonly string[];
}

export interface ContextParams {
  readonly context: string;
}
export interface PlanParams extends ContextParams {
  readonly selection: Selection;
}
export interface IdentifyAnswer {
  readonly cluster: ClusterIdentity;
  /** True if changes need the context's name typed. */
  readonly isProtected: boolean;
}
export interface PlanAnswer extends IdentifyAnswer {
  readonly plan: DeployPlan;
}

export interface DeployParams extends PlanParams {
  readonly resume?: string;
  readonly waivers: readonly Omit<Waiver, 'by'>[];
}
export interface VerifyParams extends ContextParams {
  readonly checks: 'prerequisites' | 'all';
}
export interface VerifyAnswer {
  readonly cluster: ClusterIdentity;
  readonly checks: readonly VerifiedCheck[];
}
export interface StopParams {
  /** False stops after the object under way; true ends kubectl, and that object is then in an unknown state. */
  readonly atOnce: boolean;
}

/** A question of a run, by the method of `Interaction` that would be called. */
export type RunnerQuestion = {
  readonly [About in keyof Interaction]: {
    readonly about: About;
    readonly question: Parameters<Interaction[About]>[0];
  };
}[keyof Interaction];

export type RunnerEvent =
  | RunEvent
  /** A run has its journal now. */
  | { readonly type: 'run'; readonly run: string; readonly directory: string }
  | { readonly type: 'verified'; readonly check: VerifiedCheck };

export type { DeployResult };
