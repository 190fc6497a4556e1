import fc from 'fast-check';
import type { Endpoint, NamedPort } from '../../../analysis/network/model';
import type { PeerJson, PolicyJson, PortJson, RuleJson, SelectorJson } from './manifest';
import type { Thing, World } from './oracle';

/** A small cluster with policies: what the engine is told, and every world that fits what it is told. */
export interface Case {
  readonly policies: readonly PolicyJson[];
  readonly endpoints: readonly Endpoint[];
  readonly namespaces: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly worlds: readonly World[];
  /** Positions in `endpoints`, and the port. */
  readonly flows: readonly (readonly [from: number, to: number, port: number, protocol: 'TCP' | 'UDP' | 'SCTP'])[];
}

/** A small vocabulary, so that selectors and labels meet often. */
const ports = [53, 80, 81, 90];
const keys = ['app', 'tier', 'env'];
const values = ['x', 'y'];

/** Pods never have an address in one of the blocks that are generated for a world without unknown facts. */
export const podAddresses = ['10.9.0.0/16'];

/** Everything is known, but for the address of the node under a hostNetwork pod. */
export const knownCase: fc.Arbitrary<Case> = build({ open: false });

/** Some labels of pods and namespaces are not known, and blocks may cover pods. */
export const openCase: fc.Arbitrary<Case> = build({ open: true });

