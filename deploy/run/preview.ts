import { identifyCluster } from '../cluster/identity';
import { readObjects } from '../cluster/read';
import { statusOf } from '../cluster/status';
import type { ClusterIdentity } from '../journal/entries';
import type { Kubectl } from '../kubectl/kubectl';
import { type DeployPlan, type PlannedStep, plannedSteps } from '../plan/plan';
import type { PlanSource } from '../plan/source';
import { createRedactor } from '../redact/redact';
import { secretValues } from '../redact/secrets';
import { diffObject, type ObjectDiff, summarize } from './diff';
import { checkGate, createGateMemory } from './gate';

/** What a step would do; nothing of it is done. All texts are redacted. */
export interface StepPreview {
  readonly step: PlannedStep;
  /** What does not hold now; some of it may be put right by an earlier step. */
  readonly problems: readonly string[];
  readonly diffs: readonly ObjectDiff[];
  /** "3 created, 1 changed", or why it cannot be told yet. */
  readonly summary: string;
}

/**
 * Compares a plan with a cluster, step by step, by dry runs on the server.
 *
 * @returns the cluster and the steps, or why the cluster cannot be asked
 */
export async function preview(
  kubectl: Kubectl,
  context: string,
  plan: DeployPlan,
  sources: readonly PlanSource[],
  onStep?: (preview: StepPreview) => void,
): Promise<{ readonly cluster: ClusterIdentity; readonly steps: readonly StepPreview[] } | string> {
  const redact = createRedactor(secretValues(sources));
  const cluster = await identifyCluster(kubectl, context);
  if (!cluster.ok) return redact(cluster.message);
  const memory = createGateMemory();
  const steps: StepPreview[] = [];
  for (const step of plannedSteps(plan)) {
    const problems = step.objects.length === 0 ? [] : await checkGate(kubectl, plan, step, sources, memory);
    const later = step.objects.length === 0 ? undefined : await comesLater(kubectl, plan, step);
    const isComparable = later === undefined && !problems.some(problem => problem.class === 'kind-missing');
    const diffs: ObjectDiff[] = [];
    for (const object of isComparable ? step.objects : [])
      diffs.push(await diffObject(kubectl, object, plan.namespace, sources, redact));
    const result = {
      step,
      problems: problems.map(problem => redact(problem.text)),
      diffs,
      summary:
        step.objects.length === 0
          ? step.reason
          : (later ?? (isComparable ? summarize(diffs) : 'cannot be compared yet')),
    };
    steps.push(result);
    onStep?.(result);
  }
  return { cluster: cluster.value, steps };
}

/** A dry run in a namespace that an earlier step will make is refused by the server, so it has to wait. */
async function comesLater(kubectl: Kubectl, plan: DeployPlan, step: PlannedStep): Promise<string | undefined> {
  const makers = plannedSteps(plan).filter(candidate => candidate.id !== step.id);
  for (const namespace of new Set(step.objects.flatMap(object => object.namespace ?? []))) {
    const maker = makers.find(candidate => candidate.objects.some(o => o.kind === 'Namespace' && o.name === namespace));
    if (maker === undefined) continue;
    const live = await readObjects(kubectl, { apiVersion: 'v1', kind: 'Namespace' }, undefined, [namespace]);
    if (live.ok && statusOf(live.value[0]).status === 'notFound')
      return `cannot be compared before the step ${maker.title}`;
  }
  return undefined;
}
