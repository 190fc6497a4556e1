import { replaceScalar } from '../manifests/edit';
import type { Resource } from '../manifests/resource';
import type { Place, TextEdit } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { environmentOf } from './environment';
import { containerRunning } from './pods';
import { type SecretEntry, secretEntry } from './secret-data';
import { readEnvFile } from './text/env-file';

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

/** What a Tenant or a workload of MinIO is configured with. */
export function settingsOf(workspace: Workspace, store: Resource): Settings {
  return workspace.derive(readSettings, store);
}

/** Every place that sets a variable; several where it is written twice. */
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

function readConfigEnv(entry: SecretEntry): readonly Setting[] {
  const { text = '', value: file } = entry;
  // Only in a block scalar does every part of the text stand in the file as it is.
  const isWritten = !entry.isEncoded && file.style === 'literal';
  return readEnvFile(text).entries.map(({ name, value, contentSpan: { start, end } }) => {
    const at = isWritten ? file.part(start, end) : file;
    return { name: name.value, value: value.value, at, replace: newText => (isWritten ? { at, newText } : undefined) };
  });
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
  const env = tenant.root
    .at('spec', 'env')
    .items()
    .map(item => ({
      name: item.at('name').text ?? '',
      value: item.at('value').text,
      at: item.at('value').exists ? item.at('value') : item.at('name'),
      replace: (text: string) => replaceScalar(item.at('value'), text),
    }));
  return { all: [...(file?.settings ?? []), ...env], isOpen: !file && name !== undefined, file };
}

function settingsOfWorkload(resource: Resource, workspace: Workspace): Settings {
  const container = containerRunning(resource, 'minio');
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
