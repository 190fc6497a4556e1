import { effectiveFile } from '../../analysis/effective';
import { containerRunning, workloadKinds } from '../../analysis/pods';
import { mainProcesses, processes, runsMediaRepository } from '../../analysis/synapse';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'clamd-limit-low',
  items: [],
  severity: 'warning',
  summary: 'clamd takes or scans smaller files than Synapse lets users upload.',
  why: 'What is longer than `StreamMaxLength` clamd refuses with "INSTREAM size limit exceeded", and the scanner cannot tell what it is: users do not get the file. What is larger than `MaxFileSize` or `MaxScanSize` clamd calls clean without a look, unless `AlertExceedsMax` is on.',
  remedy: 'Set `StreamMaxLength`, `MaxFileSize` and `MaxScanSize` to at least `max_upload_size` of Synapse.',
  traps: [
    'Only values that clamd.conf has are judged: the defaults differ from version to version. `0` means no limit.',
    'Not said where the tree has no Synapse whose largest upload is known.',
  ],
  sources: [
    'man 5 clamd.conf: StreamMaxLength, MaxFileSize, MaxScanSize, AlertExceedsMax',
    'element-hq/synapse, usage configuration: max_upload_size, default 50M',
  ],
  examples: {
    bad: example(
      '25M\n      #                   ^^^ 💡 warning: clamd takes streams of up to 25M, but Synapse uploads of up to 100M',
    ),
    good: example('100M'),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const container = containerRunning(resource, 'clamav');
    const file = container && effectiveFile(workspace, resource, container, '/etc/clamav/clamd.conf');
    if (!file || file.isOpaque) return;
    const upload = workspace.shared(largestUpload);
    if (!upload) return;
    const { text } = file.content;
    const alerts = /^[ \t]*(?:AlertExceedsMax|BlockMax)[ \t]+(?:yes|true|1)\b/im.test(text);
    for (const match of text.matchAll(/^[ \t]*(StreamMaxLength|MaxFileSize|MaxScanSize)[ \t]+(\d+[KMG]?)[ \t]*$/gim)) {
      const [whole, option = '', written = ''] = match;
      const limit = bytesOf(written);
      if (limit === 0 || limit === undefined || limit >= upload.bytes) continue;
      const isStream = /^stream/i.test(option);
      if (!isStream && alerts) continue;
      const start = match.index + whole.lastIndexOf(written);
      const at = file.content.place(start, start + written.length);
      yield {
        at,
        message: isStream
          ? `clamd takes streams of up to ${written}, but Synapse uploads of up to ${upload.text}, which then cannot be scanned — set ${option} to ${upload.text} or more.`
          : `clamd scans files of up to ${written} and calls larger ones clean, but Synapse takes uploads of up to ${upload.text} — set ${option} to ${upload.text} or more.`,
        related: upload.at ? [{ at: upload.at, message: 'What Synapse takes' }] : [],
        fixes: () => [{ title: `Set ${option} to ${upload.text}`, safe: false, edits: [{ at, newText: upload.text }] }],
      };
    }
  },
} satisfies Rule;

interface Upload {
  readonly bytes: number;
  readonly text: string;
  /** Undefined for the default. */
  readonly at: Value | undefined;
}

/** The largest upload that a media repository of the main instance takes; undefined if one of them is not known. */
function largestUpload(workspace: Workspace): Upload | undefined {
  if (mainProcesses(workspace).length === 0) return undefined;
  const repositories = processes(workspace).filter(one => !one.isLi && runsMediaRepository(one) === true);
  let largest: Upload | undefined;
  for (const { homeserver } of repositories) {
    if (!homeserver || homeserver.isPartial) return undefined;
    const at = homeserver.at('max_upload_size');
    const text = at.exists ? (at.text ?? '') : '50M';
    const bytes = bytesOf(text);
    if (bytes === undefined) return undefined;
    if (!largest || bytes > largest.bytes) largest = { bytes, text, at: at.exists ? at : undefined };
  }
  return largest;
}

/** Both count in powers of 1024. */
function bytesOf(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+)([KMG]?)$/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * 1024 ** ' KMG'.indexOf(unit.toUpperCase() || ' ');
}

function example(limit: string): string {
  return `
      #- /tree.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          max_upload_size: 100M
        clamd.conf: |
          TCPSocket 3310
          StreamMaxLength ${limit}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: config}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: clamav
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: clamav
                image: clamav/clamav:1.4.2
                volumeMounts:
                  - {name: config, mountPath: /etc/clamav/clamd.conf, subPath: clamd.conf}
            volumes:
              - name: config
                configMap: {name: config}
    `;
}
