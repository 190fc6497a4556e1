import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { readMonitor, targetsOf } from '../monitors';
import { type Pods, podsOf } from '../pods';
import { protocolOf } from '../policies';
import { endsOf, routesOf } from '../routes';
import { findService, podsBehind, targetOf } from '../services';
import { outside, prometheus } from './externals';
import type { RequiredFlow } from './flow';
import { proxiesOf } from './proxies';

/** From the proxies that serve the routes of an object to the pods behind its backends, as far as they are known. */
export function flowsOfRoutes(workspace: Workspace, source: Resource): readonly RequiredFlow[] {
  const proxies = proxiesOf(workspace, source);
  const said = new Set<Value>();
  return routesOf(source).flatMap(route => {
    // Several hosts and paths lead to a backend that is written once.
    if (said.has(route.service)) return [];
    said.add(route.service);
    return endsOf(workspace, route).flatMap(target =>
      proxies.map(from => ({
        from,
        to: target.pods,
        port: target.port,
        alternativePorts: [],
        protocol: 'TCP' as const,
        why: `the backend ${route.name} of ${source.kind} ${source.name}`,
        at: route.port.exists ? route.port : route.service,
        importance: 'required' as const,
        service: route.name,
        source,
      })),
    );
  });
}

/** From outside of the cluster to the pods behind a Service that opens ports of the nodes or of a load balancer. */
export function flowsOfService(workspace: Workspace, resource: Resource): readonly RequiredFlow[] {
  const service = findService(workspace, resource.namespace, resource.name);
  if (service?.resource !== resource || !/^(?:NodePort|LoadBalancer)$/.test(service.type)) return [];
  // Without this the nodes put their own addresses in place of the clients', and some plug-ins always admit nodes.
  const at = resource.root.at('spec', 'type');
  const isLocal = resource.root.at('spec', 'externalTrafficPolicy').text === 'Local';
  return service.ports.flatMap(port =>
    podsBehind(workspace, service).flatMap((pods): readonly RequiredFlow[] => {
      const target = targetOf(port, pods);
      if (!target || !isLocal) return [];
      return [
        {
          from: outside,
          to: pods,
          port: target.port,
          alternativePorts: [],
          protocol: protocolOf(target.protocol),
          why: `Service ${resource.name} is of type ${service.type}`,
          // One mistake keeps all ports of a Service shut.
          at,
          importance: 'required',
          source: resource,
        },
      ];
    }),
  );
}

/** From Prometheus to every port that a ServiceMonitor or PodMonitor leads to. */
export function flowsOfMonitor(workspace: Workspace, resource: Resource): readonly RequiredFlow[] {
  const monitor = readMonitor(resource);
  if (!monitor) return [];
  const from = prometheus(workspace, { selects: monitor.selects, labels: resource.labels });
  const said = new Map<Pods, Set<number>>();
  return targetsOf(workspace, monitor).flatMap(({ endpoint, pods, port }): readonly RequiredFlow[] => {
    // Several Services may lead to the same pods.
    const ports = said.get(pods) ?? new Set();
    if (ports.has(port.port)) return [];
    said.set(pods, ports.add(port.port));
    return [
      {
        from,
        to: pods,
        port: port.port,
        alternativePorts: [],
        protocol: 'TCP',
        why: `${resource.kind} ${resource.name}`,
        at: endpoint.port.exists ? endpoint.port : endpoint.value.key,
        importance: 'metrics',
        source: resource,
      },
    ];
  });
}

/** From Prometheus to the instances of a CloudNativePG cluster whose operator makes a PodMonitor for it. */
export function flowsOfClusterMonitor(workspace: Workspace, cluster: Resource): readonly RequiredFlow[] {
  const monitored = cluster.root.at('spec', 'monitoring', 'enablePodMonitor');
  if (monitored.boolean !== true) return [];
  return podsOf(cluster).map(pods => ({
    from: prometheus(workspace, {
      selects: 'Pod',
      labels: new Map([...cluster.labels, ['cnpg.io/cluster', cluster.name]]),
    }),
    to: pods,
    port: 9187,
    alternativePorts: [],
    protocol: 'TCP' as const,
    why: `the PodMonitor of Cluster ${cluster.name}`,
    at: monitored.key,
    importance: 'metrics' as const,
    source: cluster,
  }));
}
