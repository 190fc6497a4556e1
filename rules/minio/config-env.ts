import { declarationsOf } from '../../analysis/declarations';
import { environmentOf } from '../../analysis/environment';
import { mainContainersOf } from '../../analysis/pods';
import { imageName } from '../../analysis/roles';
import { type SecretEntry, secretEntry } from '../../analysis/secret-data';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place, TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** One environment variable of the MinIO servers. */
export interface Setting {
  readonly name: string;
  /** Undefined where it comes from something that the tree does not show. */
  readonly value: string | undefined;
  /** The value itself, without quotes; the whole file where a part of it has no place of its own. */
  readonly at: Place;
  /** The edit that puts another text in its place; undefined where that cannot be done. */
  replace(text: string): TextEdit | undefined;
}

/** The settings of the MinIO servers of a Tenant or of a plain workload. */
export interface Settings {
  /** In the order in which they are given; a later one of the same name wins. */
  readonly all: readonly Setting[];
  /** Whether there may be settings that the tree does not show. */
  readonly isOpen: boolean;
  /** The `config.env` of a Tenant, if the tree shows it. */
  readonly file: ConfigEnv | undefined;
}

export interface ConfigEnv {
  readonly secret: Resource;
  readonly value: Value;
  readonly settings: readonly Setting[];
}

export function settingsOf(workspace: Workspace, store: Resource): Settings {
  return workspace.derive(readSettings, store);
}

export function settingsNamed(settings: Settings, name: string): readonly Setting[] {
  return settings.all.filter(one => one.name === name);
}

/** Adds a line at the end of a `config.env` in a block scalar. */
export function appendLine({ value }: ConfigEnv, line: string): TextEdit | undefined {
  const { text, linePrefix, place } = value.mapped;
  if (linePrefix === undefined || text.trim() === '') return undefined;
  const end = text.trimEnd().length;
  const eol = value.source.tree.text.includes('\r\n') ? '\r\n' : '\n';
  return { at: place(end, end), newText: `${eol}${linePrefix}${line}` };
}

/**
 * Reads the lines of a `config.env` as MinIO does: `export` may stand in front, one pair of quotes is taken off, and
 * what begins with `#` is a comment (minio/minio cmd/common-main.go, readFromSecret and parsEnvEntry).
 */
export function readConfigEnv(entry: SecretEntry): readonly Setting[] {
  const { text = '', value: file } = entry;
  // Only in a block scalar does every part of the text stand in the file as it is.
  const isWritten = !entry.isEncoded && file.style === 'literal';
  const settings: Setting[] = [];
  for (const line of text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=([^\r\n]*?)[ \t]*\r?$/gm)) {
    const [whole, name = '', written = ''] = line;
    const start = line.index + whole.indexOf('=') + 1;
    const quote = /^(["'])(.*?)\1/.exec(written);
    const value = quote ? (quote[2] ?? '') : written;
    const from = start + (quote ? 1 : 0);
    const at = isWritten ? file.part(from, from + value.length) : file;
    settings.push({ name, value, at, replace: newText => (isWritten ? { at, newText } : undefined) });
  }
  return settings;
}

function readSettings(store: Resource, workspace: Workspace): Settings {
  return store.kind === 'Tenant' ? settingsOfTenant(store, workspace) : settingsOfWorkload(store, workspace);
}

function settingsOfTenant(tenant: Resource, workspace: Workspace): Settings {
  const name = tenant.root.at('spec', 'configuration', 'name').text;
  const secret = name === undefined ? undefined : workspace.find('Secret', tenant.namespace, name);
  const entry = secret && secretEntry(secret, 'config.env');
  const file: ConfigEnv | undefined =
    secret && entry?.text !== undefined
      ? {
          secret,
          value: entry.value,
          settings: readConfigEnv(entry),
        }
      : undefined;
  const declared = name === undefined ? [] : declarationsOf(workspace, 'Secret', tenant.namespace, name);
  const env = tenant.root
    .at('spec', 'env')
    .items()
    .map(item => ({
      name: item.at('name').text ?? '',
      value: item.at('value').text,
      at: item.at('value').exists ? item.at('value') : item.at('name'),
      replace: (text: string) => replaceScalar(item.at('value'), text),
    }));
  return { all: [...(file?.settings ?? []), ...env], isOpen: !file && declared.length > 0, file };
}

function settingsOfWorkload(resource: Resource, workspace: Workspace): Settings {
  const container = mainContainersOf(resource).find(one => /(?:^|\/)minio$/.test(imageName(one.image)));
  if (!container) return { all: [], isOpen: true, file: undefined };
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  const all = [...variables.values()].map(({ name, value, at }) => ({
    name,
    value: value?.text,
    at: value ?? at.at('name'),
    replace: (text: string) => (value ? replaceScalar(value, text) : undefined),
  }));
  return { all, isOpen, file: undefined };
}
