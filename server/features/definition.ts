import type { Location, LocationLink } from 'vscode-languageserver';
import { definitionsOf } from '../../analysis/occurrences/definitions';
import { occurrencesAt } from '../../analysis/occurrences/find';
import type { Place } from '../../manifests/span';
import { pointedAt } from '../at';
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
      const targets = distinctPlaces(occurrences.flatMap(one => definitionsOf(workspace, one)));
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

function canLink(session: Session): boolean {
  return session.capabilities.textDocument?.definition?.linkSupport === true;
}
