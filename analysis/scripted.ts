import { readEmbedded } from '../manifests/embedded';
import type { SourceFile } from '../manifests/file';
import type { Span } from '../manifests/span';
import { splitDocuments } from '../manifests/split';
import { table } from '../manifests/table';
import { commandsIn } from './commands';
import type { KubectlApply } from './text/cluster-commands';

/** An object that a command makes, or that a comment tells the reader to make. */
export interface ScriptedObject {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly keys: readonly string[] | 'any';
  readonly span: Span;
  readonly isPromise: boolean;
}

/** What the commands of a script, or the commands shown in a Markdown file, create. */
export function scriptedIn(file: SourceFile): readonly ScriptedObject[] {
  if (/\.md$/i.test(file.path)) return promisedIn(file.text);
  const made = commandsIn(file).flatMap(({ command }): readonly ScriptedObject[] =>
    command.kind === 'apply'
      ? pipedIn(command)
      : command.kind === 'create' && command.happens && command.name.certainty !== 'unknown'
        ? [
            {
              kind: command.resource,
              namespace: command.namespace?.certainty === 'unknown' ? undefined : command.namespace?.value,
              name: command.name.value,
              keys: command.hasAllKeys && command.keys.length > 0 ? command.keys.map(({ key }) => key) : 'any',
              span: command.span,
              isPromise: false,
            },
          ]
        : [],
  );
  // What only a comment of the script names is left to the reader.
  const comments = promisedIn(file.text).filter(
    promise => !made.some(one => one.name === promise.name && one.kind === promise.kind),
  );
  return [...made, ...comments];
}

/** The objects of a manifest that a script writes out itself: `kubectl apply -f - <<EOF`. */
function pipedIn({ manifest, verb, isDryRun, namespace, span }: KubectlApply): readonly ScriptedObject[] {
  if (!manifest || verb === 'delete' || isDryRun) return [];
  const text = manifest.map(piece => (piece.kind === 'text' ? piece.text : unknownPart)).join('');
  const within = { uri: '', span };
  return splitDocuments(text).flatMap((document): readonly ScriptedObject[] => {
    const part = { text: text.slice(document.start, document.end), place: () => within, linePrefix: undefined };
    const { root } = readEmbedded(part, within)();
    const kind = root.at('kind').text;
    const name = root.at('metadata', 'name').text;
    const written =
      root.at('metadata', 'namespace').text ?? (namespace?.certainty === 'unknown' ? undefined : namespace?.value);
    if (!kind || !name || name.includes(unknownPart)) return [];
    return [
      {
        kind,
        namespace: written?.includes(unknownPart) ? undefined : written,
        name,
        keys: ['data', 'stringData', 'binaryData'].flatMap(field => root.at(field).keys()),
        span,
        isPromise: false,
      },
    ];
  });
}

/** Stands for what the shell has yet to work out, as text that YAML takes anywhere. */
const unknownPart = 'not-known-0';

/** What comments tell the reader to create by hand with `kubectl create`. */
export function promisedIn(text: string): readonly ScriptedObject[] {
  if (!/\bkubectl\b.* create /.test(text)) return [];
  const found: ScriptedObject[] = [];
  for (const match of text.matchAll(
    /kubectl((?: +-{1,2}[\w-]+(?:[= ][^\s-]\S*)?)*) +create (secret (?:generic|tls|docker-registry)|configmap|namespace|serviceaccount) +([a-z0-9][\w.-]*)((?:[^\n]*\\\n)*[^\n]*)/g,
  )) {
    // The options of kubectl itself may stand before its command as well.
    const options = `${match[1] ?? ''} ${match[4] ?? ''}`;
    const keys = [...options.matchAll(/--from-(?:literal|file)=["']?([\w.-]+)/g)].map(one => one[1] ?? '');
    found.push({
      kind: kinds[(match[2] ?? '').split(' ', 1)[0] ?? ''] ?? 'Secret',
      namespace: /(?:-n|--namespace)[ =]+([a-z0-9-]+)/.exec(options)?.[1],
      name: match[3] ?? '',
      keys: keys.length > 0 ? keys : 'any',
      span: { start: match.index, end: match.index + match[0].length },
      isPromise: true,
    });
  }
  return found;
}

const kinds = table<string>({
  secret: 'Secret',
  configmap: 'ConfigMap',
  namespace: 'Namespace',
  serviceaccount: 'ServiceAccount',
});
