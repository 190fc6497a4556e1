import { containersOf, workloadKinds } from '../../analysis/pods';
import { startScriptOf } from '../../analysis/scripts';
import { readShell } from '../../analysis/text/shell';
import type { ShellCommand, ShellNode } from '../../analysis/text/shell-nodes';
import type { Rule } from '../rule';

export default {
  id: 'script-step-unreachable',
  items: [],
  severity: 'error',
  summary: 'A script of a container ends, or waits for ever, before a step that stands after it.',
  why: 'What follows `exit`, `exec PROGRAM`, `sleep infinity` or `tail -f /dev/null` is never run. Mostly somebody was looking for a mistake and left the line: the Job completes and has done nothing, or the pod runs and its program does not.',
  remedy: 'Delete the line, put it behind a condition, or delete the steps that are not wanted any more.',
  traps: [
    'Only a line that is reached on every way counts: in the same block, neither in a condition nor after `&&` or `||`, nor in the background.',
    'Functions may be defined after it, and messages may follow.',
    '`exec` with nothing but redirections goes on.',
  ],
  sources: ['POSIX.1-2017, Shell Command Language, 2.14: exit, exec'],
  examples: {
    bad: example(
      'exit 0\n                    psql -f /sql/setup.sql\n      #             ^^^^^^^^^^^^^^^^^^^^^^ error: The script of container setup never gets to psql, because exit ends it before',
    ),
    good: example('psql -f /sql/setup.sql'),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of containersOf(resource)) {
      const script = startScriptOf(workspace, resource, container);
      if (!script || !/\b(?:exit|exec|sleep|tail)\b/.test(script.text.text)) continue;
      for (const { end, step } of unreachable(readShell(script.text.text).nodes)) {
        const waits = end.name === 'sleep' || end.name === 'tail';
        yield {
          at: script.text.place(step.span.start, lineEnd(script.text.text, step)),
          message: `The script of container ${container.name} never gets to ${step.name ?? 'this step'}, because ${waits ? `${end.name} waits for ever` : `${end.words[0]?.value} ends it`} before — delete the one or the other.`,
          related: [
            { at: script.text.place(end.span.start, end.span.end), message: waits ? 'It waits here' : 'It ends here' },
          ],
        };
      }
    }
  },
} satisfies Rule;

interface Unreachable {
  readonly end: ShellCommand;
  readonly step: ShellCommand;
}

/** The first step after each end of a block. */
function unreachable(nodes: readonly ShellNode[]): readonly Unreachable[] {
  const at = nodes.findIndex(isEnd);
  const end = nodes[at];
  const rest = at === -1 ? [] : nodes.slice(at + 1).filter(node => node.kind !== 'function');
  const step = rest.flatMap(commandsOf).find(isStep);
  const reached = at === -1 ? nodes : nodes.filter((node, index) => index < at || node.kind === 'function');
  return [
    ...reached.flatMap(node => blocksOf(node).flatMap(unreachable)),
    ...(end?.kind === 'command' && step ? [{ end, step }] : []),
  ];
}

/** Whether nothing comes after a command of the same block. */
function isEnd(node: ShellNode): boolean {
  if (node.kind !== 'command' || node.background || node.pipeline.length > 1 || node.remote || node.negated)
    return false;
  if (node.words[0]?.value === 'exec') return node.words.length > 1;
  const [first, second] = node.args;
  if (node.name === 'sleep') return /^inf(?:inity)?$/.test(first?.value ?? '') && node.args.length === 1;
  if (node.name === 'tail') return /^-[fF]$/.test(first?.value ?? '') && second?.value === '/dev/null';
  return node.name === 'exit';
}

/** What somebody wants to happen, and not a word about it. */
function isStep({ name, words }: ShellCommand): boolean {
  return words.length > 0 && (name === undefined || !/^(?:echo|printf|true|:|exit|sleep|wait|tail|return)$/.test(name));
}

function commandsOf(node: ShellNode): readonly ShellCommand[] {
  if (node.kind === 'command') return [node];
  if (node.kind === 'function') return [];
  if (node.kind === 'pipeline') return node.stages.flatMap(commandsOf);
  if (node.kind === 'and-or') return node.items.flatMap(commandsOf);
  return blocksOf(node).flatMap(block => block.flatMap(commandsOf));
}

/** The blocks of statements in a compound command. */
function blocksOf(node: ShellNode): readonly (readonly ShellNode[])[] {
  switch (node.kind) {
    case 'group':
    case 'function':
      return [node.body];
    case 'if':
      return [...node.branches.flatMap(({ condition, body }) => [condition, body]), node.otherwise];
    case 'loop':
      return [node.condition, node.body];
    case 'case':
      return node.branches.map(({ body }) => body);
    case 'and-or':
      return node.items.flatMap(blocksOf);
    default:
      return [];
  }
}

/** The end of a step in its first line. */
function lineEnd(text: string, { span }: ShellCommand): number {
  const line = text.indexOf('\n', span.start);
  return line === -1 ? span.end : Math.min(span.end, line);
}

function example(step: string): string {
  return `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: setup
                image: postgres:16
                command:
                  - sh
                  - -c
                  - |
                    echo "Setting up."
                    ${step}
    `;
}
