import type { CredentialKind } from '../analysis/credentials/kinds';
import type { CredentialForm } from '../analysis/credentials/places';
import { generators } from './generate';
import { valueAt, writtenAs } from './write';

/** Where a credential goes: a range of a file as offsets. */
export interface FillPlace {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
  readonly form: CredentialForm;
  readonly label: string;
}

export interface FillCredential {
  readonly kind: CredentialKind | undefined;
  readonly places: readonly FillPlace[];
  /** Where the value is copied from; without it a new one is made. */
  readonly source: FillPlace | undefined;
}

export interface FillEdit {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
  readonly newText: string;
}

/**
 * The edits that write one value to all places of each credential, and the places that cannot hold theirs. The edits
 * hold credentials: they are applied and never shown, logged or sent.
 */
export async function fillEdits(
  credentials: readonly FillCredential[],
  textOf: (uri: string) => string,
): Promise<{ readonly edits: readonly FillEdit[]; readonly unfit: readonly FillPlace[] }> {
  const fillings: { readonly place: FillPlace; readonly value: string }[] = [];
  const unfit: FillPlace[] = [];
  for (const { kind, places, source } of credentials) {
    const value = source ? valueAt(source.form, slice(textOf, source)) : kind && (await generators[kind]());
    if (value === undefined || value === '') unfit.push(...places);
    else fillings.push(...places.map(place => ({ place, value })));
  }
  const edits = new Map<string, FillEdit>();
  // Several parts of one encoded value share its range: from the last to the first, so that offsets stay right.
  fillings.sort((a, b) => (b.place.form.part?.start ?? 0) - (a.place.form.part?.start ?? 0));
  for (const { place, value } of fillings) {
    const { uri, start, end, form } = place;
    const key = `${uri} ${start} ${end}`;
    const before = edits.get(key)?.newText ?? slice(textOf, place);
    const newText = writtenAs(value, form, before, textOf(uri).includes('\r\n') ? '\r\n' : '\n');
    if (newText === undefined) unfit.push(place);
    else edits.set(key, { uri, start, end, newText });
  }
  return { edits: [...edits.values()], unfit };
}

function slice(textOf: (uri: string) => string, { uri, start, end }: FillPlace): string {
  return textOf(uri).slice(start, end);
}
