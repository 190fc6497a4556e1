import type { NetworkComponent, NetworkFlow, NetworkOpening, NetworkReport } from '../protocol/network';

/** What may be said of a connection: a verdict about a needed one, or `open` for one that nothing is known to need. */
export type Verdict = NetworkFlow['verdict'] | 'open';

export const verdicts: readonly Verdict[] = ['blocked', 'unknown', 'allowed', 'open'];

/** A sign that stands beside every colour, so that nobody has to tell colours apart. */
export const signs: Readonly<Record<Verdict, string>> = { allowed: '✓', blocked: '✕', unknown: '?', open: '○' };

export const verdictWords: Readonly<Record<Verdict, string>> = {
  allowed: 'needed and allowed',
  blocked: 'needed and blocked',
  unknown: 'needed, not certain',
  open: 'open, not needed',
};

export const instanceWords: Readonly<Record<NetworkComponent['instance'], string>> = {
  main: 'main instance',
  li: 'LI instance',
  outside: 'outside of the tree',
};

/** How a component is called: by its name, with kind or namespace where another has the same. */
export function namesIn({ components }: NetworkReport): (id: string) => string {
  const names = new Map(components.map(one => [one.id, one.name]));
  for (const one of components) {
    const namesakes = components.filter(({ id, name }) => id !== one.id && name === one.name);
    if (namesakes.some(({ kind }) => kind !== one.kind)) names.set(one.id, `${one.kind ?? 'outside'} ${one.name}`);
    if (namesakes.some(({ namespace }) => namespace !== one.namespace))
      names.set(one.id, `${one.namespace ?? '-'}/${names.get(one.id)}`);
  }
  return id => names.get(id) ?? id;
}

/** `443`, or `3478/UDP`. */
export function portText({ port, protocol }: { readonly port: number; readonly protocol: string }): string {
  return protocol === 'TCP' ? String(port) : `${port}/${protocol}`;
}

/** A needed connection in a line, without what follows from it: `redis → redis:6379`. */
export function flowTitle(flow: NetworkFlow, nameOf: (id: string) => string): string {
  return `${nameOf(flow.from)} → ${nameOf(flow.to)}:${portText(flow)}`;
}

/** What is to be known about a needed connection beside its title. */
export function flowReason({ verdict, why, reasons, finding, forbidden }: NetworkFlow): string {
  const needed = why.length > 3 ? `${why.slice(0, 3).join(', ')} and ${why.length - 3} more` : why.join(', ');
  if (verdict === 'allowed') return needed;
  const because = reasons.join(' ');
  if (forbidden) return `${needed}. ${because} The separation of the instances forbids it, so a person has to decide.`;
  return `${needed}. ${because}${finding ? ` Reported by ${finding.rule}.` : ''}`;
}

/** An opening that nothing needs, in a line: `key-vault:8000 from coturn`. */
export function openingTitle(opening: NetworkOpening, nameOf: (id: string) => string): string {
  const names = opening.from.map(nameOf);
  const from = names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  return `${nameOf(opening.to)}:${portText(opening)} from ${from}`;
}

/** `61 connections allowed, 7 blocked, 6 not certain; 10 ports open that nothing needs`. */
export function summarySentence({ summary: { allowed, blocked, unknown, unneeded } }: NetworkReport): string {
  const needed = allowed + blocked + unknown;
  if (needed === 0) return 'No connection is known to be needed.';
  const open = unneeded === 1 ? '1 port is open' : `${unneeded} ports are open`;
  return `Of ${needed} needed connections ${allowed} are allowed, ${blocked} blocked and ${unknown} not certain; ${open} to components that are not known to need them.`;
}
