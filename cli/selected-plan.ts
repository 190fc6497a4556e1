import { planOf } from '../deploy/plan/from-workspace';
import type { DeployPlan } from '../deploy/plan/plan';
import type { Workspace } from '../manifests/workspace';
import { blockers } from '../rules/blockers';
import { findingsOf } from './load';
import { UsageError } from './usage';

/** The options `--phase` and `--step`, as they are given. */
export interface PlanSelection {
  readonly phase?: readonly string[] | undefined;
  readonly step?: readonly string[] | undefined;
}

/** The plan, or the part of it that is asked for. Throws {@link UsageError} for a phase or step that it does not have. */
export function selectedPlan(workspace: Workspace, { phase = [], step = [] }: PlanSelection): DeployPlan {
  const plan = planOf(workspace, blockers(findingsOf(workspace), workspace), { phases: phase, steps: step });
  const unknownPhase = phase.find(id => !plan.phases.some(one => one.id === id));
  const unknownStep = step.find(id => !plan.phases.some(({ steps }) => steps.some(one => one.id === id)));
  if (unknownPhase === undefined && unknownStep === undefined) return plan;
  const { phases } = planOf(workspace);
  throw new UsageError(
    unknownPhase === undefined
      ? `there is no step "${unknownStep}"; the plan has ${phases.flatMap(({ steps }) => steps.map(({ id }) => id)).join(', ')}`
      : `there is no phase "${unknownPhase}"; the plan has ${phases.map(({ id }) => id).join(', ')}`,
  );
}
