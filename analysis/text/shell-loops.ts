import type { ShellLoop, ShellNode, ShellRedirect } from './shell-nodes';
import type { ShellHeredoc, ShellPiece } from './shell-words';

/** Variables by name. */
export interface LoopNames {
  readonly used: ReadonlySet<string>;
  readonly assigned: ReadonlySet<string>;
}

/** The variables that a loop's commands use and set. */
export function namesIn(loop: ShellLoop): LoopNames {
  const used = new Set<string>();
  const assigned = new Set<string>();
  const addPieces = (pieces: readonly ShellPiece[]): void => {
    for (const piece of pieces) {
      if (piece.kind === 'variable') {
        used.add(piece.name);
        if (piece.operation) addPieces(piece.operation.operand);
      } else if (piece.kind === 'output') for (const node of piece.commands) add(node);
    }
  };
  const addAll = (nodes: readonly ShellNode[]): void => nodes.forEach(add);
  const addRedirects = (redirects: readonly ShellRedirect[], heredocs: readonly ShellHeredoc[]): void => {
    for (const { target } of redirects) if (target) addPieces(target.pieces);
    for (const { pieces } of heredocs) addPieces(pieces);
  };
  const add = (node: ShellNode): void => {
    switch (node.kind) {
      case 'command':
        for (const word of node.words) addPieces(word.pieces);
        for (const { name, value } of node.assignments) {
          assigned.add(name);
          if (value) addPieces(value.pieces);
        }
        if (node.name === 'read') for (const arg of node.args) assigned.add(arg.value);
        addRedirects(node.redirects, node.heredocs);
        addAll(node.inner);
        return;
      case 'pipeline':
        addAll(node.stages);
        return;
      case 'and-or':
        addAll(node.items);
        return;
      case 'group':
        addRedirects(node.redirects, node.heredocs);
        addAll(node.body);
        return;
      case 'if':
        for (const { condition, body } of node.branches) addAll([...condition, ...body]);
        addAll(node.otherwise);
        return;
      case 'case':
        addPieces(node.word.pieces);
        for (const { body } of node.branches) addAll(body);
        return;
      case 'loop':
        for (const word of node.words) addPieces(word.pieces);
        addAll([...node.condition, ...node.body]);
        return;
      default:
    }
  };
  addAll([...loop.condition, ...loop.body]);
  return { used, assigned };
}

/** The variable of `while read -r line`. */
export function lineRead({ loop, condition }: ShellLoop): string | undefined {
  const [only] = condition;
  if (loop !== 'while' || condition.length !== 1 || only?.kind !== 'command' || only.name !== 'read') return undefined;
  const names = only.args.filter(arg => !arg.value.startsWith('-'));
  return names.length === 1 ? names[0]?.value : undefined;
}
