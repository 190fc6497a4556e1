import { destinationOf, haproxyOf } from '../../analysis/haproxy-config';
import { workloadKinds } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import type { Service } from '../../analysis/services';
import type { Problem, Related, Rule } from '../rule';

export default {
  id: 'haproxy-template-too-small',
  items: ['2.2.b.1'],
  severity: 'warning',
  summary: 'A `server-template` of HAProxy has fewer servers than the Service has pods.',
  why: 'HAProxy fills one server for each address that the name resolves to, and leaves out the rest: a worker that was added to carry load gets none.',
  remedy: 'Raise the number after the prefix to that of the replicas; more does no harm.',
  traps: [
    'Only headless Services are judged, whose names resolve to pods. Autoscaled workloads are counted with the replicas that are written.',
  ],
  sources: ['HAProxy configuration manual, "server-template"'],
  examples: {
    bad: example(
      2,
      '\n      #                       ^ warning: Service synapse-generic has 4 pods, but this line makes 2 servers',
    ),
    good: example(4, ''),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    const told = new Map<Service, { readonly problem: Problem; readonly related: Related[] }>();
    for (const part of haproxy?.parts ?? []) {
      if (part.file.isOpaque || !haproxy) continue;
      for (const { count, name, hostSpan, host, ...server } of part.section.servers) {
        if (count === undefined) continue;
        const destination = destinationOf(workspace, haproxy, { count, name, hostSpan, host, ...server });
        if (destination?.kind !== 'service' || !destination.service.isHeadless) continue;
        const { service } = destination;
        const owners = [...new Set(destination.pods.map(({ owner }) => owner))];
        const pods = owners.reduce((sum, owner) => sum + replicasIn(workspace, owner), 0);
        if (pods <= count || owners.some(({ kind }) => kind === 'DaemonSet' || kind === 'Job')) continue;
        // The count stands after the prefix.
        const { end } = name.span;
        const offset = part.file.content.text.slice(end, hostSpan.start).indexOf(`${count}`);
        const at = part.place(
          offset === -1 ? name.span : { start: end + offset, end: end + offset + `${count}`.length },
        );
        const known = told.get(service);
        if (known) {
          known.related.push({ at, message: 'Too few here as well' });
          continue;
        }
        const related = owners.map(owner => ({
          at: owner.root.at('spec', 'replicas'),
          message: `${owner.kind} ${owner.name}`,
        }));
        const message = `Service ${service.name} has ${pods} pods, but this line makes ${count} servers, so the others get no requests — write ${pods}.`;
        told.set(service, { problem: { at, message, related }, related });
      }
    }
    for (const { problem } of told.values()) yield problem;
  },
} satisfies Rule;

function example(count: number, mark: string): string {
  return `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          backend generic
            mode http
            server-template s ${count} synapse-generic.matrix.svc.cluster.local:8008 check${mark}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0
                volumeMounts:
                  - {name: config, mountPath: /usr/local/etc/haproxy}
            volumes:
              - name: config
                configMap: {name: haproxy}
      #- /generic.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-generic
        namespace: matrix
      spec:
        clusterIP: None
        selector: {app: generic}
        ports: [{port: 8008}]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
        namespace: matrix
      spec:
        replicas: 4
        selector:
          matchLabels: {app: generic}
        template:
          metadata:
            labels: {app: generic}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                ports: [{containerPort: 8008}]
    `;
}
