import type { ManifestPath } from './cluster-commands';
import type { RunStep } from './shell-run';
import { type RunWord, type ShellPath, scriptDirectory, wordPart } from './shell-values';

/** Where a file is that an option names: in the tree, as far as the script tells, or at a URL. */
export function manifestPath(word: RunWord, step: RunStep): ManifestPath {
  if (/^[a-z][a-z+]*:\/\//.test(word.value) || isRepository(word.value)) {
    const { value, certainty, hasGlob, span } = word;
    return { path: value, base: 'url', certainty, hasGlob, span };
  }
  return fromBase(step.path(word));
}

/** A kustomization in a repository, which may be written without a scheme (kustomize documentation, "Remote targets"). */
function isRepository(text: string): boolean {
  return (
    /^(?:git@|git::|(?:github|gitlab)\.com[/:]|bitbucket\.org[/:])/.test(text) ||
    /\?(?:ref|version|timeout|submodules)=|\.git(?:\/|\?|$)/.test(text)
  );
}

/** The same of a path, by what its beginning is below. */
export function fromBase({ path, certainty, hasGlob, span }: ShellPath): ManifestPath {
  const script = `\${${scriptDirectory}}`;
  if (path === script || path.startsWith(`${script}/`)) {
    const rest = path.slice(script.length + 1) || '.';
    return { path: rest, base: 'script', certainty: rest.includes('$') ? certainty : 'known', hasGlob, span };
  }
  const unknownFolder = /^\$\{\w+\}\/(?!.*\$)/.exec(path);
  if (unknownFolder) return { path: path.slice(unknownFolder[0].length), base: 'unknown', certainty, hasGlob, span };
  const base = certainty === 'unknown' ? 'unknown' : path.startsWith('/') ? 'absolute' : 'working-directory';
  return { path, base, certainty, hasGlob, span };
}

/** `-f a,b`. */
export function separated(word: RunWord): readonly RunWord[] {
  if (!word.value.includes(',')) return [word];
  return [...word.value.matchAll(/[^,]+/g)].map(({ index, 0: part }) => wordPart(word, index, index + part.length));
}
