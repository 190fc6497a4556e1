import { type ParseError, printParseErrorCode } from 'jsonc-parser';
import { perResource } from '../manifests/derived';
import type { Resource } from '../manifests/resource';
import type { Place } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { keyTexts } from './secret-data';
import { readJson } from './text/json';

/** A Grafana dashboard, or a text that is meant to be one. */
export interface Dashboard {
  /** The ConfigMap or GrafanaDashboard that holds it; undefined for a file of its own. */
  readonly resource: Resource | undefined;
  /** The key in the ConfigMap; empty elsewhere. */
  readonly key: string;
  readonly at: Place;
  readonly title: string;
  /** By which Grafana knows it; undefined where Grafana makes one up. */
  readonly uid: string | undefined;
  readonly purposes: ReadonlySet<DashboardPurpose>;
  /** Why Grafana cannot read it, if so. */
  readonly problem: { readonly message: string; readonly at: Place } | undefined;
}

export type DashboardPurpose = 'synapse' | 'postgresql' | 'system';

/** Every dashboard of the tree. */
export function dashboards(workspace: Workspace): readonly Dashboard[] {
  return workspace.lookup(dashboardIndex, '');
}

/** The dashboards that a ConfigMap holds. */
export function dashboardsOf(resource: Resource): readonly Dashboard[] {
  if (resource.qualifiedKind === 'GrafanaDashboard.grafana.integreatly.org') {
    const json = resource.root.at('spec', 'json');
    return json.text === undefined ? [] : readDashboard(resource, '', json, true);
  }
  if (resource.qualifiedKind !== 'ConfigMap') return [];
  const isMeant = [...resource.labels.keys()].some(key => /grafana.*dashboard|dashboard.*grafana/i.test(key));
  return keyTexts(resource).flatMap(([key, value]) =>
    /\.json$/i.test(key) ? readDashboard(resource, key, value, isMeant) : [],
  );
}

/**
 * What a dashboard is for: what most of its queries ask for, and for one of the whole system also its title. Queries
 * come first, because titles are chosen freely.
 */
export function purposesOf(queries: string, name: string): ReadonlySet<DashboardPurpose> {
  // Labels such as cnpg_io_cluster choose among the series of a metric and ask for none.
  const metrics = queries.replace(/\{[^{}]*=[^{}]*\}/g, '');
  const counts: readonly (readonly [DashboardPurpose, number])[] = [
    ['synapse', count(metrics, /\bsynapse_\w+/g)],
    ['postgresql', count(metrics, /\b(?:cnpg|pg|postgres)_\w+/g)],
    ['system', count(metrics, /\b(?:node|container|kube|kubelet|machine)_\w+/g)],
  ];
  const most = Math.max(...counts.map(([, found]) => found));
  const leading = counts.flatMap(([purpose, found]) => (found > 0 && found === most ? purpose : []));
  // One query of each kind makes a dashboard of something else.
  const purposes = new Set<DashboardPurpose>(leading.length > 1 && most === 1 ? [] : leading);
  const isSystem = /system|cluster|node|infrastructure|kubernetes/i.test(name);
  const asksForSystem = counts.some(([purpose, found]) => purpose === 'system' && found > 0);
  if (isSystem && (most === 0 || asksForSystem)) purposes.add('system');
  if (most === 0 && purposes.size === 0) {
    if (/synapse|matrix/i.test(name)) purposes.add('synapse');
    if (/postgres|database|cnpg/i.test(name)) purposes.add('postgresql');
    if (/overview/i.test(name) && purposes.size === 0) purposes.add('system');
  }
  return purposes;
}

/** A query of a panel: as Prometheus gets it, and where a part of it stands. */
export interface PanelQuery {
  readonly text: string;
  place(start: number, end: number): Place;
}

