import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { readMapSelector, readSelector } from '../labels';
import { readMonitor, podsOf as scrapedPods, servicesOf } from '../monitors';
import type { Pods } from '../pods';
import { selectPods } from '../selection';
import { type Occurrence, ofScalar } from './occurrence';
import { portSubject } from './pods';

/** Kinds that name ports of what their selectors find. */
export const portSelectingKinds: readonly string[] = [
  'Service',
  'NetworkPolicy',
  'ServiceMonitor.monitoring.coreos.com',
  'PodMonitor.monitoring.coreos.com',
];

/** The named ports that an object refers to on whatever its selector finds: one occurrence for each of the owners. */
export function* selectedPorts(workspace: Workspace, resource: Resource): Iterable<Occurrence> {
  const spec = resource.root.at('spec');
  switch (resource.qualifiedKind) {
    case 'Service': {
      const selector = readMapSelector(spec.at('selector'));
      const names = spec
        .at('ports')
        .items()
        .map(port => port.at('targetPort'));
      if (selector && names.some(name => name.string))
        yield* portsOfPods(names, selectPods(workspace, resource.namespace, selector).pods);
      return;
    }
    case 'NetworkPolicy':
      yield* policyPorts(workspace, resource);
      return;
    default: {
      const monitor = readMonitor(resource);
      if (!monitor) return;
      const names = monitor.endpoints.map(endpoint => endpoint.port);
      if (monitor.selects === 'Pod') yield* portsOfPods(names, scrapedPods(workspace, monitor));
      else
        yield* portsOfServices(
          names,
          servicesOf(workspace, monitor).map(service => service.resource),
        );
      const targets = monitor.endpoints.map(endpoint => endpoint.targetPort);
      yield* portsOfPods(targets, scrapedPods(workspace, monitor));
    }
  }
}

function* policyPorts(workspace: Workspace, policy: Resource): Iterable<Occurrence> {
  const spec = policy.root.at('spec');
  const named = (rule: Value): readonly Value[] =>
    rule
      .at('ports')
      .items()
      .map(port => port.at('port'));
  const selected = (namespace: string | undefined, selector: Value): readonly Pods[] => {
    const read = readSelector(selector);
    return read ? selectPods(workspace, namespace, read).pods : [];
  };
  for (const rule of spec.at('ingress').items())
    if (named(rule).some(port => port.string))
      yield* portsOfPods(named(rule), selected(policy.namespace, spec.at('podSelector')));
  for (const rule of spec.at('egress').items()) {
    if (!named(rule).some(port => port.string)) continue;
    for (const peer of rule.at('to').items()) {
      const isElsewhere = peer.at('namespaceSelector').exists;
      yield* portsOfPods(named(rule), selected(isElsewhere ? undefined : policy.namespace, peer.at('podSelector')));
    }
  }
}

function* portsOfPods(names: readonly Value[], pods: readonly Pods[]): Iterable<Occurrence> {
  for (const name of names) {
    for (const one of pods)
      if (name.string && one.template && one.ports.some(port => port.name === name.string))
        yield* ofScalar(portSubject(one.owner, name.string), name, 'reference');
  }
}

function* portsOfServices(names: readonly Value[], services: readonly Resource[]): Iterable<Occurrence> {
  for (const name of names) {
    for (const service of services)
      if (
        name.string &&
        service.root
          .at('spec', 'ports')
          .items()
          .some(port => port.at('name').text === name.string)
      )
        yield* ofScalar(portSubject(service, name.string), name, 'reference');
  }
}
