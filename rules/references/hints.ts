import { chartReleases } from '../../analysis/charts';
import { containersOf, workloadKinds } from '../../analysis/pods';
import type { Index, Workspace } from '../../manifests/workspace';

/** Whether something in the tree may be a component: by a name, by an image, by a chart, or in a broken document. */
export function isHinted(workspace: Workspace, words: RegExp): boolean {
  return (
    workspace.lookup(hints, '').some(hint => words.test(hint)) ||
    chartReleases(workspace).some(
      release => release.evidence !== 'mention' && words.test(`${release.name} ${release.chart ?? ''}`),
    )
  );
}

const kinds: ReadonlySet<string> = new Set(workloadKinds);

const hints: Index<string> = {
  name: 'names of what runs',
  *resource(resource) {
    if (!kinds.has(resource.qualifiedKind) && !resource.group.endsWith('argoproj.io')) return;
    yield ['', resource.name];
    for (const { name, image } of containersOf(resource)) yield ['', `${name} ${image}`];
  },
  *document(document) {
    if (document.problems.length > 0 || document.isTemplate) yield ['', document.text];
  },
};
