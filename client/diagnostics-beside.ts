import { type Diagnostic, type DiagnosticCollection, Disposable, languages, Uri, workspace } from 'vscode';
import type { DiagnosticCollectionProvider } from 'vscode-languageclient';

/**
 * Makes collections that leave out findings which the YAML extension shows at the same place, as long as it shows them:
 * fields and types that a schema refuses, and what is no YAML. Nothing else depends on what is left out: the checklist,
 * fixes and gates are told by the server, and quick fixes are offered at the place all the same.
 */
export const collectionsBeside: DiagnosticCollectionProvider = {
  create: name => beside(languages.createDiagnosticCollection(name)),
  dispose: collection => collection.dispose(),
};

/** The rules that find what YAML readers and schemas find, too. */
const sharedRules: ReadonlySet<unknown> = new Set([
  'crd-required-field-missing',
  'crd-unknown-field',
  'duplicate-yaml-key',
  'settings-invalid',
  'yaml-syntax',
]);

function beside(shown: DiagnosticCollection): DiagnosticCollection {
  // Of each file with such findings all findings, because those of others come and go.
  const whole = new Map<string, { readonly uri: Uri; readonly all: readonly Diagnostic[] }>();
  const keep = (uri: Uri, all: readonly Diagnostic[]) => {
    if (all.some(isShared)) whole.set(uri.toString(), { uri, all });
    else whole.delete(uri.toString());
  };
  const show = (uri: Uri, all: readonly Diagnostic[] | undefined) => {
    keep(uri, all ?? []);
    shown.set(uri, all && withoutDoubles(uri, all));
  };
  const showAgain = (uris: Iterable<Uri>) => {
    for (const uri of uris) {
      const { all } = whole.get(uri.toString()) ?? {};
      const fewer = all && withoutDoubles(uri, all);
      if (fewer && fewer.length !== shown.get(uri)?.length) shown.set(uri, fewer);
    }
  };
  const subscriptions = Disposable.from(
    languages.onDidChangeDiagnostics(({ uris }) => showAgain(uris)),
    workspace.onDidChangeConfiguration(change => {
      if (change.affectsConfiguration('matrixPreflight.schemaHelp'))
        showAgain([...whole.values()].map(({ uri }) => uri));
    }),
  );
  return {
    name: shown.name,
    set: (
      first: Uri | readonly (readonly [Uri, readonly Diagnostic[] | undefined])[],
      diagnostics?: readonly Diagnostic[],
    ) => {
      if (first instanceof Uri) show(first, diagnostics);
      else for (const [uri, some] of first) show(uri, some);
    },
    delete: uri => {
      whole.delete(uri.toString());
      shown.delete(uri);
    },
    clear: () => {
      whole.clear();
      shown.clear();
    },
    forEach: callback => shown.forEach(callback),
    get: uri => shown.get(uri),
    has: uri => shown.has(uri),
    dispose: () => {
      subscriptions.dispose();
      whole.clear();
      shown.dispose();
    },
    [Symbol.iterator]: () => shown[Symbol.iterator](),
  };
}

function withoutDoubles(uri: Uri, all: readonly Diagnostic[]): readonly Diagnostic[] {
  if (!all.some(isShared) || workspace.getConfiguration('matrixPreflight', uri).get('schemaHelp') === 'on') return all;
  const others = languages.getDiagnostics(uri).filter(isOfYamlExtension);
  return all.filter(one => !isShared(one) || !others.some(other => other.range.intersection(one.range)));
}

function isShared({ code }: Diagnostic): boolean {
  return sharedRules.has(typeof code === 'object' ? code.value : code);
}

/** The sources of the diagnostics of yaml-language-server: `YAML`, and `yaml-schema: <name>`. */
function isOfYamlExtension({ source }: Diagnostic): boolean {
  return source === 'YAML' || source?.startsWith('yaml-schema: ') === true;
}
