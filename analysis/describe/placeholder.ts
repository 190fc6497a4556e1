import { groupedBy } from '../../manifests/grouped';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { EffectiveFile, Resolution, ResolvedVariable } from '../effective';
import { code, fewBullets, linkTo, paragraphs, titleOf } from './markdown';
import { sourceText } from './variable';

/** What becomes of a placeholder in one file that a workload reads. */
export interface Replacement {
  readonly file: EffectiveFile;
  readonly resolution: Resolution;
}

/**
 * A placeholder in an embedded configuration: which step of which container replaces it, by which variable, and where
 * that comes from. `text` is left out where the configuration is a Secret.
 */
export function describePlaceholder(
  workspace: Workspace,
  text: string | undefined,
  replacements: readonly Replacement[],
): string {
  // Many workloads often share one template; what is true of all of them is said once.
  const outcomes = groupedBy(replacements, one => outcomeText(workspace, one));
  return paragraphs(
    `**Placeholder**${text === undefined ? '' : ` ${code(text)}`}`,
    ...[...outcomes].map(([outcome, ones]) =>
      paragraphs(outcome, fewBullets([...new Set(ones.map(one => stepText(workspace, one)))])),
    ),
  );
}

/** What comes of it, wherever the step stands. */
function outcomeText(workspace: Workspace, { file, resolution }: Replacement): string {
  switch (resolution.kind) {
    case 'left':
      return 'Replaced by no step, so read as it stands:';
    case 'unexpanded':
      return 'Looked for by a step in which the shell does not expand the variable, so that its name is put in:';
    case 'unknown':
      return 'Perhaps replaced by a step that cannot be followed:';
    case 'replaced': {
      const { variables } = resolution;
      if (variables.length === 0) return 'Replaced with a fixed text:';
      return variables
        .map(one => `Replaced with ${code(`$${one.name}`)}. ${variableText(workspace, file, one)}`)
        .join('\n\n');
    }
  }
}

/** Who does it where, for one workload. */
function stepText(workspace: Workspace, { file, resolution }: Replacement): string {
  const reader = `${titleOf(file.resource)}, ${code(file.path)}`;
  if (resolution.kind !== 'replaced') {
    return resolution.kind === 'unexpanded' ? `${reader}, in ${linkTo(workspace, resolution.by)}` : reader;
  }
  const container = resolution.variables[0]?.container;
  const who = container ? ` by ${container.isInit ? 'init container' : 'container'} ${code(container.name)}` : '';
  return `${reader}${who} in ${linkTo(workspace, resolution.by)}`;
}

function variableText(workspace: Workspace, file: EffectiveFile, variable: ResolvedVariable): string {
  if (variable.definition) return sourceText(workspace, file.resource, variable.definition);
  return variable.mayBeDefined ? 'The script itself or the image defines it.' : 'Nothing defines it: it is empty.';
}

/** Whether a place holds an offset of a file. */
export function holds({ uri, span }: Place, file: { readonly uri: string }, offset: number): boolean {
  return uri === file.uri && span.start <= offset && offset <= span.end;
}
