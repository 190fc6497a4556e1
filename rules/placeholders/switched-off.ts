import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';

/**
 * Whether a program that reads a YAML text never looks at what stands at a place of it, because the text switches that
 * off: it is below a mapping that says `enabled: false`, or it is an option that only another one makes the program read.
 * Then a value that nobody has filled in harms nobody.
 */
export function isSwitchedOff(root: Value, at: Place): boolean {
  return placesSwitchedOff(root)(at);
}

/** The same for many places of one text. */
export function placesSwitchedOff(root: Value): (at: Place) => boolean {
  const parts = partsSwitchedOff(root);
  return at => parts.some(({ uri, span }) => uri === at.uri && span.start <= at.span.start && at.span.end <= span.end);
}

function partsSwitchedOff(root: Value): readonly Value[] {
  const parts = [...root.scalars(isFalse)].flatMap(({ name, parent }) => {
    if (!parent || typeof name !== 'string') return [];
    if (name === 'enabled' && parent !== root) return [parent];
    return (askedFor[name] ?? []).map(option => parent.at(option));
  });
  const uris = root.at('turn_uris');
  // What is not said may be said in another file (Synapse documentation; synapse/rest/client/voip.py).
  if (root.at('server_name').exists && uris.exists && uris.items().length === 0)
    parts.push(...['turn_shared_secret', 'turn_username', 'turn_password'].map(option => root.at(option)));
  return parts.filter(part => part.exists);
}

function isFalse(text: string): boolean {
  return /^false$/i.test(text);
}

/**
 * Options that are read only where another one beside them is on: keys of a captcha (Synapse documentation, CAPTCHA
 * setup), and matrix-media-repo's own list of application services (config.sample.yaml).
 */
const askedFor: Readonly<Record<string, readonly string[]>> = table({
  enable_registration_captcha: ['recaptcha_public_key', 'recaptcha_private_key'],
  useLocalAppserviceConfig: ['appservices'],
});
