import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { EnvironmentVariable } from '../environment';
import { clusterKind } from '../roles';
import { secretEntry } from '../secret-data';

/** The text of an environment variable, and the scalar it is written in. */
export interface VariableText {
  readonly text: string;
  /** Undefined for what an operator writes. */
  readonly value: Value | undefined;
  /** Whether the scalar says the text letter by letter, rather than in base64. */
  readonly isLiteral: boolean;
}

/**
 * What a container gets in a variable: its literal value, or what the manifest of the Secret or ConfigMap says. The
 * Secrets of CloudNativePG are known although no manifest has them (cloudnative-pg pkg/specs/secrets.go).
 */
export function variableText(
  workspace: Workspace,
  resource: Resource,
  variable: EnvironmentVariable,
): VariableText | undefined {
  const literal = variable.value?.text;
  if (literal !== undefined) return { text: literal, value: variable.value, isLiteral: true };
  const { source } = variable;
  if (!source) return undefined;
  const found = workspace.find(source.kind, resource.namespace, source.name);
  if (!found) return source.kind === 'Secret' ? ofCluster(workspace, resource, source) : undefined;
  if (source.kind === 'ConfigMap') {
    const value = found.root.at('data', source.key);
    return value.text === undefined ? undefined : { text: value.text, value, isLiteral: true };
  }
  const entry = secretEntry(found, source.key);
  return entry?.text === undefined ? undefined : { text: entry.text, value: entry.value, isLiteral: !entry.isEncoded };
}

function ofCluster(
  workspace: Workspace,
  resource: Resource,
  { name, key }: { readonly name: string; readonly key: string },
): VariableText | undefined {
  const cluster = /^(.+)-(?:app|superuser)$/.exec(name)?.[1];
  if (cluster === undefined || !workspace.find(clusterKind, resource.namespace, cluster)) return undefined;
  const text = key === 'host' ? `${cluster}-rw` : key === 'port' ? '5432' : undefined;
  return text === undefined ? undefined : { text, value: undefined, isLiteral: false };
}
