import { askedByChecklist } from '../../analysis/checklist-signs';
import { commandText } from '../../analysis/configs';
import { type Container, containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { familiesOf, workloads } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
import { insertEntry, insertItem } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { clamdServices } from './scan-script';

export default {
  id: 'scanner-wait-missing',
  items: ['4.1.b.1'],
  severity: 'error',
  summary: 'The content scanner does not wait for clamd.',
  why: 'clamd needs minutes to load its signatures. Until then each scan fails, and people cannot open media, or open it unscanned.',
  remedy: 'Let an init container try port 3310 until it is open.',
  traps: [
    'Waiting in the main container’s own script is a warning: it works, but the checklist wants an init container.',
    'Nothing is reported where no clamd is part of the tree.',
  ],
  sources: ['ClamAV documentation, Docker: clamd listens on 3310 once its database is loaded'],
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
      #       ^^^^^^^^^^^^^^^ 💡 warning: content-scanner starts without waiting for clamd
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
        name: clamav
        namespace: matrix
      spec:
        selector: {app: clamav}
        ports:
          - port: 3310
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: clamav
        namespace: matrix
        labels: {app: clamav}
      spec:
        containers:
          - name: clamd
            image: clamav/clamav:1.4
            ports:
              - containerPort: 3310
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
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: clamav
        namespace: matrix
      spec:
        selector: {app: clamav}
        ports:
          - port: 3310
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: clamav
        namespace: matrix
        labels: {app: clamav}
      spec:
        containers:
          - name: clamd
            image: clamav/clamav:1.4
            ports:
              - containerPort: 3310
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const isScanner = familiesOf(resource).has('scanner') && resource.kind !== 'Job' && resource.kind !== 'CronJob';
    if (!isScanner || workloads(workspace, 'clamav').every(one => one === resource)) return;
    const waiting = containersOf(resource).filter(container => probes(workspace, resource, container));
    if (waiting.some(({ isInit }) => isInit)) return;
    const inMain = waiting.length > 0;
    yield {
      at: resource.root.at('metadata', 'name'),
      ...(inMain ? { severity: 'warning' as const } : askedByChecklist(workspace)),
      message: `${resource.name} ${inMain ? 'waits for clamd only in its main container' : 'starts without waiting for clamd'} — let an init container try port 3310 until it is open.`,
      fixes: () => waitFor(workspace, resource),
    };
  },
} satisfies Rule;

/** Whether a container has to do with clamd before anything is scanned; how well it waits is another rule’s matter. */
function probes(workspace: Workspace, resource: Resource, container: Container): boolean {
  const script = scriptOf(workspace, resource, container);
  const text = script ? maskComments(script.text.text, 'shell') : commandText(container);
  return container.isInit ? /\b3310\b|clam/i.test(text) : /\b(?:until|while)\b[^\n]*(?:\b3310\b|clam)/i.test(text);
}

function waitFor(workspace: Workspace, resource: Resource): readonly Fix[] {
  const [service, ...others] = clamdServices(workspace).filter(({ ports }) => ports.some(({ port }) => port === 3310));
  const spec = podTemplate(resource)?.at('spec');
  if (!service || others.length > 0 || !spec) return [];
  const namespace = service.namespace ?? resource.namespace;
  const host = namespace === undefined ? service.name : `${service.name}.${namespace}.svc.cluster.local`;
  const init = [
    'name: wait-for-clamav',
    'image: busybox:1.36',
    'command:',
    '  - sh',
    '  - -c',
    '  - |',
    `    until nc -z -w 5 ${host} 3310; do`,
    '      sleep 5',
    '    done',
  ].join('\n');
  const list = spec.at('initContainers');
  const edit = list.exists
    ? insertItem(list, init)
    : insertEntry(spec, `initContainers:\n  - ${init.replaceAll('\n', '\n    ')}`);
  return edit ? [{ title: 'Wait for clamd in an init container', safe: true, edits: [edit] }] : [];
}
