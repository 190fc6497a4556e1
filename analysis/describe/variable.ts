import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { declarationsOf, mayHaveKey } from '../declarations';
import type { EnvironmentVariable } from '../environment';
import { code, linkTo, paragraphs, titleOf } from './markdown';
import { declaredText } from './secret';

/**
 * An environment variable of a container and where its value comes from. The value itself is not shown. `isDefinition`
 * says that the place is the one that defines it, so that no way there is needed.
 */
export function describeVariable(
  workspace: Workspace,
  resource: Resource,
  variable: EnvironmentVariable,
  isDefinition: boolean,
): string {
  return paragraphs(
    `**Variable** ${code(variable.name)} of ${titleOf(resource)}`,
    sourceText(workspace, resource, variable),
    isDefinition ? undefined : `Set in ${linkTo(workspace, variable.at)}.`,
  );
}

/** Where a variable gets its value from, in one or two sentences. */
export function sourceText(
  workspace: Workspace,
  resource: Resource,
  { at, source, value }: EnvironmentVariable,
): string {
  if (source) {
    const declared = declarationsOf(workspace, source.kind, resource.namespace, source.name);
    const having = declared.filter(one => mayHaveKey(one, source.key));
    return `It is key ${code(source.key)} of ${source.kind} ${code(source.name)}. ${
      declared.length > 0 && having.length === 0 ? 'That has no such key.' : declaredText(workspace, having)
    }`;
  }
  const field =
    at.at('valueFrom', 'fieldRef', 'fieldPath').text ?? at.at('valueFrom', 'resourceFieldRef', 'resource').text;
  if (field !== undefined) return `It is the pod’s ${code(field)}.`;
  return value ? 'Its value is written in the manifest.' : 'It is empty.';
}
