// Measures the built bundles against floors, interleaved, and prints medians and ratios. `npm run bench [-- --quick] [--typing]`.
// Ratios are what counts: absolute times are of the machine and the moment.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { longFile, writeTree } from './tree.mjs';

const quick = process.argv.includes('--quick');
const repository = join(import.meta.dirname, '..');
const cli = join(repository, 'dist/cli.js');
const server = join(repository, 'dist/server.js');
if (!existsSync(cli) || !existsSync(server)) {
  console.error('dist/ is missing: run "npm run build" first');
  process.exit(2);
}
const work = mkdtempSync(join(tmpdir(), 'preflight-bench-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

console.log(`Node ${process.version}, ${process.platform} ${process.arch}\n`);

/** A cold process that checks the whole tree, against reading and parsing alone. */
function wholeCheck() {
  console.log('Whole check, cold process: median seconds (user + system cpu), ratio to the events floor');
  for (const copies of quick ? [1] : [1, 10, 100]) {
    const tree = join(work, `tree-${copies}`);
    const { files, bytes } = writeTree(tree, copies);
    const commands = {
      'node -e 0': ['-e', '0'],
      'events floor': [join(import.meta.dirname, 'floor-events.mjs'), tree],
      check: [cli, 'check', tree, '--format', 'json', '--fail-on', 'none', '--output', join(work, 'report.json')],
    };
    const rounds = copies === 100 ? 3 : quick ? 3 : 9;
    const times = Object.fromEntries(Object.keys(commands).map(name => [name, []]));
    for (let round = 0; round <= rounds; round++) {
      for (const [name, args] of Object.entries(commands)) {
        const measured = timed(args);
        if (round > 0) times[name].push(measured);
      }
    }
    const floor = times['events floor'];
    console.log(`  ${copies}x: ${files} files, ${(bytes / 1e6).toFixed(1)} MB`);
    for (const [name, own] of Object.entries(times)) {
      const ratio = median(own.map((one, at) => one.cpu / floor[at].cpu));
      console.log(
        `    ${name.padEnd(14)} wall ${median(own.map(one => one.wall)).toFixed(3)}  cpu ${median(own.map(one => one.cpu)).toFixed(3)}  × ${ratio.toFixed(2)}`,
      );
    }
  }
}

function timed(args) {
  const before = process.resourceUsage();
  const children = cpuOfChildren();
  const started = performance.now();
  execFileSync(process.execPath, args, { stdio: 'ignore' });
  const wall = (performance.now() - started) / 1000;
  void before;
  return { wall, cpu: cpuOfChildren() - children };
}

/** Seconds of processor time of all finished children, from the kernel's accounting. */
function cpuOfChildren() {
  const [, , , , , , , , , , , , , , , cutime, cstime] = readFileSync('/proc/self/stat', 'utf8')
    .replace(/\(.*\)/, 'x')
    .split(' ');
  return (Number(cutime) + Number(cstime)) / 100;
}

/**
 * One character typed in an open document, until its diagnostics are there, against a server that does nothing. Most of
 * what is typed of a new line cannot be read as YAML.
 */
async function keystrokes() {
  console.log('\nKeystroke → diagnostics over LSP: milliseconds p50 / p95, ratio of p50 to the no-op server');
  const configMap = 'main-instance/01-synapse/configmap.yaml';
  const workload = 'main-instance/01-synapse/main-statefulset.yaml';
  const label = 'app.kubernetes.io/name: ';
  for (const copies of quick ? [1] : [1, 100]) {
    const tree = join(work, `typing-${copies}`);
    writeTree(tree, copies);
    const long = 'long.yaml';
    writeFileSync(join(tree, long), '');
    const documents = [
      ['a label', configMap, label],
      ['a value of homeserver.yaml', configMap, 'max_upload_size: '],
      ['an image', workload, 'image: '],
      ['a new line of a workload', workload, '\n', undefined, '          note: xyz'],
      ['10,000 lines in one file', long, label, longFile(10_000)],
    ];
    for (const [title, path, mark, given, line = 'x'] of documents) {
      const file = given || copies === 1 ? path : `copy-0000/${path}`;
      const text = given ?? readFileSync(join(tree, file), 'utf8');
      const echo = await Client.start([join(import.meta.dirname, 'floor-echo.mjs')], tree);
      const own = await Client.start([server, '--stdio'], tree);
      const results = { echo: [], own: [] };
      for (const client of [echo, own]) await client.open(file, text);
      for (let edit = 0; edit < (quick ? 20 : 60); edit++) {
        results.echo.push(await echo.type(file, text, mark, line, edit));
        results.own.push(await own.type(file, text, mark, line, edit));
      }
      const [floor, ours] = [results.echo.slice(5), results.own.slice(5)];
      const memory = rss(own.pid);
      console.log(
        `  ${copies}x, ${title}: no-op ${show(floor)}, server ${show(ours)}, × ${(median(ours) / median(floor)).toFixed(1)}, server RSS ${memory} MiB, ready after ${Math.round(own.readyAfter)} ms`,
      );
      await echo.stop();
      await own.stop();
    }
  }
}

class Client {
  static async start(args, root) {
    const client = new Client(args, root);
    await client.ready;
    return client;
  }

  constructor(args, root) {
    const started = performance.now();
    this.root = root;
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.pid = this.child.pid;
    this.waiting = new Map();
    this.id = 0;
    this.version = 1;
    let buffer = Buffer.alloc(0);
    let tellReady;
    this.ready = new Promise(resolve => {
      tellReady = () => {
        this.readyAfter ??= performance.now() - started;
        resolve();
      };
    });
    this.child.stdout.on('data', data => {
      buffer = Buffer.concat([buffer, data]);
      for (;;) {
        const head = buffer.indexOf('\r\n\r\n');
        if (head === -1) return;
        const length = Number(/content-length: *(\d+)/i.exec(buffer.subarray(0, head).toString())?.[1]);
        if (buffer.length < head + 4 + length) return;
        const message = JSON.parse(buffer.subarray(head + 4, head + 4 + length).toString());
        buffer = buffer.subarray(head + 4 + length);
        if (message.method === 'matrixPreflight/status' && message.params.state === 'ready') tellReady();
        else if (message.method === 'textDocument/publishDiagnostics')
          this.waiting.get(`${message.params.uri}@${message.params.version}`)?.();
        else if (message.method && message.id !== undefined) this.send({ id: message.id, result: null });
        else if (message.id !== undefined) this.waiting.get(message.id)?.();
      }
    });
    const rootUri = pathToFileURL(root).href;
    void this.request('initialize', {
      processId: process.pid,
      rootUri,
      workspaceFolders: [{ uri: rootUri, name: 'bench' }],
      capabilities: {},
    }).then(() => this.send({ method: 'initialized', params: {} }));
  }

  async open(file, text) {
    const uri = pathToFileURL(join(this.root, file)).href;
    this.send({
      method: 'textDocument/didOpen',
      params: { textDocument: { uri, languageId: 'yaml', version: this.version, text } },
    });
    await new Promise(resolve => setTimeout(resolve, 300));
  }

  /** Types the next character of a text behind a mark, or takes it all back; resolves with the milliseconds it took. */
  async type(file, text, mark, typed, edit) {
    const uri = pathToFileURL(join(this.root, file)).href;
    const found = text.indexOf(mark, text.length / 3);
    if (found === -1) throw new Error(`${file} has no "${mark}" in its last two thirds`);
    // What begins with blanks becomes a line of its own, and an editor puts its indentation there by itself.
    const indent = /^ */.exec(typed)[0];
    const keys = [...(indent ? [`${indent}\n`] : []), ...typed.slice(indent.length)];
    const step = edit % (keys.length + 1);
    const before = text.slice(0, found + mark.length).split('\n');
    const at = { line: before.length - 1, character: before.at(-1).length };
    const moved = characters => ({ ...at, character: at.character + characters });
    const done = step === 0 ? 0 : indent.length + step - (indent ? 1 : 0);
    const isUndone = step === keys.length;
    const range = isUndone
      ? { start: at, end: indent ? { line: at.line + 1, character: 0 } : moved(typed.length) }
      : { start: moved(done), end: moved(done) };
    const newText = isUndone ? '' : keys[step];
    const version = ++this.version;
    const answered = new Promise(resolve => this.waiting.set(`${uri}@${version}`, resolve));
    const started = performance.now();
    this.send({
      method: 'textDocument/didChange',
      params: { textDocument: { uri, version }, contentChanges: [{ range, text: newText }] },
    });
    await answered;
    return performance.now() - started;
  }

  request(method, params) {
    const id = ++this.id;
    const answered = new Promise(resolve => this.waiting.set(id, resolve));
    this.send({ id, method, params });
    return answered;
  }

  send(message) {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  async stop() {
    await this.request('shutdown');
    const gone = new Promise(resolve => this.child.once('exit', resolve));
    this.send({ method: 'exit' });
    await gone;
  }
}

function rss(pid) {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
}

function show(times) {
  return `${median(times).toFixed(2)} / ${percentile(times, 0.95).toFixed(2)}`;
}

function median(list) {
  return percentile(list, 0.5);
}

function percentile(list, share) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

if (!process.argv.includes('--typing')) wholeCheck();
await keystrokes();
console.log();
execFileSync(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'rules.ts')], {
  stdio: 'inherit',
  cwd: repository,
});
