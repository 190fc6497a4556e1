import { table } from '../manifests/table';

/**
 * Reads a Kubernetes quantity: bytes for memory and storage, cores for CPU. Undefined if it is none.
 * Source: apimachinery pkg/api/resource/quantity.go; `2G` is 2 · 10⁹ and `2Gi` is 2 · 2³⁰.
 */
export function quantityOf(text: string | undefined): number | undefined {
  const [, number, suffix = '', exponent] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(text?.trim() ?? '') ?? [];
  if (number === undefined) return undefined;
  return exponent === undefined ? Number(number) * (factors[suffix] ?? Number.NaN) : Number(`${number}e${exponent}`);
}

/**
 * Reads a memory parameter of PostgreSQL in bytes; a number without a unit counts blocks of 8 kB, as for
 * `shared_buffers`. Source: PostgreSQL documentation, "Parameter Names and Values" (1 kB is 1024 bytes there).
 */
export function postgresMemory(text: string | undefined): number | undefined {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?\s*$/.exec(text ?? '') ?? [];
  if (number === undefined) return undefined;
  return Number(number) * (unit === undefined ? 8192 : (postgresUnits[unit] ?? Number.NaN));
}

/** An amount of bytes as people say it: `4Gi`, `1536Mi`. */
export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ['Ti', 2 ** 40],
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const) {
    if (bytes >= size) return `${Number((bytes / size).toFixed(bytes % size === 0 ? 0 : 1))}${unit}`;
  }
  return String(Math.round(bytes));
}

const factors = table<number>({
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
});
const postgresUnits = table<number>({ B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 });
