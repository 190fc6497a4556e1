import { destinationOf, haproxyOf } from '../../analysis/haproxy-config';
import { workloadKinds } from '../../analysis/pods';
import { effectiveDirectives } from '../../analysis/text/haproxy';
import type { Rule } from '../rule';
import { appendWords } from './text-edits';

export default {
  id: 'haproxy-server-resolved-once',
  items: [],
  severity: 'warning',
  summary: 'HAProxy asks for the address of a pod only when it starts.',
  why: 'A server without `resolvers` keeps the address that its name had at the start. The name of a pod, or of a headless Service, has another one after every restart of the pod: from then on the server is down until somebody restarts HAProxy.',
  remedy: 'Add `resolvers` with the name of a `resolvers` section to the line, or to `default-server`.',
  traps: [
    'The address of a Service with a cluster IP does not change; such servers are fine.',
    'Names outside of the tree are left alone.',
  ],
  sources: [
    'HAProxy configuration manual, "resolvers" among the server options, and section 5.3 "Server DNS resolution"',
  ],
  examples: {
    bad: example('check', true),
    good: example('check resolvers cluster', false),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy || haproxy.isPartial) return;
    const names = haproxy.parts.flatMap(({ section }) =>
      section.kind === 'resolvers' ? (section.name?.value ?? []) : [],
    );
    for (const part of haproxy.parts) {
      const defaults = effectiveDirectives(part.section, 'default-server').flatMap(({ args }) => args);
      if (defaults.some(({ value }) => value === 'resolvers')) continue;
      for (const server of part.section.servers) {
        if (server.resolvers) continue;
        const destination = destinationOf(workspace, haproxy, server);
        const isMoving =
          destination?.kind === 'pod' ||
          (destination?.kind === 'service' && destination.service.isHeadless && !destination.service.externalName);
        if (!isMoving) continue;
        const [name, ...others] = new Set(names);
        yield {
          at: part.place(server.hostSpan),
          message: `HAProxy asks for the address of ${server.host} only when it starts, and it changes with every restart of the pod — add ${name && others.length === 0 ? `resolvers ${name}` : 'a resolvers section and name it here'}.`,
          fixes: () =>
            name && others.length === 0
              ? [
                  {
                    title: `Add resolvers ${name}`,
                    safe: true,
                    edits: [appendWords(part, server.span, `resolvers ${name}`)],
                  },
                ]
              : [],
        };
      }
    }
  },
} satisfies Rule;

function example(options: string, isMarked: boolean): string {
  return `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend clients
            mode http
            bind :8008
            default_backend main
          backend main
            mode http
            server main synapse-main-0.synapse-main.matrix.svc.cluster.local:8008 ${options}
${isMarked ? '      #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: HAProxy asks for the address of synapse-main-0.synapse-main.matrix.svc.cluster.local only when it starts\n' : ''}          resolvers cluster
            parse-resolv-conf
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: haproxy}
        template:
          metadata:
            labels: {app: haproxy}
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0
                volumeMounts:
                  - {name: config, mountPath: /usr/local/etc/haproxy}
            volumes:
              - name: config
                configMap: {name: haproxy-config}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        clusterIP: None
        selector: {app: synapse-main}
        ports:
          - port: 8008
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        serviceName: synapse-main
        selector:
          matchLabels: {app: synapse-main}
        template:
          metadata:
            labels: {app: synapse-main}
          spec:
            containers:
              - name: app
                image: registry.tessera.test/synapse:1
                ports:
                  - containerPort: 8008
    `;
}
