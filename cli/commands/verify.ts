import { postDeploymentChecks } from '../../checklist/validation';
import { identifyCluster } from '../../deploy/cluster/identity';
import { planSources } from '../../deploy/plan/from-workspace';
import { planDeployment } from '../../deploy/plan/plan';
import { createRedactor } from '../../deploy/redact/redact';
import { secretValues } from '../../deploy/redact/secrets';
import { saveResults } from '../../deploy/run/results';
import { defaultStateDirectory } from '../../deploy/run/store';
import { isVerified, prerequisiteIds, verify as runChecks, type VerifiedCheck } from '../../deploy/verify/verify';
import { loadWorkspace } from '../load';
import { oneOf, parse, treeRoot, UsageError } from '../usage';
import { bound, connected, refuse } from './deploy';

/** Asks the cluster whether the deployment stands. Nothing is changed; what cannot be told counts as failed. */
export async function verify(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv, {
    context: { type: 'string' },
    format: { type: 'string' },
    config: { type: 'string' },
  });
  if (values.context === undefined)
    throw new UsageError('verify needs --context NAME; the current context is never used');
  const format = oneOf('--format', values.format, ['pretty', 'json', 'junit'], 'pretty');
  const root = treeRoot(positionals);
  const sources = planSources(loadWorkspace(root, values.config));
  const local = await connected(root);
  if (typeof local === 'string') return refuse(local);
  const kubectl = bound(local, values.context);
  if (typeof kubectl === 'string') return refuse(kubectl);
  // Asked first: the answers are kept as those of this cluster.
  const identity = await identifyCluster(kubectl, values.context);
  const context = {
    kubectl,
    plan: planDeployment(sources),
    sources,
    now: Date.now,
    sleep: (milliseconds: number) => new Promise<void>(resolve => setTimeout(resolve, milliseconds)),
    sampleMilliseconds: 30_000,
  };
  const ids = [
    ...prerequisiteIds,
    ...postDeploymentChecks.filter(check => !('optIn' in check && check.optIn)).map(check => check.id),
  ];
  const checks = await runChecks(context, createRedactor(secretValues(sources)), ids, check => {
    if (format === 'pretty') process.stdout.write(pretty(check));
  });
  if (identity.ok)
    saveResults(defaultStateDirectory(process.env), { root, cluster: identity.value, checks }, Date.now());
  if (format === 'json')
    process.stdout.write(
      `${JSON.stringify({ version: 1, context: values.context, verified: isVerified(checks), checks }, null, 2)}\n`,
    );
  if (format === 'junit') process.stdout.write(junit(checks));
  return isVerified(checks) ? 0 : 1;
}

const marks: Readonly<Record<VerifiedCheck['verdict'], string>> = {
  pass: '✔',
  warn: '!',
  fail: '✘',
  unknown: '?',
  skipped: '–',
};

function pretty({ verdict, title, text, details }: VerifiedCheck): string {
  return `${marks[verdict]} ${title}: ${text}\n${details.map(detail => `    ${detail}\n`).join('')}`;
}

function junit(checks: readonly VerifiedCheck[]): string {
  const failed = checks.filter(({ verdict, advisory }) => !advisory && (verdict === 'fail' || verdict === 'unknown'));
  const cases = checks.map(check => {
    const open = `    <testcase classname="verify" name="${escaped(check.title)}">`;
    if (failed.includes(check))
      return `${open}<failure message="${escaped(check.text)}">${escaped(check.details.join('\n'))}</failure></testcase>`;
    return check.verdict === 'skipped'
      ? `${open}<skipped message="${escaped(check.text)}"/></testcase>`
      : `${open}</testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite name="verify" tests="${checks.length}" failures="${failed.length}">\n${cases.join('\n')}\n  </testsuite>\n</testsuites>\n`;
}

function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, char => `&#${char.charCodeAt(0)};`)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '');
}
