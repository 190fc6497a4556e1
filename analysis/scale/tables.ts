import type { SourceFile } from '../../manifests/file';
import type { Place } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';

/** What a guide in the tree says one PostgreSQL instance needs for a number of users. */
export interface ScaleTier {
  readonly ccu: number;
  /** Bytes, cores and bytes; undefined where the guide does not say. */
  readonly memory: number | undefined;
  readonly cpu: number | undefined;
  readonly storage: number | undefined;
  /** The row or line that says so. */
  readonly at: Place;
}

/** The tiers of one document, by rising number of users. */
export interface ScaleTable {
  readonly path: string;
  readonly tiers: readonly ScaleTier[];
}

/** The tables that tell how PostgreSQL grows with the number of users: in Markdown, or in comments of an env file. */
export function scaleTables(workspace: Workspace): readonly ScaleTable[] {
  return workspace.lookup(tables, '');
}

const tables: Index<ScaleTable> = {
  name: 'scaling tables',
  *textFile(file: SourceFile) {
    if (!/\bCCU\b|concurrent/i.test(file.text)) return;
    const found = /\.md$/i.test(file.path)
      ? [...tiersOfMarkdown(file)]
      : /\.env(?:\.example)?$/i.test(file.path)
        ? [...tiersOfEnv(file)]
        : [];
    const tiers = mergeTiers(found);
    if (tiers.length > 0) yield ['', { path: file.path, tiers }];
  },
};

/** Tables with the numbers of users either down the first column or along the header. */
function* tiersOfMarkdown(file: SourceFile): Iterable<ScaleTier> {
  for (const { context, header, rows } of markdownTables(file.text)) {
    const place = (row: Row): Place => ({ uri: file.uri, span: { start: row.start, end: row.end } });
    const users = header.cells.map(usersOf);
    if (users.filter(count => count !== undefined).length >= 2) {
      for (const row of rows) {
        const name = row.cells[0] ?? '';
        const measure = measureOf(name);
        if (!measure || !isPostgres(`${context} ${name}`)) continue;
        for (const [column, ccu] of users.entries())
          if (ccu !== undefined) yield tier(ccu, measure, row.cells[column], place(row));
      }
      continue;
    }
    for (const row of rows) {
      const ccu = usersOf(row.cells[0] ?? '');
      if (ccu === undefined) continue;
      for (const [column, name] of header.cells.entries()) {
        const measure = measureOf(name);
        if (column > 0 && measure && isPostgres(`${context} ${name}`))
          yield tier(ccu, measure, row.cells[column], place(row));
      }
    }
  }
}

