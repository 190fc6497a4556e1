import { findPlaceholders } from './placeholders';

/**
 * Whether two texts with hosts can be held against each other: real ones, or two under the same domain that is still to
 * be replaced, because all of them are replaced alike.
 */
export function areComparable(one: string, other: string): boolean {
  const domain = domainToReplace(one);
  return domain !== undefined && domain === domainToReplace(other);
}

/** The placeholder domain that a text has; empty for none, undefined where something else in it is filled in later. */
export function domainToReplace(text: string): string | undefined {
  const found = findPlaceholders(text, 'value');
  const domains = new Set(found.map(one => (one.class === 'domain' ? one.domain?.toLowerCase() : undefined)));
  return domains.size === 0 ? '' : domains.size === 1 ? [...domains][0] : undefined;
}
