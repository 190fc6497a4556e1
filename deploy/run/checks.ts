import type { PlannedStep } from '../plan/plan';
import type { CheckContext } from '../verify/check';
import { isVerified, type VerifiedCheck, verify } from '../verify/verify';
import { excerpt, type RunContext } from './context';

/** What checks see of a run. */
export function checkContextOf(context: RunContext): CheckContext {
  return {
    kubectl: context.kubectl,
    plan: context.plan,
    sources: context.sources,
    now: () => context.clock.now(),
    sleep: milliseconds => context.clock.sleep(milliseconds, context.signal),
    sampleMilliseconds: 0,
  };
}

/**
 * Runs the checks of a step until they pass or their time is over. Services answer some time after their pods are
 * ready, so the first answer does not decide.
 *
 * @returns the last answers; empty for a step without checks
 */
export async function verifyStep(context: RunContext, step: PlannedStep): Promise<readonly VerifiedCheck[]> {
  if (step.checks.length === 0) return [];
  const until = context.clock.now() + context.pace.verify;
  for (;;) {
    const checks = await verify(checkContextOf(context), context.redact, step.checks);
    if (isGood(checks) || context.clock.now() >= until || context.signal.aborted) {
      for (const check of checks) {
        const { id, verdict, text } = check;
        context.journal.append({ type: 'verify', step: step.id, check: id, verdict, text: excerpt(text) });
        context.emit({ type: 'check', step: step.id, check });
      }
      return checks;
    }
    await context.clock.sleep(context.pace.poll, context.signal);
  }
}

/** Whether nothing a step's checks say stands against it; skipped checks had nothing to look at. */
export function isGood(checks: readonly VerifiedCheck[]): boolean {
  return checks.every(check => check.verdict === 'skipped' || check.advisory) || isVerified(checks);
}
