import { plannedSteps } from '../../../deploy/plan/plan';
import { grouped } from '../../../manifests/grouped';
import type { Deployment } from '../../deployment';
import { deploymentPlan } from '../../plan';
import type { Session } from '../../session';

/** Which steps of the deployment apply a file: `step 5 of 18: PostgreSQL clusters`. */
export function deployStepsOf(session: Session, deployment: Deployment, path: string): string {
  const { total, byPath } = planOf(session, deployment);
  const steps = byPath.get(path) ?? [];
  const [first] = steps;
  if (!first) return 'in no step of the deployment';
  if (steps.length === 1) return `step ${first.number} of ${total}: ${first.title}`;
  return `steps ${steps.map(({ number }) => number).join(', ')} of ${total}: ${steps.map(({ title }) => title).join(', ')}`;
}

interface NumberedStep {
  /** One-based, in the order in which they run. */
  readonly number: number;
  readonly title: string;
}

interface StepsByPath {
  readonly revision: number;
  readonly total: number;
  readonly byPath: ReadonlyMap<string, readonly NumberedStep[]>;
}

/** A plan reads the whole tree, so it is made once for all lenses that are asked for between two changes. */
const plans = new WeakMap<Deployment, StepsByPath>();

function planOf(session: Session, deployment: Deployment): StepsByPath {
  const revision = session.revision();
  const known = plans.get(deployment);
  if (known?.revision === revision) return known;
  const steps = plannedSteps(deploymentPlan(session, deployment));
  const byPath = grouped(
    steps.flatMap(({ title, objects }, index) =>
      [...new Set(objects.map(({ file }) => file))].map((path): readonly [string, NumberedStep] => [
        path,
        { number: index + 1, title },
      ]),
    ),
  );
  const made = { revision, total: steps.length, byPath };
  plans.set(deployment, made);
  return made;
}
