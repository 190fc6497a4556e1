import type { ChecklistItem, ChecklistItemId, ChecklistPhase } from './types';

/** One entry of a list in a Markdown text: a task with a box, or a numbered item. Offsets are UTF-16. */
export interface MarkdownTask {
  /** Without emphasis marks, without the box. */
  readonly title: string;
  /** Offset of the character between the brackets; undefined for a numbered item without a box. */
  readonly box: number | undefined;
  readonly isTicked: boolean;
  readonly start: number;
  readonly end: number;
  /** Zero-based. */
  readonly line: number;
  /** The headings it stands under, the outermost first. */
  readonly headings: readonly string[];
  readonly parent: MarkdownTask | undefined;
  /** Whether entries stand below it, so that it is a heading of its own rather than something to do. */
  readonly isGroup: boolean;
  /** Its number among its siblings, from 0. */
  readonly ordinal: number;
}

/** A Markdown text that is a deployment checklist: its tasks, those that stand for items, and those that it adds. */
export interface MarkdownChecklist {
  readonly tasks: readonly MarkdownTask[];
  readonly itemOf: ReadonlyMap<MarkdownTask, ChecklistItemId>;
  readonly added: readonly AddedTask[];
}

export interface AddedTask {
  readonly task: MarkdownTask;
  /** The section that its heading names; undefined if that is none of the catalogue. */
  readonly section: { readonly phase: string; readonly section: string } | undefined;
}

/**
 * Reads a Markdown text as a checklist. Undefined if too little of it is about the items of the catalogue, which a
 * to-do list or a changelog with boxes is not.
 *
 * An entry stands for an item if it names the item's id, if it says nearly the same under the same heading, or if it
 * has the item's place in the list and is at least about the same thing.
 */
export function readMarkdownChecklist(
  text: string,
  items: readonly ChecklistItem[],
  phases: readonly ChecklistPhase[],
): MarkdownChecklist | undefined {
  const tasks = markdownTasks(text);
  const boxes = tasks.filter(({ box }) => box !== undefined);
  if (boxes.length === 0) return undefined;
  const sections = new Map<string, Section | undefined>();
  const sectionOf = ({ headings }: MarkdownTask): Section | undefined => {
    const key = headings.join('\n');
    if (!sections.has(key)) sections.set(key, sectionNamed(headings, phases));
    return sections.get(key);
  };
  const itemOf = matches(tasks, items, sectionOf);
  const matched = boxes.filter(task => itemOf.has(task)).length;
  if (matched < 3 || (matched < 8 && matched * 2 < boxes.length)) return undefined;
  return {
    tasks,
    itemOf,
    added: boxes.flatMap(task => {
      const section = sectionOf(task);
      return task.isGroup || itemOf.has(task)
        ? []
        : [{ task, section: section && { phase: section.phase, section: section.id } }];
    }),
  };
}

