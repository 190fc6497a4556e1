import { mountedTexts } from '../../analysis/mounts';
import { podsOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { servicesFor } from '../../analysis/services';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { clamdServices, clamdTargets, scanScriptOf } from './scan-script';

export default {
  id: 'scanner-no-tcp-scan',
  items: ['4.1.a'],
  severity: 'error',
  summary: 'The scan script does not reach clamd.',
  why: 'The scanner trusts the exit code of its script. A script that never asks clamd, or asks at a wrong port, lets everything through or refuses everything.',
  remedy: 'Connect to the Service of clamd at port 3310 and use INSTREAM.',
  traps: [
    'A clamd.conf of the tree has to let clamd listen by TCP, and not to its own pod only.',
    'A socket file is accepted where clamd runs in the same pod, or where the pod has a folder of its node.',
    '`nc`, `/dev/tcp`, `socket` of Python and its clamd modules are all accepted.',
    'Scripts that the tree does not show are not judged, nor those that call `clamdscan`, which has a finding of its own.',
  ],
  sources: ['ClamAV documentation, clamd protocol: INSTREAM, and SCAN of a path that is meaningful to the daemon'],
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
      # ^^^^^^^ error: The scan script does not connect to clamd
          #!/bin/sh
          exit 0
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
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    yield* unreachableClamd(workspace, resource);
    const script = scanScriptOf(workspace, resource);
    if (!script || /\bclamd?scan\b/.test(script.code)) return;
    const targets = (script.shell ? clamdTargets(workspace, script.shell) : []).filter(
      ({ host }) => !host.value.startsWith('/'),
    );
    for (const { host, port } of targets) {
      const service = clamdServices(workspace).find(({ name }) => name === host.value.split('.', 1)[0]);
      if (!service || !port || !/^\d+$/.test(port.value) || service.ports.length === 0) continue;
      if (service.ports.some(one => one.port === Number(port.value))) continue;
      // Behind a headless Service the port is that of the pod.
      if (service.isHeadless && service.ports.some(one => one.targetPort === Number(port.value))) continue;
      yield {
        at: script.file.content.place(port.span.start, port.span.end),
        message: `The Service ${service.name} has no port ${port.value} — use ${service.ports.map(one => one.port).join(' or ')}.`,
        fixes: () =>
          service.ports.flatMap(one => {
            const { start, end } = port.span;
            const at = script.file.content.place(start, end);
            // Not where the number comes from a variable.
            const isWritten = workspace.file(at.uri)?.text.slice(at.span.start, at.span.end) === port.value;
            return isWritten
              ? [{ title: `Use port ${one.port}`, safe: false, edits: [{ at, newText: `${one.port}` }] }]
              : [];
          }),
      };
    }
    const socket = targets.length === 0 && !tcp.test(script.code) ? socketFile.exec(script.code) : null;
    if (socket && !familiesOf(resource).has('clamav') && !sharesNode(resource)) {
      yield {
        at: script.file.content.place(socket.index, socket.index + socket[0].length),
        message:
          'The scan script asks clamd through a socket file, which only the pod of clamd has — connect to its Service at port 3310.',
      };
      return;
    }
    if (targets.length > 0 || reachesClamd.test(script.code)) return;
    yield {
      at: script.file.sources[0]?.key ?? script.container.value.at('name'),
      message: 'The scan script does not connect to clamd — send the file to its Service at port 3310.',
    };
  },
} satisfies Rule;

/** A clamd behind a Service whose own clamd.conf has it listen where no other pod reaches it (man 5 clamd.conf). */
function* unreachableClamd(workspace: Workspace, resource: Resource): Iterable<Problem> {
  if (!familiesOf(resource).has('clamav') || familiesOf(resource).has('scanner')) return;
  const services = podsOf(resource).flatMap(pods => servicesFor(workspace, pods));
  if (services.length === 0) return;
  for (const { value, path } of mountedTexts(workspace, resource)) {
    if (!/(?:^|\/)clamd\.conf$/.test(path) || value.string === undefined) continue;
    const text = value.mapped;
    const options = [...text.text.matchAll(/^[ \t]*([A-Za-z]\w*)[ \t]+(\S+)/gm)].map(match => ({
      name: (match[1] ?? '').toLowerCase(),
      word: match[2] ?? '',
      at: text.place(match.index + match[0].length - (match[2] ?? '').length, match.index + match[0].length),
    }));
    const ports = options.filter(({ name }) => name === 'tcpsocket');
    const addresses = options.filter(({ name }) => name === 'tcpaddr');
    const [local] = addresses;
    if (ports.length === 0 && options.some(({ name }) => name === 'localsocket')) {
      yield {
        at: value.key,
        message: `clamd has no TCPSocket in ${value.name}, so nobody reaches it through Service ${services[0]?.name} — write TCPSocket 3310.`,
      };
    } else if (local && addresses.every(({ word }) => /^(?:127\.|localhost$|::1$)/.test(word))) {
      yield {
        at: local.at,
        message: `clamd listens on ${local.word} only, which no other pod reaches — write 0.0.0.0.`,
      };
    }
  }
}

/** A socket file of clamd, and the ways to connect to one. */
const socketFile =
  /AF_UNIX|ClamdUnixSocket|UNIX-(?:CONNECT|CLIENT)|\bnc(?:at)?\b[^\n|;]* -\w*U|[\w./-]*clam[\w./-]*\.(?:sock|ctl|socket)\b/i;
const tcp = /\b3310\b|AF_INET|create_connection|ClamdNetworkSocket|\/dev\/tcp\//;

/** Whether the socket may be one of the node. */
function sharesNode(resource: Resource): boolean {
  return (podTemplate(resource)?.at('spec', 'volumes').items() ?? []).some(volume => volume.at('hostPath').exists);
}

/** Ways to talk to clamd, and calls of other scripts or services that may do it. */
const reachesClamd =
  /INSTREAM|\bconnect\b|create_connection|\/dev\/tcp\/|\bclamd\b|pyclamd|\b(?:nc|ncat|netcat|socat|telnet|curl)\b|3310/;
