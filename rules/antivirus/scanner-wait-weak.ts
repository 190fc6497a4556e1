import { containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { commandAsScript, scriptOf } from '../../analysis/scripts';
import { findService } from '../../analysis/services';
import { parseClusterHost } from '../../analysis/text/hosts';
import type { NetworkTarget } from '../../analysis/text/network-targets';
import { readShell } from '../../analysis/text/shell';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { clamdTargets } from './scan-script';

export default {
  id: 'scanner-wait-weak',
  items: ['4.1.b.2'],
  severity: 'warning',
  summary: 'The content scanner’s wait for clamd does not really wait.',
  why: 'A wait that ignores its failure, asks at a wrong port or never gives up looks right, and the scanner still starts too early or not at all.',
  remedy: 'Write `until nc -z -w 5 HOST 3310; do sleep 5; done`.',
  traps: [
    'A single attempt whose failure ends the init container is found too: the kubelet tries again, but with longer and longer pauses, and the pod counts as crashing meanwhile.',
    'Of a Python program only its connection is judged; one with a loop in it is taken to wait.',
  ],
  sources: ['Kubernetes documentation, Init Containers: a failing init container is restarted'],
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
            initContainers:
              - name: wait-for-clamav
                image: busybox:1.36
                command:
                  - sh
                  - -c
                  - |
                    nc -z clamav 3310 || true
      #             ^^^^^^^^^^^^^^^^^ warning: The failure of this check is ignored
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
            initContainers:
              - name: wait-for-clamav
                image: busybox:1.36
                command:
                  - sh
                  - -c
                  - |
                    until nc -z -w 5 clamav.matrix.svc.cluster.local 3310; do
                      sleep 5
                    done
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('scanner')) return;
    for (const container of containersOf(resource)) {
      const script = container.isInit
        ? (scriptOf(workspace, resource, container)?.text ?? commandAsScript(container))
        : undefined;
      if (!script) continue;
      const place = ({ start, end }: Span): Place => script.place(start, end);
      for (const target of clamdTargets(workspace, readShell(script.text))) {
        if (/^python/.test(target.program) && /\b(?:while|for|retry)\b/i.test(script.text)) continue;
        const problem = problemWith(workspace, resource, target, place);
        if (problem) yield problem;
      }
    }
  },
} satisfies Rule;

function problemWith(
  workspace: Workspace,
  resource: Resource,
  target: NetworkTarget,
  place: (span: Span) => Place,
): Problem | undefined {
  const { host, port, program } = target;
  const cluster = parseClusterHost(host.value, resource.namespace);
  const service = cluster && findService(workspace, cluster.namespace, cluster.service);
  const number = port && /^\d+$/.test(port.value) ? Number(port.value) : undefined;
  if (
    service &&
    port &&
    number !== undefined &&
    !service.isHeadless &&
    service.ports.every(one => one.port !== number)
  ) {
    return {
      at: place(port.span),
      severity: 'error',
      message: `The Service ${service.name} has no port ${number}, so this never succeeds — use ${service.ports.map(one => one.port).join(' or ')}.`,
    };
  }
  // `until nc … || true` is over at once as well, because its condition always holds.
  if (target.errorsIgnored && (!target.retries || target.isCondition)) {
    return {
      at: place(target.command),
      message:
        'The failure of this check is ignored, so nothing waits for clamd — repeat it with until until it succeeds.',
    };
  }
  if (
    ['nc', 'ncat', 'netcat', 'telnet'].includes(program) &&
    !target.scansOnly &&
    !target.hasTimeout &&
    !target.stdin
  ) {
    return {
      at: place(target.command),
      message: `${program} without -z or -w stays connected and never returns — write nc -z -w 5.`,
    };
  }
  if (!target.retries && !target.isCondition) {
    return {
      at: place(target.command),
      message:
        'This tries clamd once and then leaves it to the kubelet to start the pod’s init containers again — repeat it with until.',
    };
  }
  return undefined;
}
