import { isListOfScalars, type Option } from '../../analysis/completion/option-table';
import type { EffectiveFile } from '../../analysis/effective';
import { nearest } from '../../analysis/nearest';
import { renameKey, replaceScalar, replaceValue } from '../../manifests/edit';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Fix, Problem } from '../rule';

interface Context {
  readonly file: EffectiveFile;
  readonly isLi: boolean;
  /** The names of the options on the way, joined by points. */
  readonly path: string;
}

/** What is wrong with the value of an option, and with those below it. */
export function* judged(option: Option, value: Value, context: Context): Iterable<Problem> {
  // What clients are told is passed on as it stands.
  if (!value.exists || value.isNull || context.path.startsWith('extra_well_known_client_content.')) return;
  if (isListOfScalars(option)) {
    yield* judgedNames(option, value, context);
    return;
  }
  const { kind } = value;
  if (option.type === 'object' || option.type === 'map' || option.type === 'list') {
    const wanted = option.type === 'list' ? 'sequence' : 'mapping';
    if (kind !== wanted) {
      if (!isLeft(value, context)) return;
      yield {
        at: kind === 'scalar' ? value : value.key,
        message: `${context.path} has to be ${wanted === 'sequence' ? 'a list' : 'a mapping'}, so Synapse does not start — write ${wanted === 'sequence' ? 'an item with a dash for each' : 'its options below it'}.`,
      };
      return;
    }
    if (option.children.length === 0) return;
    if (option.type === 'object') {
      yield* judgedBelow(option, value, context);
      return;
    }
    const parts = option.type === 'list' ? value.items() : value.entries().map(([, part]) => part);
    for (const part of parts) {
      if (part.kind === 'mapping') {
        yield* lacking(part, context);
        yield* judgedBelow(option, part, context);
      } else if (part.kind === 'scalar' && !part.isNull && isLeft(part, context))
        yield {
          at: part,
          message: `Each ${option.type === 'list' ? 'item' : 'entry'} of ${context.path} has to be a mapping, so Synapse does not start — write ${option.children[0]?.name}: in front of it.`,
        };
    }
    return;
  }
  if (kind !== 'scalar') return;
  const problem = judgedScalar(option, value, context);
  if (problem && isLeft(value, context)) yield problem;
}

function* judgedBelow(option: Option, value: Value, context: Context): Iterable<Problem> {
  for (const child of option.children) {
    const below = value.at(child.name);
    if (below.exists) yield* judged(child, below, { ...context, path: `${context.path}.${child.name}` });
  }
}

/** An item without a key that Synapse asks for; its place may have another name. */
function* lacking(item: Value, { path }: Context): Iterable<Problem> {
  const name = wanted[path]?.find(one => !item.at(one).exists);
  if (name === undefined) return;
  const near = item.entries().find(([key]) => nearest(key, [name]) === name)?.[1];
  yield {
    at: near ? near.key : (item.entries()[0]?.[1].key ?? item),
    message: `Each item of ${path} needs ${name}, so Synapse does not start — ${near ? `write that instead of ${near.name}` : 'add it'}.`,
    fixes: () => {
      const edit = near && renameKey(near, name);
      return edit ? [{ title: `Write ${name}`, safe: true, edits: [edit] }] : [];
    },
  };
}

/** What each item of a list has to have (synapse/config/key.py, server.py, repository.py, modules.py and oidc.py). */
const wanted = table<readonly string[]>({
  trusted_key_servers: ['server_name'],
  listeners: ['type'],
  worker_listeners: ['type'],
  media_storage_providers: ['module'],
  modules: ['module'],
  oidc_providers: ['issuer', 'client_id'],
});

/** Lists of addresses, which Synapse reads with netaddr. */
const ranges: ReadonlySet<string> = new Set([
  'ip_range_blacklist',
  'ip_range_whitelist',
  'url_preview_ip_range_blacklist',
  'url_preview_ip_range_whitelist',
]);

function isRange(text: string): boolean {
  const [, address = '', prefix] = /^([0-9a-f.:]+)(?:\/(\d+))?$/i.exec(text) ?? [];
  const parts = address.split('.');
  if (address.includes(':')) return Number(prefix ?? 0) <= 128;
  return (
    address !== '' &&
    parts.length <= 4 &&
    parts.every(part => /^\d{1,3}$/.test(part) && Number(part) <= 255) &&
    Number(prefix ?? 0) <= 32
  );
}

