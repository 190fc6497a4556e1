import { type PostDeploymentCheck, postDeploymentChecks, prerequisiteChecks } from '../../checklist/validation';
import { table } from '../../manifests/table';
import type { Redact } from '../redact/redact';
import { type Check, type CheckContext, type CheckOutcome, unknown } from './check';
import { clusterChecks } from './cluster-checks';
import { jobChecks } from './job-checks';
import { prerequisiteCheckFunctions } from './prerequisite-checks';
import { prometheusChecks } from './prometheus-checks';
import { serviceChecks } from './service-checks';

/** The answer of one check of the checklist, safe to show. */
export interface VerifiedCheck extends CheckOutcome {
  readonly id: string;
  readonly title: string;
  /** The live items it speaks for. */
  readonly items: readonly string[];
  readonly advisory: boolean;
}

/**
 * Runs checks one after the other, in the given order.
 *
 * @param ids checks to run; by default all that need not be asked for
 * @param onCheck called after each check
 */
export async function verify(
  context: CheckContext,
  redact: Redact,
  ids: readonly string[] = defaultChecks(context),
  onCheck?: (check: VerifiedCheck) => void,
): Promise<readonly VerifiedCheck[]> {
  const results: VerifiedCheck[] = [];
  for (const id of ids) {
    const definition = definitions.get(id);
    if (definition === undefined) throw new RangeError(`There is no check ${id}.`);
    const outcome = await answer(context, id);
    const result: VerifiedCheck = {
      id,
      title: definition.title,
      items: definition.items,
      advisory: definition.advisory === true,
      verdict: outcome.verdict,
      text: redact(outcome.text),
      details: outcome.details.map(redact),
    };
    results.push(result);
    onCheck?.(result);
  }
  return results;
}

/** Whether a deployment stands: nothing failed, and nothing that decides is unknown. */
export function isVerified(checks: readonly VerifiedCheck[]): boolean {
  const deciding = checks.filter(check => !check.advisory && check.verdict !== 'skipped');
  return deciding.length > 0 && deciding.every(check => check.verdict === 'pass' || check.verdict === 'warn');
}

/** The checks to run before the first step. */
export const prerequisiteIds: readonly string[] = prerequisiteChecks.map(check => check.id);

/** The checks that are run only when a person asks for them, because they leave the cluster or need more rights. */
export const optionalIds: readonly string[] = postDeploymentChecks.filter(check => check.optIn).map(check => check.id);

const definitions: ReadonlyMap<string, PostDeploymentCheck> = new Map(
  [...prerequisiteChecks, ...postDeploymentChecks].map(check => [check.id, check]),
);

const functions = table<Check>({
  ...prerequisiteCheckFunctions,
  ...clusterChecks,
  ...serviceChecks,
  ...jobChecks,
  ...prometheusChecks,
});

/** A check that throws is a mistake in the check; the others still run, and its answer is not taken for a pass. */
async function answer(context: CheckContext, id: string): Promise<CheckOutcome> {
  const check = functions[id];
  if (check === undefined) return unknown('This check is not implemented.');
  try {
    return await check(context);
  } catch (error) {
    return unknown(`The check itself failed: ${(error as Error).message}`);
  }
}

function defaultChecks(context: CheckContext): readonly string[] {
  return postDeploymentChecks
    .filter(check => !check.optIn || (check.id === 'federation-version' && context.fetch !== undefined))
    .map(check => check.id);
}
