import { writeFileSync } from 'node:fs';
import { settingsOf } from '../../analysis/settings';
import { postDeploymentChecks } from '../../checklist/validation';
import { identifyCluster } from '../../deploy/cluster/identity';
import { planOf, planSources } from '../../deploy/plan/from-workspace';
import { createRedactor } from '../../deploy/redact/redact';
import { secretValues } from '../../deploy/redact/secrets';
import { saveResults } from '../../deploy/run/results';
import { defaultStateDirectory } from '../../deploy/run/store';
import {
  isVerified,
  optionalIds,
  prerequisiteIds,
  verify as runChecks,
  type VerifiedCheck,
} from '../../deploy/verify/verify';
import { junitChecks, reportFormat } from '../formats/deployment';
import { loadWorkspace } from '../load';
import { oneOf, parse, treeRoot, UsageError } from '../usage';
import { bound, connected } from './deploy';

/** Asks the cluster whether the deployment stands. Nothing is changed; what cannot be told counts as failed. */
export async function verify(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv, {
    context: { type: 'string' },
    format: { type: 'string' },
    report: { type: 'string' },
    also: { type: 'string', multiple: true },
    watch: { type: 'string' },
    config: { type: 'string' },
  });
  if (values.context === undefined)
    throw new UsageError('verify needs --context NAME; the current context is never used');
  const format = oneOf('--format', values.format, ['pretty', 'json', 'junit'], 'pretty');
  const reportAs = reportFormat(values.report);
  const unknown = values.also?.find(id => !optionalIds.includes(id));
  if (unknown !== undefined) throw new UsageError(`--also takes ${optionalIds.join(', ')}, not "${unknown}"`);
  const root = treeRoot(positionals);
  const workspace = loadWorkspace(root, values.config);
  const sources = planSources(workspace);
  const local = await connected(root);
  if (typeof local === 'string') throw new UsageError(local);
  const kubectl = bound(local, values.context);
  if (typeof kubectl === 'string') throw new UsageError(kubectl);
  // Asked first: the answers are kept as those of this cluster.
  const identity = await identifyCluster(kubectl, values.context);
  const context = {
    kubectl,
    plan: planOf(workspace),
    sources,
    now: Date.now,
    sleep: (milliseconds: number) => new Promise<void>(resolve => setTimeout(resolve, milliseconds)),
    sampleMilliseconds: 1000 * seconds(values.watch),
    ...(values.also?.includes('federation-version') ? publicEndpoint(settingsOf(workspace).domain) : {}),
  };
  const ids = [
    ...prerequisiteIds,
    ...postDeploymentChecks.filter(({ id, optIn }) => !optIn || values.also?.includes(id)).map(check => check.id),
  ];
  const checks = await runChecks(context, createRedactor(secretValues(sources)), ids, check => {
    if (format === 'pretty') process.stdout.write(pretty(check));
  });
  const json = () =>
    `${JSON.stringify({ version: 1, context: values.context, verified: isVerified(checks), checks }, null, 2)}\n`;
  if (format === 'json') process.stdout.write(json());
  if (format === 'junit') process.stdout.write(junitChecks(checks));
  if (values.report !== undefined) writeFileSync(values.report, reportAs === 'json' ? json() : junitChecks(checks));
  if (identity.ok) keep({ root, cluster: identity.value, checks });
  return isVerified(checks) ? 0 : 1;
}

/** Keeps the answers for the checklist. That they cannot be kept changes nothing about them. */
function keep(results: Parameters<typeof saveResults>[1]): void {
  try {
    saveResults(defaultStateDirectory(process.env), results, Date.now());
  } catch (error) {
    process.stderr.write(
      `matrix-preflight: the answers are not kept: ${error instanceof Error ? error.message : error}\n`,
    );
  }
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

/** How long restarts are watched for. Throws {@link UsageError} for anything but a number of seconds. */
function seconds(value = '30'): number {
  if (!/^\d{1,4}$/.test(value)) throw new UsageError(`--watch takes a number of seconds, not "${value}"`);
  return Number(value);
}

/** What the check from outside needs. Throws {@link UsageError} if the tree does not say its domain. */
function publicEndpoint(domain: string | undefined) {
  if (domain === undefined)
    throw new UsageError('--also federation-version needs the domain in matrix-preflight.yaml (domain: example.org)');
  return {
    domain,
    fetch: async (url: string) => {
      const response = await fetch(url, { signal: AbortSignal.timeout(15_000), redirect: 'error' });
      return { status: response.status, body: await response.text() };
    },
  };
}
