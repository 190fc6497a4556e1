// Runs test/vscode inside a real VS Code: `node scripts/test-vscode.mjs [latest|minimum]... [--suite NAME] [--grep
// TEXT]`. Without a version it runs on both; with a suite or a text it runs that suite, or the tests whose names contain it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { hosts, provision, repository } from './host/provision.mjs';
import { runInHost } from './host/run-tests.mjs';
import {
  bundleTests,
  bundleWebTests,
  installedBeside,
  productionDeployment,
  testDeployment,
  testKubectl,
  testKubernetesSchema,
} from './host/suites.mjs';

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: 'string' }, suite: { type: 'string' } },
});
await build();
const tests = await bundleTests();
const webTests = await bundleWebTests();
const kubectl = await testKubectl();
const schema = await testKubernetesSchema();
const all = ['trusted', 'restricted'];
// The suites beside the YAML extension need a Node that the YAML language server runs on. The longest suite comes first, so
// that nothing is left to wait for.
const suites = { latest: ['production', ...all, 'web', 'beside', 'beside-kubernetes'], minimum: [...all, 'web'] };
/** The stand-ins for other extensions that are installed for a suite. */
const besides = {
  beside: ['yaml'],
  'beside-kubernetes': ['yaml', 'kubernetes'],
  production: ['kubernetes'],
};
let passed = 0;
let failed = 0;
// Making a host keeps this process busy, so all are there before the first starts. Then two suites run at a time.
const chosen = (wanted.length > 0 ? wanted : Object.keys(hosts)).map(which => provision(which));
const waiting = chosen
  .flatMap(host => suites[host.which].map(suite => ({ host, suite })))
  .filter(({ suite }) => !values.suite || values.suite === suite);
await Promise.all([takeSuites(), takeSuites()]);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function takeSuites() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { host, suite } = next;
    const result = await runSuite(host, suite);
    // The counts come once, at the end.
    const text = (result.text ?? '').replace(/^ +\d+ (?:passing|failing).*\n/gm, '');
    console.log(`\nVS Code ${hosts[host.which].vscode}, ${suite}\n${text}`);
    passed += result.passes ?? 0;
    failed += result.failures ?? 0;
    if (result.ok) continue;
    console.error(
      `not passed: the extension host ended with ${result.code}; see test-artifacts/host-${host.which}-${suite}.log`,
    );
    // A suite that broke off without a failed test has failed all the same.
    if (!result.failures) failed++;
  }
}

async function runSuite(host, suite) {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'mp-workspace-'));
  const trusted = suite !== 'restricted';
  const isWeb = suite === 'web';
  const quietTrust = { enabled: true, startupPrompt: 'never', banner: 'never' };
  const trustSettings = Object.entries(quietTrust).map(([name, value]) => [`security.workspace.trust.${name}`, value]);
  try {
    return await runInHost(host, {
      label: suite,
      extension: repository,
      tests: isWeb ? webTests : tests,
      isWeb,
      folder: suite === 'production' ? productionDeployment(temporary) : testDeployment(temporary),
      artifacts: path.join(repository, 'test-artifacts'),
      trusted,
      // A whole deployment is some four hundred calls of kubectl.
      timeoutMilliseconds: suite === 'production' ? 600_000 : 180_000,
      settings: trusted ? {} : Object.fromEntries(trustSettings),
      ...(besides[suite] ? { extensionsDirectory: await installedBeside(besides[suite], temporary) } : {}),
      env: {
        TEST_SUITE: suite,
        TEST_GREP: values.grep ?? '',
        TEST_KUBECTL: kubectl,
        TEST_YAML_SERVER: path.join(repository, 'node_modules/yaml-language-server/out/src/server.js'),
        TEST_KUBERNETES_SCHEMA: schema,
        TEST_PROGRAMS: path.join(repository, 'test/vscode/programs'),
        // Runs are kept here, and not among those of whoever runs the tests.
        XDG_STATE_HOME: path.join(temporary, 'state'),
      },
    });
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}
