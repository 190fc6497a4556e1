import { destinationOf, haproxyOf } from '../../analysis/haproxy-config';
import { workloadKinds } from '../../analysis/pods';
import type { Service } from '../../analysis/services';
import type { Place } from '../../manifests/span';
import type { Rule } from '../rule';

export default {
  id: 'haproxy-template-on-clusterip',
  items: [],
  severity: 'info',
  summary: 'A server-template makes several servers of a Service that has one address.',
  why: 'HAProxy fills the slots of a `server-template` with the addresses that the name has. A Service with a cluster IP has one: one slot comes up, the others stay down, and Kubernetes spreads the requests behind HAProxy’s back.',
  remedy:
    'Make the Service headless (`clusterIP: None`), so that its name has the addresses of all pods; or write a single `server`.',
  traps: ['A template of one server is fine.'],
  sources: ['HAProxy configuration manual, "server-template"; Kubernetes documentation, Headless Services'],
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
          backend sync
            mode http
            server-template sync- 4 synapse-sync.matrix.svc.cluster.local:8008 check
      #                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ info: Service synapse-sync has one address
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
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-sync
        namespace: matrix
      spec:
        selector:
          app: sync
        ports:
          - port: 8008
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
          backend sync
            mode http
            server-template sync- 4 synapse-sync.matrix.svc.cluster.local:8008 check
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
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-sync
        namespace: matrix
      spec:
        clusterIP: None
        selector:
          app: sync
        ports:
          - port: 8008
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy) return;
    const found = new Map<Service, { at: Place; count: number }[]>();
    for (const part of haproxy.parts) {
      for (const server of part.section.servers) {
        if ((server.count ?? 1) < 2) continue;
        const destination = destinationOf(workspace, haproxy, server);
        if (destination?.kind !== 'service' || destination.service.isHeadless || destination.service.externalName)
          continue;
        const places = found.get(destination.service) ?? [];
        places.push({ at: part.place(server.hostSpan), count: server.count ?? 0 });
        found.set(destination.service, places);
      }
    }
    for (const [service, [first, ...others]] of found) {
      if (!first) continue;
      yield {
        at: first.at,
        message: `Service ${service.name} has one address, so one of the ${first.count} servers comes up — make it headless with clusterIP: None.`,
        related: [
          { at: service.resource.root.at('metadata', 'name'), message: 'The Service' },
          ...others.map(({ at }) => ({ at, message: 'Used here as well' })),
        ],
      };
    }
  },
} satisfies Rule;
