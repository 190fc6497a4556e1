import { ofText } from '../manifests/derived';
import type { ManifestDocument } from '../manifests/document';
import { startOfLine } from '../manifests/lines';
import type { Place, Span } from '../manifests/span';
import type { Index, Workspace } from '../manifests/workspace';

/** A place that reaches single pods of a StatefulSet by name: `redis-0.redis-headless`, `$(HOSTNAME).redis-headless`. */
export interface PodNameUse {
  /** The name before the ordinal; undefined where the pod names itself by a variable. */
  readonly workload: string | undefined;
  readonly at: Place;
}

/** Where pods of a StatefulSet are reached by their names below its governing Service. */
export function podNameUses(workspace: Workspace, statefulSet: string, service: string): readonly PodNameUse[] {
  return workspace.lookup(uses, service).filter(({ workload }) => workload === undefined || workload === statefulSet);
}

const uses: Index<PodNameUse> = {
  name: 'pods reached by name',
  *document(document) {
    let count = 0;
    for (const { service, workload } of usesIn(document.textWith(naming) ?? ''))
      yield [service, { workload, at: placeOf(document, count++) }];
  },
  *textFile(file) {
    if (/\.md$/i.test(file.path)) return;
    for (const { service, workload, start, end } of usesIn(file.text))
      yield [service, { workload, at: { uri: file.uri, span: { start, end } } }];
  },
};

/** The place of the nth use of a document, which moves when the comments around it change. */
function placeOf(document: ManifestDocument, nth: number): Place {
  return {
    uri: document.file.uri,
    get span() {
      const use = usesIn(document.text)[nth];
      return document.place(use?.start ?? 0, use?.end ?? 0).span;
    },
  };
}

interface Use extends Span {
  readonly service: string;
  readonly workload: string | undefined;
}

/** What a line has that names a pod: an ordinal, or the variable or command for a pod's own name. */
const naming = /-(?:\d+|\$\{?\w+\}?|\$\(\w+\))\.[a-z]|HOSTNAME|POD_NAME|hostname/;

/** Looks for the ordinal or the variable first, which few texts have. */
const usesIn: (text: string) => readonly Use[] = ofText(text => {
  const uses: Use[] = [];
  for (const match of text.matchAll(
    /-(?:\d+|\$\{?\w+\}?|\$\(\w+\))\.([a-z][a-z0-9-]*)\b|(?:\b(?:HOSTNAME|POD_NAME)\}?\)?|\$\(hostname\)|`hostname`)["']?\.([a-z][a-z0-9-]*)\b/g,
  )) {
    const [whole, ofOther, ofItself] = match;
    const end = match.index + whole.length;
    if (isInComment(text, match.index)) continue;
    if (ofItself !== undefined) uses.push({ service: ofItself, workload: undefined, start: match.index, end });
    const workload = /\b[a-z0-9][a-z0-9-]*$/.exec(text.slice(Math.max(0, match.index - longestName), match.index))?.[0];
    if (ofOther !== undefined && workload !== undefined)
      uses.push({ service: ofOther, workload, start: match.index - workload.length, end });
  }
  return uses;
});

/** A name of an object has at most so many characters. */
const longestName = 253;

function isInComment(text: string, at: number): boolean {
  return /(?:^|[ \t])#/.test(text.slice(startOfLine(text, at), at));
}
