import * as assert from 'node:assert/strict';
import {
  constants,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as vscode from 'vscode';
import { parse } from 'yaml';
import { findingOf, inDeployment, noFindingOf, revertAll } from '../editor';

const secret = (name: string) => `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  namespace: matrix
stringData:
  password: CHANGEME_OF_THE_TEST # the comment
`;

describe('Fill All Placeholders', () => {
  // Each test has a file of its own: the server learns a moment later that another is gone or there again.
  let count = 0;
  let name = '';
  const programs = mkdtempSync(join(tmpdir(), 'programs-'));
  const path = process.env.PATH;
  /** Is there when a stand-in has been started. */
  const ran = join(programs, 'ran');

  const given = async (manifest: (name: string) => string) => {
    name = `test-secrets-${++count}`;
    await vscode.workspace.fs.writeFile(inDeployment(`${name}.yaml`), Buffer.from(manifest(name)));
    await findingOf(inDeployment(`${name}.yaml`), 'placeholder-secret');
  };
  afterEach(async () => {
    await revertAll();
    process.env.PATH = path;
    delete process.env.SEALED_SECRETS_CERT;
    for (const program of ['sops', 'kubeseal']) rmSync(join(programs, program), { force: true });
    for (const end of ['yaml', 'local.yaml', 'yaml.example', 'sealed.yaml', 'sops.yaml'])
      await removed(`${name}.${end}`);
    for (const file of ['.gitignore', '.sops.yaml']) await removed(file);
    rmSync(ran, { force: true });
    // Until the server knows that the file is gone, it wants to fill it.
    await noFindingOf(inDeployment(`${name}.yaml`), 'placeholder-secret');
  });
  const install = (program: string, env: Record<string, string>) => {
    const script = join(process.env.TEST_PROGRAMS ?? '', `${program}.mjs`);
    writeFileSync(join(programs, program), `#!/bin/sh\n: >'${ran}'\nexec '${process.execPath}' '${script}' "$@"\n`);
    chmodSync(join(programs, program), 0o755);
    process.env.PATH = `${programs}${delimiter}${path}`;
    Object.assign(process.env, env);
  };
  after(() => rmSync(programs, { recursive: true, force: true }));

  it('moves Secrets to a file that git ignores, and leaves their placeholders as a template', async () => {
    await given(secret);
    await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'local' });
    await vscode.workspace.saveAll();
    assert.match(await text(`${name}.local.yaml`), /\n {2}password: "?[A-Za-z0-9]{43}"? # the comment\n$/);
    assert.equal(await text(`${name}.yaml.example`), secret(name));
    assert.match(await text('.gitignore'), /^\*\.local\.yaml$/m);
    await assert.rejects(text(`${name}.yaml`));
  });

  it('seals Secrets with kubeseal, so that the cluster alone can open them', async () => {
    await given(secret);
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const certificate = join(programs, 'cert.pem');
    writeFileSync(certificate, publicKey.export({ type: 'spki', format: 'pem' }));
    install('kubeseal', { SEALED_SECRETS_CERT: certificate });
    await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'sealed-secret' });
    await vscode.workspace.saveAll();
    const sealed = parse(await text(`${name}.sealed.yaml`));
    assert.deepEqual(sealed.metadata, { name, namespace: 'matrix' });
    assert.match(unsealed(privateKey, `matrix/${name}`, sealed.spec.encryptedData.password), /^[A-Za-z0-9]{43}$/);
    await assert.rejects(text(`${name}.yaml`));
  });

  it('does not seal a Secret for a namespace that nobody has said', async () => {
    install('kubeseal', {});
    const withoutNamespace = (one: string) => secret(one).replace('  namespace: matrix\n', '');
    await given(withoutNamespace);
    await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'sealed-secret' });
    assert.equal(await text(`${name}.yaml`), withoutNamespace(name));
    await assert.rejects(text(`${name}.sealed.yaml`));
    assert.ok(!existsSync(ran));
  });

  for (const [what, rule] of [
    ['by the nearest .sops.yaml, and nothing but the values', ''],
    ['by what its rule says itself', '\n    encrypted_suffix: word'],
  ] as const) {
    it(`encrypts Secrets with SOPS ${what}`, async () => {
      await given(secret);
      install('sops', {});
      // The rule knows the file by the path that it will have, from the directory of the configuration.
      const rules = `creation_rules:\n  - path_regex: ^${name}\\.sops\\.yaml$\n    age: age1test${rule}\n`;
      await vscode.workspace.fs.writeFile(inDeployment('.sops.yaml'), Buffer.from(rules));
      await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'sops' });
      await vscode.workspace.saveAll();
      const encrypted = parse(await text(`${name}.sops.yaml`));
      assert.equal(encrypted.kind, 'Secret');
      assert.equal(encrypted.metadata.name, name);
      assert.match(decrypted('age1test', 'stringData:password:', encrypted.stringData.password), /^[A-Za-z0-9]{43}$/);
      await assert.rejects(text(`${name}.yaml`));
    });
  }

  it('changes nothing when SOPS refuses', async () => {
    await given(secret);
    install('sops', {});
    const rules = 'creation_rules:\n  - path_regex: ^elsewhere/\n    age: age1test\n';
    await vscode.workspace.fs.writeFile(inDeployment('.sops.yaml'), Buffer.from(rules));
    await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'sops' });
    assert.ok(existsSync(ran));
    assert.equal(await text(`${name}.yaml`), secret(name));
    await assert.rejects(text(`${name}.sops.yaml`));
  });

  it('changes nothing without kubeseal', async () => {
    await given(secret);
    process.env.PATH = programs;
    await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'sealed-secret' });
    assert.equal(await text(`${name}.yaml`), secret(name));
  });
});

async function text(file: string): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(inDeployment(file)));
}

async function removed(file: string): Promise<void> {
  try {
    await vscode.workspace.fs.delete(inDeployment(file));
  } catch {
    // It was not made.
  }
}

/** What the controller in the cluster does with a sealed value: docs/developer/crypto.md of Sealed Secrets. */
function unsealed(key: KeyObject, label: string, value: string): string {
  const bytes = Buffer.from(value, 'base64');
  const end = 2 + bytes.readUInt16BE(0);
  const session = privateDecrypt(
    { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: Buffer.from(label) },
    bytes.subarray(2, end),
  );
  const decipher = createDecipheriv('aes-256-gcm', session, Buffer.alloc(12)).setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(end, -16)), decipher.final()]).toString();
}

/** What SOPS does with an encrypted value, with the key of the stand-in. */
function decrypted(recipient: string, path: string, value: string): string {
  const [, data = '', iv = '', tag = ''] = /^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:str\]$/.exec(value) ?? [];
  const key = createHash('sha256').update(recipient).digest();
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'))
    .setAAD(Buffer.from(path))
    .setAuthTag(Buffer.from(tag, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString();
}
