import type { Location } from 'vscode-languageserver';
import { definitionsOf } from '../../analysis/occurrences/definitions';
import { occurrencesAt, occurrencesOf } from '../../analysis/occurrences/find';
import { madeFrom } from '../../analysis/occurrences/generated';
import type { Occurrence } from '../../analysis/occurrences/occurrence';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { pointedAt } from '../at';
import { distinctPlaces, toLocation } from '../places';
import { resourceNamed } from '../resources';
import type { Feature } from './feature';

/** Find all references: every place that names what is pointed at, in manifests, configurations, scripts and runbooks. */
export const references: Feature = {
  capabilities: () => ({ referencesProvider: true }),
  offer(session) {
    session.connection.onReferences((params): Location[] => {
      const at = pointedAt(session, params);
      if (!at) return [];
      const { workspace } = at;
      const places = occurrencesAt(workspace, at.file, at.offset).flatMap(one =>
        referencesTo(workspace, one, params.context.includeDeclaration),
      );
      return distinctPlaces(places).flatMap(place => toLocation(workspace, place));
    });
  },
};

/** Of an object also the references to what operators make from it, because they stop working with it. */
function referencesTo(workspace: Workspace, occurrence: Occurrence, withDefinitions: boolean): readonly Place[] {
  const { subject } = occurrence;
  const named = occurrencesOf(workspace, subject);
  const owner = subject.kind === 'object' ? resourceNamed(workspace, subject) : undefined;
  const made = owner ? madeFrom(workspace, owner).flatMap(one => occurrencesOf(workspace, one)) : [];
  const definitions =
    withDefinitions && !named.some(({ role }) => role === 'definition') ? definitionsOf(workspace, occurrence) : [];
  return [
    ...[...named, ...made].filter(({ role }) => withDefinitions || role === 'reference').map(({ at }) => at),
    ...definitions,
  ];
}
