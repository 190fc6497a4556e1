import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { gitState } from '../../deploy/git';
import { readResults } from '../../deploy/run/results';
import { defaultStateDirectory } from '../../deploy/run/store';
import { runSummaries } from '../../deploy/run/summary';
import { liveAnswers } from '../../deploy/verify/live-items';
import { fullReport, reportText } from '../../reports/full';
import { rules } from '../../rules/catalogue';
import { itemReports } from '../../rules/checklist';
import { findingsOf, loadWorkspace, textsOf, today } from '../load';
import { oneOf, parse, treeRoot } from '../usage';
import { version } from '../version';

/** Writes one report of everything: states, findings, sign-offs, waivers, network and deployments. */
export async function report(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv, {
    format: { type: 'string' },
    output: { type: 'string' },
    config: { type: 'string' },
  });
  const format = oneOf('--format', values.format, formats, 'markdown');
  const root = treeRoot(positionals);
  const workspace = loadWorkspace(root, values.config);
  const findings = findingsOf(workspace);
  const stateDirectory = defaultStateDirectory(process.env);
  const live = liveAnswers(readResults(stateDirectory, root));
  const items = itemReports(workspace, findings, rules, live, today());
  const git = await gitState(root, async args => (await promisify(execFile)('git', [...args])).stdout);
  const facts = {
    version,
    generatedAt: new Date().toISOString(),
    ...(git ? { git } : {}),
    runs: runSummaries(stateDirectory, root),
  };
  const text = reportText(fullReport(workspace, { root: basename(root), facts, items, findings }), format, textsOf);
  if (values.output === undefined) process.stdout.write(text);
  else writeFileSync(values.output, text);
  return items.some(({ state }) => state === 'failed') ? 1 : 0;
}

const formats = ['markdown', 'html', 'json', 'sarif', 'junit'] as const;