/** A list of names or other texts; of resources of a listener also the names themselves. */
function* judgedNames(option: Option, value: Value, context: Context): Iterable<Problem> {
  if (value.kind === 'scalar') {
    // A single worker may stand for a list of them (synapse/config/workers.py, _instance_to_list_converter).
    if (option.type === 'workers' || value.text === '' || !isLeft(value, context)) return;
    yield {
      at: value,
      message: `${context.path} has to be a list, and Synapse takes the text letter by letter — write it as an item of a list.`,
      fixes: () => {
        const edit = replaceValue(value, `[${JSON.stringify(value.text)}]`);
        return edit ? [{ title: 'Write a list', safe: false, edits: [edit] }] : [];
      },
    };
    return;
  }
  if (value.kind === 'mapping') {
    yield {
      at: value.key,
      message: `${context.path} has to be a list, so Synapse does not start — write an item with a dash for each.`,
    };
    return;
  }
  if (ranges.has(context.path)) {
    for (const item of value.items()) {
      const text = item.text;
      if (text === undefined || isRange(text) || !isLeft(item, context)) continue;
      yield {
        at: item,
        message: `${text} is no range of addresses, so Synapse does not start — write one such as 10.0.0.0/8.`,
      };
    }
    return;
  }
  if (!isListener(context.path) || option.name !== 'names') return;
  for (const item of value.items()) {
    const name = item.text;
    if (name === undefined || resources.has(name) || !isLeft(item, context)) continue;
    const meant = nearest(name, resources);
    yield {
      at: item,
      message: `Synapse knows no resource ${name} — ${meant ? `did you mean ${meant}?` : `write one of ${[...resources].join(', ')}.`}`,
      fixes: () => asWritten(item, meant),
    };
  }
}

function judgedScalar(option: Option, value: Value, context: Context): Problem | undefined {
  const { path } = context;
  const text = value.text ?? '';
  switch (option.type) {
    case 'size':
    case 'duration': {
      const isSize = option.type === 'size';
      const isRead =
        value.scalar !== undefined && typeof value.scalar !== 'boolean' && (isSize ? size : duration).test(text);
      if (isRead && !isSize) return shorterThanMeant(option.name, value, path);
      if (isRead || text === '') return undefined;
      const meant = isSize ? plainSize(text) : plainDuration(text);
      return {
        at: value,
        message: `Synapse takes no ${option.type} such as ${text} for ${path} and does not start — write ${meant ?? (isSize ? 'a number and one of K, M, G, T' : 'a number and one of s, m, h, d, w, y')}.`,
        fixes: () => asWritten(value, meant),
      };
    }
    case 'boolean': {
      if (value.style === 'plain' || !/^(?:false|no|off|0|n)$/i.test(text)) return undefined;
      if (readsText.has(path) || (context.isLi && ownedElsewhere.has(path))) return undefined;
      return {
        at: value,
        message: `${path} is the text "${text}", which Synapse takes for true — write false without quotes.`,
        fixes: () => {
          const edit = replaceValue(value, 'false');
          return edit ? [{ title: 'Write false', safe: true, edits: [edit] }] : [];
        },
      };
    }
    case 'number':
    case 'port': {
      // Listeners and instance_map take integers only; elsewhere a number in quotes mostly does.
      const isStrict = option.type === 'port' && (isListener(path) || path.startsWith('instance_map.'));
      if (text === '' || (!isStrict && /^\s*-?\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\s*$/i.test(text))) return undefined;
      if (isStrict && value.number !== undefined) return undefined;
      return {
        at: value,
        message: `${path} has to be a number, not ${isStrict && /^\d+$/.test(text) ? `the text "${text}"` : text}, so Synapse does not start — write ${/^\d+$/.test(text) ? 'it without quotes' : 'one'}.`,
        fixes: () => {
          const edit = /^\d+$/.test(text) ? replaceValue(value, text) : undefined;
          return edit ? [{ title: 'Take the quotes away', safe: true, edits: [edit] }] : [];
        },
      };
    }
    default: {
      const refused =
        option.name === 'type' && isListener(path) ? 'Synapse knows no listener of the type' : closed[path];
      if (refused === undefined) return undefined;
      const words = new Set(path === 'database.args.sslmode' ? [...option.words, 'allow'] : option.words);
      // The listener of direct replication is told of where its port is asked for.
      if (text === '' || words.has(text) || (option.name === 'type' && text === 'replication')) return undefined;
      const meant = /^postgres/i.test(text) ? 'psycopg2' : nearest(text, words);
      return {
        at: value,
        message: `${refused} ${text} and does not start — ${meant ? `did you mean ${meant}?` : `write one of ${[...words].join(', ')}.`}`,
        fixes: () => asWritten(value, meant),
      };
    }
  }
}

