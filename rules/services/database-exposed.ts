import { isPatch } from '../../analysis/kustomization';
import { containerRunning } from '../../analysis/pods';
import { clusterKind, familiesOf } from '../../analysis/roles';
import { podsBehind, type Service, servicesOf, targetOf } from '../../analysis/services';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { makeClusterIp } from './cluster-ip';

export default {
  id: 'database-exposed',
  items: [],
  severity: 'warning',
  summary: 'A Service opens PostgreSQL or Redis to the outside of the cluster.',
  why: 'On a port of every node, or on an address of its own, everybody who reaches the node can try passwords, and Redis and PostgreSQL of this kind mostly speak without TLS. Nothing outside of the cluster needs them.',
  remedy:
    'Make it a `ClusterIP` Service. Whoever looks after the database can use `kubectl port-forward` from their own machine.',
  traps: [
    'A load balancer that is internal by an annotation of its cloud, or that admits certain addresses only (`loadBalancerSourceRanges`), is meant so.',
  ],
  sources: ['Kubernetes documentation, Service, "Publishing Services (ServiceTypes)" and "Internal load balancer"'],
  examples: { bad: example('NodePort'), good: example('ClusterIP') },
  kinds: ['Service'],
  *check(resource, workspace) {
    const type = resource.root.at('spec', 'type');
    if (!/^(?:NodePort|LoadBalancer)$/.test(type.text ?? '') || isPatch(workspace, resource.document.file)) return;
    const [service] = servicesOf(resource);
    if (!service || isForFew(resource)) return;
    const found = exposed(workspace, resource, service);
    if (!found) return;
    yield {
      at: type,
      message: `Service ${service.name} opens ${found.program} ${type.text === 'NodePort' ? 'on every node' : 'on an address outside of the cluster'} — make it a ClusterIP Service.`,
      related: [{ at: found.owner.root.at('metadata', 'name'), message: found.owner.title }],
      fixes: () => makeClusterIp(resource),
    };
  },
} satisfies Rule;

/** The database behind a Service. CloudNativePG gives the pods of a Cluster labels for what they are at the moment. */
function exposed(workspace: Workspace, resource: Resource, service: Service) {
  const name = resource.root.at('spec', 'selector', 'cnpg.io/cluster').text;
  const cluster = name === undefined ? undefined : workspace.find(clusterKind, resource.namespace, name);
  if (cluster)
    return service.ports.some(port => port.targetPort === 5432 || port.targetPort === 'postgresql')
      ? { program: 'PostgreSQL', owner: cluster }
      : undefined;
  for (const pods of podsBehind(workspace, service)) {
    const ports = service.ports.map(port => targetOf(port, pods)?.port);
    const program = databaseOf(pods.owner).find(({ port }) => ports.includes(port))?.program;
    if (program !== undefined) return { program, owner: pods.owner };
  }
  return undefined;
}

/** The databases that a workload runs, with the ports on which they listen by themselves. */
function databaseOf(owner: Resource): readonly { readonly program: string; readonly port: number }[] {
  const isPostgres = containerRunning(owner, 'postgres') !== undefined;
  return [
    ...(isPostgres ? [{ program: 'PostgreSQL', port: 5432 }] : []),
    ...(familiesOf(owner).has('redis') ? [{ program: 'Redis', port: 6379 }] : []),
  ];
}

/** Whether a load balancer is one inside the own network, or admits certain addresses only. */
function isForFew(service: Resource): boolean {
  const spec = service.root.at('spec');
  return (
    spec.at('loadBalancerSourceRanges').items().length > 0 ||
    spec.at('loadBalancerClass').exists ||
    service.root
      .at('metadata', 'annotations')
      .entries()
      .some(([name, value]) =>
        /internal|scheme|address-pool|load-balancer-type|ip-pool|private/i.test(`${name} ${value.text}`),
      )
  );
}

function example(type: string): string {
  return `
      #- /redis.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: redis
        namespace: matrix
      spec:
        type: ${type}
${type === 'NodePort' ? '      #       ^^^^^^^^ 💡 warning: Service redis opens Redis on every node — make it a ClusterIP Service.\n' : ''}        selector:
          app: redis
        ports:
          - port: 6379
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        serviceName: redis
        selector:
          matchLabels:
            app: redis
        template:
          metadata:
            labels:
              app: redis
          spec:
            containers:
              - name: redis
                image: redis:7.4.1-alpine
                ports:
                  - containerPort: 6379
    `;
}
