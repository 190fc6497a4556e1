// Runs a mocha suite inside the extension host of a provisioned VS Code, in a headless browser.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import util from 'node:util';
import { launchBrowser } from './browser.mjs';
import { startServer } from './server.mjs';

/** Begins the line of the console that says how the tests in a browser have ended; see test/vscode/web/result.ts. */
const resultMark = 'matrix-preflight-test-result ';

/**
 * Loads the extension at `extension` and calls `run()` of the CommonJS module `tests` with `folder` open.
 *
 * Gives `{ ok, code, passes, failures, text, vscode }`. `ok` needs the report that the suite itself writes, because
 * an extension host that dies is announced with the exit code 0. With `isWeb` the extension and its tests run in a worker
 * of the browser, as on vscode.dev. On failure a picture of the page and all logs are left
 * in `artifacts`.
 */
export async function runInHost(host, options) {
  const {
    label,
    extension,
    tests,
    folder,
    artifacts,
    settings,
    trusted,
    extensionsDirectory,
    isWeb = false,
    env = {},
    timeoutMilliseconds = 120_000,
  } = options;
  const resultDirectory = fs.mkdtempSync(path.join(os.tmpdir(), 'mp-result-'));
  const resultFile = path.join(resultDirectory, 'result.json');
  const server = await startServer(host, {
    testDriver: true,
    settings: isWeb ? { ...settings, 'remote.extensionKind': { [extensionId(extension)]: ['web'] } } : settings,
    trusted,
    extensionsDirectory,
    logLevel: process.env.TEST_LOG_LEVEL,
    env: { ...env, TEST_RESULT: resultFile },
  });
  const lines = [];
  let browser;
  let timer;
  try {
    browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const code = await new Promise((resolve, reject) => {
      timer = setTimeout(() => resolve('time limit exceeded'), timeoutMilliseconds);
      page.on('crash', () => resolve('the browser page crashed'));
      const open = async () => {
        // The page looks for these two when it starts, so they have to be there before it loads.
        await page.exposeFunction('codeAutomationLog', (type, args) => lines.push(`${type} ${util.format(...args)}`));
        await page.exposeFunction('codeAutomationExit', (exitCode, logs) => {
          for (const log of logs ?? []) lines.push(`--- ${log.relativePath}\n${log.contents}`);
          resolve(exitCode);
        });
        const payload = [
          ['extensionDevelopmentPath', server.uri(extension)],
          ['extensionTestsPath', server.uri(tests)],
        ];
        await page.goto(server.url({ folder, payload }));
      };
      open().catch(reject);
    });
    const marked = lines.find(line => line.includes(resultMark))?.split(resultMark)[1];
    const written = fs.existsSync(resultFile) ? fs.readFileSync(resultFile, 'utf8') : marked;
    const report = written && JSON.parse(written);
    const ok = code === 0 && report?.done === true && report.failures === 0 && report.passes > 0;
    if (!ok) {
      fs.mkdirSync(artifacts, { recursive: true });
      await page.screenshot({ path: path.join(artifacts, `host-${host.which}-${label}.png`) }).catch(() => {});
      fs.writeFileSync(path.join(artifacts, `host-${host.which}-${label}.log`), `${lines.join('\n')}\n${server.log()}`);
    }
    return { ok, code, ...report };
  } finally {
    clearTimeout(timer);
    await browser?.close();
    await server.stop();
    fs.rmSync(resultDirectory, { recursive: true, force: true });
  }
}

function extensionId(directory) {
  const { publisher, name } = JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'));
  return `${publisher}.${name}`;
}
