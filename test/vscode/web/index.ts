import * as vscode from 'vscode';
import { resultMark } from './result';

/**
 * Runs the suite beside this file inside the extension host of a browser. There is no file to write the outcome to, so it
 * is a marked line of the console.
 */
export async function run(): Promise<void> {
  // Not before: mocha puts itself into the place of what this module exports.
  await import('mocha/mocha.js');
  mocha.setup({ ui: 'bdd', timeout: 30_000, reporter: silently as unknown as Mocha.ReporterConstructor });
  await import('./web.test');
  const lines: string[] = [];
  let passes = 0;
  const failures = await new Promise<number>(resolve => {
    mocha
      .run(resolve)
      .on('pass', test => {
        passes++;
        lines.push(`    ✔ ${test.fullTitle()} (${test.duration}ms)`);
      })
      .on('fail', (test, error) => lines.push(`    ✗ ${test.fullTitle()}\n${error.stack ?? error.message}`));
  });
  const report = { done: true, vscode: vscode.version, passes, failures, text: lines.join('\n') };
  console.log(`${resultMark}${JSON.stringify(report)}`);
  if (failures > 0) throw new Error(`${failures} tests failed`);
}

/** Mocha's own reporters for browsers want a page to write to. */
function silently(): void {}
