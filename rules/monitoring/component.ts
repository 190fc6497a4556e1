import type { Monitor } from '../../analysis/monitors';
import type { ChecklistItemId } from '../../checklist/types';

/** The checklist items that a monitor serves, by what its selector and its name say; none for other components. */
export function itemsOf({ resource, selector }: Monitor): readonly ChecklistItemId[] {
  const words = [...selector.requirements.flatMap(({ key, values }) => [key, ...values]), resource.name].join(' ');
  const found = components.find(([pattern]) => pattern.test(words));
  return found ? [found[1]] : [];
}

const components: readonly (readonly [RegExp, ChecklistItemId])[] = [
  [/\bcnpg\.io\b|postgres/i, '5.1.a.2'],
  [/\bmin\.io\b|minio/i, '5.1.a.3'],
  [/haproxy/i, '5.1.a.4'],
  [/livekit/i, '5.1.a.5'],
  [/nginx|ingress/i, '5.1.a.6'],
  [/synapse|worker/i, '5.1.a.1'],
];
