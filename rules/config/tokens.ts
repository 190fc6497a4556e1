import type { ConfigFile } from '../../analysis/config-files';
import type { Resolution } from '../../analysis/effective';
import { languageOf } from '../../analysis/text/comments';
import { type Placeholder, placeholdersOfFile } from '../../analysis/text/placeholders';
import { perObject } from '../../manifests/derived';
import type { Place } from '../../manifests/span';

/** A token in a configuration file that some step should replace, and what becomes of it. */
export interface ConfigToken {
  readonly placeholder: Placeholder;
  readonly at: Place;
  readonly resolution: Resolution;
}

/** Programs that read `${X}` in their configuration as it stands; others may expand it themselves. */
const takesLiterally: ReadonlySet<string | undefined> = new Set([
  'synapse',
  'redis',
  'sentinel',
  'livekit',
  'coturn',
  'element',
  'scanner',
  'rclone',
]);

/** The tokens of a configuration file that its reader does not fill in itself. */
export const tokensOf: (config: ConfigFile) => readonly ConfigToken[] = perObject(({ file, program }) => {
  const text = file.content.text;
  if (!/[$<{@_]/.test(text)) return [];
  const language = languageOf(file.path, text);
  // Scripts expand variables when they run; what they hold is no configuration.
  if (language === 'shell' || language === 'python') return [];
  return placeholdersOfFile(text, language)
    .filter(({ class: kind }) => kind === 'token' || kind === 'env')
    .map(placeholder => ({
      placeholder,
      at: file.content.place(placeholder.span.start, placeholder.span.end),
      resolution: file.resolve(placeholder.span),
    }))
    .filter(
      ({ placeholder, resolution }) =>
        placeholder.class === 'token' || resolution.kind !== 'left' || takesLiterally.has(program),
    );
});

/** What to say of a step that does not expand the variable which it puts in for a token. */
export function unexpandedMessage(token: string, { hasShell }: Extract<Resolution, { kind: 'unexpanded' }>): string {
  return hasShell
    ? `This does not expand its variable, because the shell leaves single quotes alone, so ${token} becomes that text — use double quotes.`
    : `This does not expand its variable, because no shell runs the command, so ${token} becomes that text — write $(NAME) for the kubelet, or run it with sh -c.`;
}
