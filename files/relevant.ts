import { isKustomizationWithoutEnding } from '../manifests/file';

/** Larger files are no manifests; reading them would only cost time and memory. In bytes. */
export const largestFile = 8 * 1024 * 1024;

/** Whether a file of this name can matter to a deployment. */
export function isRelevant(name: string): boolean {
  return relevant.test(name) || isKustomizationWithoutEnding(name);
}

/** Whether a directory of this name holds nothing of a deployment, however deep. */
export function isIgnored(directory: string): boolean {
  return ignoredDirectories.has(directory);
}

/** Whether what was read as text is none: no manifest has the character zero, and what has it has it soon. */
export function isBinary(text: string): boolean {
  return text.slice(0, 8192).includes('\0');
}

/** Why a file was not read, in words that follow its name and a colon. */
export const unreadReasons = {
  tooLarge: `it is larger than ${largestFile / 1024 / 1024} MiB`,
  notText: 'it is not a text file',
  denied: 'permission is denied',
  gone: 'it is gone',
} as const;

/** By what the entries of a directory are sorted, so that a walk comes by all paths in their order. */
export function sortKey(name: string, isDirectory: boolean): string {
  return isDirectory ? `${name}/` : name;
}

// Keys, properties, modules, maps and templates are what Secrets and ConfigMaps are generated from.
const relevant =
  /\.(?:ya?ml|json|cfg|conf|sql|sh|env|md|tf|properties|key|pem|py|map|ini|toml|lua|tmpl|tpl|template|in|env\.example)$/i;
const ignoredDirectories: ReadonlySet<string> = new Set(['.git', 'node_modules', '.vscode', '.vscode-test', 'dist']);
