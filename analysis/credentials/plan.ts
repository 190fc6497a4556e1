import type { Workspace } from '../../manifests/workspace';
import { type CredentialGroup, credentialGroups } from './groups';
import type { CredentialKind } from './kinds';
import type { CredentialPlace } from './places';

/** What filling the placeholders of a tree means: which values are made or copied, and what a person has to supply. */
export interface CredentialPlan {
  readonly credentials: readonly PlannedCredential[];
  readonly left: readonly LeftPlace[];
}

/** One value and the open places it is written to. */
export interface PlannedCredential {
  readonly title: string;
  /** Undefined where the value is copied and nobody could make another. */
  readonly kind: CredentialKind | undefined;
  readonly places: readonly CredentialPlace[];
  /** The place of a real value that the others have to agree with; without it a new value is made. */
  readonly source: CredentialPlace | undefined;
}

/** An open place that stays as it is, with the reason as a clause: `its issuer makes it`. */
export interface LeftPlace {
  readonly place: CredentialPlace;
  readonly reason: string;
}

/** The plan for all placeholders. Places that hold something real are never written to. */
export function planCredentials(workspace: Workspace): CredentialPlan {
  const credentials: PlannedCredential[] = [];
  const left: LeftPlace[] = [];
  for (const group of credentialGroups(workspace)) {
    const open = group.places.filter(place => place.isOpen);
    if (open.length === 0) continue;
    const reason = fillObstacle(group);
    if (reason !== undefined) left.push(...open.map(place => ({ place, reason })));
    else
      credentials.push({
        title: group.title,
        kind: group.kind,
        places: open,
        source: group.places.find(place => !place.isOpen),
      });
  }
  return { credentials, left };
}

/** Why the placeholders of a group are not to be filled, as a sentence; undefined where they may be. */
export function fillObstacle({ places, kind, obstacle }: CredentialGroup): string | undefined {
  if (obstacle !== undefined) return obstacle;
  const real = new Set(places.filter(place => !place.isOpen).map(place => place.text.trim()));
  if (real.size > 1) return 'The places that already hold a value do not agree: see secret-group-mismatch.';
  return real.size === 0 && kind === undefined ? 'Only whoever issues it can supply it.' : undefined;
}
