import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { extensions, Uri } from 'vscode';
import { writeSample } from '../../../client/sample';
import { extensionId } from '../editor';

describe('sample', () => {
  it('is written as the repository has it', async () => {
    const extension = extensions.getExtension(extensionId);
    assert.ok(extension);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'preflight-sample-'));
    try {
      await writeSample(extension.extensionUri, Uri.file(path.join(folder, 'sample')));
      const source = path.join(extension.extensionPath, 'examples/broken');
      assert.deepEqual(texts(path.join(folder, 'sample')), texts(source));
      assert.ok(texts(source).size > 40);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

function texts(folder: string): ReadonlyMap<string, string> {
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  const paths = files.map(({ parentPath, name }) => path.join(parentPath, name)).sort();
  return new Map(paths.map(file => [path.relative(folder, file), fs.readFileSync(file, 'utf8')]));
}
