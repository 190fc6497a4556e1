import type { Value } from '../../manifests/value';

/*
 * What a policy of MinIO allows (minio/pkg policy/statement.go, resource.go: isAllowedFor, Match). Of a bucket itself
 * the pattern has to match its name, or its name with a slash behind it.
 */

export type Answer = 'yes' | 'no' | 'unknown';

/** Whether policies let their user do something in a bucket: one has to allow it, and none to deny it. */
export function isAllowed(policies: readonly Value[], action: string, bucket: string): Answer {
  const answers = policies
    .flatMap(policy => listOf(policy.at('Statement')))
    .map(statement => ({ effect: statement.at('Effect').text, says: covers(statement, action, bucket) }));
  const denied = answers.filter(one => one.effect === 'Deny' && one.says !== 'no');
  if (denied.length > 0) return denied.some(one => one.says === 'yes') ? 'no' : 'unknown';
  const allowed = answers.filter(one => one.effect !== 'Deny' && one.says !== 'no');
  if (allowed.some(one => one.says === 'yes' && one.effect === 'Allow')) return 'yes';
  return allowed.length > 0 ? 'unknown' : 'no';
}

/** Whether the policy that MinIO brings under a name allows an action in every bucket (policy/constants.go). */
export function isAllowedBy(name: string, action: string): Answer | undefined {
  switch (name) {
    case 'readwrite':
    case 'consoleAdmin':
      return 'yes';
    case 'readonly':
      return action === 's3:GetObject' ? 'yes' : 'no';
    case 'writeonly':
      return action === 's3:PutObject' ? 'yes' : 'no';
    case 'consolereadonly':
      return action === 's3:GetObject' || action === 's3:ListBucket' ? 'yes' : 'no';
    case 'diagnostics':
      return 'no';
    default:
      return undefined;
  }
}

function covers(statement: Value, action: string, bucket: string): Answer {
  const texts = (key: string): readonly string[] => listOf(statement.at(key)).flatMap(one => one.text ?? []);
  if (statement.at('NotAction').exists || statement.at('NotResource').exists) return 'unknown';
  if (!texts('Action').some(pattern => matches(pattern, action))) return 'no';
  const patterns = texts('Resource').map(text => text.replace(/^arn:aws:s3:::/, ''));
  if (patterns.some(pattern => pattern.includes('$'))) return 'unknown';
  const isObject = /Object$/.test(action);
  const isWhole = patterns.some(pattern =>
    isObject ? matches(pattern, `${bucket}/a/b`) : pattern === bucket || matches(pattern, `${bucket}/`),
  );
  // A part of the bucket may be all that is used.
  const isPart = patterns.some(pattern => pattern.includes('/') && matches(pattern.replace(/\/.*$/, ''), bucket));
  if (!isWhole && !(isObject && isPart)) return 'no';
  return statement.at('Condition').exists || !isWhole ? 'unknown' : 'yes';
}

/** The items of a list, or the value itself where the list has been left away. */
export function listOf(value: Value): readonly Value[] {
  return value.kind === 'sequence' ? value.items() : value.exists ? [value] : [];
}

/** `*` stands for any letters, `?` for one (minio/pkg wildcard). */
export function matches(pattern: string, text: string): boolean {
  let [at, of, star, mark] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[of] === '*') {
      star = of++;
      mark = at;
    } else if (pattern[of] === '?' || pattern[of] === text[at]) {
      of++;
      at++;
    } else if (star !== -1) {
      of = star + 1;
      at = ++mark;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(of));
}
