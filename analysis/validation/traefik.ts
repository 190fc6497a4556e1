import type { Resource } from '../../manifests/resource';
import { isUnfinished, type Refusal } from './refusal';

/**
 * What Traefik refuses of the rules of an IngressRoute or IngressRouteTCP: matchers are joined by `&&`, `||`, `!` and
 * parentheses, and have their arguments in backticks or double quotes (doc.traefik.io, Routers, "Rules and priority").
 */
export function* refusedIngressRoute({ root, kind }: Resource): Iterable<Refusal> {
  for (const route of root.at('spec', 'routes').items()) {
    const match = route.at('match');
    const text = match.string;
    if (!text || (isUnfinished(text.replace(/`[^`]*`|"[^"]*"/g, '')) && !/[(]/.test(text))) continue;
    const what = faultOf(text);
    if (what)
      yield {
        at: match,
        what: `${what}, so Traefik does not serve this rule of ${kind} ${root.at('metadata', 'name').text}`,
        advice: 'write it as Host(`a.example`) && PathPrefix(`/b`)',
      };
  }
}

function faultOf(text: string): string | undefined {
  const bare = text.replace(/`[^`]*`|"(?:[^"\\]|\\.)*"/g, '``');
  if (/[`"]/.test(bare.replace(/``/g, ''))) return 'A quote is not closed';
  let depth = 0;
  for (const char of bare) {
    if (char === '(') depth++;
    else if (char === ')' && --depth < 0) return 'A parenthesis closes nothing';
  }
  if (depth > 0) return 'A parenthesis is not closed';
  // A variable may stand for anything.
  if (/[${}<>]/.test(bare)) return undefined;
  const argument = /\b[A-Z]\w*\(\s*([^`)\s][^)]*)\)/.exec(bare);
  if (argument) return `The argument ${argument[1]?.trim()} is not in backticks`;
  return undefined;
}
