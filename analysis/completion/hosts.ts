import type { Workspace } from '../../manifests/workspace';
import { type Family, familiesOf } from '../roles';
import { podsBehind, type Service, servicesIn } from '../services';
import type { Candidate } from './candidate';

/** The name under which pods of every namespace reach a Service. */
export function clusterName({ name, namespace }: Service): string {
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
    if (!options.withPorts) {
      const ports = service.ports.map(port => port.port).join(', ');
      return [
        {
          label: clusterName(service),
          kind: 'host' as const,
          detail: `${who}, ${ports === '' ? 'no port' : `port ${ports}`}`,
          rank,
        },
      ];
    }
    return service.ports.map(port => ({
      label: `${clusterName(service)}:${port.port}`,
      kind: 'host' as const,
      detail: `${who}${port.name === undefined ? '' : `, ${port.name}`}`,
      rank,
    }));
  });
}

/** The ports of the Service that a host names. */
export function portsOfHost(
  workspace: Workspace,
  namespace: string | undefined,
  host: string | undefined,
): readonly Candidate[] {
  if (host === undefined) return [];
  const [name, ns = namespace] = host.split('.');
  return servicesIn(workspace)
    .filter(service => service.name === name && (service.namespace ?? ns) === ns)
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

function runs(workspace: Workspace, service: Service, family: Family): boolean {
  return podsBehind(workspace, service).some(pods => familiesOf(pods.owner).has(family));
}
