import { isListOfScalars, type Option } from '../../analysis/completion/option-table';
import { synapseOptions } from '../../analysis/completion/synapse-options';
import type { EffectiveFile } from '../../analysis/effective';
import type { HomeserverLayer, HomeserverReader } from '../../analysis/homeserver';
import { nearest } from '../../analysis/nearest';
import {
  instanceOf,
  processKinds,
  runsMediaRepository,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { perName } from '../../manifests/derived';
import { deleteEntry, renameKey, replaceScalar, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { reportedLayers } from './instances';

export default {
  id: 'synapse-value-refused',
  items: [],
  severity: 'error',
  summary: 'An option of homeserver.yaml has a value that Synapse does not take.',
  why: 'Synapse reads sizes as `50M`, durations as `1h`, and lists as lists. At most other values it stops before it listens; others it takes for something else: the text `"false"` counts as true, and a text in place of a list is read letter by letter.',
  remedy: 'Write the value as the configuration manual describes the option.',
  traps: [
    'Sizes end in one of K, M, G and T, durations in one of s, m, h, d, w and y, or in a digit: `100MB` and `1 hour` are refused.',
    'A time without a unit is one of milliseconds, so `media_retention` with `90` deletes everything at once. Times that are far too short as milliseconds are reported; 0 is not.',
    '`enable_registration: "false"` is read as false; other switches are on with any text.',
    'A value that a script puts in is not judged.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/_base.py: parse_size, parse_duration, read_config_files',
    'element-hq/synapse, synapse/config/server.py: server_name, public_baseurl, web_client_location, parse_listener_def; workers.py: WriterLocations; repository.py: url_preview_ip_range_blacklist; tls.py; database.py: "Unsupported database type"',
    'element-hq/synapse, synapse/config/auth.py, mas.py and experimental.py: "Password auth cannot be enabled when OAuth delegation is enabled", "Registration cannot be enabled …"',
    'twisted, threadpool: the smallest number of threads may not exceed the largest; libpq, sslrootcert',
  ],
  examples: {
    bad: example(
      '100MB\n      #                    ^^^^^ 💡 error: Synapse takes no size such as 100MB for max_upload_size',
      '[client, federations]\n      #                           ^^^^^^^^^^^ 💡 error: Synapse knows no resource federations — did you mean federation?',
    ),
    good: example('100M', '[client, federation]'),
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process) return;
    const judge = process.isLi ? judgedOfLi : judgedOfMain;
    for (const layer of reportedLayers(instanceOf(workspace, resource), process)) {
      if (layer.file.isOpaque) continue;
      for (const [key] of layer.root.entries()) yield* judge(layer, key);
    }
    const { homeserver } = process;
    if (!homeserver) return;
    const { main, workers } = instanceOf(workspace, resource);
    yield* workspace.derive(judgedTogether, resource);
    // The option mostly stands in a file that all processes read; it is told of the first that refuses it.
    const refusing = [...(main ? [main] : []), ...workers].find(lacksPreviewRanges);
    if (refusing === process)
      yield {
        at: homeserver.at('url_preview_enabled'),
        message:
          'url_preview_enabled needs url_preview_ip_range_blacklist, without which Synapse does not start — list the internal addresses there.',
      };
  },
} satisfies Rule;

interface Context {
  readonly file: EffectiveFile;
  readonly isLi: boolean;
  /** The names of the options on the way, joined by points. */
  readonly path: string;
}

/** What is wrong below one option of a file, each on its own, so that a letter typed in one has no other judged again. */
const judgedOfMain = perName((layer: HomeserverLayer, key: string) => judgedLayer(layer, key, false));
const judgedOfLi = perName((layer: HomeserverLayer, key: string) => judgedLayer(layer, key, true));

function judgedLayer({ root, file }: HomeserverLayer, path: string, isLi: boolean): readonly Problem[] {
  const option = optionNamed(path);
  return option ? [...judged(option, root.at(path), { file, isLi, path })] : [];
}

function optionNamed(name: string): Option | undefined {
  byName ??= new Map(synapseOptions().map(option => [option.name, option]));
  return byName.get(name);
}

let byName: ReadonlyMap<string, Option> | undefined;

/** What is wrong with the value of an option, and with those below it. */
function* judged(option: Option, value: Value, context: Context): Iterable<Problem> {
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
const wanted: Readonly<Record<string, readonly string[]>> = {
  trusted_key_servers: ['server_name'],
  listeners: ['type'],
  worker_listeners: ['type'],
  media_storage_providers: ['module'],
  modules: ['module'],
  oidc_providers: ['issuer', 'client_id'],
};

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
const closed: Readonly<Record<string, string>> = {
  'database.name': 'Synapse knows no driver of databases',
  'database.args.sslmode': 'PostgreSQL’s library knows no sslmode',
};

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

/** On its own, because a letter of most options has none of this judged again. */
function judgedTogether(resource: Resource, workspace: Workspace): readonly Problem[] {
  const process = synapseProcess(workspace, resource);
  const homeserver = process?.homeserver;
  if (!homeserver) return [];
  const isMain = instanceOf(workspace, resource).main === process;
  return [...(isMain ? whole(process, homeserver) : []), ...listenersWithTls(process, homeserver)];
}

/** What only several options together tell, or one alone that has a rule of its own. */
function* whole(process: SynapseProcess, homeserver: HomeserverReader): Iterable<Problem> {
  const read = (...path: readonly string[]): Value | undefined => {
    const value = homeserver.at(...path);
    const { file } = homeserver.layer(path[0] ?? '');
    return value.exists && !file.isOpaque && file.resolve(value).kind === 'left' ? value : undefined;
  };
  const serverName = read('server_name');
  if (serverName?.text && !/^(?:[0-9a-z.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i.test(serverName.text))
    yield {
      at: serverName,
      message: `${serverName.text} is no server name, so Synapse does not start — write the domain alone.`,
      fixes: () => asWritten(serverName, /^https?:\/\/([0-9a-z.-]+(?::\d+)?)\/?$/i.exec(serverName.text ?? '')?.[1]),
    };
  for (const key of ['public_baseurl', 'web_client_location'] as const) {
    const url = read(key);
    if (!url?.text || /^https?:\/\//i.test(url.text)) continue;
    yield {
      at: url,
      message: `${key} has to begin with https:// or http://, so Synapse does not start with ${url.text} — write the whole URL.`,
      fixes: () => asWritten(url, /^[\w.-]+(?::\d+)?(?:\/|$)/.test(url.text ?? '') ? `https://${url.text}` : undefined),
    };
  }
  const [first] = homeserver.layers;
  if (!homeserver.isPartial && first)
    for (const key of ['server_name', 'report_stats'] as const)
      if (!homeserver.at(key).exists && first.root.entries().length > 0)
        yield {
          at: first.root.entries()[0]?.[1].key ?? first.root,
          message: `${key} is missing, without which Synapse does not start — add ${key === 'server_name' ? 'it' : 'report_stats: false'}.`,
        };
  // synapse/config/registration.py: NO_EMAIL_DELEGATE_ERROR, since 1.66.
  const delegate = homeserver.at('account_threepid_delegates', 'email');
  if (delegate.exists)
    yield {
      at: delegate.key,
      message:
        'account_threepid_delegates.email was removed, and Synapse does not start with it — delete it, and let Synapse send mail by the option email.',
      fixes: () => {
        const edit = delegate.kind === 'scalar' ? deleteEntry(delegate) : undefined;
        return edit ? [{ title: 'Delete email', safe: false, edits: [edit] }] : [];
      },
    };
  for (const key of secretOptions) {
    const [written, path] = [homeserver.at(key), homeserver.at(`${key}_path`)];
    if (!written.text || !path.text) continue;
    yield {
      at: path.key,
      message: `Both ${key} and ${key}_path are set, which Synapse refuses — leave one of them out.`,
      related: [{ at: written.key, message: 'The other one' }],
    };
  }
  const delegation = [['matrix_authentication_service'], ['experimental_features', 'msc3861']]
    .map(path => homeserver.at(...path, 'enabled'))
    .find(enabled => enabled.boolean === true);
  if (delegation && !homeserver.isPartial) {
    const [passwords, registration] = [
      homeserver.at('password_config', 'enabled'),
      homeserver.at('enable_registration'),
    ];
    // Without the option, passwords are off.
    if (passwords.boolean === true || (passwords.exists && /^(?:true|only_for_reauth)$/.test(passwords.text ?? '')))
      yield refusedBeside(passwords, delegation, 'password_config.enabled');
    if (registration.boolean === true) yield refusedBeside(registration, delegation, 'enable_registration');
  }
  for (const [stream, writers] of homeserver.at('stream_writers').entries()) {
    if (streams.has(stream)) continue;
    const meant = nearest(stream, streams) ?? nearest(`${stream}s`, streams);
    if (!meant) continue;
    yield {
      at: writers.key,
      message: `stream_writers knows no stream ${stream}, so Synapse does not start — did you mean ${meant}?`,
    };
  }
  const [least, most] = [read('database', 'args', 'cp_min'), read('database', 'args', 'cp_max')];
  const upper = most ? most.number : homeserver.at('database', 'args', 'cp_max').exists ? undefined : 10;
  if (least?.number !== undefined && upper !== undefined && least.number > upper)
    yield {
      at: least,
      message: `cp_min ${least.number} is more than cp_max ${upper}${most ? '' : ', its default'}, so Synapse does not start — raise cp_max, or lower cp_min.`,
    };
  const sslMode = read('database', 'args', 'sslmode');
  if (
    sslMode &&
    /^verify-(?:ca|full)$/.test(sslMode.text ?? '') &&
    !homeserver.at('database', 'args', 'sslrootcert').exists &&
    !process.container.value
      .at('env')
      .items()
      .some(one => one.at('name').text === 'PGSSLROOTCERT') &&
    !process.container.value.at('envFrom').exists &&
    !process.container.value
      .at('volumeMounts')
      .items()
      .some(mount => mount.at('mountPath').text?.includes('.postgresql'))
  )
    yield {
      at: sslMode,
      message: `sslmode ${sslMode.text} needs the authority of the database’s certificate, which nothing names — set sslrootcert to a file that holds it.`,
    };
  for (const key of ['m.homeserver', 'm.identity_server']) {
    const refused = homeserver.at('extra_well_known_client_content', key);
    if (refused.exists)
      yield {
        at: refused.key,
        message: `Synapse refuses ${key} in extra_well_known_client_content — set ${key === 'm.homeserver' ? 'public_baseurl' : 'default_identity_server'} instead.`,
      };
  }
}

/** What is on, though another service has the sign-in. */
function refusedBeside(value: Value, delegation: Value, name: string): Problem {
  return {
    at: value,
    message: `${name} has to be off where the Matrix Authentication Service has the sign-in, or Synapse does not start — write false.`,
    related: [{ at: delegation, message: 'The sign-in is delegated here' }],
    fixes: () => asWritten(value, 'false'),
  };
}

function* listenersWithTls(process: SynapseProcess, homeserver: HomeserverReader): Iterable<Problem> {
  if (homeserver.isPartial || homeserver.at('tls_certificate_path').exists || homeserver.at('no_tls').exists) return;
  for (const { value } of process.listeners ?? []) {
    const tls = value.at('tls');
    if (tls.boolean !== true) continue;
    yield {
      at: tls,
      message:
        'A listener with tls: true needs tls_certificate_path and tls_private_key_path, or Synapse does not start — name them, or set tls: false behind a proxy.',
      fixes: () => asWritten(tls, 'false'),
    };
  }
}

/** Whether a process makes previews of links and does not know which addresses they must not come from. */
function lacksPreviewRanges(process: SynapseProcess): boolean {
  const { homeserver, container } = process;
  if (!homeserver || homeserver.isPartial || runsMediaRepository(process) !== true) return false;
  if (homeserver.at('url_preview_enabled').boolean !== true) return false;
  // Behind an HTTP proxy the ranges are not asked for.
  if (['url_preview_ip_range_blacklist', 'http_proxy', 'https_proxy'].some(key => homeserver.at(key).exists))
    return false;
  const variables = container.value.at('env').items();
  return (
    !container.value.at('envFrom').exists && !variables.some(one => /^https?_proxy$/i.test(one.at('name').text ?? ''))
  );
}

function isLeft(value: Value, { file }: Context): boolean {
  return file.resolve(value).kind === 'left';
}

function isListener(path: string): boolean {
  return path.startsWith('listeners.') || path.startsWith('worker_listeners.');
}

function asWritten(value: Value, meant: string | undefined): readonly Fix[] {
  const edit = meant === undefined ? undefined : replaceScalar(value, meant);
  return edit ? [{ title: `Write ${meant}`, safe: false, edits: [edit] }] : [];
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

/** The streams that stream_writers has places for (synapse/config/workers.py, WriterLocations). */
const streams: ReadonlySet<string> = new Set([
  'events',
  'typing',
  'to_device',
  'account_data',
  'receipts',
  'presence',
  'push_rules',
  'device_lists',
  'thread_subscriptions',
]);

/** Options of which Synapse refuses to have a value and a file at once. */
const secretOptions = [
  'registration_shared_secret',
  'macaroon_secret_key',
  'turn_shared_secret',
  'form_secret',
  'worker_replication_secret',
];

/** Switches that Synapse reads by their text (synapse/config/registration.py, strtobool). */
const readsText: ReadonlySet<string> = new Set(['enable_registration', 'enable_registration_without_verification']);

/** Switches of the LI instance that `li-room-list-search-enabled` and others of its rules judge. */
const ownedElsewhere: ReadonlySet<string> = new Set(['enable_room_list_search']);

function example(upload: string, names: string): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          report_stats: false
          max_upload_size: ${upload}
          listeners:
            - type: http
              port: 8008
              resources:
                - names: ${names}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `;
}
