// Runs test/vscode inside a desktop VS Code, for machines that can download one: `node scripts/test-electron.mjs
// [VERSION]`. With VSCODE_EXECUTABLE set it uses that VS Code and downloads nothing.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runTests } from '@vscode/test-electron';
import { build } from './build.mjs';
import { repository } from './host/provision.mjs';
import { bundleTests, testDeployment } from './host/suites.mjs';

await build();
const extensionTestsPath = await bundleTests();
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'mp-electron-'));
const resultFile = path.join(temporary, 'result.json');
const executable = process.env.VSCODE_EXECUTABLE;
try {
  await runTests({
    ...(executable ? { vscodeExecutablePath: executable } : { version: process.argv[2] ?? 'stable' }),
    extensionDevelopmentPath: repository,
    extensionTestsPath,
    extensionTestsEnv: { TEST_RESULT: resultFile, TEST_SUITE: 'trusted' },
    launchArgs: [
      testDeployment(temporary),
      '--disable-extensions',
      '--disable-workspace-trust',
      `--user-data-dir=${path.join(temporary, 'data')}`,
    ],
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  report();
  fs.rmSync(temporary, { recursive: true, force: true });
}

function report() {
  const result = fs.existsSync(resultFile) ? JSON.parse(fs.readFileSync(resultFile, 'utf8')) : undefined;
  if (!result) {
    console.error('VS Code ended before the tests did');
    process.exitCode = 1;
  }
  console.log(`${result?.passes ?? 0} passed, ${result?.failures ?? 1} failed`);
}
