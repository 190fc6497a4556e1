// Starts the provisioned VS Code as a server for one browser page, with all its data in a temporary directory.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** User settings without welcome pages, chat, updates, recommendations and telemetry, and with steady pixels. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.welcomePage.experimentalOnboarding': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'window.commandCenter': false,
  'workbench.layoutControl.enabled': false,
  'window.menuBarVisibility': 'compact',
  'telemetry.telemetryLevel': 'off',
  'workbench.enableExperiments': false,
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'json.schemaDownload.enable': false,
  'npm.fetchOnlinePackageInfo': false,
  'typescript.disableAutomaticTypeAcquisition': true,
  'git.enabled': false,
  'git.autofetch': false,
  'remote.autoForwardPorts': false,
  'editor.minimap.enabled': false,
  'editor.accessibilitySupport': 'off',
  'editor.cursorBlinking': 'solid',
  'editor.smoothScrolling': false,
  'workbench.list.smoothScrolling': false,
  'workbench.reduceMotion': 'on',
  'workbench.editor.enablePreview': false,
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.shellIntegration.enabled': false,
};

const skippedExtensions = [
  'GitHub.copilot-chat',
  'vscode.github',
  'vscode.microsoft-authentication',
  'vscode.tunnel-forwarding',
  'vscode.mermaid-markdown-features',
  'ms-vscode.js-debug',
  'ms-vscode.js-debug-companion',
  'ms-vscode.vscode-js-profile-table',
];

const startTimeoutMilliseconds = 30_000;

/**
 * Starts the server on a free port of the loopback interface.
 *
 * `testDriver` lets a page load an extension from a directory and run tests, and suppresses notification toasts.
 * `token` is what a page must show to get in; without one the port is open to every local user, so give one wherever
 * a person is to use the page, which holds a terminal.
 */
export async function startServer(host, options = {}) {
  const {
    settings = {},
    machineSettings = {},
    extensionsDirectory,
    testDriver = false,
    trusted = true,
    token,
    env = {},
    logLevel,
  } = options;
  // Kept short: the server puts its Unix sockets here, and their paths may have 107 characters.
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'mp-'));
  fs.mkdirSync(path.join(data, 'data/User'), { recursive: true });
  fs.writeFileSync(path.join(data, 'data/User/settings.json'), JSON.stringify({ ...quietSettings, ...settings }));
  // Settings of the machine are not read from the user's in a window on a server, which this is.
  fs.mkdirSync(path.join(data, 'data/Machine'), { recursive: true });
  fs.writeFileSync(path.join(data, 'data/Machine/settings.json'), JSON.stringify(machineSettings));
  const args = [
    ...[path.join(host.directory, 'out/server-main.js'), '--host', '127.0.0.1', '--port', '0'],
    ...['--accept-server-license-terms', '--telemetry-level', 'off', '--disable-experiments'],
    ...(token ? ['--connection-token', token] : ['--without-connection-token']),
    ...['--server-data-dir', data],
    ...(extensionsDirectory ? ['--extensions-dir', extensionsDirectory] : []),
    ...(testDriver ? ['--enable-smoke-test-driver'] : []),
    ...(trusted ? ['--disable-workspace-trust'] : []),
    ...(logLevel ? ['--log', logLevel] : []),
  ];
  const server = spawn(host.node, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      // No extension gallery, hence no requests to one.
      EXTENSIONS_GALLERY: '{}',
      XDG_RUNTIME_DIR: data,
      TMPDIR: data,
      VSCODE_SKIP_BUILTIN_EXTENSIONS: skippedExtensions.join(','),
      ...env,
    },
  });
  let log = '';
  const stop = () => stopGroup(server, data);
  let port;
  try {
    port = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`VS Code did not start\n${log}`)), startTimeoutMilliseconds);
      const read = chunk => {
        log += chunk;
        const listening = /Extension host agent listening on (\d+)/.exec(log);
        if (!listening) return;
        clearTimeout(timer);
        resolve(Number(listening[1]));
      };
      server.stdout.on('data', read);
      server.stderr.on('data', read);
      server.once('error', reject);
      server.once('exit', code => {
        clearTimeout(timer);
        reject(new Error(`VS Code ended with code ${code}\n${log}`));
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const authority = `127.0.0.1:${port}`;
  return {
    port,
    stop,
    /** What the server printed, and what extensions wrote to their output channels. */
    log: () => [log, ...extensionLogs(data)].join('\n'),
    /** The uri by which a page names a file of this machine. */
    uri: file => `vscode-remote://${authority}${encodeURI(file)}`,
    /** The page that opens a folder; `payload` holds pairs such as `['openFile', uri]`. */
    url: ({ folder, payload = [] }) => {
      const url = new URL(`http://${authority}/`);
      if (token) url.searchParams.set('tkn', token);
      if (folder) url.searchParams.set('folder', folder);
      const pairs = [['skipWelcome', 'true'], ['skipReleaseNotes', 'true'], ...payload];
      url.searchParams.set('payload', JSON.stringify(pairs));
      return url.href;
    },
  };
}

function extensionLogs(data) {
  const directory = path.join(data, 'data/logs');
  const files = fs.existsSync(directory) ? fs.readdirSync(directory, { recursive: true }) : [];
  return files
    .filter(file => /exthost\d*\/matrix-preflight/.test(file) && file.endsWith('.log'))
    .map(file => `--- ${file}\n${fs.readFileSync(path.join(directory, file), 'utf8')}`);
}

/** Installs a VSIX into a directory for {@link startServer}; throws if VS Code refuses it. */
export function installVsix(host, vsix, extensionsDirectory) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'mp-'));
  try {
    const args = ['--accept-server-license-terms', '--server-data-dir', data, '--extensions-dir', extensionsDirectory];
    execFileSync(host.node, [path.join(host.directory, 'out/server-main.js'), ...args, '--install-extension', vsix], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, EXTENSIONS_GALLERY: '{}' },
    });
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
}

/** Ends the server and all that it has started (they form a process group), and removes its data. */
async function stopGroup(server, data) {
  const signal = name => {
    try {
      process.kill(-server.pid, name);
    } catch {
      // The group is gone already.
    }
  };
  if (server.pid !== undefined && server.exitCode === null && server.signalCode === null) {
    const ended = new Promise(resolve => server.once('exit', resolve));
    signal('SIGTERM');
    const timer = setTimeout(() => signal('SIGKILL'), 5000);
    await ended;
    clearTimeout(timer);
  }
  if (server.pid !== undefined) signal('SIGKILL');
  fs.rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
