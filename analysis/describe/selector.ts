import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { describe, readMapSelector, readSelector, type Selector } from '../labels';
import { selectPods } from '../selection';
import { few } from '../wording';
import { code, fewBullets, paragraphs } from './markdown';
import { workloadNames } from './pods';

/** The pods that a selector finds in a namespace. */
export function describeSelector(workspace: Workspace, namespace: string | undefined, selector: Selector): string {
  const title = `**Selector** ${few(selector.requirements.map(one => code(describe({ requirements: [one], at: one.at }))))}`;
  const { pods, isOpen } = selectPods(workspace, namespace, selector);
  const where = namespace === undefined ? '' : ` in ${code(namespace)}`;
  if (pods.length === 0) {
    return paragraphs(
      title,
      isOpen ? `It may select pods${where} that the tree does not show.` : `It selects no pods${where}.`,
    );
  }
  return paragraphs(title, `Selects${where}:\n\n${fewBullets(workloadNames(pods))}`);
}

/** Reads the selector that a value is, or that it is a part of: a map of labels, or a LabelSelector. */
export function selectorAround(value: Value): { readonly selector: Selector; readonly at: Value } | undefined {
  for (let one: Value | undefined = value; one; one = one.parent) {
    if (one.name === 'matchLabels' || one.name === 'matchExpressions') {
      const selector = one.parent && readSelector(one.parent);
      return selector && one.parent ? { selector, at: one.parent } : undefined;
    }
    if (one.name === 'selector' || one.name === 'podSelector' || one.name === 'labelSelector') {
      const isLabelSelector = one.at('matchLabels').exists || one.at('matchExpressions').exists;
      const selector = isLabelSelector || one.name !== 'selector' ? readSelector(one) : readMapSelector(one);
      return selector && { selector, at: one };
    }
  }
  return undefined;
}
