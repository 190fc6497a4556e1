// The floor of a whole check: a process that reads every YAML file and runs js-yaml's parse events over it, no more.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEvents } from 'js-yaml';

let events = 0;
const root = process.argv[2];
for (const path of readdirSync(root, { recursive: true })) {
  if (!/\.ya?ml$/.test(path)) continue;
  for (const document of readFileSync(join(root, path), 'utf8').split(/^---$/m)) {
    try {
      events += parseEvents(document, {}).length;
    } catch {}
  }
}
console.log(events);
