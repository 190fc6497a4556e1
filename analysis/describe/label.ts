import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { code, fewBullets, linkTo, paragraphs, plain, titleOf } from './markdown';

/** A label where it is put on something: which objects ask for it in their selectors, by the places of these. */
export function describeLabel(workspace: Workspace, id: string, selectors: readonly Place[]): string {
  const [carrier = '', ...label] = id.split('/');
  const lines = selectors.map(place => {
    const resource = resourceAt(workspace, place);
    return `${resource ? titleOf(resource) : 'a selector'} in ${linkTo(workspace, place)}`;
  });
  return paragraphs(
    `**Label** ${code(label.join('/'))} of ${carrier === 'pod' ? 'pods' : `a ${plain(carrier)}`}`,
    lines.length > 0 ? `Asked for by\n\n${fewBullets([...new Set(lines)])}` : 'No selector of the tree asks for it.',
  );
}

function resourceAt(workspace: Workspace, { uri, span }: Place): Resource | undefined {
  const document = workspace
    .file(uri)
    ?.documents.find(one => one.span.start <= span.start && span.start < one.span.end);
  return document?.resources.find(({ root }) => root.span.start <= span.start && span.start <= root.span.end);
}
