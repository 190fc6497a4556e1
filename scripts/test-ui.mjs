// Drives the workbench of a real VS Code with the packaged extension installed and the broken sample open:
// `node scripts/test-ui.mjs [latest|minimum] [--grep TEXT]`. Pictures are left in test-artifacts/.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Mocha from 'mocha';
import 'tsx';
import { serveBrowser } from './host/browser.mjs';
import { hosts, provision, repository } from './host/provision.mjs';
import { installVsix, startServer } from './host/server.mjs';
import { productionDeployment, testKubectl } from './host/suites.mjs';
import { packageExtension } from './package.mjs';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { grep: { type: 'string' } } });
const which = positionals[0] ?? 'latest';
const artifacts = path.join(repository, 'test-artifacts');
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'mp-ui-'));
const nowhere = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'nowhere', cluster: { server: 'http://127.0.0.1:9' } }],
  contexts: [{ name: 'nowhere', context: { cluster: 'nowhere', user: '' } }],
};

let server;
let browser;
try {
  const host = provision(which);
  const extensionsDirectory = path.join(temporary, 'extensions');
  installVsix(host, await packageExtension(), extensionsDirectory);
  const folder = path.join(temporary, 'deployment');
  fs.cpSync(path.join(repository, 'examples/broken'), folder, { recursive: true });
  fs.mkdirSync(artifacts, { recursive: true });
  browser = await serveBrowser();
  const settings = { 'workbench.colorTheme': process.env.UI_THEME ?? 'Default Dark Modern' };
  // The test that starts a cluster writes its address there; until then there is one context, which leads nowhere.
  const kubeconfig = path.join(temporary, 'kubeconfig.json');
  fs.writeFileSync(kubeconfig, JSON.stringify(nowhere));
  const home = path.join(temporary, 'home');
  fs.mkdirSync(home);
  const env = { KUBECONFIG: kubeconfig, HOME: home, XDG_STATE_HOME: path.join(temporary, 'state') };
  const machineSettings = {
    'matrixPreflight.kubectl.path': await testKubectl(),
    'matrixPreflight.deploy.pollSeconds': 0.2,
    'matrixPreflight.deploy.secondThoughtsSeconds': 1,
  };
  server = await startServer(host, { extensionsDirectory, settings, machineSettings, env });
  Object.assign(process.env, {
    UI_BROWSER: browser.wsEndpoint(),
    UI_URL: server.url({ folder }),
    UI_FOLDER: folder,
    UI_PRODUCTION: productionDeployment(temporary),
    UI_STATE: env.XDG_STATE_HOME,
    UI_KUBECONFIG: kubeconfig,
    UI_EXTENSIONS: extensionsDirectory,
    UI_ARTIFACTS: artifacts,
  });
  const { passes, failures } = await run();
  if (failures > 0) fs.writeFileSync(path.join(artifacts, 'ui.log'), server.log());
  console.log(`${passes} passed, ${failures} failed`);
  process.exitCode = failures === 0 && passes > 0 ? 0 : 1;
} finally {
  await browser?.close();
  await server?.stop();
  fs.rmSync(temporary, { recursive: true, force: true });
}

async function run() {
  console.log(`\nThe workbench of VS Code ${hosts[which].vscode}`);
  const mocha = new Mocha({ timeout: 60_000, reporter: 'spec' });
  const directory = path.join(repository, 'test/ui');
  for (const file of fs.readdirSync(directory).sort()) {
    if (file.endsWith('.test.ts')) mocha.addFile(path.join(directory, file));
  }
  if (values.grep) mocha.fgrep(values.grep);
  await mocha.loadFilesAsync();
  return new Promise(resolve => {
    const runner = mocha.run(() => resolve(runner.stats));
  });
}
