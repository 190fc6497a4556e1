import { type CredentialPlace, credentialPlaces, type WrittenAs } from '../analysis/credentials/places';
import { isSecretKey } from '../analysis/text/secret-strength';
import { encodeBase64 } from '../manifests/base64';
import type { Workspace } from '../manifests/workspace';
import { valueMark, type WireValue } from '../protocol/values';
import type { Fix } from '../rules/rule';
import type { Deployment } from './deployment';
import type { Session } from './session';
import { toRange } from './to-lsp';

/** Keeps credentials out of what is sent: see {@link EditWithValues}. */
export interface Hiding {
  /** A text with marks where credentials of the tree stood; undefined if one of them cannot be told by its place. */
  hide(text: string): string | undefined;
  /** What the marks stand for, by their numbers. */
  readonly values: readonly WireValue[];
}

/** `from` is the number of the first value. */
export function hiding(session: Session, { workspace }: Deployment, from = 0): Hiding {
  const values: WireValue[] = [];
  const numbers = new Map<string, number>();
  const known = workspace.shared(credentialTexts);
  return {
    values,
    hide: text => {
      let hidden = text;
      for (const [index, { place, text: written, as }] of known.texts.entries()) {
        if (!hidden.includes(written)) continue;
        const file = workspace.file(place.at.uri);
        if (!file) return undefined;
        const key = String(index);
        const number = numbers.get(key) ?? from + values.length;
        if (!numbers.has(key)) {
          numbers.set(key, number);
          const { at, form } = place;
          values.push({ uri: at.uri, range: toRange(file, at.span), version: session.versionOf(at.uri), form, as });
        }
        hidden = hidden.replaceAll(written, `${valueMark}${number}${valueMark}`);
      }
      return known.lines.some(line => hidden.includes(line)) ? undefined : hidden;
    },
  };
}

/** Whether a fix writes a credential of the tree anywhere, be it at the place where the credential stands. */
export function carriesValues({ workspace }: Deployment, { edits, creates = [] }: Fix): boolean {
  const { texts, lines } = workspace.shared(credentialTexts);
  const shows = (written: string): boolean =>
    texts.some(({ text }) => written.includes(text)) || lines.some(line => written.includes(line));
  return edits.some(({ newText }) => shows(newText)) || creates.some(({ text }) => shows(text));
}

interface CredentialTexts {
  /** Each way in which a credential may be written, the longest first. */
  readonly texts: readonly CredentialText[];
  /** The long lines of credentials of several lines, which stand between other lines in other indentations. */
  readonly lines: readonly string[];
}

interface CredentialText {
  readonly place: CredentialPlace;
  readonly text: string;
  readonly as: WrittenAs;
}

function credentialTexts(workspace: Workspace): CredentialTexts {
  const places = credentialPlaces(workspace).filter(
    ({ isOpen, kind, key, text }) =>
      !isOpen && text.trim().length >= shortest && (kind !== undefined || isSecretKey(key)),
  );
  const texts = places.flatMap(place => {
    const { text } = place;
    const ways: readonly CredentialText[] = [
      { place, text, as: 'plain' },
      { place, text: JSON.stringify(text).slice(1, -1), as: 'double' },
      { place, text: text.replaceAll("'", "''"), as: 'single' },
      { place, text: encodeBase64(text), as: 'base64' },
    ];
    return ways.filter((way, at) => ways.findIndex(other => other.text === way.text) === at);
  });
  return {
    texts: texts.sort((a, b) => b.text.length - a.text.length),
    lines: places.flatMap(({ text }) => {
      const lines = text.split('\n').map(line => line.trim());
      return lines.length > 1 ? lines.filter(line => line.length >= longLine && !line.startsWith('-----')) : [];
    }),
  };
}

/** Shorter ones are words that stand anywhere, such as the name of a component that somebody took for a password. */
const shortest = 8;
const longLine = 24;
