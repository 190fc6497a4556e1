import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { findingsReport } from '../formats/json';
import { prettyFindings } from '../formats/pretty';
import { findingsOf, loadWorkspace } from '../load';
import { oneOf, parse, treeRoot } from '../usage';

/** Reports what violates the checklist. */
export function check(argv: readonly string[]): number {
  const started = performance.now();
  const { values, positionals } = parse(argv, {
    format: { type: 'string' },
    'fail-on': { type: 'string' },
    rule: { type: 'string', multiple: true },
    config: { type: 'string' },
    output: { type: 'string' },
    'no-color': { type: 'boolean' },
  });
  const format = oneOf('--format', values.format, ['pretty', 'json'], 'pretty');
  const failOn = oneOf('--fail-on', values['fail-on'], ['error', 'warning', 'info', 'none'], 'error');
  const root = treeRoot(positionals);
  const showsProgress = format === 'pretty' && process.stderr.isTTY;
  if (showsProgress) process.stderr.write('Reading manifests …\r');
  const workspace = loadWorkspace(root, values.config);
  const findings = findingsOf(workspace, values.rule);
  const reported = findings.filter(finding => !finding.suppressed);
  const milliseconds = Math.round(performance.now() - started);
  const text =
    format === 'json'
      ? `${JSON.stringify(findingsReport(workspace, findings, basename(root), milliseconds), null, 2)}\n`
      : prettyFindings(workspace, findings, {
          color: !values['no-color'] && values.output === undefined && usesColor(),
          milliseconds,
        });
  if (showsProgress) process.stderr.write('\x1b[2K');
  if (values.output === undefined) process.stdout.write(text);
  else writeFileSync(values.output, text);
  const failing = ['error', 'warning', 'info'].slice(0, ['error', 'warning', 'info'].indexOf(failOn) + 1);
  return reported.some(finding => failing.includes(finding.severity)) ? 1 : 0;
}

function usesColor(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}
