import type { Selector } from '../../analysis/labels';
import type { Workspace } from '../../manifests/workspace';

/**
 * The file of Helm values that a selector's component may be installed with: one whose path names what the selector
 * wants. What a chart makes is not in the tree, so such a selector cannot be called wrong for sure.
 */
export function chartFor(workspace: Workspace, selector: Selector): string | undefined {
  const wanted = selector.requirements
    .filter(({ key, operator }) => operator === 'In' && componentKeys.has(key))
    .flatMap(({ values }) => values);
  if (wanted.length === 0) return undefined;
  return workspace
    .filesWithRole('values')
    .find(({ path }) => wanted.some(name => words(path).includes(` ${words(name).trim()} `)))?.path;
}

const componentKeys = new Set(['app.kubernetes.io/name', 'app.kubernetes.io/instance', 'app', 'k8s-app', 'release']);

/** The words of a name or path, each between blanks. */
function words(text: string): string {
  return ` ${text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .join(' ')} `;
}
