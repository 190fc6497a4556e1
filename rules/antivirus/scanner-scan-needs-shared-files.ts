import { podTemplate, workloadKinds } from '../../analysis/pods';
import { workloads } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Rule } from '../rule';
import { scanScriptOf } from './scan-script';

export default {
  id: 'scanner-scan-needs-shared-files',
  items: [],
  severity: 'warning',
  summary: 'SCAN sends clamd a path that it cannot open.',
  why: '`SCAN` has clamd open the path in its own file system. In another pod the file is not there, so each scan ends with `lstat() failed`, and the verdict depends on how the script reads that.',
  remedy:
    'Send the bytes with INSTREAM, or mount one ReadWriteMany volume at the same path in both pods. Treat every answer but `OK` as a failure.',
  traps: [
    'With a claim that both pods mount, this is a hint.',
    'The checklist writes this form down, so it never stands against its item.',
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
          #!/bin/sh
          echo "SCAN $1" | nc -w 30 clamav 3310 | grep -q OK
      #         ^^^^^^^ warning: SCAN has clamd open the path in its own pod
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
    if (!script || script.code.includes('INSTREAM')) return;
    const claims = claimsOf(resource);
    const clamavs = workloads(workspace, 'clamav').filter(one => one !== resource);
    if (clamavs.length === 0 && workloads(workspace, 'clamav').length > 0) return;
    const isShared = clamavs.some(clamav => claimsOf(clamav).some(claim => claims.includes(claim)));
    for (const match of script.code.matchAll(importsClamd.test(script.code) ? clamdCalls : scanCommands)) {
      const end = match.index + match[0].length;
      yield {
        at: script.file.content.place(match.index, end),
        ...(isShared ? { severity: 'hint' as const } : {}),
        message: `SCAN has clamd open the path in its own pod${isShared ? ', which works only while both mount the claim at the same path' : ', where the file is not'} — send the bytes with INSTREAM.`,
      };
    }
  },
} satisfies Rule;

/** The command of clamd's protocol with what stands for the path. */
const scanCommands = /(?<=["'\s][zn]?)(?:CONT|MULTI|ALLMATCH)?SCAN[ \t]+(?:["'][ \t]*\+[ \t]*\w+|["']?[^\s"'|]+)/g;

/** The methods of Python's clamd and pyclamd that send a path; `instream` and `scan_stream` send the bytes. */
const clamdCalls = /(?<=\.)(?:scan|contscan|multiscan|allmatchscan)(?:_file)?(?=\()/g;
const importsClamd = /^\s*(?:import|from)\s+(?:py)?clamd\b/m;

function claimsOf(resource: Resource): readonly string[] {
  return (podTemplate(resource)?.at('spec', 'volumes').items() ?? []).flatMap(
    volume => volume.at('persistentVolumeClaim', 'claimName').text ?? [],
  );
}
