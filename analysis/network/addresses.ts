import { type AddressRange, coverage, isWholeFamily, parseCidr, parseRanges, subtractRanges } from './cidr';
import { type Endpoint, type ExternalEndpoint, type IPBlock, isPod, type Truth } from './model';

/**
 * Whether an `ipBlock` peer covers the endpoint's address.
 *
 * A pod's address is not in any manifest. Plug-ins also differ: Calico compares an `ipBlock` with pod addresses,
 * Cilium does not (https://docs.cilium.io/en/stable/network/kubernetes/policy/ lists it as missing), and Kubernetes
 * only says that the ranges should lie outside the cluster. So the answer for a pod is never `yes`: it is `no` when the
 * block has no address that a pod may have (`podAddresses`), else `unknown`.
 *
 * A hostNetwork pod has its node's address, which an `ipBlock` can allow
 * (https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods).
 * Where an address is unknown, a block that is a whole family without exception is taken to cover it.
 */
export function ipBlockMatch<T>(block: IPBlock<T>, endpoint: Endpoint, podAddresses: readonly AddressRange[]): Truth {
  const allowed = rangesOfBlock(block);
  if (allowed.length === 0) return 'no';
  if (isPod(endpoint) && !endpoint.hostNetwork) {
    const addresses = (endpoint.kind === 'external' && rangesOfEndpoint(endpoint)) || podAddresses;
    return coverage(addresses, allowed) === 'outside' ? 'no' : 'unknown';
  }
  const addresses = endpoint.kind === 'external' ? rangesOfEndpoint(endpoint) : undefined;
  if (!addresses) return allowed.some(isWholeFamily) ? 'yes' : 'unknown';
  const covered = coverage(addresses, allowed);
  return covered === 'inside' ? 'yes' : covered === 'outside' ? 'no' : 'unknown';
}

/**
 * The ranges from which cluster networks are taken in practice: private use (RFC 1918), shared address space
 * (RFC 6598) and IPv6 unique local addresses (RFC 4193).
 */
export const privateRanges: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
];

/** Hosts outside the cluster, by their public IPv4 addresses (the special-purpose ranges of RFC 6890 are left out). */
export const internet: ExternalEndpoint = {
  kind: 'external',
  name: 'the internet',
  ips: ['0.0.0.0/0'],
  exceptIps: [
    ...privateRanges,
    '0.0.0.0/8',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ],
};

/** The addresses an `ipBlock` allows: none when `cidr` cannot be read, because the API server refuses the policy. */
function rangesOfBlock<T>(block: IPBlock<T>): readonly AddressRange[] {
  const known = blockRanges.get(block);
  if (known) return known;
  const cidr = parseCidr(block.cidr);
  const except = (block.except ?? []).flatMap(text => parseCidr(text) ?? []);
  const ranges = cidr ? subtractRanges([cidr], except) : [];
  blockRanges.set(block, ranges);
  return ranges;
}

function rangesOfEndpoint(endpoint: ExternalEndpoint): readonly AddressRange[] | undefined {
  if (!endpoint.ips) return undefined;
  const known = endpointRanges.get(endpoint);
  if (known) return known;
  const ranges = subtractRanges(parseRanges(endpoint.ips), parseRanges(endpoint.exceptIps ?? []));
  endpointRanges.set(endpoint, ranges);
  return ranges;
}

// Parsed once per object: the objects never change, and one block is compared with thousands of endpoints.
const blockRanges = new WeakMap<object, readonly AddressRange[]>();
const endpointRanges = new WeakMap<object, readonly AddressRange[]>();
