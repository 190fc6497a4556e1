/** A TURN or STUN address as RFC 7064 and RFC 7065 write it. */
export interface TurnUri {
  readonly scheme: string;
  readonly host: string;
  /** Undefined where it is left to the default: 3478, and 5349 for `turns` and `stuns`. */
  readonly port: number | undefined;
  readonly transport: string | undefined;
}

/** Reads `turn:host:port?transport=udp`; undefined if it is none. */
export function turnUri(text: string): TurnUri | undefined {
  const match = /^(turns?|stuns?):(\[[\da-f:.]+\]|[^\s/?:@]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/i.exec(text);
  if (!match) return undefined;
  const [, scheme = '', host = '', port, transport] = match;
  return {
    scheme: scheme.toLowerCase(),
    host,
    port: port === undefined ? undefined : Number(port),
    transport: transport?.toLowerCase(),
  };
}

/**
 * The address that a text was meant to be which is written as a web address, without its scheme, or with something other
 * than `?` before the transport. Undefined where the text does not tell.
 */
export function repairedUri(text: string): string | undefined {
  const repaired = text
    .trim()
    .replace(/^(?!(?:turns?|stuns?):)(?=[\w.-]+(?::\d+)?(?:$|[/?;&]))/i, 'turn:')
    .replace(/^(turns?|stuns?):\/\//i, '$1:')
    .replace(/\/?[/?;&]transport=(udp|tcp)$/i, (_, transport: string) => `?transport=${transport.toLowerCase()}`)
    .replace(/\/$/, '');
  return repaired !== text && turnUri(repaired) ? repaired : undefined;
}
