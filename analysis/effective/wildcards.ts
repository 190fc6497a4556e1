import { escapeRegExp } from '../../manifests/escape-reg-exp';

/**
 * A shell pattern as a regular expression, with a group for each of its wild parts. `**\/` stands for folders of any
 * depth. With `recursive` the last group is what lies below a folder that matches.
 */
export function globPattern(glob: string, recursive: boolean): RegExp {
  const source = glob
    .split(wildParts)
    .map((part, index) => {
      if (index % 2 === 0) return escapeRegExp(part);
      if (part === '**/') return '((?:.*/)?)';
      if (part === '*') return '([^/]*)';
      return part === '?' ? '([^/])' : `(${part.replace(/^\[!/, '[^')})`;
    })
    .join('');
  return new RegExp(`^${source}${recursive ? '(/.*)?' : ''}$`);
}

const wildParts = /(\*\*\/|\*|\?|\[!?\w+(?:-\w+)?\])/;

/** A pattern with its wild parts filled in, one after the other: `/b/*.conf` with `x` → `/b/x.conf`. */
export function filledIn(glob: string, parts: readonly (string | undefined)[]): string {
  return glob
    .split(wildParts)
    .map((part, index) => (index % 2 === 0 ? part : (parts[(index - 1) / 2] ?? part)))
    .join('');
}

/** The folder above all that a pattern stands for. */
export function fixedFolder(glob: string): string {
  const fixed = glob.split(wildParts)[0] ?? '';
  return fixed.slice(0, fixed.lastIndexOf('/')) || '/';
}
