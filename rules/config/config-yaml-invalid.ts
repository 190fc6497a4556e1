import { type ConfiguredProgram, configurationOf, parsed } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import { workloadKinds } from '../../analysis/pods';
import { baseName } from '../../manifests/paths';
import { isTree, readTree } from '../../manifests/tree';
import type { Problem, Rule } from '../rule';
import { duplicatesIn, keepOne } from '../yaml/duplicates';

export default {
  id: 'config-yaml-invalid',
  items: [],
  severity: 'error',
  summary: 'A configuration file that a program reads is not YAML, or has a key twice.',
  why: 'For Kubernetes the file is a text like any other, so it is applied without a word. Synapse, LiveKit or the content scanner then stops at start with a parser error, and what the file configures is unknown to every other check. Of a key that stands twice Synapse silently keeps the last value; LiveKit stops.',
  remedy: 'Correct the text at the marked place. Of two entries with one key keep one, or join them.',
  traps: [
    'Files that are filled in first are read as they are written. A line that only the filling makes YAML, such as a token in place of a whole block, is left alone.',
  ],
  sources: [
    'YAML 1.2.2; Synapse reads its configuration with yaml.safe_load, LiveKit with yaml.Decoder',
    'PyYAML, SafeConstructor.construct_mapping: a later key replaces an earlier one; go-yaml v3, decode.go: "mapping key already defined"',
  ],
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
        if (!problem && !file.isOpaque) yield* repeated(program, file);
        const { text } = file.content;
        if (!problem || (!file.isVerbatim && (isFilledIn(file) || isTree(readTree(filled(text)))))) continue;
        if (isReadWhenIndented(text)) continue;
        yield {
          at: problem.at,
          message: `${file.path} is no YAML, so ${titles[program]} does not start: ${problem.message} — correct it.`,
        };
      }
    }
  },
} satisfies Rule;

/** The keys that stand twice. Go refuses them, Python does not. */
function* repeated(program: (typeof programs)[number], file: EffectiveFile): Iterable<Problem> {
  const stops = program === 'livekit';
  const name = baseName(file.path);
  for (const { first, again } of duplicatesIn(parsed(file).root)) {
    yield {
      at: again.key,
      ...(!stops && { severity: 'warning' as const }),
      message: stops
        ? `The key ${again.name} stands twice in ${name}, so ${titles[program]} does not start — delete one of the two, or join them.`
        : `The key ${again.name} stands twice in ${name}, and ${titles[program]} keeps only this last value — delete one of the two, or join them.`,
      related: [{ at: first.key, message: `The first ${again.name}` }],
      fixes: () => keepOne({ first, again }, false, titles[program]),
    };
  }
}

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

/** The text with a word in the place of each variable, whose braces mean something else among others: `{a: ${B}}`. */
function filled(text: string): string {
  return text.replace(/\$\{\w+(?::?[-=?+][^{}]*)?\}/g, 'x');
}

/** Whether the text may become YAML only by what is put into it: whole lines, or values that begin with a reserved character. */
function isFilledIn({ content }: EffectiveFile): boolean {
  return /\{\{|^[ \t]*(?:-[ \t]+)?(?:\$\{?\w+\}?|@\w+@|%+\w+%+|__\w+__|<\w+>|[A-Z][A-Z\d_]+)[ \t]*$|:[ \t]+[@%`]/m.test(
    content.text,
  );
}
