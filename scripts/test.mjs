// Runs everything that has to hold, one step after the other, and fails if anything fails or could not run. The steps of
// one list run at the same time, and what they say is shown when each has ended.
// `node scripts/test.mjs [step…]` runs only the named steps.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const node = process.execPath;
const bin = (name, path) => [node, `node_modules/${name}/${path}`];
const steps = [
  { name: 'lint', command: [...bin('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: [...bin('typescript', 'bin/tsc'), '--noEmit'] },
  { name: 'generated', command: [node, 'scripts/generate.mjs', '--check'] },
  { name: 'unused', command: [...bin('knip', 'bin/knip.js')] },
  { name: 'build', command: [node, 'scripts/build.mjs'] },
  [
    {
      name: 'unit',
      command: [...bin('mocha', 'bin/mocha.js'), '--parallel', '--jobs', String(availableParallelism())],
      hasTests: true,
    },
    {
      name: 'deploy',
      command: [...bin('mocha', 'bin/mocha.js'), '--config', 'test/deploy/.mocharc.json'],
      hasTests: true,
    },
  ],
  { name: 'package', command: [node, 'scripts/package.mjs'] },
  { name: 'vscode', command: [node, 'scripts/test-vscode.mjs'], hasTests: true },
  { name: 'ui', command: [node, 'scripts/test-ui.mjs'], hasTests: true },
];

const wanted = process.argv.slice(2);
const names = steps.flat().map(step => step.name);
const unknown = wanted.filter(name => !names.includes(name));
if (unknown.length > 0) {
  console.error(`there is no step ${unknown.join(', ')}; the steps are ${names.join(', ')}`);
  process.exit(2);
}

let passed = 0;
const failures = [];
for (const group of steps) {
  const chosen = [group].flat().filter(step => wanted.length === 0 || wanted.includes(step.name));
  await Promise.all(chosen.map(step => take(step, chosen.length === 1)));
}
console.log(failures.length > 0 ? `\nfailed: ${failures.join(', ')}` : '\nall steps passed');
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);

async function take(step, isAlone) {
  if (isAlone) console.log(`\n── ${step.name}`);
  const started = performance.now();
  const { code, output } = await run(step.command, isAlone);
  if (!isAlone) console.log(`\n── ${step.name}\n${output}`);
  const count = sum(output, /(\d+) (?:passing|passed)/g);
  passed += count;
  // A suite that ran no test proves nothing, whatever its exit code says.
  const ok = code === 0 && (!step.hasTests || count > 0);
  console.log(
    `── ${step.name}: ${ok ? 'ok' : code === 0 ? 'failed, no test ran' : `failed with exit code ${code}`} after ${Math.round((performance.now() - started) / 1000)} s`,
  );
  if (!ok) failures.push(step.name);
}

function run([command, ...args], isShown) {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', data => {
      if (isShown) process.stdout.write(data);
      output += data;
    });
    child.on('error', error => resolve({ code: error.message, output }));
    child.on('close', code => resolve({ code, output }));
  });
}

function sum(text, pattern) {
  return [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
}
