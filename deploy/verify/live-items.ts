import type { LiveAnswer } from '../../checklist/live';
import type { ChecklistItemId } from '../../checklist/types';
import { postDeploymentChecks, prerequisiteChecks } from '../../checklist/validation';
import type { LiveResult, LiveResults } from '../run/results';

/**
 * What the kept answers of a cluster make of the live items. An item passes only if every check that may decide it has
 * been asked and has passed; a check that only informs decides nothing.
 */
export function liveAnswers(results: LiveResults | undefined): ReadonlyMap<ChecklistItemId, LiveAnswer> {
  const answers = new Map<ChecklistItemId, LiveAnswer>();
  if (results === undefined) return answers;
  const deciding = [...prerequisiteChecks, ...postDeploymentChecks].filter(check => check.advisory !== true);
  for (const item of new Set(deciding.flatMap(check => check.items))) {
    const wanted = deciding.filter(check => check.items.includes(item)).map(check => check.id);
    const given = results.checks.filter(check => wanted.includes(check.id));
    if (given.length > 0) answers.set(item, answerOf(given, wanted.length, results.cluster.context));
  }
  return answers;
}

function answerOf(given: readonly LiveResult[], wanted: number, context: string): LiveAnswer {
  const say = (state: LiveAnswer['state'], { text, at }: LiveResult): LiveAnswer => {
    return { state, reason: `${text} (${context}, ${at.slice(0, 16).replace('T', ' ')} UTC)` };
  };
  const [first] = given;
  const failed = given.find(({ verdict }) => verdict === 'fail');
  if (failed !== undefined) return say('failed', failed);
  const unclear = given.find(({ verdict }) => verdict === 'unknown');
  if (unclear !== undefined) return say('unknown', unclear);
  if (given.length < wanted) return { state: 'unknown', reason: `not all of its checks have been asked of ${context}` };
  const answered = given.filter(({ verdict }) => verdict !== 'skipped');
  // The oldest answer tells how fresh the whole is.
  const oldest = answered.reduce((a, b) => (b.at < a.at ? b : a), answered[0] ?? first!);
  return say(answered.length === 0 ? 'not-applicable' : 'passed', oldest);
}
