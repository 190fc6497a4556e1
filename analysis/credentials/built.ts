import { textValue } from '../../manifests/text-value';
import type { Workspace } from '../../manifests/workspace';
import type { BuiltTree } from '../kustomization/built-trees';
import { type Written, writtenAt } from '../kustomization/printed-places';
import type { CredentialForm, CredentialPlace } from './places';

/**
 * A place of what a kustomization builds, in the files: in the object as it is written, in a patch, in a literal of a
 * generator or in a file that it reads. Undefined where it cannot be told.
 */
export function placeInFiles(
  place: CredentialPlace,
  tree: BuiltTree,
  workspace: Workspace,
): CredentialPlace | undefined {
  const printed = tree.file(place.at.uri)?.printed;
  const written: Written | undefined = printed
    ? writtenAt(printed, place.at.span)
    : { at: place.at, as: 'slice', scalar: undefined, indent: undefined };
  if (!written) return undefined;
  const { at } = written;
  const { uri, span } = at;
  const documents = workspace.file(uri)?.documents ?? [];
  const document =
    documents.find(one => one.span.start <= span.start && span.start < one.span.end) ?? tree.view.kustomization;
  const { resource } = place;
  const own = resource && document.resources.find(one => one.kind === resource.kind && one.name === resource.name);
  const entry = own?.root.at(...place.entry.path.slice(resource?.root.path.length ?? 0));
  const { text } = place;
  return {
    ...place,
    at,
    form: formOf(written, place.form),
    document,
    resource: written.as === 'slice' ? own : undefined,
    entry: written.as === 'slice' && entry?.exists ? entry : textValue(text, () => at),
  };
}

function formOf({ as, scalar, indent }: Written, form: CredentialForm): CredentialForm {
  if (as === 'slice') return form;
  const { isEncoded, part } = form;
  const { style } = scalar ?? {};
  return {
    style: as === 'part' ? 'inside' : style === 'single' || style === 'double' ? style : 'plain',
    indent,
    isEncoded,
    ...(part ? { part } : {}),
    ...(scalar && scalar.sourceSpan.start === scalar.sourceSpan.end ? { isAbsent: true as const } : {}),
  };
}

/** What tells a place from all others. */
export function locationOf({ at, form }: CredentialPlace): string {
  const { start, end } = at.span;
  return `${at.uri} ${start} ${end} ${form.part?.start ?? ''}`;
}
