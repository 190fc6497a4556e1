import { environmentOf } from '../../analysis/environment';
import { settingsNamed, settingsOf } from '../../analysis/minio-settings';
import { containerRunning, workloadKinds } from '../../analysis/pods';
import { quantityOf } from '../../analysis/quantity';
import { familiesOf, tenantKind, usedByMatrix, workloads } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** The kinds that MinIO servers are made from: a Tenant of the operator, or a workload with MinIO's image. */
export const storeKinds: readonly string[] = [tenantKind, ...workloadKinds.filter(kind => !/Job$/.test(kind))];

/** Some servers with the same number of drives each, over which MinIO spreads objects. */
export interface Pool {
  readonly name: string;
  readonly servers: number;
  readonly volumesPerServer: number;
  readonly drives: number;
  /** The places of the two numbers; the same one where a single argument says both. */
  readonly serversAt: Place;
  readonly volumesAt: Place;
  /** The pool in the Tenant; undefined for a plain workload. */
  readonly value: Value | undefined;
  /** The arguments of a plain workload that make the pool; empty for a Tenant. */
  readonly operands: readonly string[];
}

/** The pools of a Tenant, or of a workload that runs MinIO itself; none for other resources. */
export function poolsOf(workspace: Workspace, store: Resource): readonly Pool[] {
  if (store.qualifiedKind === tenantKind) return store.root.at('spec', 'pools').items().flatMap(poolOfTenant);
  const plain = workloads(workspace, 'minio.plain');
  if (!familiesOf(store).has('minio.plain')) return [];
  return usedByMatrix(workspace, [...workspace.resources(tenantKind), ...plain], 'minio.plain').includes(store)
    ? poolsOfArguments(workspace, store)
    : [];
}

/** How many drives one object is spread over. */
export function stripeOf(workspace: Workspace, store: Resource, pool: Pool): number {
  const chosen = settingsNamed(settingsOf(workspace, store), 'MINIO_ERASURE_SET_DRIVE_COUNT').at(-1)?.value;
  const count = Number(chosen);
  return chosen !== undefined && count >= 2 && count <= 16
    ? count
    : erasureSetSize(pool.servers, pool.volumesPerServer);
}

/**
 * The largest set of 2 to 16 drives that divides all drives evenly and takes as many from each server
 * (minio/minio cmd/endpoint-ellipses.go: possibleSetCountsWithSymmetry, where of the ranges of an argument the leftmost,
 * that of the servers, decides, and commonSetDriveCount).
 */
export function erasureSetSize(servers: number, volumesPerServer: number): number {
  const drives = servers * volumesPerServer;
  for (let size = Math.min(16, drives); size >= 2; size--) {
    const isEven = servers > size ? servers % size === 0 : size % servers === 0;
    if (drives % size === 0 && isEven) return size;
  }
  return drives;
}

/** The parity that MinIO takes by itself for a set of drives (minio/minio docs/erasure/storage-class). */
export function defaultParity(stripe: number): number {
  if (stripe <= 1) return 0;
  if (stripe <= 3) return 1;
  if (stripe <= 5) return 2;
  return stripe <= 7 ? 3 : 4;
}

/** What the standard storage class is set to: `EC:4` is 4, in capitals only. NaN for a text that is no such thing. */
export function parityOf(text: string): number {
  const digits = /^\s*EC:(\d+)\s*$/.exec(text)?.[1];
  return digits === undefined ? Number.NaN : Number(digits);
}

/** The size of one drive in bytes, as its claim asks; undefined if it does not say. */
export function driveSize(pool: Pool): number | undefined {
  return quantityOf(pool.value?.at('volumeClaimTemplate', 'spec', 'resources', 'requests', 'storage').text);
}

function poolOfTenant(value: Value, index: number): readonly Pool[] {
  const servers = value.at('servers');
  const volumes = value.at('volumesPerServer');
  if (servers.number === undefined || volumes.number === undefined) return [];
  return [
    {
      name: value.at('name').text ?? `pool-${index}`,
      servers: servers.number,
      volumesPerServer: volumes.number,
      drives: servers.number * volumes.number,
      serversAt: servers,
      volumesAt: volumes,
      value,
      operands: [],
    },
  ];
}

/**
 * Pools as `minio server` takes them: `http://minio-{0...3}.minio/data{0...1}` is one, and so are all operands without a
 * range together. `MINIO_VOLUMES` stands for the operands. None where a variable hides a part of them.
 */
function poolsOfArguments(workspace: Workspace, resource: Resource): readonly Pool[] {
  const container = containerRunning(resource, 'minio');
  if (!container) return [];
  const variable = environmentOf(workspace, resource, container).variables.get('MINIO_VOLUMES')?.value;
  const given = operandsOf([...container.value.at('command').scalars(), ...container.value.at('args').scalars()]);
  const operands =
    given.length > 0
      ? given
      : (variable?.text ?? '').split(/\s+/).flatMap(text => (variable && text !== '' ? [{ text, at: variable }] : []));
  if (operands.some(({ text }) => text.includes('$') || !/^(?:https?:\/\/|\/)/.test(text))) return [];
  const ranged = operands.filter(({ text }) => hasRange(text));
  const [single] = operands;
  if (ranged.length === 0) {
    const servers = new Set(operands.map(({ text }) => /^https?:\/\/[^/]+/.exec(text)?.[0] ?? '')).size;
    const texts = operands.map(({ text }) => text);
    return single ? [poolOf('pool-0', servers, operands.length / servers, single.at, texts)] : [];
  }
  return ranged.map(({ text, at }, index) => {
    const [, host = '', path = ''] = /^(https?:\/\/[^/]+)?(.*)$/.exec(text) ?? [];
    return poolOf(`pool-${index}`, rangesIn(host), rangesIn(path), at, [text]);
  });
}

function poolOf(name: string, servers: number, volumesPerServer: number, at: Place, operands: readonly string[]): Pool {
  const drives = servers * volumesPerServer;
  return { name, servers, volumesPerServer, drives, serversAt: at, volumesAt: at, value: undefined, operands };
}

interface Operand {
  readonly text: string;
  readonly at: Value;
}

/** What follows `server` on a command line or in a script, up to the end of the command, without options. */
function operandsOf(words: readonly Value[]): readonly Operand[] {
  const tokens = words.flatMap(word =>
    (word.text ?? '')
      .split(/\s+/)
      .filter(text => text !== '')
      .map(text => ({ text: text.replace(/^["']|["']$/g, ''), at: word })),
  );
  const start = tokens.findIndex(({ text }) => text === 'server');
  const operands: Operand[] = [];
  for (let at = start + 1; start !== -1 && at < tokens.length; at++) {
    const token = tokens[at];
    if (!token || /^(?:&&|\|\||[;|&<>]|\d?>)/.test(token.text)) break;
    // minio server --help: these take a value, which may follow as a word of its own.
    if (/^--?(?:address|console-address|certs-dir|S|config|ftp|sftp|json-log)$/.test(token.text)) at++;
    else if (!token.text.startsWith('-')) operands.push({ ...token, text: token.text.replace(/;$/, '') });
  }
  return operands;
}

function hasRange(text: string): boolean {
  return /\{\d+\.\.\.\d+\}/.test(text);
}

/** The product of all ranges `{a...b}` in a text. */
function rangesIn(text: string): number {
  let product = 1;
  for (const [, from, to] of text.matchAll(/\{(\d+)\.\.\.(\d+)\}/g))
    product *= Math.max(1, Number(to) - Number(from) + 1);
  return product;
}
