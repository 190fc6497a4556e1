import { readFile as readText } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAt, readTree } from '../files/disk';
import { readRuleTexts } from '../files/rule-texts';
import { type FolderReader, type ReadFile, uriOf } from './folder-reader';

/** Reads folders from disk, in slices of a few milliseconds. */
export const diskReader: FolderReader = {
  async *read(rootUri, uri) {
    const root = fileURLToPath(rootUri);
    let batch: ReadFile[] = [];
    let sliceEnd = Date.now() + sliceMilliseconds;
    for (const { path, text, unread } of uri === undefined ? readTree(root) : readAt(root, fileURLToPath(uri))) {
      batch.push({ uri: uriOf(rootUri, path), text, unread });
      if (Date.now() < sliceEnd) continue;
      yield batch;
      batch = [];
      await new Promise(setImmediate);
      sliceEnd = Date.now() + sliceMilliseconds;
    }
    yield batch;
  },
  // The table lies at the same place relative to the sources and to the bundle.
  fieldDocs: () => readText(join(__dirname, '../schemas/field-docs.txt'), 'utf8').catch(() => undefined),
  ruleTexts: readRuleTexts,
};

const sliceMilliseconds = 25;
