import { code, paragraphs, plain } from '../../../analysis/describe/markdown';
import { type FieldDocs, fieldDocumentation, typeName } from '../../../analysis/schema/field-docs';
import { few } from '../../../analysis/wording';
import type { Resource } from '../../../manifests/resource';
import type { Value } from '../../../manifests/value';
import type { Workspace } from '../../../manifests/workspace';

/** What a field of an object is and may hold, as Markdown; undefined where no schema knows it. */
export function fieldText(workspace: Workspace, docs: FieldDocs, resource: Resource, value: Value): string | undefined {
  const field = fieldDocumentation(workspace, docs, resource, value.path.slice(resource.root.path.length));
  if (!field || field.type.kind === 'any') return undefined;
  const { type } = field;
  const isChoice = type.kind === 'string' && type.values !== undefined;
  const said = isChoice ? `one of ${few((type.values ?? []).map(code), 12)}` : typeName(type);
  return paragraphs(
    `**${code(String(value.name))}**: ${said}${field.isRequired ? ', required' : ''}`,
    field.sentence === undefined ? undefined : plain(field.sentence),
  );
}
