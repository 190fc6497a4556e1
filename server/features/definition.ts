import type { Location, LocationLink } from 'vscode-languageserver';
import { builtTrees } from '../../analysis/kustomization/built-trees';
import { definitionsOf } from '../../analysis/occurrences/definitions';
import { occurrencesAt } from '../../analysis/occurrences/find';
import type { Place } from '../../manifests/span';
import { type PointedAt, pointedAt } from '../at';
import { distinctPlaces, lineRange, toLocation } from '../places';
import type { Session } from '../session';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';

/** Go to definition: from a name, wherever it stands, to what defines or makes it. */
export const definition: Feature = {
  capabilities: () => ({ definitionProvider: true }),
  offer(session) {
    session.connection.onDefinition((params): Location[] | LocationLink[] => {
      const at = pointedAt(session, params);
      if (!at) return [];
      const { workspace, file, offset } = at;
      const occurrences = occurrencesAt(workspace, file, offset);
      const [first] = occurrences;
      const written = occurrences.flatMap(one => definitionsOf(workspace, one));
      const targets = distinctPlaces(written.length > 0 ? written : builtDefinitions(at));
      if (!first || !canLink(session)) return targets.flatMap(place => toLocation(workspace, place));
      const originSelectionRange = toRange(file, first.at.span);
      return targets.flatMap((place: Place): LocationLink[] => {
        const target = workspace.file(place.uri);
        if (!target) return [];
        return [
          {
            originSelectionRange,
            targetUri: place.uri,
            targetRange: lineRange(target, place.span),
            targetSelectionRange: toRange(target, place.span),
          },
        ];
      });
    });
  },
};

/** A name that only kustomizations make, such as one with their prefix, leads to what they make it from. */
function builtDefinitions({ workspace, file, offset }: PointedAt): readonly Place[] {
  return builtTrees(workspace).flatMap(tree =>
    tree
      .placesOf(file, offset)
      .flatMap(place => occurrencesAt(tree.workspace, place.file, place.offset))
      .flatMap(one => definitionsOf(tree.workspace, one))
      .map(place => tree.place(place)),
  );
}

function canLink(session: Session): boolean {
  return session.capabilities.textDocument?.definition?.linkSupport === true;
}
