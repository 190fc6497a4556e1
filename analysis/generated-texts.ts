import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import { resolvePath } from '../manifests/paths';
import { textValue } from '../manifests/text-value';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { commandsIn } from './commands';

/** A key of a ConfigMap or Secret that is made of a file of the tree. */
export interface GeneratedText {
  readonly key: string;
  /** The file's text. */
  readonly value: Value;
  /** Whether a controller fills values into it, where `{{ … }}` stands. */
  readonly isTemplate?: boolean;
}

/**
 * The keys of a ConfigMap or Secret that a `configMapGenerator` or `secretGenerator` of a kustomization, or a
 * `kubectl create configmap --from-file` of a script makes of files. None where several make one of this name, as
 * overlays do: which of them is deployed, the tree does not tell. And the templates from which controllers make a Secret.
 */
export function generatedTexts(
  workspace: Workspace,
  kind: 'ConfigMap' | 'Secret',
  namespace: string | undefined,
  name: string,
): readonly GeneratedText[] {
  const found = workspace
    .lookup(generators, `${kind}/${name}`)
    .filter(one => one.namespace === undefined || namespace === undefined || one.namespace === namespace);
  const [generator] = found;
  if (!generator && kind === 'Secret') return templatesOf(workspace, namespace, name);
  if (!generator || found.length > 1) return [];
  return generator.files.flatMap(({ key, paths }) => {
    for (const path of paths) {
      const value = fileText(workspace, path);
      if (value) return [{ key, value }];
    }
    return [];
  });
}

/** The keys that a template says, of a Secret that one object alone makes. */
function templatesOf(workspace: Workspace, namespace: string | undefined, name: string): readonly GeneratedText[] {
  const found = workspace
    .lookup(templates, name)
    .filter(one => one.namespace === undefined || namespace === undefined || one.namespace === namespace);
  return found.length === 1
    ? (found[0]?.template().map(([key, value]) => ({ key, value, isTemplate: true })) ?? [])
    : [];
}

interface SecretTemplate {
  readonly namespace: string | undefined;
  template(): readonly (readonly [key: string, text: Value])[];
}

/**
 * external-secrets.io/latest/guides/templating; bitnami-labs/sealed-secrets README, "Sealed Secrets as Templates for
 * Secrets"; Vault Secrets Operator, "Secret data transformation".
 */
const templates: Index<SecretTemplate> = {
  name: 'templates of Secrets',
  *resource({ qualifiedKind, namespace, name, root }) {
    const spec = root.at('spec');
    switch (qualifiedKind) {
      case 'ExternalSecret.external-secrets.io': {
        const target = spec.at('target');
        const isFilled = target.at('template', 'data').exists;
        if (isFilled)
          yield [
            target.at('name').string ?? name,
            { namespace, template: () => target.at('template', 'data').entries() },
          ];
        break;
      }
      case 'SealedSecret.bitnami.com': {
        const template = spec.at('template');
        if (template.at('data').exists)
          yield [
            template.at('metadata', 'name').string ?? name,
            { namespace, template: () => template.at('data').entries() },
          ];
        break;
      }
      case 'VaultStaticSecret.secrets.hashicorp.com': {
        const destination = spec.at('destination');
        const written = destination.at('transformation', 'templates');
        const made = destination.at('name').string;
        if (made !== undefined && written.exists)
          yield [
            made,
            { namespace, template: () => written.entries().map(([key, one]) => [key, one.at('text')] as const) },
          ];
        break;
      }
    }
  },
};

/** The texts of all ConfigMaps that generators of kustomizations and scripts make of files, once each. */
export function allGeneratedConfig(
  workspace: Workspace,
): readonly { readonly namespace: string | undefined; readonly text: GeneratedText }[] {
  const seen = new Set<string>();
  return workspace.lookup(generators, 'ConfigMap').flatMap(({ namespace, files }) =>
    files.flatMap(({ key, paths }) => {
      for (const path of paths) {
        const value = fileText(workspace, path);
        if (!value) continue;
        if (seen.has(path)) return [];
        seen.add(path);
        return [{ namespace, text: { key, value } }];
      }
      return [];
    }),
  );
}

interface Generator {
  readonly namespace: string | undefined;
  /** The file of each key, by the paths at which it may be. */
  readonly files: readonly { readonly key: string; readonly paths: readonly string[] }[];
}

const generators: Index<Generator> = {
  name: 'ConfigMaps and Secrets made of files',
  *document(document) {
    if (!document.file.isKustomization) return;
    const { root } = document;
    for (const [field, kind] of [
      ['configMapGenerator', 'ConfigMap'],
      ['secretGenerator', 'Secret'],
    ] as const) {
      for (const item of root.at(field).items()) {
        const name = item.at('name').string;
        if (name === undefined) continue;
        const files = item
          .at('files')
          .items()
          .map(one => fileOf(one.text ?? '', document.file.directory));
        const generator = { namespace: item.at('namespace').string ?? root.at('namespace').string, files };
        yield [`${kind}/${name}`, generator];
        yield [kind, generator];
      }
    }
  },
  *textFile(file) {
    for (const { command } of commandsIn(file)) {
      if (command.kind !== 'create' || (command.resource !== 'ConfigMap' && command.resource !== 'Secret')) continue;
      const files = command.keys.flatMap(({ key, from, path }) => {
        if (from !== 'file' || !path || path.hasGlob || path.base === 'absolute' || path.base === 'url') return [];
        const paths = [resolvePath(file.directory, path.path), resolvePath('', path.path)];
        return [{ key, paths: path.base === 'working-directory' ? paths.reverse() : paths }];
      });
      if (files.length === 0 || command.name.certainty !== 'known') continue;
      const generator = { namespace: command.namespace?.value, files };
      yield [`${command.resource}/${command.name.value}`, generator];
      yield [command.resource, generator];
    }
  },
  equal: (a, b) => JSON.stringify(a) === JSON.stringify(b),
};

/** `key=path`, or a path whose last part is the key. */
function fileOf(written: string, directory: string): Generator['files'][number] {
  const equals = written.indexOf('=');
  const path = written.slice(equals + 1);
  const key = equals === -1 ? path.slice(path.lastIndexOf('/') + 1) : written.slice(0, equals);
  return { key, paths: [resolvePath(directory, path)] };
}

/** The text of a file of the tree; undefined where there is none, or where it has several documents. */
function fileText(workspace: Workspace, path: string): Value | undefined {
  const [text] = workspace.lookup(plainFiles, path);
  if (text) return plainText(text);
  const documents = workspace.lookup(documentsByFile, path);
  const [only] = documents;
  return only && documents.length === 1 ? workspace.derive(documentText, only) : undefined;
}

interface PlainFile {
  readonly file: SourceFile;
  readonly text: string;
}

const plainFiles: Index<PlainFile> = {
  name: 'files that are no YAML, by path',
  *textFile(file) {
    yield [file.path, { file, text: file.text }];
  },
  equal: (a, b) => a.text === b.text && a.file.uri === b.file.uri,
};

const documentsByFile: Index<ManifestDocument> = {
  name: 'documents by the path of their file',
  *document(document) {
    yield [document.file.path, document];
  },
};

function plainText(plain: PlainFile): Value {
  let value = texts.get(plain);
  if (!value) {
    const { uri } = plain.file;
    value = textValue(plain.text, (start, end) => ({ uri, span: { start, end } }));
    texts.set(plain, value);
  }
  return value;
}

const texts = new WeakMap<PlainFile, Value>();

function documentText(document: ManifestDocument): Value {
  return textValue(document.text, (start, end) => document.place(start, end));
}
