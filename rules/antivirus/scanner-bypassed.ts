import { configurationOf } from '../../analysis/configs';
import { flowsOf, isExternal } from '../../analysis/flows';
import { haproxies, podPortsOf, usedBackends } from '../../analysis/haproxy-config';
import { workloadKinds } from '../../analysis/pods';
import { familiesOf, workloads } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'scanner-bypassed',
  items: [],
  severity: 'warning',
  summary: 'No media goes through the content scanner.',
  why: 'The scanner runs, but no proxy and no Ingress sends anything to it. Clients fetch media from Synapse directly, and nothing is scanned.',
  remedy: 'Route `/_matrix/media_proxy/` to the scanner in HAProxy or in the Ingress, and have the clients use it.',
  traps: [
    'Only configuration that is deployed counts: a loose haproxy.cfg beside the manifests routes nothing.',
    'Probes and monitors are not traffic.',
    'A configuration that the tree does not show may hold the route; with such a proxy nothing is reported.',
  ],
  sources: ['matrix-content-scanner-python docs/api.md: routes under /_matrix/media_proxy/unstable'],
  examples: {
    bad: `
      #- /scanner.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: scanner
        namespace: matrix
      data:
        config.yaml: |
          scan:
            script: /config/scan.sh
            temp_directory: /tmp
        scan.sh: |
          #!/bin/sh
          python3 - "$1" <<'EOF'
          import socket, sys
          clamd = socket.create_connection(("clamav", 3310), timeout=30)
          clamd.sendall(b"zINSTREAM\\0")
          EOF
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
      #       ^^^^^^^^^^^^^^^ warning: Nothing leads to content-scanner
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: content-scanner}
        template:
          metadata:
            labels: {app: content-scanner}
          spec:
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.3.0
                args: ["-c", "/config/config.yaml"]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: scanner, defaultMode: 0755}
    `,
    good: `
      #- /scanner.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: scanner
        namespace: matrix
      data:
        config.yaml: |
          scan:
            script: /config/scan.sh
            temp_directory: /tmp
        scan.sh: |
          #!/bin/sh
          python3 - "$1" <<'EOF'
          import socket, sys
          clamd = socket.create_connection(("clamav", 3310), timeout=30)
          clamd.sendall(b"zINSTREAM\\0")
          EOF
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: content-scanner}
        template:
          metadata:
            labels: {app: content-scanner}
          spec:
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.3.0
                args: ["-c", "/config/config.yaml"]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: scanner, defaultMode: 0755}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector: {app: content-scanner}
        ports:
          - port: 8080
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: matrix
        namespace: matrix
      spec:
        rules:
          - host: matrix.example.org
            http:
              paths:
                - path: /_matrix/media_proxy
                  pathType: Prefix
                  backend:
                    service:
                      name: content-scanner
                      port: {number: 8080}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const isScanner = familiesOf(resource).has('scanner') && resource.kind !== 'Job' && resource.kind !== 'CronJob';
    if (!isScanner || workspace.shared(visited).has(resource)) return;
    const proxies = (['haproxy', 'nginx'] as const).flatMap(family =>
      workloads(workspace, family).map(proxy => configurationOf(workspace, proxy, family)),
    );
    if (proxies.some(proxy => !proxy || proxy.files.length === 0 || proxy.files.some(file => file.isOpaque))) return;
    yield {
      at: resource.root.at('metadata', 'name'),
      message: `Nothing leads to ${resource.name}, so media is not scanned — route /_matrix/media_proxy/ to it.`,
    };
  },
} satisfies Rule;

/** The workloads that others connect to; those that collect metrics do not count. */
function visited(workspace: Workspace): ReadonlySet<Resource> {
  const found = new Set<Resource>();
  for (const { from, to, source } of flowsOf(workspace)) {
    if (isExternal(to) || /Monitor/.test(source.kind)) continue;
    if (!isExternal(from) && from.owner === to.owner) continue;
    if (!isExternal(from) && familiesOf(from.owner).has('haproxy') && !isRouted(workspace, from.owner, to.owner))
      continue;
    found.add(to.owner);
  }
  return found;
}

/** Whether a backend of HAProxy that some frontend uses has a server at the pods of a workload. */
function isRouted(workspace: Workspace, proxy: Resource, target: Resource): boolean {
  return haproxies(workspace)
    .filter(haproxy => haproxy.resource === proxy)
    .some(haproxy => {
      const { names, isOpen } = usedBackends(workspace, haproxy);
      return (
        isOpen ||
        haproxy.isPartial ||
        haproxy.parts.some(
          ({ section }) =>
            names.has(section.name?.value ?? '') &&
            section.servers.some(
              server => podPortsOf(workspace, haproxy, server)?.some(({ pods }) => pods.owner === target) ?? true,
            ),
        )
      );
    });
}
