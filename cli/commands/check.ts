import { writeFileSync } from 'node:fs';
import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import { settled } from '../../manifests/derived';
import { namedFindings } from '../../reports/named-findings';
import type { CheckReport } from '../../reports/report';
import type { Finding } from '../../rules/findings';
import { compareWithBaseline, readBaseline } from '../baseline';
import { findingsOf, loadWorkspace, textsOf } from '../load';
import { oneOf, parse, treeRoot } from '../usage';
import { version } from '../version';

/** Reports what violates the checklist. */
export async function check(argv: readonly string[]): Promise<number> {
  const started = performance.now();
  const { values, positionals } = parse(argv, {
    format: { type: 'string' },
    'fail-on': { type: 'string' },
    rule: { type: 'string', multiple: true },
    config: { type: 'string' },
    baseline: { type: 'string' },
    output: { type: 'string' },
    'no-color': { type: 'boolean' },
  });
  const format = oneOf('--format', values.format, formats, 'pretty');
  const failOn = oneOf('--fail-on', values['fail-on'], ['error', 'warning', 'info', 'none'], 'error');
  const root = treeRoot(positionals);
  const baseline = values.baseline === undefined ? undefined : readBaseline(values.baseline);
  const showsProgress = format === 'pretty' && process.stderr.isTTY;
  if (showsProgress) process.stderr.write('Reading manifests …\r');
  const { workspace, all } = settled(() => {
    const read = loadWorkspace(root, values.config);
    return { workspace: read, all: namedFindings(findingsOf(read, values.rule), read) };
  });
  const compared = baseline && compareWithBaseline(all, baseline, values.rule);
  const findings = compared?.findings ?? all;
  const failing = ['error', 'warning', 'info'].slice(0, ['error', 'warning', 'info'].indexOf(failOn) + 1);
  const fails = ({ severity, suppressed }: Finding): boolean => !suppressed && failing.includes(severity);
  const text = await formatted(format, {
    version,
    workspace,
    findings,
    root: basename(root),
    pathPrefix: pathPrefix(root),
    milliseconds: Math.round(performance.now() - started),
    baseline: compared && { known: compared.known, gone: compared.gone },
    color: !values['no-color'] && values.output === undefined && usesColor(),
    fails,
  });
  if (showsProgress) process.stderr.write('\x1b[2K');
  if (values.output === undefined) process.stdout.write(text);
  else writeFileSync(values.output, text);
  return findings.some(fails) ? 1 : 0;
}

const formats = ['pretty', 'json', 'sarif', 'junit', 'github', 'markdown'] as const;

/** Only the format that is asked for is loaded, which keeps the start short. */
async function formatted(format: (typeof formats)[number], report: CheckReport): Promise<string> {
  switch (format) {
    case 'pretty':
      return (await import('../formats/pretty')).prettyFindings(report);
    case 'json':
      return `${JSON.stringify((await import('../../reports/json')).findingsReport(report), null, 2)}\n`;
    case 'sarif':
      return `${JSON.stringify((await import('../../reports/sarif')).sarifLog(report, textsOf), null, 2)}\n`;
    case 'junit':
      return (await import('../../reports/junit')).junitReport(report);
    case 'github':
      return (await import('../formats/github')).githubAnnotations(report);
    case 'markdown':
      return (await import('../../reports/markdown')).markdownFindings(report);
  }
}

/** The way from the repository, which CI runs in, to the tree; empty if the tree lies elsewhere. */
function pathPrefix(root: string): string {
  const path = relative(resolve(process.env.GITHUB_WORKSPACE ?? '.'), root);
  const isBelow = path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
  return isBelow ? `${path.split(sep).join('/')}/` : '';
}

function usesColor(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}