/** The entries of the lists of a Markdown text, fenced blocks left out (CommonMark; GitHub's task list items). */
export function markdownTasks(text: string): readonly MarkdownTask[] {
  type Draft = { -readonly [K in keyof MarkdownTask]: MarkdownTask[K] } & { indent: number; children: number };
  const tasks: Draft[] = [];
  const headings: string[] = [];
  let open: Draft[] = [];
  let siblings = 0;
  let fence: string | undefined;
  let start = 0;
  for (const [line, content] of text.split('\n').entries()) {
    const mark = /^[ \t]*(`{3,}|~{3,})/.exec(content)?.[1];
    const heading = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*\r?$/.exec(content);
    const entry = /^([ \t]*)(?:[-*+]|(\d+)[.)])[ \t]+(?:\[([ xX])\][ \t]+)?(.*?)[ \t]*\r?$/.exec(content);
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
    } else if (mark) fence = mark;
    else if (heading) {
      const depth = heading[1]?.length ?? 1;
      headings.length = Math.min(headings.length, depth - 1);
      while (headings.length < depth - 1) headings.push('');
      headings.push(plain(heading[2] ?? ''));
      open = [];
      siblings = 0;
    } else if (entry && (entry[2] !== undefined || entry[3] !== undefined)) {
      const [, space = '', , tick, written = ''] = entry;
      const indent = space.replaceAll('\t', '    ').length;
      while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
      const parent = open.at(-1);
      if (parent) parent.isGroup = true;
      const at = start + content.trimEnd().length - written.length;
      const task: Draft = {
        title: plain(written),
        box: tick === undefined ? undefined : start + content.indexOf('[', space.length) + 1,
        isTicked: tick !== undefined && tick !== ' ',
        start: at,
        end: at + written.length,
        line,
        headings: headings.filter(one => one !== ''),
        parent,
        isGroup: false,
        ordinal: parent ? parent.children++ : siblings++,
        indent,
        children: 0,
      };
      tasks.push(task);
      open.push(task);
    }
    start += content.length + 1;
  }
  return tasks;
}

/** An id for a task that the catalogue does not have: made of its words, so that it outlives moves in the file. */
export function addedItemId(title: string, taken: ReadonlySet<string>): ChecklistItemId {
  const slug = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 48)
    .replace(/-$/, '');
  const base = `own.${slug === '' ? 'item' : slug}`;
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(id)) return id;
  }
}

interface Section {
  readonly phase: string;
  readonly id: string;
}

/** The section that headings name, by its own title and its phase's, because "Phase 1" occurs twice. */
function sectionNamed(headings: readonly string[], phases: readonly ChecklistPhase[]): Section | undefined {
  const own = wordsOf(headings.at(-1) ?? '');
  const above = wordsOf(headings.slice(0, -1).join(' '));
  let best: { readonly section: Section; readonly score: number } | undefined;
  for (const phase of phases) {
    for (const { id, title } of phase.sections) {
      const bySection = likeness(own, wordsOf(title)) + likeness(above, wordsOf(phase.title)) / 4;
      const score = Math.max(bySection, phase.sections.length === 1 ? likeness(own, wordsOf(phase.title)) : 0);
      if (score >= 0.6 && score > (best?.score ?? 0)) best = { section: { phase: phase.id, id }, score };
    }
  }
  return best?.section;
}

/** Gives each task at most one item and each item at most one task, the surest pairs first. */
function matches(
  tasks: readonly MarkdownTask[],
  items: readonly ChecklistItem[],
  sectionOf: (task: MarkdownTask) => Section | undefined,
): ReadonlyMap<MarkdownTask, ChecklistItemId> {
  const words = new Map(items.map(item => [item.id, wordsOf(item.title)]));
  const pairs = tasks.flatMap(task => {
    const section = sectionOf(task);
    const own = wordsOf(task.title);
    const withParent = wordsOf(`${task.parent?.title ?? ''} ${task.title}`);
    const named = idNamed(task.title);
    return items.flatMap(item => {
      const theirs = words.get(item.id) ?? new Set();
      const like = Math.max(likeness(own, theirs), likeness(withParent, theirs));
      if (item.id === named) return [{ task, item, score: 3 }];
      // Elsewhere, and for entries without a box, only the same words will do.
      if (section?.id !== item.section || task.box === undefined)
        return like >= 0.85 ? [{ task, item, score: like - 0.1 }] : [];
      const isThere = placesOf(task, section.id).includes(item.id);
      const enough = task.isGroup ? (isThere ? 0.5 : 0.75) : isThere ? 0.2 : 0.6;
      return like >= enough ? [{ task, item, score: like + (isThere ? 0.5 : 0) }] : [];
    });
  });
  const itemOf = new Map<MarkdownTask, ChecklistItemId>();
  const taken = new Set<ChecklistItemId>();
  for (const { task, item } of pairs.sort((a, b) => b.score - a.score)) {
    if (itemOf.has(task) || taken.has(item.id)) continue;
    itemOf.set(task, item.id);
    taken.add(item.id);
  }
  return itemOf;
}

/** The ids that items at this place of a section have: letters count the entries, numbers those below them. */
function placesOf({ parent, ordinal }: MarkdownTask, section: string): readonly string[] {
  const letter = (at: number): string => String.fromCharCode(97 + at);
  if (parent) return parent.parent ? [] : [`${section}.${letter(parent.ordinal)}.${ordinal + 1}`];
  return [`${section}.${letter(ordinal)}`, `${section}.${ordinal + 1}`];
}

/** `1.4.a` of `1.4.a Selectors`, `(1.4.a) Selectors` and `Selectors <!-- 1.4.a -->`. */
function idNamed(title: string): string | undefined {
  return (
    /^[([]?((?:[1-5]\.\d|[A-Z])\.[\w.]*\w)[\])]?[:\s]/.exec(title)?.[1] ?? /<!--\s*([\w.]+)\s*-->/.exec(title)?.[1]
  );
}

const fillers: ReadonlySet<string> = new Set(
  'a an the of for to in on by and or is are be it with use using all properly'.split(' '),
);

/** The words that matter, in lower case and without a plural s. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  return new Set(
    words.filter(word => !fillers.has(word)).map(word => (word.length > 3 ? word.replace(/s$/, '') : word)),
  );
}

/** Dice's coefficient of two sets: 1 for the same words, 0 for none in common. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size + b.size === 0) return 0;
  let common = 0;
  for (const word of a) if (b.has(word)) common++;
  return (2 * common) / (a.size + b.size);
}

/** Without emphasis, code marks, links' targets and pictographs. */
function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/\*\*|__|`/g, '')
    .replace(/\p{Extended_Pictographic}\uFE0F?/gu, '')
    .replace(/ — \*?(?:passed|failed|waived|not-applicable|unknown|signed-off|stale|open)\*?:.*$/, '')
    .trim()
    .replace(/:$/, '');
}
