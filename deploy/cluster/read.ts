import { groupedBy } from '../../manifests/grouped';
import type { ErrorClass } from '../journal/entries';
import { classifyError, withoutLogLines } from '../kubectl/errors';
import { isObjectName, type Kubectl, type KubectlCall, type KubectlResult } from '../kubectl/kubectl';
import { items, type Json } from '../plan/source';

/** An answer of the cluster, or why there is none. A message may hold secrets: redact it before use. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly class: ErrorClass; readonly message: string; readonly code: number | undefined };

/** Asks kubectl for text. */
export async function readText(
  kubectl: Kubectl,
  args: readonly string[],
  call?: Partial<KubectlCall>,
): Promise<Answer<string>> {
  const result = await kubectl({ ...call, args });
  return result.code === 0 ? { ok: true, value: result.stdout } : failure(result);
}

/** Asks kubectl for JSON. The exit code is looked at first: kubectl prints a valid empty list beside a refusal. */
export async function readJson(kubectl: Kubectl, args: readonly string[]): Promise<Answer<Json | undefined>> {
  const answer = await readText(kubectl, args);
  if (!answer.ok) return answer;
  if (answer.value.trim() === '') return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(answer.value) as Json };
  } catch {
    return { ok: false, class: 'other', message: 'kubectl answered something that is not JSON.', code: 0 };
  }
}

/** What a resource type is called on a command line, unmistakably: `Cluster.v1.postgresql.cnpg.io`. */
export function resourceArgument(apiVersion: string, kind: string): string {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return group === '' ? kind : `${kind}.${version}.${group}`;
}

/** Things by the kind and the namespace that one question is about. */
export function byTypeAndNamespace<
  T extends { readonly apiVersion: string; readonly kind: string; readonly namespace?: string | undefined },
>(things: readonly T[]): readonly (readonly [T, ...T[]])[] {
  return [
    ...groupedBy(things, ({ apiVersion, kind, namespace = '' }) => `${apiVersion} ${kind} ${namespace}`).values(),
  ];
}

/**
 * The objects of a kind in a namespace, in full; those that are missing are simply not there. Never asks for Secrets,
 * of which only names may be read.
 *
 * @param names all when absent
 */
export async function readObjects(
  kubectl: Kubectl,
  kind: { readonly apiVersion: string; readonly kind: string },
  namespace: string | undefined,
  names?: readonly string[],
): Promise<Answer<readonly Json[]>> {
  if (kind.kind === 'Secret') throw new RangeError('Secrets are never read in full.');
  const unsafe = (names ?? []).find(name => !isObjectName(name));
  if (unsafe !== undefined) return invalidName(unsafe);
  const answer = await readJson(kubectl, [
    'get',
    resourceArgument(kind.apiVersion, kind.kind),
    ...(names ?? []),
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    ...(names === undefined ? [] : ['--ignore-not-found']),
    '--output=json',
  ]);
  if (!answer.ok) return answer;
  if (answer.value === undefined) return { ok: true, value: [] };
  const list = (answer.value as { readonly items?: Json }).items;
  return { ok: true, value: list === undefined ? [answer.value] : items(list) };
}

/** What can be said of an object without reading its contents. */
export interface LiveIdentity {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: string;
}

/** Reads uid, resource version and generation of one object of any kind; undefined if it does not exist. */
export async function readIdentity(
  kubectl: Kubectl,
  object: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly namespace?: string },
): Promise<Answer<LiveIdentity | undefined>> {
  if (!isObjectName(object.name)) return invalidName(object.name);
  const answer = await readText(kubectl, [
    'get',
    resourceArgument(object.apiVersion, object.kind),
    object.name,
    ...(object.namespace === undefined ? [] : [`--namespace=${object.namespace}`]),
    '--ignore-not-found',
    identityOutput,
  ]);
  return answer.ok ? { ok: true, value: parseIdentity(answer.value) } : answer;
}

/** The output that {@link parseIdentity} reads; it leaves the contents of an object at the server. */
export const identityOutput =
  '--output=jsonpath={.metadata.uid}{" "}{.metadata.resourceVersion}{" "}{.metadata.generation}';

/** Reads `uid resourceVersion generation`, as the template of `kubectl get` prints them; undefined for other output. */
export function parseIdentity(output: string): LiveIdentity | undefined {
  const [uid, resourceVersion, generation] = output.trim().split(/ +/);
  if (uid === undefined || uid === '' || resourceVersion === undefined) return undefined;
  return { uid, resourceVersion, generation: generation ?? '' };
}

/** The answer that a call of kubectl gives which has failed. */
export function failure(result: KubectlResult): Extract<Answer<never>, { ok: false }> {
  const message = withoutLogLines(result.stderr) || 'kubectl failed without a message.';
  const errorClass = result.interrupted
    ? 'transient'
    : result.code === undefined
      ? 'configuration'
      : classifyError(result.stderr);
  return { ok: false, class: errorClass, message, code: result.code };
}

function invalidName(name: string): Extract<Answer<never>, { ok: false }> {
  return {
    ok: false,
    class: 'invalid',
    message: `${JSON.stringify(name)} is not the name of an object.`,
    code: undefined,
  };
}