function build({ open }: { readonly open: boolean }): fc.Arbitrary<Case> {
  const namespaceNames = open ? ['a', 'u'] : ['a', 'b'];
  const label = fc.constantFrom(...values);
  const labels = fc.record({ app: label, tier: label, env: label }, { requiredKeys: [] });
  const blocks = [
    ...['10.0.0.0/29', '10.0.0.0/30', '10.0.0.4/31', '10.0.0.6/32', '10.0.0.5/29'],
    ...['2001:db8::/126', '2001:db8::2/127', ...(open ? ['0.0.0.0/0', '10.9.0.0/17', '10.0.0.0/8'] : [])],
  ];

  const selector = (selectorKeys: readonly string[], selectorValues: readonly string[]): fc.Arbitrary<SelectorJson> => {
    const key = fc.constantFrom(...selectorKeys);
    const someValues = fc.uniqueArray(fc.constantFrom(...selectorValues), { minLength: 1, maxLength: 2 });
    const expression = fc.oneof(
      fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: someValues }),
      fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
    );
    return fc.oneof(
      fc.constant({}),
      fc.record({ matchLabels: fc.dictionary(key, fc.constantFrom(...selectorValues), { minKeys: 1, maxKeys: 2 }) }),
      fc.record({ matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) }),
    );
  };
  const podSelector = selector(keys, [...values, 'z']);
  const namespaceSelector = fc.oneof(
    selector(['team'], values),
    fc.record({ matchLabels: fc.record({ 'kubernetes.io/metadata.name': fc.constantFrom(...namespaceNames) }) }),
  );
  const peer: fc.Arbitrary<PeerJson> = fc.oneof(
    fc.record({ podSelector }),
    fc.record({ namespaceSelector }),
    fc.record({ podSelector, namespaceSelector }),
    fc.record({
      ipBlock: fc.record(
        {
          cidr: fc.constantFrom(...blocks),
          except: fc.array(fc.constantFrom('10.0.0.2/31', '10.0.0.5/32', '2001:db8::1/128'), { maxLength: 2 }),
        },
        { requiredKeys: ['cidr'] },
      ),
    }),
  );
  const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);
  const port: fc.Arbitrary<PortJson> = fc.oneof(
    fc.record(
      { protocol, port: fc.constantFrom<number | string>(...ports, 'http', 'dns') },
      { requiredKeys: ['port'] },
    ),
    fc.record({ protocol }),
    fc
      .record({ port: fc.constantFrom(79, 80, 81), length: fc.nat(12) })
      .map(({ port: first, length }) => ({ port: first, endPort: first + length })),
  );
  const rule = (field: 'from' | 'to'): fc.Arbitrary<RuleJson> =>
    fc.record(
      { [field]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) },
      { requiredKeys: [] },
    );
  const spec = fc.record(
    {
      podSelector,
      policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress'], []),
      ingress: fc.array(rule('from'), { maxLength: 3 }),
      egress: fc.array(rule('to'), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const policies = fc
    .array(fc.record({ namespace: fc.constantFrom(...namespaceNames), spec }), {
      minLength: open ? 1 : 0,
      maxLength: 6,
    })
    .map(list =>
      list.map(({ namespace, spec: one }, n): PolicyJson => ({ metadata: { name: `p${n}`, namespace }, spec: one })),
    );

  const named = fc.record(
    {
      http: fc.constantFrom<NamedPort[]>([{ port: 80, protocol: 'TCP' }], [{ port: 90, protocol: 'TCP' }]),
      dns: fc.constant<NamedPort[]>([
        { port: 53, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
      ]),
    },
    { requiredKeys: [] },
  );
  const allLabels = fc.record({ app: label, tier: label, env: label });
  const podSpec = fc.record({ namespace: fc.constantFrom(...namespaceNames), labels, named });
  const addresses = fc.constantFrom(
    ...[0, 1, 2, 3, 4, 5, 6, 7].map(n => `10.0.0.${n}`),
    ...[0, 1, 2, 3, 4].map(n => `2001:db8::${n}`),
  );

  return fc
    .record({
      policies,
      pods: fc.array(podSpec, { minLength: open ? 1 : 2, maxLength: open ? 2 : 3 }),
      node: fc.option(podSpec, { freq: 2 }),
      address: addresses,
      partial: open
        ? fc.record({
            pod: fc.record({ namespace: fc.constantFrom(...namespaceNames), labels: allLabels, named }),
            unknown: fc.uniqueArray(fc.constantFrom(...keys), { maxLength: 2 }),
          })
        : fc.constant(null),
      teams: fc.array(fc.option(label), { minLength: 3, maxLength: 3 }),
      flows: fc.array(fc.tuple(fc.nat(99), fc.nat(99), fc.constantFrom(...ports), protocol), {
        minLength: 20,
        maxLength: 20,
      }),
    })
    .map(made => {
      const endpoints: Endpoint[] = [];
      const things: Thing[] = [];
      const addPod = (id: string, of: (typeof made.pods)[number], hostNetwork: boolean) => {
        const own = new Map(Object.entries(of.labels));
        const portsByName = new Map(Object.entries(of.named));
        endpoints.push({
          kind: 'pod',
          id,
          name: id,
          namespace: of.namespace,
          labels: own,
          namedPorts: portsByName,
          hostNetwork,
        });
        things.push(thing(id, of, hostNetwork));
      };
      for (const [n, one] of made.pods.entries()) addPod(`pod${n}`, one, false);
      if (made.node) addPod('node', made.node, true);
      endpoints.push({ kind: 'external', name: 'address', ips: [made.address] });
      things.push({ id: 'address', address: made.address });
      if (made.partial) {
        const { pod, unknown } = made.partial;
        const known = Object.entries(pod.labels).filter(([key]) => !unknown.includes(key));
        endpoints.push({
          kind: 'external',
          name: 'partial',
          namespace: pod.namespace,
          labels: new Map(known),
          namedPorts: new Map(Object.entries(pod.named)),
        });
        things.push(thing('partial', { ...pod, labels: Object.fromEntries(known) }, false));
      }
      const declared = namespaceNames.filter(name => name !== 'u');
      const namespaces = Object.fromEntries(
        declared.map((name, n) => [name, made.teams[n] ? { team: made.teams[n] } : {}]),
      );
      return {
        policies: made.policies,
        endpoints,
        namespaces: new Map(Object.entries(namespaces).map(([name, own]) => [name, new Map(Object.entries(own))])),
        worlds: worldsOf(things, namespaces, open),
        flows: made.flows.map(
          ([from, to, number, proto]) => [from % endpoints.length, to % endpoints.length, number, proto] as const,
        ),
      };
    });
}

function thing(
  id: string,
  of: {
    readonly namespace: string;
    readonly labels: object;
    readonly named: Readonly<Record<string, readonly NamedPort[]>>;
  },
  hostNetwork: boolean,
): Thing {
  const portNames = Object.fromEntries(
    Object.entries(of.named).map(([name, list]) => [name, list.map(one => `${one.protocol}/${one.port}`)]),
  );
  return { id, namespace: of.namespace, labels: { ...of.labels } as Record<string, string>, portNames, hostNetwork };
}

/** One world for each way in which the unknown facts may turn out. */
function worldsOf(things: readonly Thing[], declared: World['namespaces'], open: boolean): readonly World[] {
  const nodeAddresses = things.some(({ hostNetwork }) => hostNetwork) ? ['10.0.0.1', '192.0.2.9'] : [undefined];
  // Undefined stands for a plug-in that does not compare ipBlocks with pods.
  const podAddress = open ? [undefined, '10.9.1.1'] : [undefined];
  const teams = open ? [{}, { team: 'x' }, { team: 'y' }] : [{}];
  const partial = things.find(({ id }) => id === 'partial');
  const missing = keys.filter(key => partial && !(key in (partial.labels ?? {})));
  const completions = missing.reduce<readonly Record<string, string>[]>(
    (list, key) => list.flatMap(done => [done, ...['x', 'y', 'z'].map(value => ({ ...done, [key]: value }))]),
    [{}],
  );
  return nodeAddresses.flatMap(node =>
    podAddress.flatMap(podIp =>
      teams.flatMap(team =>
        completions.map(extra => ({
          things: things.map(one => {
            const ip = one.address ?? (one.hostNetwork ? node : podIp);
            const own = one.id === 'partial' ? { ...one, labels: { ...one.labels, ...extra } } : one;
            return ip === undefined ? own : { ...own, address: ip };
          }),
          namespaces: open ? { ...declared, u: team } : declared,
          ports,
        })),
      ),
    ),
  );
}
