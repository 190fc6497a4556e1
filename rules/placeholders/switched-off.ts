import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';

/**
 * Whether a program that reads a YAML text never looks at what stands at a place of it, because the text switches that
 * off: it is below a mapping that says `enabled: false`, or it is an option of Synapse that only another one makes it
 * read. Then a value that nobody has filled in harms nobody.
 */
export function isSwitchedOff(root: Value, at: Place): boolean {
  const isHere = ({ uri, span }: Value): boolean =>
    uri === at.uri && span.start <= at.span.start && at.span.end <= span.end;
  let inside: Value = root;
  while (inside.kind === 'mapping' || inside.kind === 'sequence') {
    if (inside.kind === 'mapping' && inside !== root && inside.at('enabled').boolean === false) return true;
    const children: readonly Value[] =
      inside.kind === 'mapping' ? inside.entries().map(([, value]) => value) : inside.items();
    const child: Value | undefined = children.find(isHere);
    if (!child) return false;
    // matrix-media-repo asks the homeserver about tokens unless it is told to look at its own list (config.sample.yaml).
    if (child.name === 'appservices' && inside.at('useLocalAppserviceConfig').boolean === false) return true;
    inside = child;
  }
  const [option] = inside.path;
  return inside.path.length === 1 && root.at('server_name').exists && isUnasked(root, String(option));
}

/**
 * Options that do nothing without another one (Synapse documentation, CAPTCHA setup; synapse/rest/client/voip.py). What is
 * not said may be said in another file.
 */
function isUnasked(homeserver: Value, option: string): boolean {
  if (/^recaptcha_(?:public|private)_key$/.test(option))
    return homeserver.at('enable_registration_captcha').boolean === false;
  const uris = homeserver.at('turn_uris');
  return /^turn_(?:shared_secret|username|password)$/.test(option) && uris.exists && uris.items().length === 0;
}
