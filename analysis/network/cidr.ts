/** An inclusive range of addresses of one family. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

export type Coverage = 'inside' | 'partly' | 'outside';

/**
 * How much of `inner` lies in `outer`. Without any address in `inner` the answer is `outside`.
 */
export function coverage(inner: readonly AddressRange[], outer: readonly AddressRange[]): Coverage {
  if (!inner.some(range => outer.some(other => overlap(range, other)))) return 'outside';
  return subtractRanges(inner, outer).length === 0 ? 'inside' : 'partly';
}

/** The addresses of `ranges` that are in none of `except`. */
export function subtractRanges(
  ranges: readonly AddressRange[],
  except: readonly AddressRange[],
): readonly AddressRange[] {
  let rest = ranges;
  for (const hole of except) rest = rest.flatMap(range => withoutHole(range, hole));
  return rest;
}

/**
 * Reads `10.0.0.0/8` or `2001:db8::/64`; host bits are dropped. Undefined for anything else, an address without a
 * prefix length included, because `ipBlock.cidr` needs one. Leading zeros of an IPv4 byte are decimal, as in the API
 * server's legacy reading of this field.
 */
export function parseCidr(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const prefixText = text.slice(slash + 1);
  if (!address || !/^\d{1,3}$/.test(prefixText)) return undefined;
  const bits = address.family === 4 ? 32 : 128;
  const prefix = Number(prefixText);
  if (prefix > bits) return undefined;
  const hostBits = BigInt(bits - prefix);
  const first = (address.value >> hostBits) << hostBits;
  return { family: address.family, first, last: first + (1n << hostBits) - 1n };
}

/** As `parseCidr`, and a bare address is the range of that one address. */
export function parseAddressOrCidr(text: string): AddressRange | undefined {
  if (text.includes('/')) return parseCidr(text);
  const address = parseAddress(text);
  return address && { family: address.family, first: address.value, last: address.value };
}

/** The ranges of all texts that can be read. */
export function parseRanges(texts: readonly string[]): readonly AddressRange[] {
  return texts.flatMap(text => parseAddressOrCidr(text) ?? []);
}

/** Whether the range is every address of its family: `0.0.0.0/0` or `::/0`. */
export function isWholeFamily(range: AddressRange): boolean {
  return range.first === 0n && range.last === (range.family === 4 ? (1n << 32n) - 1n : (1n << 128n) - 1n);
}

function parseAddress(text: string): { readonly family: 4 | 6; readonly value: bigint } | undefined {
  const value = text.includes(':') ? parseIPv6(text) : parseIPv4(text);
  return value === undefined ? undefined : { family: text.includes(':') ? 6 : 4, value };
}

function parseIPv4(text: string): bigint | undefined {
  const bytes = text.split('.');
  if (bytes.length !== 4) return undefined;
  let value = 0n;
  for (const byte of bytes) {
    if (!/^\d{1,3}$/.test(byte) || Number(byte) > 255) return undefined;
    value = (value << 8n) | BigInt(Number(byte));
  }
  return value;
}

function parseIPv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = hexGroups(halves[0] ?? '');
  const tail = hexGroups(halves[1] ?? '');
  if (!head || !tail || (halves.length === 2 && halves[0]?.includes('.'))) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** The 16-bit groups of one side of `::`; a dotted IPv4 address at the end stands for two. */
function hexGroups(text: string): readonly bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [position, part] of parts.entries()) {
    if (part.includes('.')) {
      const dotted = position === parts.length - 1 ? parseIPv4(part) : undefined;
      if (dotted === undefined) return undefined;
      groups.push(dotted >> 16n, dotted & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(BigInt(`0x${part}`));
    } else {
      return undefined;
    }
  }
  return groups;
}

function withoutHole(range: AddressRange, hole: AddressRange): readonly AddressRange[] {
  if (!overlap(range, hole)) return [range];
  const rest: AddressRange[] = [];
  if (hole.first > range.first) rest.push({ ...range, last: hole.first - 1n });
  if (hole.last < range.last) rest.push({ ...range, first: hole.last + 1n });
  return rest;
}

function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}
