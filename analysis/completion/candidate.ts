import type { Span } from '../../manifests/span';

/** Something that may be written where the cursor stands. */
export interface Candidate {
  readonly label: string;
  readonly kind: CandidateKind;
  /** What it is, in a few words: a type, who makes it. Never the value of a Secret. */
  readonly detail?: string;
  /** More about it, as Markdown. */
  readonly documentation?: string;
  /** The field of a schema that it writes, to look its documentation up by. */
  readonly field?: { readonly definition: string; readonly name: string };
  /** What is written where that is not the label. */
  readonly text?: string;
  /** What stands behind a key: nothing more than a blank, a mapping below it, or a list below it. */
  readonly opens?: 'scalar' | 'mapping' | 'list';
  /** Whether it is a number or a boolean, which has to stand without quotes. */
  readonly isBare?: boolean;
  /** Whether it has to be read as text, so that `8080` gets quotes. Without `isBare` this is the rule. */
  readonly rank?: Rank;
}

/** What is shown first: the required and the fitting, then what is usual, then the rest. */
export type Rank = 0 | 1 | 2 | 3;

export type CandidateKind =
  | 'field'
  | 'item'
  | 'enum'
  | 'value'
  | 'object'
  | 'key'
  | 'label'
  | 'port'
  | 'path'
  | 'host'
  | 'rule'
  | 'directive'
  | 'section'
  | 'name';

/** What can be written at a cursor, and what of the file it takes the place of. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Offsets in the file. */
  readonly span: Span;
  readonly writing: Writing;
}

/** What can be written at an offset of a text that is no YAML, and the part of the text that it takes the place of. */
export interface TextCompletion {
  readonly candidates: readonly Candidate[];
  readonly span: Span;
}

/** How a choice has to be written where the cursor stands. In `text` it is written as it is. */
export interface Writing {
  readonly language: 'yaml' | 'json' | 'text' | 'comment';
  readonly isKey: boolean;
  /** Whether the choice starts a new item of a list, so that a dash comes first. */
  readonly isItem: boolean;
  readonly quote: '' | '"' | "'";
  readonly hasColon: boolean;
  readonly needsSpace: boolean;
  readonly isFlow: boolean;
  /** The column in the file from which nested lines are indented. */
  readonly column: number;
}

/** Each label once, the first one wins. */
export function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const labels = new Set<string>();
  return candidates.filter(({ label }) => label !== '' && !labels.has(label) && labels.add(label));
}