/** Lines such as `# 1000 CCU: 100Gi` above or below POSTGRESQL_STORAGE_SIZE. */
function* tiersOfEnv(file: SourceFile): Iterable<ScaleTier> {
  const setting = /^[ \t]*(?:#[ \t]*)?(?:export[ \t]+)?POSTGRES\w*(?:STORAGE|SIZE)\w*=/m.exec(file.text);
  if (!setting) return;
  for (const line of file.text.matchAll(
    /^[ \t]*#[^\n]*?(\d[\d,.]*[ \t]*[kK]?)[ \t]*CCU\b[^\n]*?(\d+(?:\.\d+)?[ \t]*[GT]i?B?)\b/gm,
  )) {
    const ccu = usersOf(`${line[1] ?? ''} CCU`);
    const isNear = Math.abs(linesBetween(file.text, line.index, setting.index)) <= 12;
    if (ccu !== undefined && isNear)
      yield tier(ccu, 'storage', line[2], {
        uri: file.uri,
        span: { start: line.index, end: line.index + line[0].length },
      });
  }
}

type Measure = 'memory' | 'cpu' | 'storage';

function tier(ccu: number, measure: Measure, text: string | undefined, at: Place): ScaleTier {
  const amount = measure === 'cpu' ? coresOf(text) : bytesOf(text);
  return { ccu, memory: undefined, cpu: undefined, storage: undefined, at, [measure]: amount };
}

function mergeTiers(found: readonly ScaleTier[]): readonly ScaleTier[] {
  const merged = new Map<number, ScaleTier>();
  for (const one of found) {
    const known = merged.get(one.ccu);
    // The first table that tells a measure counts; later ones tell of other parts or of examples.
    merged.set(one.ccu, {
      ...one,
      ...known,
      memory: known?.memory ?? one.memory,
      cpu: known?.cpu ?? one.cpu,
      storage: known?.storage ?? one.storage,
    });
  }
  return [...merged.values()].sort((a, b) => a.ccu - b.ccu);
}

interface Row {
  readonly cells: readonly string[];
  readonly start: number;
  readonly end: number;
}

interface MarkdownTable {
  /** The headings above the table, outermost first, and the line before it. */
  readonly context: string;
  readonly header: Row;
  readonly rows: readonly Row[];
}

function* markdownTables(text: string): Iterable<MarkdownTable> {
  const headings: string[] = [];
  let lead = '';
  let rows: Row[] = [];
  const finish = function* (): Iterable<MarkdownTable> {
    const [header, rule, ...body] = rows;
    if (header && rule?.cells.every(cell => /^:?-+:?$/.test(cell)))
      yield { context: [...headings.filter(Boolean), lead].join(' '), header, rows: body };
    rows = [];
  };
  for (const line of text.matchAll(/[^\n]*(?:\n|$)/g)) {
    const content = line[0].trim();
    const heading = /^(#{1,6})\s+(.*)$/.exec(content);
    if (content.startsWith('|')) {
      const cells = content
        .replace(/^\||\|$/g, '')
        .split('|')
        .map(cell => cell.replaceAll(/[*`_]/g, '').trim());
      const start = line.index + line[0].indexOf('|');
      rows.push({ cells, start, end: start + content.length });
      continue;
    }
    yield* finish();
    // What stands between a heading and the table often says what it is of.
    if (content !== '') lead = heading ? '' : content;
    if (heading) {
      const level = heading[1]?.length ?? 1;
      headings.length = Math.min(headings.length, level);
      headings[level] = heading[2] ?? '';
    }
    if (line[0] === '') break;
  }
  yield* finish();
}

/** `1,000`, `10K CCU` or `5000 users`: a number of users that a deployment may have. */
function usersOf(cell: string): number | undefined {
  const [, digits, thousands] =
    /^[^\d]{0,3}(\d[\d,. ]*?)\s*(k)?\s*\+?\s*(?:ccu|users?|concurrent users)?$/i.exec(cell.trim()) ?? [];
  if (digits === undefined) return undefined;
  const count = Number(digits.replaceAll(/[,. ]/g, '')) * (thousands ? 1000 : 1);
  return count >= 50 && count <= 1_000_000 ? count : undefined;
}

function measureOf(name: string): Measure | undefined {
  if (/\b(?:ram|memory)\b/i.test(name)) return 'memory';
  if (/cpu|\bcores?\b/i.test(name)) return 'cpu';
  return /\b(?:disk|storage|volume)\b/i.test(name) ? 'storage' : undefined;
}

function isPostgres(text: string): boolean {
  return /postgres|\bdatabase\b|\bpg\b/i.test(text);
}

/** Guides write GB where manifests write Gi; both are read as binary units. */
function bytesOf(text: string | undefined): number | undefined {
  const [, number, unit] = /(\d+(?:\.\d+)?)\s*([MGT])i?B?\b/i.exec(text ?? '') ?? [];
  const factor = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }[unit?.toUpperCase() ?? ''];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

function coresOf(text: string | undefined): number | undefined {
  const number = /(\d+(?:\.\d+)?)/.exec(text ?? '')?.[1];
  return number === undefined ? undefined : Number(number);
}

function linesBetween(text: string, a: number, b: number): number {
  return text.slice(Math.min(a, b), Math.max(a, b)).split('\n').length - 1;
}
