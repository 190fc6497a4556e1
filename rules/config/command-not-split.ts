import { isFilledIn } from '../../analysis/filled-in';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { renameKey, replaceEntry } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'command-not-split',
  items: [],
  severity: 'error',
  summary:
    'A command line stands in one word, or has no program before its options, so a program of that name is looked for.',
  why: 'No shell reads `command`, and nobody splits it: `["redis-server /conf/redis.conf"]` is the name of a file with a blank in it. The container does not start ("no such file or directory"), and a probe of that kind always fails.',
  remedy:
    'Write each word as an item of its own, or let a shell read the line: `[sh, -c, "…"]`. What is meant for the program that the image starts belongs into `args`, because `command` takes that program’s place.',
  traps: [
    'The first word alone is judged: arguments may have blanks.',
    'A path with a blank after its last slash only may be the name of a program, and is left alone where something is mounted there.',
  ],
  sources: [
    'Kubernetes documentation, Define a Command and Arguments for a Container; ExecAction: "not run inside a shell"',
  ],
  examples: {
    bad: example('["redis-server /conf/redis.conf"]', true),
    good: example('[redis-server, /conf/redis.conf]', false),
  },
  kinds: [...workloadKinds],
  *check(workload, workspace) {
    for (const { value, name } of containersOf(workload))
      for (const { command, what } of commandsOf(value)) {
        const [first] = command.items();
        const text = first?.string;
        if (first && text !== undefined && /^--?\w/.test(text) && what === 'command') {
          yield {
            at: first,
            message: `The command of container ${name} begins with ${text.split(/[\s=]/)[0]}, which is no program, and command takes the place of the one that the image starts — write args.`,
            fixes: () => {
              const edit = value.at('args').exists ? undefined : renameKey(command, 'args');
              return edit ? [{ title: 'Write args', safe: true, edits: [edit] }] : [];
            },
          };
          continue;
        }
        if (!first || text === undefined || !/^[\w./-]+\s+\S/.test(text) || isFilledIn(workspace, text)) continue;
        const words = text.trim().split(/\s+/);
        const isPlain = words.every(word => /^[\w./:=,@%+-]+$/.test(word));
        yield {
          at: first,
          message: `The ${what} of container ${name} is one word, so a program named "${text.trim().slice(0, 60)}" is looked for — ${isPlain ? 'write each word as an item of its own.' : 'let a shell read it: sh, -c, and the line.'}`,
          fixes: () => {
            const edit =
              isPlain && command.items().length === 1
                ? replaceEntry(command, `command: [${words.map(quoted).join(', ')}]`)
                : undefined;
            return edit ? [{ title: 'Write each word as an item', safe: false, edits: [edit] }] : [];
          },
        };
      }
  },
} satisfies Rule;

function* commandsOf(container: Value): Iterable<{ readonly command: Value; readonly what: string }> {
  yield { command: container.at('command'), what: 'command' };
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
    yield { command: container.at(probe, 'exec', 'command'), what: probe };
  for (const hook of ['postStart', 'preStop'])
    yield { command: container.at('lifecycle', hook, 'exec', 'command'), what: `${hook} hook` };
}

function quoted(word: string): string {
  return /^[A-Za-z./-][\w./:-]*$/.test(word) && !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(word)
    ? word
    : `"${word}"`;
}

function example(command: string, isBad: boolean): string {
  return `
      #- /redis.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: redis
        namespace: matrix
      spec:
        containers:
          - name: redis
            image: redis:7.4
            command: ${command}${isBad ? '\n      #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: The command of container redis is one word, so a program named "redis-server /conf/redis.conf" is looked for' : ''}
    `;
}
