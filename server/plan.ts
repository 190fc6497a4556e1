import { planOf } from '../deploy/plan/from-workspace';
import type { DeployPlan } from '../deploy/plan/plan';
import { blockers } from '../rules/blockers';
import type { Deployment } from './deployment';
import type { Session } from './session';

/** The plan of a deployment. It reads the whole tree, so it is made once between two changes, whoever asks. */
export function deploymentPlan(session: Session, deployment: Deployment): DeployPlan {
  const revision = session.revision();
  const known = plans.get(deployment);
  if (known?.revision === revision) return known.plan;
  const { workspace } = deployment;
  const plan = planOf(workspace, blockers(deployment.allFindings(), workspace));
  plans.set(deployment, { revision, plan });
  return plan;
}

const plans = new WeakMap<Deployment, { readonly revision: number; readonly plan: DeployPlan }>();
