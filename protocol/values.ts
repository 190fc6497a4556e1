import type { CredentialForm, WrittenAs } from '../analysis/credentials/places';
import type { WireLocation } from './messages';

/**
 * An edit that copies credentials from one place to another. Its texts hold a mark where a value stands, `valueMark`, the
 * number of the value and `valueMark` again, and the client puts in what it reads at the value's place: the connection can
 * be traced, and no value is ever sent over it.
 */
export interface EditWithValues {
  /** LSP WorkspaceEdit. */
  readonly edit: unknown;
  readonly values: readonly WireValue[];
}

/** Where a value stands, and how it is written where it goes. */
export interface WireValue extends WireLocation {
  /** The version of the document that the range is about; null where it is not open. */
  readonly version: number | null;
  readonly form: CredentialForm;
  readonly as: WrittenAs;
}

/** Client command: `(edit: EditWithValues)`, makes the edit. */
export const applyWithValuesCommand = 'matrixPreflight.applyWithValues';

/** A letter of the private use area, which no manifest has. */
export const valueMark = '\ue000';
