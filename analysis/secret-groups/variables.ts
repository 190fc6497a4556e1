import type { Resource } from '../../manifests/resource';
import type { Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { configurationOf } from '../configs';
import type { EffectiveFile } from '../effective';
import { type EnvironmentVariable, environmentOf } from '../environment';
import { scriptOf } from '../scripts';
import { maskComments } from '../text/comments';

/** The variables that a step puts where a value stands; none if the value is written out or anything else happens to it. */
export function valueVariables(
  file: EffectiveFile | undefined,
  value: Value | undefined,
): readonly EnvironmentVariable[] {
  return file && value?.exists ? variablesIn(file, value) : [];
}

/** The variable that a step puts in the place of a part of a file; none if it is left, or made of several. */
export function variablesIn(file: EffectiveFile, at: Span | Value): readonly EnvironmentVariable[] {
  const resolved = file.resolve(at);
  return resolved.kind === 'replaced' && resolved.variables.length === 1
    ? resolved.variables.flatMap(({ definition }) => definition ?? [])
    : [];
}

/** The variables that stand behind a directive, which is a regular expression, wherever it begins a line. */
export function directiveVariables(file: EffectiveFile, directive: string): readonly EnvironmentVariable[] {
  return [...file.content.text.matchAll(new RegExp(`^[ \\t]*${directive}[ \\t]*["']?([^"'\\s]+)`, 'gim'))].flatMap(
    match => {
      const end = match.index + match[0].length;
      return variablesIn(file, { start: end - (match[1] ?? '').length, end });
    },
  );
}

/** The variables that an option of the program gets: by the kubelet, by a shell, or by the entrypoint of coturn's image. */
export function argumentVariables(
  workspace: Workspace,
  resource: Resource,
  option: string,
): readonly EnvironmentVariable[] {
  const found: EnvironmentVariable[] = [];
  for (const program of ['redis', 'coturn'] as const) {
    const container = configurationOf(workspace, resource, program)?.container;
    if (!container) continue;
    const words = [...container.value.at('command').scalars(), ...container.value.at('args').scalars()]
      .map(word => word.text ?? '')
      .join(' ');
    const script = scriptOf(workspace, resource, container)?.text.text;
    const isEvaluated = program === 'coturn' && !container.value.at('command').exists;
    const expanded = isEvaluated ? words : script === undefined ? '' : maskComments(script, 'shell');
    const { variables } = environmentOf(workspace, resource, container);
    for (const [, name = ''] of [
      ...words.matchAll(new RegExp(`${option}[= ]?\\$\\((\\w+)\\)`, 'g')),
      ...expanded.matchAll(new RegExp(`${option}(?:=|[ \\t]+|[ \\t]*\\\\\\n[ \\t]*)"?\\$\\{?(\\w+)`, 'g')),
    ])
      found.push(...[variables.get(name)].flatMap(one => one ?? []));
  }
  return found;
}
