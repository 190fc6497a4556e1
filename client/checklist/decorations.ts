import { type Disposable, FileDecoration, ThemeColor, Uri, window } from 'vscode';

const scheme = 'matrix-preflight-checklist';

/**
 * Puts the number of failures at the right edge of a node, where long titles cannot hide it, as the Explorer does for
 * problems in files. A node asks for it by an address that {@link countedUri} makes.
 */
export function registerDecorations(): Disposable {
  return window.registerFileDecorationProvider({
    provideFileDecoration: uri => {
      if (uri.scheme !== scheme) return undefined;
      const count = Number(uri.query);
      if (count === 0) return undefined;
      const tooltip = count === 1 ? '1 failure' : `${count} failures`;
      return new FileDecoration(badge(count), tooltip, new ThemeColor('list.errorForeground'));
    },
  });
}

/** The address of a node; another count is another address, so decorations need no refreshing. */
export function countedUri(id: string, count: number): Uri {
  return Uri.from({ scheme, path: `/${id}`, query: String(count) });
}

/** VS Code takes two characters at most. */
function badge(count: number): string {
  return count > 99 ? '9+' : String(count);
}