/** The queries of the dashboards in a ConfigMap, of which `test` wants the text. */
export function* panelQueries(resource: Resource, test: (text: string) => boolean): Iterable<PanelQuery> {
  for (const [key, value] of keyTexts(resource)) {
    const text = /\.json$/i.test(key) ? (value.text ?? '') : '';
    if (!/"(?:panels|templating)"\s*:/.test(text) || !test(text)) continue;
    for (const match of text.matchAll(/"expr"\s*:\s*"((?:[^"\\]|\\.)*)"/g)) {
      const written = match[1] ?? '';
      const start = match.index + match[0].length - 1 - written.length;
      // Where each character of the query is written in the JSON.
      const places: number[] = [];
      let query = '';
      for (const one of written.matchAll(/\\u[\da-fA-F]{4}|\\.|[^\\]/gsu)) {
        const character = one[0].startsWith('\\') ? unescaped(one[0]) : one[0];
        for (let unit = 0; unit < character.length; unit++) places.push(start + one.index);
        query += character;
      }
      places.push(start + written.length);
      yield {
        text: query,
        place: (from, to) => value.part(places[from] ?? start, places[to] ?? start + written.length),
      };
    }
  }
}

function unescaped(written: string): string {
  try {
    return String(JSON.parse(`"${written}"`));
  } catch {
    return written;
  }
}

const dashboardIndex: Index<Dashboard> = {
  name: 'dashboards',
  *resource(resource) {
    for (const dashboard of dashboardsOf(resource)) yield ['', dashboard];
  },
  *document(document) {
    // A file of its own, for a generator or a script that makes the ConfigMap.
    const { root, file } = document;
    if (!/\.json$/i.test(file.path) || !isDashboard(root)) return;
    const title = root.at('title').text ?? file.name;
    yield [
      '',
      {
        resource: undefined,
        key: '',
        at: document.place(0, 1),
        title,
        uid: root.at('uid').text,
        purposes: purposesOf(document.text, `${title} ${file.name}`),
        problem: undefined,
      },
    ];
  },
};

function readDashboard(resource: Resource, key: string, value: Value, isMeant: boolean): readonly Dashboard[] {
  const text = value.text ?? '';
  const { value: json, errors } = readJson(text);
  const [error] = errors;
  const found = isRecord(json) ? json : {};
  const looksLike = ['panels', 'rows', 'templating'].some(field => field in found);
  if (!looksLike && !(isMeant && (error !== undefined || text.trim() === '' || !isRecord(json)))) return [];
  const title = typeof found.title === 'string' ? found.title : key.replace(/\.json$/i, '');
  return [
    {
      resource,
      key,
      at: value.exists ? value.key : value,
      title,
      uid: typeof found.uid === 'string' && found.uid !== '' ? found.uid : undefined,
      purposes: purposesOf(text, `${title} ${key} ${resource.name}`),
      problem: error
        ? {
            message: reasonOf(error),
            at: value.part(error.offset, Math.max(error.offset + 1, error.offset + error.length)),
          }
        : isRecord(json)
          ? undefined
          : { message: 'it is no JSON object', at: value },
    },
  ];
}

function reasonOf(error: ParseError): string {
  const words = printParseErrorCode(error.error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return /expected/.test(words)
    ? words.replace('property name expected', 'a property name is expected, perhaps after a comma too many')
    : words;
}

function isDashboard(root: Value): boolean {
  return (
    root.kind === 'mapping' &&
    ['panels', 'rows', 'templating'].some(field => root.at(field).exists) &&
    root.at('title').exists
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** The data sources that the files of a ConfigMap or Secret give Grafana (Grafana documentation, Provision data sources). */
export const datasourcesIn: (resource: Resource) => readonly Value[] = perResource(resource =>
  keyTexts(resource).flatMap(([key, value]) =>
    /\.ya?ml$/i.test(key) && /^datasources:/m.test(value.text ?? '')
      ? value.embedded().root.at('datasources').items()
      : [],
  ),
);
