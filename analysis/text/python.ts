/** Whether a Python program puts environment variables into a text as `os.path.expandvars` does. */
export function pythonExpands(code: string): boolean {
  return /\bexpandvars\s*\(|\bTemplate\s*\([^\n]*\)\s*\.\s*(?:safe_)?substitute\s*\(/.test(code);
}

/** The files that a Python program names when it opens them. */
export function pythonFiles(_code: string): {
  readonly reads: readonly { readonly path: string }[];
  readonly writes: readonly { readonly path: string }[];
} {
  return { reads: [], writes: [] };
}
