import { createHash } from 'node:crypto';
import { createTwoFilesPatch } from 'diff';
import { type LiveIdentity, parseIdentity, readIdentity, readJson, readText, resourceArgument } from '../cluster/read';
import type { ErrorClass } from '../journal/entries';
import { isObjectName, type Kubectl } from '../kubectl/kubectl';
import { applyArguments } from '../plan/commands';
import { isClusterScoped } from '../plan/order';
import { objectContent, type PlannedObject } from '../plan/plan';
import { at, entries, type Json, type PlanSource, text } from '../plan/source';
import type { Redact } from '../redact/redact';

/** What applying an object would do. */
export interface ObjectDiff {
  readonly object: PlannedObject;
  /** `opaque`: it exists, and its contents (a Secret's values) are not compared. */
  readonly change: 'create' | 'change' | 'same' | 'opaque' | 'conflict' | 'error';
  /** Unified diff of live against merged, masked; empty if there is nothing to show. */
  readonly text: string;
  /** The object as it is in the cluster; undefined if it does not exist. */
  readonly live: LiveIdentity | undefined;
  /** Live and merged as YAML-like JSON text, masked, for a diff editor. */
  readonly before: string;
  readonly after: string;
  /** Why the difference is not known, masked. */
  readonly message: string;
  readonly class: ErrorClass | undefined;
}

/**
 * Works out what applying would change, by a dry run on the server. The differences are made here and not by
 * `kubectl diff`, which shows the annotation in which client-side apply once put secrets in plain text.
 */
export async function diffObject(
  kubectl: Kubectl,
  object: PlannedObject,
  namespace: string,
  sources: readonly PlanSource[],
  redact: Redact,
): Promise<ObjectDiff> {
  const nothing = { object, text: '', live: undefined, before: '', after: '', message: '', class: undefined };
  const content = objectContent(object, sources);
  if (content === undefined)
    return { ...nothing, change: 'error', message: 'The file has changed.', class: 'tree-changed' };
  if (object.kind === 'Secret') return { ...nothing, ...(await diffSecret(kubectl, object, content)) };

  const live = await readLive(kubectl, object);
  if (!live.ok) return { ...nothing, change: 'error', message: redact(live.message), class: live.class };
  const identity = liveIdentity(live.value);
  const merged = await readJsonWithInput(
    kubectl,
    [...applyArguments(object.namespace ?? namespace), '--dry-run=server', '--output=json'],
    content,
  );
  if (!merged.ok) {
    const change = merged.class === 'conflict' ? 'conflict' : 'error';
    return { ...nothing, live: identity, change, message: redact(merged.message), class: merged.class };
  }
  const before = live.value === undefined ? '' : redact(printable(live.value));
  const after = redact(printable(merged.value));
  const change =
    live.value === undefined ? 'create' : printable(live.value) === printable(merged.value) ? 'same' : 'change';
  return {
    ...nothing,
    live: identity,
    change,
    before,
    after,
    text: change === 'same' ? '' : unified(object, before, after),
  };
}