/** Options that take certain words only, and what is said of another. */
const closed = table<string>({
  'database.name': 'Synapse knows no driver of databases',
  'database.args.sslmode': 'PostgreSQL’s library knows no sslmode',
});

/** A time without a unit, which is one of milliseconds, that is too short for anything. */
function shorterThanMeant(name: string, value: Value, path: string): Problem | undefined {
  const milliseconds = /^\s*\d+\s*$/.test(value.text ?? '') ? Number(value.text) : 0;
  const least = deleting.has(name) ? 43_200_000 : signedIn.has(name) ? 100_000 : 1000;
  // How long credentials for TURN last is asked where TURN is.
  if (milliseconds === 0 || milliseconds >= least || name === 'turn_user_lifetime') return undefined;
  const time = milliseconds < 1000 ? `${milliseconds} milliseconds` : `${Math.round(milliseconds / 1000)} seconds`;
  return {
    at: value,
    message: `${path} without a unit is in milliseconds, so Synapse takes ${value.text?.trim()} for ${time} — write the unit: s, m, h, d, w or y.`,
  };
}

/** After these times something is deleted, for which half a day is too short. */
const deleting: ReadonlySet<string> = new Set([
  'max_lifetime',
  'allowed_lifetime_max',
  'local_media_lifetime',
  'remote_media_lifetime',
  'forgotten_room_retention_period',
  'redaction_retention_period',
  'user_ips_max_age',
  'delete_stale_devices_after',
]);

/** How long one stays signed in: nobody means less than two minutes. */
const signedIn: ReadonlySet<string> = new Set([
  'session_lifetime',
  'refreshable_access_token_lifetime',
  'refresh_token_lifetime',
  'nonrefreshable_access_token_lifetime',
  'validation_token_lifetime',
]);

function isLeft(value: Value, { file }: Context): boolean {
  return file.resolve(value).kind === 'left';
}

function isListener(path: string): boolean {
  return path.startsWith('listeners.') || path.startsWith('worker_listeners.');
}

/** What Python's int() reads, with at most one letter behind it. */
const size = /^\s*[+-]?\d+(?:_\d+)*\s*[KMGT]?$/;

const duration = /^\s*[+-]?\d+(?:_\d+)*\s*[smhdwy]?$/;

function plainSize(text: string): string | undefined {
  const [, digits, unit] = /^\s*(\d+)\s*([kmgt])i?b?\s*$/i.exec(text) ?? [];
  return digits && unit ? digits + unit.toUpperCase() : undefined;
}

function plainDuration(text: string): string | undefined {
  const [, digits, unit] = /^\s*(\d+)\s*(s|m|h|d|w|y)(?:ec|in|our|r|ay|eek|ear)?[a-z]*\s*$/i.exec(text) ?? [];
  return digits && unit && !/^\s*\d+\s*m(?:s|o)/i.test(text) ? digits + unit.toLowerCase() : undefined;
}

/** The HTTP resources of a listener (synapse/config/server.py, KNOWN_RESOURCES). */
const resources: ReadonlySet<string> = new Set([
  'client',
  'consent',
  'federation',
  'health',
  'keys',
  'media',
  'metrics',
  'openid',
  'replication',
  'static',
]);

/** Switches that Synapse reads by their text (synapse/config/registration.py, strtobool). */
const readsText: ReadonlySet<string> = new Set(['enable_registration', 'enable_registration_without_verification']);

/** Switches of the LI instance that `li-room-list-search-enabled` and others of its rules judge. */
const ownedElsewhere: ReadonlySet<string> = new Set(['enable_room_list_search']);

/** Writes what somebody will have meant; nothing where that is not known. */
export function asWritten(value: Value, meant: string | undefined): readonly Fix[] {
  const edit = meant === undefined ? undefined : replaceScalar(value, meant);
  return edit ? [{ title: `Write ${meant}`, safe: false, edits: [edit] }] : [];
}
