import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { type Family, familiesOf } from '../roles';
import { podsBehind, type Service, servicesIn } from '../services';
import { parseClusterHost } from '../text/hosts';
import { type Candidate, distinct, type Rank } from './candidate';

/** The name under which pods of every namespace reach a Service. */
function clusterName({ name, namespace }: Service): string {
  return namespace === undefined ? name : `${name}.${namespace}.svc.cluster.local`;
}

/**
 * The hosts of all Services, those of `namespace` first and before them those whose pods run `wanted` or that have the
 * port `usualPort`. With `withPorts` each of their ports makes a candidate of its own.
 */
export function hostCandidates(
  workspace: Workspace,
  namespace: string | undefined,
  options: {
    readonly wanted?: Family;
    readonly usualPort?: number;
    readonly withPorts?: boolean;
    readonly preferHeadless?: boolean;
    /** The pod whose own name is wanted most. */
    readonly pod?: string | undefined;
  },
): readonly Candidate[] {
  return servicesIn(workspace).flatMap(service => {
    if (service.namespace === undefined && namespace !== undefined && service.type === 'ExternalName') return [];
    const fits =
      (options.wanted !== undefined && runs(workspace, service, options.wanted)) ||
      (options.usualPort !== undefined && service.ports.some(port => port.port === options.usualPort)) ||
      (options.preferHeadless === true && service.isHeadless);
    const rank = fits ? 0 : service.namespace === namespace ? 1 : 2;
    const who = service.isGenerated
      ? `of ${service.resource.title}`
      : `${service.isHeadless ? 'headless ' : ''}Service`;
    const hosts = [
      { host: clusterName(service), who, rank },
      ...podsByName(workspace, service).map(pod => ({
        host: `${pod}.${clusterName(service)}`,
        who: `pod ${pod}`,
        rank: options.pod === pod ? 0 : Math.max(rank, 2),
      })),
    ] as const;
    return hosts.flatMap(({ host, who, rank }): readonly Candidate[] => {
      const own = rank as Rank;
      if (options.withPorts)
        return service.ports.map(port => ({
          label: `${host}:${port.port}`,
          kind: 'host',
          detail: `${who}${port.name === undefined ? '' : `, ${port.name}`}`,
          rank: own,
        }));
      const ports = service.ports.map(port => port.port).join(', ');
      return [
        { label: host, kind: 'host', detail: `${who}, ${ports === '' ? 'no port' : `port ${ports}`}`, rank: own },
      ];
    });
  });
}

/** The pods that have names of their own below a headless Service (Kubernetes: StatefulSet, Stable Network ID). */
function podsByName(workspace: Workspace, service: Service): readonly string[] {
  if (!service.isHeadless || service.isGenerated) return [];
  return podsBehind(workspace, service).flatMap(({ owner, replicas }) =>
    owner.kind === 'StatefulSet' && owner.root.at('spec', 'serviceName').text === service.name
      ? ordinals(owner, replicas)
      : [],
  );
}

/** The names of the first pods of a StatefulSet. */
export function ordinals({ name, root }: Resource, replicas: number): readonly string[] {
  const first = root.at('spec', 'ordinals', 'start').number ?? 0;
  return Array.from({ length: Math.min(replicas, 20) }, (_, index) => `${name}-${first + index}`);
}

/** The ports of the Service that a host names. */
export function portsOfHost(
  workspace: Workspace,
  namespace: string | undefined,
  host: string | undefined,
): readonly Candidate[] {
  const named = host === undefined ? undefined : parseClusterHost(host, namespace);
  if (!named) return [];
  return servicesIn(workspace)
    .filter(
      service =>
        service.name === named.service &&
        (service.namespace ?? named.namespace) === (named.namespace ?? service.namespace),
    )
    .flatMap(service =>
      service.ports.map(port => ({
        label: String(port.port),
        kind: 'port' as const,
        detail: `${port.name === undefined ? '' : `${port.name} of `}Service/${service.name}`,
        isBare: true,
        rank: 0 as const,
      })),
    );
}

/** The ports of the Services whose pods run a family: for a host that only a script knows. */
export function portsOfFamily(workspace: Workspace, family: Family): readonly Candidate[] {
  return distinct(
    servicesIn(workspace)
      .filter(service => runs(workspace, service, family))
      .flatMap(({ ports, name }) =>
        ports.map(({ port }) => ({
          label: String(port),
          kind: 'port' as const,
          detail: `Service/${name}`,
          isBare: true,
          rank: 0 as const,
        })),
      ),
  );
}

function runs(workspace: Workspace, service: Service, family: Family): boolean {
  return podsBehind(workspace, service).some(pods => familiesOf(pods.owner).has(family));
}
