import { type ConfiguredProgram, configurationOf, parsed } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import { workloadKinds } from '../../analysis/pods';
import { isTree, readTree } from '../../manifests/tree';
import type { Rule } from '../rule';

export default {
  id: 'config-yaml-invalid',
  items: [],
  severity: 'error',
  summary: 'A configuration file that a program reads is not YAML.',
  why: 'For Kubernetes the file is a text like any other, so it is applied without a word. Synapse, LiveKit or the content scanner then stops at start with a parser error, and what the file configures is unknown to every other check.',
  remedy: 'Correct the text at the marked place.',
  traps: [
    'Files that are filled in first are read as they are written. A line that only the filling makes YAML, such as a token in place of a whole block, is left alone.',
  ],
  sources: ['YAML 1.2.2; Synapse reads its configuration with yaml.safe_load, LiveKit with yaml.Decoder'],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          rtc:
            tcp_port: 7881
             use_external_ip: true
      #                     ^ error: /etc/livekit/livekit.yaml is no YAML
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config
                configMap:
                  name: livekit
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          rtc:
            tcp_port: 7881
            use_external_ip: true
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config
                configMap:
                  name: livekit
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const program of programs) {
      for (const file of configurationOf(workspace, resource, program)?.files ?? []) {
        const problem = file.isOpaque ? undefined : parsed(file).problem;
        if (!problem || (!file.isVerbatim && isFilledIn(file)) || isReadWhenIndented(file.content.text)) continue;
        yield {
          at: problem.at,
          message: `${file.path} is no YAML, so ${titles[program]} does not start: ${problem.message} — correct it.`,
        };
      }
    }
  },
} satisfies Rule;

const programs = ['synapse', 'livekit', 'scanner'] as const satisfies readonly ConfiguredProgram[];
const titles = { synapse: 'Synapse', livekit: 'LiveKit', scanner: 'the content scanner' } as const;

/**
 * Whether a text is YAML once the lines within brackets and quotes are indented as the specification wants. The parsers
 * that come from libyaml, those of Python and Go, do not mind.
 */
function isReadWhenIndented(text: string): boolean {
  let current = text;
  for (let round = 0; round < 50; round++) {
    const read = readTree(current);
    if (isTree(read)) return true;
    if (!/deficient indentation/.test(read.message)) return false;
    const line = current.lastIndexOf('\n', Math.max(0, read.at.start - 1)) + 1;
    current = `${current.slice(0, line)}        ${current.slice(line)}`;
  }
  return false;
}

/** Whether the text may become YAML only by what is put into it: whole lines, or values that begin with a reserved character. */
function isFilledIn({ content }: EffectiveFile): boolean {
  return /\{\{|^[ \t]*(?:-[ \t]+)?(?:\$\{?\w+\}?|@\w+@|%+\w+%+|__\w+__|<\w+>|[A-Z][A-Z\d_]+)[ \t]*$|:[ \t]+[@%`]/m.test(
    content.text,
  );
}
