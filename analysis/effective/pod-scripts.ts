import { concatenate, type MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { type Container, containersOf } from '../pods';
import { commandAsScript, startScriptOf } from '../scripts';
import { isKnownProgram } from '../text/file-programs';
import type { FileSteps, FileWrite } from '../text/file-steps';
import { fileSteps, pythonSteps } from '../text/file-writes';
import { wholeText } from '../text/origin';
import { readShell } from '../text/shell';
import type { ShellScript } from '../text/shell-nodes';
import type { RunWord, ShellPath } from '../text/shell-values';
import { type Argument, type Context, definitionOf, pathOf } from './step';

/** What a container runs, read once: it stays the same while the ConfigMaps that it copies are edited. */
export interface PodScript {
  readonly container: Container;
  readonly text: MappedText;
  readonly hasShell: boolean;
  readonly steps: FileSteps;
  readonly assigned: ReadonlySet<string>;
  /** It takes variables from somewhere that the tree does not show: `. /vault/secrets/env`. */
  readonly isOpen: boolean;
  readonly args: readonly Value[];
}

/** The scripts of a pod in the order in which they run: those of the init containers, then what the others do before their program. */
export function podScripts(resource: Resource, workspace: Workspace): readonly PodScript[] {
  return containersOf(resource).flatMap(
    container => workspace.derivePair(scriptOfContainer, resource, container) ?? [],
  );
}

function scriptOfContainer(resource: Resource, container: Container, workspace: Workspace): PodScript | undefined {
  const script = startScriptOf(workspace, resource, container);
  const text = script?.text ?? commandAsScript(container);
  if (text?.text) {
    const shell = readShell(text.text);
    const isUnderstood = script !== undefined || !container.isInit || isKnownProgram(shell.commands[0]?.name);
    const steps = fileSteps(shell);
    return {
      container,
      text,
      hasShell: script !== undefined,
      steps: isUnderstood ? steps : { ...steps, rendersUnknown: true },
      ...variablesOf(shell),
      args: script?.args ?? [],
    };
  }
  // What the image of an init container starts may write whatever it can.
  if (!container.isInit) return undefined;
  const steps: FileSteps = { writes: [], reads: [], rendersUnknown: true, runsUnknown: true };
  const { mapped } = container.value;
  return { container, text: mapped, hasShell: false, steps, assigned: new Set(), isOpen: false, args: [] };
}

/** The names that a script gives a value, and whether it takes others from a file or a program. */
function variablesOf({ assignments, commands }: ShellScript): Pick<PodScript, 'assigned' | 'isOpen'> {
  return {
    assigned: new Set(assignments.map(assignment => assignment.name)),
    isOpen: commands.some(
      ({ name, args }) =>
        name === '.' ||
        name === 'source' ||
        (/^(?:eval|export|declare|readonly)$/.test(name ?? '') &&
          args.some(arg => arg.pieces[0]?.kind === 'output' && arg.pieces.length === 1)),
    ),
  };
}

/** What a script does that another one runs, if the tree has it. */
export function calledScript(
  write: Extract<FileWrite, { kind: 'run' }>,
  context: Context,
):
  | { readonly writes: readonly FileWrite[]; readonly reads: readonly ShellPath[]; readonly context: Context }
  | undefined {
  const rendered = context.read(pathOf(write.to, context.step));
  if (!rendered || rendered.isOpaque || rendered.pieces.length === 0) return undefined;
  const script = concatenate(rendered.pieces.map(piece => piece.text));
  const isPython = write.language === 'python' || /^#!.*python/.test(script.text);
  if (isPython) {
    const { span, conditional, looped, errorsIgnored } = { ...write, span: { start: 0, end: 0 } };
    const path = (word: RunWord): ShellPath => ({
      path: word.value,
      certainty: 'known',
      hasGlob: false,
      span: word.span,
    });
    const steps = pythonSteps(wholeText(script.text), { span, conditional, looped, errorsIgnored }, path);
    return { ...steps, context: { ...context, step: { ...context.step, script } } };
  }
  const shell = readShell(script.text);
  const { assigned, isOpen } = variablesOf(shell);
  const given = write.args.map((word): Argument => {
    const [only] = word.pieces;
    const name = only?.kind === 'variable' && word.pieces.length === 1 ? only.name : undefined;
    return {
      text: pathOf(
        { path: word.value, certainty: word.certainty, hasGlob: word.hasGlob, span: word.span },
        context.step,
      ),
      definition: name === undefined ? undefined : definitionOf(context.step, name),
    };
  });
  return {
    ...fileSteps(shell),
    context: {
      ...context,
      step: {
        ...context.step,
        script,
        hasShell: true,
        assigned: new Set([...context.step.assigned, ...assigned]),
        isOpen: context.step.isOpen || isOpen,
        args: given.length > 0 ? given : context.step.args,
      },
    },
  };
}
