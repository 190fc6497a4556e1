import { existsSync } from 'node:fs';
import { readFile as readText } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type DiskFile, isRelevant, readFile, readTree } from '../files/disk';
import { readRuleTexts } from '../files/rule-texts';
import type { FolderReader, ReadFile } from './folder-reader';

/** Reads folders from disk, in slices of a few milliseconds. */
export const diskReader: FolderReader = {
  async *read(rootUri) {
    let batch: ReadFile[] = [];
    let sliceEnd = Date.now() + sliceMilliseconds;
    for (const file of readTree(fileURLToPath(rootUri))) {
      batch.push(toReadFile(file));
      if (Date.now() < sliceEnd) continue;
      yield batch;
      batch = [];
      await new Promise(setImmediate);
      sliceEnd = Date.now() + sliceMilliseconds;
    }
    yield batch;
  },
  async readFile(rootUri, uri) {
    const root = fileURLToPath(rootUri);
    const absolutePath = fileURLToPath(uri);
    const path = relative(root, absolutePath).split(sep).join('/');
    return existsSync(absolutePath) && isRelevant(path) ? toReadFile(readFile(root, absolutePath)) : undefined;
  },
  // The table lies at the same place relative to the sources and to the bundle.
  fieldDocs: () => readText(join(__dirname, '../schemas/field-docs.txt'), 'utf8').catch(() => undefined),
  ruleTexts: readRuleTexts,
};

const sliceMilliseconds = 25;

function toReadFile({ absolutePath, text, unread }: DiskFile): ReadFile {
  return { uri: pathToFileURL(absolutePath).href, text, unread };
}
