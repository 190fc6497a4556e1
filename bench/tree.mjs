// Generates trees for measuring: copies of the sample deployment, each in a namespace of its own, so that references
// stay inside a copy. Deterministic. `writeTree(directory, 10)` writes ten copies.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const sample = join(import.meta.dirname, '../examples/production');

/** Writes `copies` copies below `directory`; returns how many files and bytes. */
export function writeTree(directory, copies) {
  const paths = readdirSync(sample, { recursive: true })
    .map(String)
    .filter(path => statSync(join(sample, path)).isFile())
    .sort();
  let files = 0;
  let bytes = 0;
  for (let copy = 0; copy < copies; copy++) {
    const root = copies === 1 ? directory : join(directory, `copy-${String(copy).padStart(4, '0')}`);
    for (const path of paths) {
      const target = join(root, path);
      mkdirSync(dirname(target), { recursive: true });
      if (!path.endsWith('.yaml') || copies === 1) {
        cpSync(join(sample, path), target);
      } else {
        writeFileSync(target, inNamespace(readFileSync(join(sample, path), 'utf8'), `matrix-${copy}`));
      }
      if (!path.endsWith('.yaml')) continue;
      files++;
      bytes += statSync(target).size;
    }
  }
  return { files, bytes };
}

/** A file of many documents: the sample's manifests repeated with other names until it has `lines` lines. */
export function longFile(lines) {
  const documents = [];
  for (const path of readdirSync(sample, { recursive: true }).map(String).sort()) {
    if (path.endsWith('.yaml')) documents.push(...readFileSync(join(sample, path), 'utf8').split(/^---$/m));
  }
  let text = '';
  for (let round = 0; ; round++) {
    for (const document of documents) {
      text += `---\n${inNamespace(document.trim(), `long-${round}`)}\n`;
      if (text.split('\n', lines + 1).length > lines) return text;
    }
  }
}

function inNamespace(text, namespace) {
  return text
    .replaceAll(/^(\s*namespace: )matrix$/gm, `$1${namespace}`)
    .replaceAll(/^(\s*namespace: )monitoring$/gm, `$1${namespace}-monitoring`)
    .replaceAll(
      /(kind: (?:ClusterIssuer|ClusterRole|ClusterRoleBinding|PriorityClass|StorageClass)\nmetadata:\n {2}name: )(\S+)$/gm,
      `$1$2-${namespace}`,
    )
    .replaceAll(/(cluster-issuer: )(\S+)$/gm, `$1$2-${namespace}`)
    .replaceAll('.matrix.svc', `.${namespace}.svc`)
    .replaceAll(/(kind: Namespace\nmetadata:\n {2}name: )matrix$/gm, `$1${namespace}`);
}
