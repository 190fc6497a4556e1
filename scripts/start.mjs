// Opens the sample deployment in a real VS Code, with the packaged extension installed, and prints the page's address:
// `node scripts/start.mjs [FOLDER]`. It works on a copy and removes all it made when it is interrupted.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { provision, repository } from './host/provision.mjs';
import { installVsix, startServer } from './host/server.mjs';
import { packageExtension } from './package.mjs';

const source = path.resolve(process.argv[2] ?? path.join(repository, 'examples/broken'));
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'matrix-preflight-'));
const removeTemporary = () => fs.rmSync(temporary, { recursive: true, force: true });
let server;
try {
  const host = provision('latest');
  const vsix = await packageExtension();
  const extensionsDirectory = path.join(temporary, 'extensions');
  installVsix(host, vsix, extensionsDirectory);
  const folder = path.join(temporary, 'deployment');
  fs.cpSync(source, folder, { recursive: true });
  // The page holds a terminal, so nobody gets in without the token.
  const token = crypto.randomBytes(16).toString('hex');
  server = await startServer(host, { extensionsDirectory, token });
  console.log(`\nA copy of ${path.relative(process.cwd(), source) || '.'} is open at\n\n  ${server.url({ folder })}\n`);
  console.log('Press Ctrl+C to stop.');
} catch (error) {
  removeTemporary();
  throw error;
}

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    await server.stop();
    removeTemporary();
    process.exit(0);
  });
}
