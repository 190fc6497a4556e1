import { cached } from '../manifests/derived';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { declarationsOf } from './declarations';
import type { Container } from './pods';
import { secretEntry } from './secret-data';

/** One environment variable of a container and where its value comes from. */
export interface EnvironmentVariable {
  readonly name: string;
  /** The entry that defines it: the item of `env`, or of `envFrom`. */
  readonly at: Value;
  /** A literal `value:`. */
  readonly value: Value | undefined;
  /** The Secret or ConfigMap key it comes from. */
  readonly source: VariableSource | undefined;
}

export interface VariableSource {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  readonly key: string;
}

export interface Environment {
  readonly variables: ReadonlyMap<string, EnvironmentVariable>;
  /** Whether there may be variables that the tree does not show: an `envFrom` of something with unknown keys. */
  readonly isOpen: boolean;
}

/**
 * Whether a variable is in every container without being written: those of the runtime, and those that Kubernetes makes of
 * the Services of a namespace (Kubernetes documentation, Service, "Environment variables").
 */
export function isSetUnasked(name: string): boolean {
  return /^(?:HOSTNAME|HOME|PATH)$|_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?$/.test(name);
}

/**
 * The environment that a container is started with; what its image sets is not known here. Whoever asks for one variable
 * need not ask again when others change.
 */
export function environmentOf(workspace: Workspace, resource: Resource, container: Container): Environment {
  return workspace.derivePair(askedEnvironment, resource, container);
}

function askedEnvironment(resource: Resource, container: Container, workspace: Workspace): Environment {
  const read = cached(() => readEnvironment(workspace, resource, container));
  const isOpen = cached(() => read().isOpen);
  return {
    variables: new AskedVariables(() => read().variables),
    get isOpen() {
      return isOpen();
    },
  };
}

/** Variables by name, which records of what is asked for only the answers. */
class AskedVariables implements ReadonlyMap<string, EnvironmentVariable> {
  readonly #all: () => ReadonlyMap<string, EnvironmentVariable>;
  readonly #asked = new Map<string, () => EnvironmentVariable | undefined>();

  constructor(all: () => ReadonlyMap<string, EnvironmentVariable>) {
    this.#all = all;
  }

  get(name: string): EnvironmentVariable | undefined {
    let variable = this.#asked.get(name);
    if (!variable) {
      variable = cached(() => this.#all().get(name));
      this.#asked.set(name, variable);
    }
    return variable();
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get size(): number {
    return this.#all().size;
  }

  forEach(call: (variable: EnvironmentVariable, name: string, all: AskedVariables) => void): void {
    for (const [name, variable] of this) call(variable, name, this);
  }

  entries(): MapIterator<[string, EnvironmentVariable]> {
    return this.#all().entries();
  }

  keys(): MapIterator<string> {
    return this.#all().keys();
  }

  values(): MapIterator<EnvironmentVariable> {
    return this.#all().values();
  }

  [Symbol.iterator](): MapIterator<[string, EnvironmentVariable]> {
    return this.entries();
  }
}

function readEnvironment(workspace: Workspace, resource: Resource, container: Container): Environment {
  const variables = new Map<string, EnvironmentVariable>();
  let isOpen = false;
  for (const item of container.value.at('envFrom').items()) {
    const prefix = item.at('prefix').text ?? '';
    for (const [field, kind] of [
      ['secretRef', 'Secret'],
      ['configMapRef', 'ConfigMap'],
    ] as const) {
      const name = item.at(field, 'name').string;
      if (name === undefined) continue;
      const declared = declarationsOf(workspace, kind, resource.namespace, name);
      if (declared.length === 0) isOpen = true;
      for (const { keys } of declared) {
        if (keys === 'any') isOpen = true;
        else
          for (const key of keys)
            variables.set(prefix + key, {
              name: prefix + key,
              at: item,
              value: undefined,
              source: { kind, name, key },
            });
      }
    }
  }
  for (const item of container.value.at('env').items()) {
    const name = item.at('name').text;
    if (name === undefined) continue;
    variables.set(name, {
      name,
      at: item,
      value: item.at('value').exists ? item.at('value') : undefined,
      source: sourceOf(item),
    });
  }
  return { variables, isOpen };
}

function sourceOf(item: Value): VariableSource | undefined {
  for (const [field, kind] of [
    ['secretKeyRef', 'Secret'],
    ['configMapKeyRef', 'ConfigMap'],
  ] as const) {
    const reference = item.at('valueFrom', field);
    const name = reference.at('name').string;
    const key = reference.at('key').text;
    if (name !== undefined && key !== undefined) return { kind, name, key };
  }
  return undefined;
}

/** The scalar in which a person writes the text of a variable; undefined where the tree does not show one. */
export function scalarOfVariable(
  workspace: Workspace,
  resource: Resource,
  variable: EnvironmentVariable,
): Value | undefined {
  if (variable.value || !variable.source) return variable.value;
  const { kind, name, key } = variable.source;
  const holder = workspace.find(kind, resource.namespace, name);
  const entry = holder && kind === 'Secret' ? secretEntry(holder, key) : undefined;
  if (entry) return entry.isEncoded || entry.text === undefined ? undefined : entry.value;
  const value = holder?.root.at('data', key);
  return kind === 'ConfigMap' && value?.exists ? value : undefined;
}

/** The text that a variable has in its container; undefined where the tree does not show it. */
export function textOfVariable(
  workspace: Workspace,
  resource: Resource,
  variable: EnvironmentVariable | undefined,
): string | undefined {
  if (!variable) return undefined;
  if (variable.value) return variable.value.text;
  if (!variable.source) return undefined;
  const { kind, name, key } = variable.source;
  const holder = workspace.find(kind, resource.namespace, name);
  if (!holder) return undefined;
  return kind === 'Secret' ? secretEntry(holder, key)?.text : holder.root.at('data', key).text;
}
