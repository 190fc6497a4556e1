import type { Container } from '../../analysis/pods';
import { insertEntry, insertItem } from '../../manifests/edit';
import type { TextEdit } from '../../manifests/span';

/** A key of a Secret of the container's namespace. */
export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** Gives a container a variable from a key of a Secret. Undefined where its text does not allow that. */
export function addSecretVariable(
  { value }: Container,
  variable: string,
  { name, key }: SecretKey,
): TextEdit | undefined {
  const item = `name: ${variable}\nvalueFrom:\n  secretKeyRef:\n    name: ${name}\n    key: ${key}`;
  const env = value.at('env');
  if (env.kind === 'sequence' && env.items().length > 0) {
    const inFlow = `{ name: ${variable}, valueFrom: { secretKeyRef: { name: ${name}, key: ${key} } } }`;
    return insertItem(env, env.style === 'flow' ? inFlow : item);
  }
  if (env.exists) return undefined;
  const after = ['args', 'command', 'imagePullPolicy', 'image', 'name'].find(field => value.at(field).exists);
  if (after === undefined) return undefined;
  return insertEntry(value, `env:\n  - ${item.replaceAll('\n', '\n    ')}`, { after });
}
