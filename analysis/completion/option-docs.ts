import type { SourceFile } from '../../manifests/file';
import { endOfLine, startOfLine } from '../../manifests/lines';
import type { Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { readHaproxy } from '../text/haproxy';
import { currentAt } from './current';
import { argumentsOf, type Directive } from './directive-table';
import { elementOptions } from './element-options';
import { innerTextAt, languageAt, type TextAt } from './embedded';
import { textAround } from './embedded-at';
import { haproxyKeywords } from './haproxy-keywords';
import { livekitOptions } from './livekit-options';
import { nginxVariables } from './nginx';
import { type Option, optionAt, typeName } from './option-table';
import { yamlCursor } from './position';
import { redisDirectives, sentinelOptions } from './redis-options';
import { shellCursor } from './shell-position';
import { synapseOptions } from './synapse-options';
import { turnserverOptions } from './turnserver-options';

/** What an option of a configuration is. */
export interface OptionDoc {
  readonly name: string;
  /** What it takes, in a few words; empty for a switch. */
  readonly takes: string;
  readonly sentence: string;
  /** The name, in the file that is edited. */
  readonly span: Span;
}

/**
 * The option of Synapse, LiveKit, Element, HAProxy, Redis, Sentinel, coturn or nginx whose name stands at an offset of a file,
 * also in a block scalar and in a here-document. Undefined for values, and for names that no table knows.
 */
export function optionDocAt(workspace: Workspace, file: SourceFile, offset: number): OptionDoc | undefined {
  const current = file.documents.length === 0 ? undefined : currentAt(file, offset);
  // Nothing in a Secret is explained, because what is said of it would be a part of its value.
  if (current?.resource.qualifiedKind === 'Secret') return undefined;
  const at = textAround(workspace, file, current, offset);
  return at && docIn(at);
}

function docIn(at: TextAt): OptionDoc | undefined {
  const language = languageAt(at);
  switch (language) {
    case 'shell': {
      const cursor = shellCursor(at.text, at.offset);
      return cursor?.kind === 'text' ? docIn(innerTextAt(at, cursor)) : undefined;
    }
    case 'synapse':
      return ofKey(at, synapseOptions());
    case 'livekit':
      return ofKey(at, livekitOptions());
    case 'element':
      return ofKey(at, elementOptions());
    case 'redis':
      return ofDirective(at, redisDirectives());
    case 'sentinel':
      return (
        ofDirective(at, redisDirectives()) ?? ofDirective(at, sentinelOptions(), /^([ \t]*sentinel[ \t]+)([\w-]+)/i)
      );
    case 'turnserver':
      return ofDirective(at, turnserverOptions());
    case 'haproxy':
      return ofHaproxy(at);
    case 'nginx':
      return ofVariable(at);
    default:
      return undefined;
  }
}

function ofKey(at: TextAt, options: readonly Option[]): OptionDoc | undefined {
  const { text, offset } = at;
  const cursor = yamlCursor(text, offset);
  if (cursor?.kind !== 'yaml' || !cursor.hasColon) return undefined;
  const name = text.slice(cursor.span.start, cursor.span.end);
  const path = [...cursor.path, name];
  const parent = optionAt(options, cursor.path);
  // A key of a map is a name that somebody chose.
  if (cursor.path.length > 0 && (!parent || parent.type === 'map')) return undefined;
  const option = optionAt(options, path);
  return option && { name, takes: typeName(option), sentence: option.sentence, span: at.outer(cursor.span) };
}

function ofDirective(
  at: TextAt,
  directives: readonly Directive[],
  pattern = /^([ \t]*)([A-Za-z][\w-]*)/,
): OptionDoc | undefined {
  const { line, start } = lineAt(at);
  const match = pattern.exec(line);
  const from = start + (match?.[1]?.length ?? 0);
  const name = match?.[2] ?? '';
  if (!match || at.offset < from || at.offset > from + name.length) return undefined;
  const found = directives.find(one => one.name === name) ?? directives.find(one => one.name === name.toLowerCase());
  return (
    found && {
      name: found.name,
      takes: argumentsOf(found),
      sentence: found.sentence,
      span: at.outer({ start: from, end: from + name.length }),
    }
  );
}

function ofHaproxy(at: TextAt): OptionDoc | undefined {
  const { sections } = readHaproxy(at.text);
  const section = sections.findLast(one => one.span.start <= at.offset);
  const directive = section?.directives.find(({ span }) => span.start <= at.offset && at.offset <= span.end);
  if (!section || !directive) return undefined;
  const [first, second] = directive.words;
  const known = haproxyKeywords(section.kind).find(one => one.keyword === directive.keyword);
  const last = directive.keyword.includes(' ') ? (directive.negated ? directive.words[2] : second) : first;
  if (!known || !first || !last || at.offset > last.span.end) return undefined;
  return {
    name: known.keyword,
    takes: '',
    sentence: known.sentence,
    span: at.outer({ start: first.span.start, end: last.span.end }),
  };
}

function ofVariable(at: TextAt): OptionDoc | undefined {
  const { line, start } = lineAt(at);
  for (const match of line.matchAll(/\$\{?(\w+)/g)) {
    const from = start + match.index;
    const sentence = nginxVariables.get(match[1] ?? '');
    if (sentence !== undefined && from <= at.offset && at.offset <= from + match[0].length)
      return {
        name: `$${match[1]}`,
        takes: '',
        sentence,
        span: at.outer({ start: from, end: from + match[0].length }),
      };
  }
  return undefined;
}

function lineAt({ text, offset }: TextAt): { readonly line: string; readonly start: number } {
  const start = startOfLine(text, offset);
  return { line: text.slice(start, endOfLine(text, offset)), start };
}
