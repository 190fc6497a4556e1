import { frontendsOf, type Haproxy, haproxyOf, listeningOn } from '../../analysis/haproxy-config';
import { podsOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { podsBehind, servicesFor, servicesOf, targetOf } from '../../analysis/services';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'haproxy-bind-port-unexposed',
  items: [],
  severity: 'warning',
  summary: 'A port is exposed on which HAProxy does not listen, or HAProxy listens on one that nothing exposes.',
  why: 'Connections to a port without a `bind` are refused; a `bind` that no Service leads to is never used.',
  remedy: 'Let the ports of the container and the Services and the `bind` lines of haproxy.cfg agree.',
  traps: [
    'A `bind` on 127.0.0.1 or a UNIX socket is for the pod itself.',
    'A port that the container declares is taken to be used by somebody, with or without a Service.',
    'Nothing is said where a part of the configuration is not in the tree.',
  ],
  sources: ['HAProxy configuration manual, "bind"; Kubernetes documentation, Services'],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                ports:
                  - name: client
                    containerPort: 8008
                  - name: federation
                    containerPort: 8448
      #                            ^^^^ warning: No section of haproxy.cfg listens on port 8448
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                ports:
                  - name: client
                    containerPort: 8008
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
  },
  kinds: [...workloadKinds, 'Service'],
  *check(resource, workspace) {
    if (resource.kind === 'Service') {
      yield* serviceProblems(workspace, resource);
      return;
    }
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy || haproxy.isPartial) return;
    for (const port of haproxy.container.value.at('ports').items()) {
      const number = port.at('containerPort').number;
      if (number === undefined || (port.at('protocol').text ?? 'TCP') !== 'TCP' || listens(haproxy, number)) continue;
      yield {
        at: port.at('containerPort'),
        message: `No section of haproxy.cfg listens on port ${number} — add a bind, or take the port out.`,
      };
    }
    yield* unusedBinds(workspace, haproxy);
  },
} satisfies Rule;

/** Ports of a Service that lead to pods of HAProxy where nothing listens, and which the container does not declare. */
function* serviceProblems(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const [service] = servicesOf(resource);
  if (!service) return;
  for (const pods of podsBehind(workspace, service)) {
    if (!familiesOf(pods.owner).has('haproxy')) continue;
    const haproxy = haproxyOf(workspace, pods.owner);
    if (!haproxy || haproxy.isPartial) continue;
    for (const port of service.ports) {
      const target = port.protocol === 'TCP' ? targetOf(port, pods) : undefined;
      const isDeclared = pods.ports.some(one => one.port === target?.port);
      if (!target || !port.at || isDeclared || listens(haproxy, target.port)) continue;
      yield {
        at: port.at.at(port.at.at('targetPort').exists ? 'targetPort' : 'port'),
        message: `No section of haproxy.cfg listens on port ${target.port}, to which this Service leads — add a bind, or correct the port.`,
        related: [{ at: pods.owner.root.at('metadata', 'name'), message: 'HAProxy' }],
      };
    }
  }
}

function* unusedBinds(workspace: Workspace, haproxy: Haproxy): Iterable<Problem> {
  const [pods] = podsOf(haproxy.resource);
  if (!pods || pods.hostNetwork) return;
  const services = servicesFor(workspace, pods);
  // Without any Service and declared port the tree does not say who connects.
  if (services.length === 0 && pods.ports.length === 0) return;
  for (const part of frontendsOf(haproxy)) {
    for (const bind of part.section.binds) {
      for (const { host, port, lastPort, span } of bind.addresses) {
        if (port === undefined || lastPort !== undefined || /^(?:127\.|localhost|\[?::1)/.test(host)) continue;
        const isExposed =
          pods.ports.some(one => one.port === port) ||
          services.some(service => service.ports.some(one => targetOf(one, pods)?.port === port));
        if (isExposed) continue;
        yield {
          at: part.place(span),
          severity: 'info',
          message: `HAProxy listens on port ${port}, but no Service and no container port leads there — expose it, or take the bind out.`,
        };
      }
    }
  }
}

function listens(haproxy: Haproxy, port: number): boolean {
  return (
    listeningOn(haproxy, port).length > 0 ||
    frontendsOf(haproxy).some(({ section }) =>
      section.binds.some(bind =>
        bind.addresses.some(address => address.port === undefined && !/^[/@]|^unix/.test(address.host)),
      ),
    )
  );
}
