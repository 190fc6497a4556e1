import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** What the build has taken out of the rules and put beside the program, as JSON. */
export function readRuleTexts(): string {
  return brotliDecompressSync(readFileSync(join(__dirname, 'rule-texts.json.br'))).toString();
}
