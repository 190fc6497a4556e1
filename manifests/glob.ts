/** Whether a path matches a glob with `*`, `**` and `?`; a pattern that ends in a slash means everything below. */
export function matchesGlob(glob: string, path: string): boolean {
  return toRegExp(glob).test(path);
}

function toRegExp(glob: string): RegExp {
  const pattern = glob
    .replace(/^\.?\//, '')
    .replace(/\/$/, '/**')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, wild => (wild === '?' ? '[^/]' : wild === '*' ? '[^/]*' : '.*'));
  return new RegExp(`^${pattern}$`);
}
