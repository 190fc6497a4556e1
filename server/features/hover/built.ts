import { code, paragraphs } from '../../../analysis/describe/markdown';
import { type BuiltTree, builtTrees } from '../../../analysis/kustomization/built-trees';
import type { View } from '../../../analysis/kustomization/views';
import { few } from '../../../analysis/wording';
import { groupedBy } from '../../../manifests/grouped';
import type { Span } from '../../../manifests/span';
import type { PointedAt } from '../../at';

/** What a hover shows: a text, and the part of the file that it is about. */
export interface Thing {
  readonly text: string;
  readonly span: Span | undefined;
}

/**
 * What stands at a position as kustomizations build it, because that is what gets names, namespaces and labels in the end.
 * Several overlays may build the same differently, and alternatives have the same name for different things. Where that
 * changes nothing, what is `written`.
 */
export function asBuilt(
  pointed: PointedAt,
  written: Thing | undefined,
  thingAt: (pointed: PointedAt) => Thing | undefined,
): Thing | undefined {
  const things = builtTrees(pointed.workspace).flatMap(tree => {
    const thing = firstThing(tree, pointed, thingAt);
    return thing ? [{ ...thing, view: tree.view }] : [];
  });
  const span = written?.span ?? things[0]?.span;
  const texts = groupedBy(things, ({ text }) => text);
  if (texts.size === 0 || (texts.size === 1 && written && texts.has(written.text))) return written;
  const shown = [...texts]
    .slice(0, mostTexts)
    .map(([text, same]) => paragraphs(text, builderText(same.map(({ view }) => view))));
  return { text: shown.join('\n\n---\n\n'), span };
}

/** The same place may be built several times; the first that says something stands for all. */
function firstThing(
  tree: BuiltTree,
  pointed: PointedAt,
  thingAt: (pointed: PointedAt) => Thing | undefined,
): Thing | undefined {
  for (const place of tree.placesOf(pointed.file, pointed.offset)) {
    const thing = thingAt({ ...pointed, workspace: tree.workspace, ...place });
    if (!thing) continue;
    const at = thing.span && tree.place({ uri: place.file.uri, span: thing.span });
    return { text: thing.text, span: at?.uri === pointed.file.uri ? at.span : undefined };
  }
  return undefined;
}

function builderText(views: readonly View[]): string {
  const named = views.map(({ title }) => title).filter(title => title !== '');
  if (named.length === 0) return 'As kustomize builds it.';
  const names = few(named.map(code));
  return views.some(({ isPlain }) => isPlain)
    ? `Together with ${names}.`
    : `As ${names} ${named.length === 1 ? 'builds' : 'build'} it.`;
}

const mostTexts = 3;
