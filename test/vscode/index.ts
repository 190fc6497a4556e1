import * as fs from 'node:fs';
import * as path from 'node:path';
import * as util from 'node:util';
import Mocha from 'mocha';
import * as vscode from 'vscode';

/**
 * Runs the suites beside this file inside the extension host. The outcome goes to the file named by TEST_RESULT,
 * because an extension host that dies is announced as a success.
 */
export async function run(): Promise<void> {
  const lines: string[] = [];
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => {
    const line = util.format(...args);
    lines.push(line);
    console.log(line);
  };
  const suite = process.env.TEST_SUITE ?? 'trusted';
  const runner = new Mocha({ ui: 'bdd', color: false, timeout: 30_000 });
  if (process.env.TEST_GREP) runner.fgrep(process.env.TEST_GREP);
  for (const file of fs.readdirSync(path.join(__dirname, suite)).sort()) {
    if (file.endsWith('.test.js')) runner.addFile(path.join(__dirname, suite, file));
  }
  let passes = 0;
  const failures = await new Promise<number>(resolve => {
    runner.run(resolve).on('pass', () => passes++);
  });
  const report = { done: true, vscode: vscode.version, passes, failures, text: lines.join('\n') };
  if (process.env.TEST_RESULT) fs.writeFileSync(process.env.TEST_RESULT, JSON.stringify(report));
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
