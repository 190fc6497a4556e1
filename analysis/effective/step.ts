import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { type Environment, type EnvironmentVariable, environmentOf } from '../environment';
import type { Container } from '../pods';
import { normalPath, type ShellPath } from '../text/shell-values';
import type { Rendered } from './content';

/** Where a step runs: all that tells what its words stand for. */
export interface Step {
  readonly workspace: Workspace;
  readonly resource: Resource;
  readonly container: Container;
  readonly script: MappedText;
  /** Whether a shell runs it, and not the kubelet one program. */
  readonly hasShell: boolean;
  /** The names that the script itself gives a value. */
  readonly assigned: ReadonlySet<string>;
  /** Whether the script takes variables from somewhere that the tree does not show. */
  readonly isOpen: boolean;
  /** `$1` and so on. */
  readonly args: readonly Argument[];
}

/** One container's script while it runs. */
export interface Context {
  readonly step: Step;
  read(path: string): Rendered | undefined;
  isFolder(path: string): boolean;
  filesIn(folder: string): readonly string[];
}

/** An argument of a script, `$1` and so on. */
export interface Argument {
  readonly text: string;
  /** The variable that it is, if it is nothing else: `$(NAME)`, or `"$NAME"` in the calling script. */
  readonly definition: EnvironmentVariable | undefined;
}

/** An argument as the kubelet passes it. */
export function argumentOf(value: Value, environment: Environment): Argument {
  const text = value.text ?? '';
  const name = /^\$\((\w+)\)$/.exec(text)?.[1];
  return { text, definition: name === undefined ? undefined : environment.variables.get(name) };
}

/** A variable of the container that runs a step. */
export function definitionOf({ workspace, resource, container }: Step, name: string): EnvironmentVariable | undefined {
  return environmentOf(workspace, resource, container).variables.get(name);
}

/** Whether the container that runs a step may have variables that the tree does not show. */
export function mayHaveOthers({ workspace, resource, container, isOpen }: Step): boolean {
  return isOpen || environmentOf(workspace, resource, container).isOpen;
}

/** A path with the variables that the container's environment sets to a literal value, and with the arguments. */
export function pathOf(path: ShellPath, step: Step | undefined): string {
  const written = path.path.replace(/\$\{(\w+)\}/g, (whole, name: string) => {
    const given = /^\d+$/.test(name) ? step?.args[Number(name) - 1]?.text : undefined;
    return given ?? (step && definitionOf(step, name))?.value?.text ?? whole;
  });
  const folder = /^[/$`~]|^pipe:/.test(written) ? undefined : step?.container.value.at('workingDir').text;
  return folder === undefined ? written : normalPath(`${folder}/${written}`);
}
