import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretValues } from '../../deploy/redact/secrets';
import { sourcesOf } from '../deploy/sources';

/** Every secret value of a deployment on disk that is long enough to be told from an ordinary word. */
export function secretsIn(root: string): readonly string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
    entry => entry.isFile() && /\.ya?ml$/.test(entry.name),
  );
  const texts = files.map(entry => join(entry.parentPath, entry.name)).map(file => [file, readFileSync(file, 'utf8')]);
  return [...secretValues(sourcesOf(Object.fromEntries(texts)))].filter(value => value.length >= 12);
}
