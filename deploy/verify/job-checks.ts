import { checklistSteps } from '../../checklist/steps';
import { table } from '../../manifests/table';
import { readObjects, readText } from '../cluster/read';
import { statusOf } from '../cluster/status';
import { isObjectName } from '../kubectl/kubectl';
import { at, text } from '../plan/source';
import {
  type Check,
  type CheckContext,
  type CheckOutcome,
  fail,
  pass,
  plannedObjects,
  skipped,
  unknown,
} from './check';
import { serviceChecks } from './service-checks';

/** What is known of a Job in the cluster. */
export interface JobFacts {
  readonly exists: boolean;
  readonly uid: string;
  readonly state: 'absent' | 'running' | 'complete' | 'failed';
  /** Lines of its log that are errors, although the Job may call itself complete. Raw: redact before use. */
  readonly errors: readonly string[];
  /** What shows whether the Job had its effect; undefined if there is no such check for it. */
  readonly effect: CheckOutcome | undefined;
}

/**
 * A script that runs psql without `set -e` or ON_ERROR_STOP ends well whatever happened, so a complete Job proves
 * nothing: its log must be free of errors and its effect must be there.
 */
export function jobVerdict(facts: JobFacts): CheckOutcome {
  if (facts.state === 'absent') return fail('The Job does not exist.');
  if (facts.state === 'failed') return fail('The Job has failed.', facts.errors);
  if (facts.state === 'running') return unknown('The Job has not ended.');
  if (facts.errors.length > 0) return fail('The Job calls itself complete, but its log has errors.', facts.errors);
  if (facts.effect === undefined) return pass('The Job is complete and its log is free of errors.');
  if (facts.effect.verdict === 'pass')
    return pass('The Job is complete, its log is free of errors, and its effect is there.');
  const details = [facts.effect.text, ...facts.effect.details];
  return facts.effect.verdict === 'fail'
    ? fail('The Job is complete, but its effect is not there.', details)
    : unknown('The Job is complete; whether it had its effect is not known.', details);
}

/** Reads everything that tells how a Job fared. A string says why it cannot be read. */
export async function jobFacts(
  context: CheckContext,
  job: { readonly name: string; readonly namespace: string },
): Promise<JobFacts | string> {
  const answer = await readObjects(context.kubectl, { apiVersion: 'batch/v1', kind: 'Job' }, job.namespace, [job.name]);
  if (!answer.ok) return answer.message;
  const [live] = answer.value;
  const effect = await effectOf(context, job.name);
  if (live === undefined) return { exists: false, uid: '', state: 'absent', errors: [], effect };
  const { status } = statusOf(live);
  const state = status === 'failed' ? 'failed' : status === 'current' ? 'complete' : 'running';
  const errors = state === 'running' ? [] : await errorsInLog(context, job);
  if (typeof errors === 'string') return errors;
  return { exists: true, uid: text(at(live, 'metadata', 'uid')) ?? '', state, errors, effect };
}

export const jobChecks = table<Check>({
  'run-once-jobs': async context => {
    const jobs = plannedObjects(context).filter(object => object.kind === 'Job');
    if (jobs.length === 0) return skipped('The plan has no Jobs.');
    const bad: CheckOutcome[] = [];
    for (const job of jobs) {
      const facts = await jobFacts(context, { name: job.name, namespace: job.namespace ?? context.plan.namespace });
      const verdict = typeof facts === 'string' ? unknown(facts) : jobVerdict(facts);
      if (verdict.verdict !== 'pass') bad.push({ ...verdict, text: `Job/${job.name}: ${verdict.text}` });
    }
    if (bad.length === 0) return pass(`${jobs.length} Jobs are complete and had their effect.`);
    const verdict = bad.some(outcome => outcome.verdict === 'fail') ? 'fail' : 'unknown';
    return {
      verdict,
      text: 'Jobs have not done what they are for.',
      details: bad.flatMap(o => [o.text, ...o.details]),
    };
  },
});

/** psql prints `ERROR:` for a failed statement and `psql: error` or `FATAL:` for a failed connection. */
const logError = /ERROR:|FATAL:|psql: error/;

async function errorsInLog(
  context: CheckContext,
  job: { readonly name: string; readonly namespace: string },
): Promise<readonly string[] | string> {
  if (!isObjectName(job.name)) return `${JSON.stringify(job.name)} is not the name of an object.`;
  const logs = await readText(context.kubectl, [
    'logs',
    `job/${job.name}`,
    `--namespace=${job.namespace}`,
    '--all-containers',
    '--tail=2000',
  ]);
  if (!logs.ok) return `The log of Job/${job.name} cannot be read: ${logs.message}`;
  return logs.value.split('\n').filter(line => logError.test(line));
}

function effectOf(context: CheckContext, job: string): Promise<CheckOutcome | undefined> {
  const check = checklistSteps.flatMap(step => step.runOnceJobs).find(candidate => candidate.name === job)?.effectCheck;
  const run = check === undefined ? undefined : serviceChecks[check];
  return run === undefined ? Promise.resolve(undefined) : run(context);
}
