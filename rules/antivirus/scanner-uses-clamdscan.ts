import { workloadKinds } from '../../analysis/pods';
import { runShell } from '../../analysis/text/shell-run';
import type { Span } from '../../manifests/span';
import type { Rule } from '../rule';
import { type ScanScript, scanScriptOf } from './scan-script';

export default {
  id: 'scanner-uses-clamdscan',
  items: ['4.1.a'],
  severity: 'error',
  summary: 'The scan script calls a ClamAV program that the scanner’s image does not have.',
  why: 'The image of the content scanner holds no ClamAV programs, so each scan fails; and `--fdpass` needs a socket on the same machine. Media is refused, or let through unscanned.',
  remedy:
    'Send the file to clamd over TCP with INSTREAM, for example with Python’s `socket`, or use the `nc` line of the checklist. What the answer means for the exit code is up to the script, so no quick fix rewrites it.',
  traps: ['A comment that mentions `clamdscan` does not count.'],
  sources: [
    'ClamAV documentation, clamd protocol: INSTREAM, and SCAN of a path that is meaningful to the daemon',
    'ClamAV manual, clamdscan: --fdpass works over a local socket only',
  ],
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
          if clamdscan --fdpass "$1"; then exit 0; fi
      #      ^^^^^^^^^ error: The scan script runs clamdscan
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
    const script = scanScriptOf(workspace, resource);
    if (!script) return;
    for (const { name, span } of callsIn(script)) {
      yield {
        at: script.file.content.place(span.start, span.end),
        message: `The scan script runs ${name}, which the scanner’s image does not have — send the file to clamd over TCP, port 3310.`,
      };
    }
  },
} satisfies Rule;

function callsIn({ shell, code }: ScanScript): readonly { readonly name: string; readonly span: Span }[] {
  if (shell) {
    const found = new Map<number, { readonly name: string; readonly span: Span }>();
    const add = (name: string | undefined, span: Span | undefined): void => {
      if (span && (name === 'clamdscan' || name === 'clamscan')) found.set(span.start, { name, span });
    };
    for (const { name, nameWord } of shell.commands) add(name, nameWord?.span);
    // A variable may hold the name.
    runShell(shell, ({ name, command }) => add(name, command.nameWord?.span));
    return [...found.values()];
  }
  return [...code.matchAll(/(?<=["'/])clamd?scan(?=["'\s])/g)].map(match => ({
    name: match[0],
    span: { start: match.index, end: match.index + match[0].length },
  }));
}
