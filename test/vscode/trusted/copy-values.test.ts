import * as assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { findingOf, inDeployment, noFindingOf, open, quickFixOf, revertAll } from '../editor';

// As every password of MinIO may be: with characters that mean something to YAML.
const password = `${randomBytes(15).toString('hex')}: "it's" #1`;
const manifest = (file: string, copy: string) => `apiVersion: v1
kind: Secret
metadata:
  name: ${file}
  namespace: matrix
stringData:
  CONSOLE_ACCESS_KEY: synapse-s3
  CONSOLE_SECRET_KEY: ${JSON.stringify(password)}
  access-key: synapse-s3
  secret-key: ${copy}
---
apiVersion: minio.min.io/v2
kind: Tenant
metadata:
  name: minio
  namespace: matrix
spec:
  users:
    - name: ${file}
`;

describe('a value of a Secret', () => {
  let count = 0;
  let uri: vscode.Uri;
  const given = async (copy: string) => {
    const name = `minio-user-${++count}`;
    uri = inDeployment(`${name}.yaml`);
    await vscode.workspace.fs.writeFile(uri, Buffer.from(manifest(name, copy)));
    return findingOf(uri, 'minio-secret-pairs-differ');
  };
  afterEach(async () => {
    await revertAll();
    await vscode.workspace.fs.delete(uri);
    await noFindingOf(uri, 'minio-secret-pairs-differ');
  });

  it('is copied by a quick fix that does not have it', async () => {
    const finding = await given('"another"');
    await open(uri);
    const fix = await quickFixOf(uri, finding, /Copy the value of CONSOLE_SECRET_KEY/);
    assert.equal(fix.edit, undefined);
    assert.ok(!JSON.stringify(fix).includes(password.slice(0, 20)));
    const { command, arguments: values = [] } = fix.command ?? {};
    assert.ok(command);
    // Whoever presses the button in the preview that comes up is not here.
    const [change] = values as [{ edit: { changeAnnotations: Record<string, { needsConfirmation: boolean }> } }];
    for (const one of Object.values(change.edit.changeAnnotations)) one.needsConfirmation = false;
    await vscode.commands.executeCommand(command, change);
    await noFindingOf(uri, 'minio-secret-pairs-differ');
    const text = (await open(uri)).getText();
    assert.equal(text.split(JSON.stringify(password)).length, 3);
  });
});
