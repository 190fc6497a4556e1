import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTreeFile } from '../../files/write';

describe('writing a file of the tree', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mpf-write-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps the byte order mark, the mode and a symbolic link, and leaves nothing beside it', () => {
    const path = join(folder, 'a.yaml');
    writeFileSync(path, '\ufeffa: 1\n');
    chmodSync(path, 0o640);
    symlinkSync('a.yaml', join(folder, 'link.yaml'));
    writeTreeFile(join(folder, 'link.yaml'), 'a: 2\n');
    assert.equal(readFileSync(path, 'utf8'), '\ufeffa: 2\n');
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.ok(lstatSync(join(folder, 'link.yaml')).isSymbolicLink());
    assert.deepEqual(readdirSync(folder).sort(), ['a.yaml', 'link.yaml']);
  });

  it('makes the directories of a new file', () => {
    writeTreeFile(join(folder, 'b', 'c.yaml'), 'c: 1\n');
    assert.equal(readFileSync(join(folder, 'b', 'c.yaml'), 'utf8'), 'c: 1\n');
  });

  it('leaves the old text where the new one cannot be written', function () {
    if (process.platform !== 'linux') this.skip();
    const path = join(folder, 'a.yaml');
    writeFileSync(path, 'a: 1\n');
    // The name of the file that is written first is taken.
    writeFileSync(join(folder, `.a.yaml.${process.pid}.tmp`), '');
    assert.throws(() => writeTreeFile(path, 'a: 2\n'), /EEXIST/);
    assert.equal(readFileSync(path, 'utf8'), 'a: 1\n');
  });
});