/** "3 created, 1 changed, 7 unchanged". */
export function summarize(diffs: readonly ObjectDiff[]): string {
  const words: readonly (readonly [ObjectDiff['change'], string])[] = [
    ['create', 'created'],
    ['change', 'changed'],
    ['opaque', 'written again'],
    ['same', 'unchanged'],
    ['conflict', 'in conflict'],
    ['error', 'not comparable'],
  ];
  return words
    .map(([change, word]) => [diffs.filter(diff => diff.change === change).length, word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

/** SHA-256 of everything that was shown, so that a confirmation stands for exactly that. */
export function diffHash(diffs: readonly ObjectDiff[]): string {
  const shown = diffs.map(diff => [
    diff.object.apiVersion,
    diff.object.kind,
    diff.object.name,
    diff.change,
    diff.text,
    diff.message,
  ]);
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex');
}

type SecretDiff = Pick<ObjectDiff, 'change' | 'live' | 'text' | 'before' | 'after' | 'message' | 'class'>;

/** Of a Secret only the names of its keys are read and shown. */
async function diffSecret(kubectl: Kubectl, object: PlannedObject, content: Json): Promise<SecretDiff> {
  const empty = { text: '', before: '', after: '', message: '', class: undefined };
  const live = await readIdentity(kubectl, object);
  if (!live.ok)
    return { ...empty, change: 'error', live: undefined, message: 'The Secret cannot be read.', class: live.class };
  const wanted = [...entries(at(content, 'data')), ...entries(at(content, 'stringData'))].map(([key]) => key);
  const after = keyList(object, wanted);
  if (live.value === undefined)
    return { ...empty, change: 'create', live: undefined, after, text: unified(object, '', after) };
  const keys = await readText(kubectl, [
    'get',
    'Secret',
    object.name,
    `--namespace=${object.namespace}`,
    '--output=go-template={{range $key, $value := .data}}{{$key}}{{"\\n"}}{{end}}',
  ]);
  const before = keys.ok
    ? keyList(
        object,
        keys.value.split('\n').filter(key => key !== ''),
      )
    : '';
  return {
    ...empty,
    change: 'opaque',
    live: live.value,
    before,
    after,
    text: before === after ? '' : unified(object, before, after),
  };
}

function keyList(object: PlannedObject, keys: readonly string[]): string {
  return `kind: Secret\nname: ${object.name}\n${[...new Set(keys)]
    .sort()
    .map(key => `${key}: (not shown)\n`)
    .join('')}`;
}

async function readLive(kubectl: Kubectl, object: PlannedObject) {
  if (!isObjectName(object.name))
    return { ok: false as const, class: 'invalid' as const, message: 'odd name', code: undefined };
  return readJson(kubectl, [
    'get',
    resourceArgument(object.apiVersion, object.kind),
    object.name,
    ...(object.namespace === undefined || isClusterScoped(object.kind) ? [] : [`--namespace=${object.namespace}`]),
    '--ignore-not-found',
    '--show-managed-fields=false',
    '--output=json',
  ]);
}

async function readJsonWithInput(kubectl: Kubectl, args: readonly string[], content: Json) {
  return readJson(call => kubectl({ ...call, input: JSON.stringify(content) }), args);
}

function liveIdentity(live: Json | undefined): LiveIdentity | undefined {
  if (live === undefined) return undefined;
  const metadata = at(live, 'metadata');
  return parseIdentity(
    `${text(at(metadata, 'uid'))} ${text(at(metadata, 'resourceVersion'))} ${at(metadata, 'generation') ?? ''}`,
  );
}

/** What a person needs to see of an object: neither the server's bookkeeping nor the annotation with old secrets. */
function printable(object: Json | undefined): string {
  if (object === undefined || object === null || typeof object !== 'object' || Array.isArray(object)) return '';
  const { status: _, metadata, ...rest } = object as { readonly [key: string]: Json };
  const kept = entries(metadata).filter(([key]) => !bookkeeping.has(key));
  const cleaned = kept.flatMap(([key, value]): readonly (readonly [string, Json])[] => {
    if (key !== 'annotations') return [[key, value]];
    const annotations = entries(value).filter(([name]) => !droppedAnnotations.has(name));
    return annotations.length === 0 ? [] : [[key, Object.fromEntries(annotations)]];
  });
  return `${JSON.stringify(sorted({ ...rest, metadata: Object.fromEntries(cleaned) }), undefined, 2)}\n`;
}

const bookkeeping: ReadonlySet<string> = new Set([
  'managedFields',
  'resourceVersion',
  'uid',
  'generation',
  'creationTimestamp',
  'selfLink',
]);
const droppedAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
]);

function sorted(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    entries(value)
      .map(([key, entry]) => [key, sorted(entry)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function unified(object: PlannedObject, before: string, after: string): string {
  const name = `${object.kind}/${object.name}`;
  return createTwoFilesPatch(`live ${name}`, `planned ${name}`, before, after, undefined, undefined, { context: 3 });
}
