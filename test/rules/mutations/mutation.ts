/** A small edit of the sample deployment, and the rule whose finding it has to yield, alone. */
export interface Mutation {
  readonly rule: string;
  readonly changes: readonly Change[];
  /** How many findings of the rule the edit makes; one where nothing is said. */
  readonly count?: number;
  /** Further rules whose findings follow of necessity, each with the reason. */
  readonly also?: Readonly<Record<string, string>>;
}

export type Change =
  | {
      readonly kind: 'edit';
      readonly path: string;
      readonly find: string;
      readonly replacement: string;
      readonly nth?: number;
    }
  /** From one text through another, each of which stands once after the other. */
  | {
      readonly kind: 'cut';
      readonly path: string;
      readonly from: string;
      readonly to: string;
      readonly replacement: string;
    }
  | { readonly kind: 'add'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  /** Cuts out one document, named as `Kind/name`. */
  | { readonly kind: 'drop'; readonly path: string; readonly document: string };

/** Replaces a text that stands once in the file; `nth` counts from zero where it stands more often. */
export function edit(path: string, find: string, replacement: string, nth?: number): Change {
  return { kind: 'edit', path, find, replacement, ...(nth !== undefined && { nth }) };
}

/** Replaces all that stands from one text through another. */
export function cut(path: string, from: string, to: string, replacement = ''): Change {
  return { kind: 'cut', path, from, to, replacement };
}

export function add(path: string, text: string): Change {
  return { kind: 'add', path, text: text.replace(/^\n/, '') };
}

export function drop(path: string, document: string): Change {
  return { kind: 'drop', path, document };
}

export function remove(path: string): Change {
  return { kind: 'remove', path };
}

export function mutation(
  rule: string,
  changes: Change | readonly Change[],
  rest: { readonly count?: number; readonly also?: Readonly<Record<string, string>> } = {},
): Mutation {
  return { rule, changes: Array.isArray(changes) ? changes : [changes as Change], ...rest };
}
