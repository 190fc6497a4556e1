import type { Resource } from '../manifests/resource';
import type { Place, Span } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { programOf } from './images';
import { type Container, containersOf } from './pods';
import { commandAsScript, scriptOf } from './scripts';
import type { ClusterCommand } from './text/cluster-commands';
import { kubectlCommands } from './text/kubectl-commands';
import { readShell } from './text/shell';

/** A kubectl command that a container of the tree runs. */
export interface KubectlCall {
  readonly command: ClusterCommand;
  readonly container: Container;
  readonly at: Place;
  /** The command as written. */
  readonly text: string;
  /** A part of the script that the command stands in. */
  place(span: Span): Place;
}

/** The kubectl commands in the scripts and command lines of a workload's containers, in their order. */
export function kubectlCalls(workspace: Workspace, resource: Resource): readonly KubectlCall[] {
  return workspace.derive(readCalls, resource);
}

function readCalls(resource: Resource, workspace: Workspace): readonly KubectlCall[] {
  return containersOf(resource).flatMap(container => {
    const text = scriptOf(workspace, resource, container)?.text ?? commandAsScript(container, entrypointOf(container));
    if (!text || !/\b(?:kubectl|oc)\b/.test(text.text)) return [];
    return kubectlCommands(readShell(text.text))
      .filter(({ kind }) => kind !== 'helm' && kind !== 'helm-repository' && kind !== 'htpasswd')
      .map(command => {
        const { start, end } = command.span;
        return {
          command,
          container,
          at: text.place(start, end),
          text: text.text.slice(start, end),
          place: (span: Span): Place => text.place(span.start, span.end),
        };
      });
  });
}

/** The images that are made to run kubectl start it with the container's arguments. */
function entrypointOf({ image }: Container): string | undefined {
  return programOf(image) === 'kubectl' ? 'kubectl' : undefined;
}
