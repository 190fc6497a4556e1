import type { ShellCommand, ShellNode, ShellScript } from './shell-nodes';

/**
 * The commands whose failure makes the whole script fail, as far as the script tells; what is not followed, such as
 * functions and loops, counts among them. Undefined where the script looks at exit statuses itself.
 *
 * `stopsAtError` is for a shell that was started with `-e`. The rules are those of POSIX: `set -e` does not heed what
 * stands before `&&` and `||`, in conditions, and in pipelines before the last command.
 */
export function commandsThatFail(script: ShellScript, stopsAtError: boolean): ReadonlySet<ShellCommand> | undefined {
  if (/\$\?|\bPIPESTATUS\b|\btrap\b[^\n]*\bERR\b/.test(script.text)) return undefined;
  const counted = new Set<ShellCommand>();
  const stops = stopsAtError || script.options.errexit !== undefined;
  const hasPipefail = script.options.pipefail !== undefined;

  const list = (nodes: readonly ShellNode[], isLast: boolean, stopsHere: boolean): void => {
    for (const [index, node] of nodes.entries()) visit(node, isLast && index === nodes.length - 1, stopsHere);
  };

  /** `isLast`: what the node returns is what the script returns. `stopsHere`: its failure ends the script. */
  const visit = (node: ShellNode, isLast: boolean, stopsHere: boolean): void => {
    switch (node.kind) {
      case 'command':
        if (isLast || stopsHere || node.background || node.nested !== undefined || node.prefixes.some(isExec))
          counted.add(node);
        for (const inner of node.inner) everything(inner);
        return;
      case 'pipeline':
        node.stages.forEach((stage, index) => {
          const decides = index === node.stages.length - 1 || hasPipefail;
          visit(stage, isLast && decides, stopsHere && decides);
        });
        return;
      case 'and-or':
        node.items.forEach((item, index) => {
          const next = node.operators.indexOf('||', index);
          const handler = next === -1 ? undefined : node.items[next + 1];
          if (handler) visit(item, ends(handler), ends(handler));
          else visit(item, isLast, stopsHere && index === node.items.length - 1);
        });
        return;
      case 'group':
        list(node.body, isLast, stopsHere);
        return;
      case 'if': {
        const bodies = [...node.branches.map(branch => branch.body), node.otherwise];
        const isHeeded = bodies.some(body => body.some(ends));
        for (const { condition } of node.branches) for (const one of condition) visit(one, isHeeded, isHeeded);
        for (const body of bodies) list(body, isLast, stopsHere);
        return;
      }
      case 'case':
        for (const { body } of node.branches) list(body, isLast, stopsHere);
        return;
      default:
        everything(node);
    }
  };

  const everything = (node: ShellNode): void => {
    for (const command of commandsIn(node)) counted.add(command);
  };

  list(script.nodes, true, stops);
  return counted;
}

/** Whether a part of a script ends it as failed. */
function ends(node: ShellNode): boolean {
  return commandsIn(node).some(
    ({ name, args }) => name === 'false' || ((name === 'exit' || name === 'return') && args[0]?.value !== '0'),
  );
}

function commandsIn(node: ShellNode): readonly ShellCommand[] {
  switch (node.kind) {
    case 'command':
      return [node, ...node.inner.flatMap(commandsIn)];
    case 'pipeline':
      return node.stages.flatMap(commandsIn);
    case 'and-or':
      return node.items.flatMap(commandsIn);
    case 'if':
      return [...node.branches.flatMap(({ condition, body }) => [...condition, ...body]), ...node.otherwise].flatMap(
        commandsIn,
      );
    case 'loop':
      return [...node.condition, ...node.body].flatMap(commandsIn);
    case 'case':
      return node.branches.flatMap(({ body }) => body).flatMap(commandsIn);
    default:
      return node.body.flatMap(commandsIn);
  }
}

function isExec({ value }: { readonly value: string }): boolean {
  return value === 'exec';
}
