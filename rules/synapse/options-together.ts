import type { HomeserverReader } from '../../analysis/homeserver';
import { nearest } from '../../analysis/nearest';
import { runsMediaRepository, type SynapseProcess } from '../../analysis/synapse';
import { deleteEntry } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Problem } from '../rule';
import { asWritten } from './option-values';

/** What only several options together tell, or one alone that has a rule of its own. */
export function* refusedTogether(process: SynapseProcess, homeserver: HomeserverReader): Iterable<Problem> {
  for (const check of checks) yield* check(homeserver, process);
}

const checks: readonly ((homeserver: HomeserverReader, process: SynapseProcess) => Iterable<Problem>)[] = [
  addresses,
  missingOptions,
  removedOptions,
  secretsTwice,
  signInTwice,
  unknownStreams,
  databaseArguments,
];

/** The value of an option, if it reaches Synapse as it is written. */
function read(homeserver: HomeserverReader, ...path: readonly string[]): Value | undefined {
  const value = homeserver.at(...path);
  const { file } = homeserver.layer(path[0] ?? '');
  return value.exists && !file.isOpaque && file.resolve(value).kind === 'left' ? value : undefined;
}

/** The name of the server, and the URLs under which clients find it. */
function* addresses(homeserver: HomeserverReader): Iterable<Problem> {
  const serverName = read(homeserver, 'server_name');
  if (serverName?.text && !/^(?:[0-9a-z.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i.test(serverName.text))
    yield {
      at: serverName,
      message: `${serverName.text} is no server name, so Synapse does not start — write the domain alone.`,
      fixes: () => asWritten(serverName, /^https?:\/\/([0-9a-z.-]+(?::\d+)?)\/?$/i.exec(serverName.text ?? '')?.[1]),
    };
  for (const key of ['public_baseurl', 'web_client_location'] as const) {
    const url = read(homeserver, key);
    if (!url?.text || /^https?:\/\//i.test(url.text)) continue;
    yield {
      at: url,
      message: `${key} has to begin with https:// or http://, so Synapse does not start with ${url.text} — write the whole URL.`,
      fixes: () => asWritten(url, /^[\w.-]+(?::\d+)?(?:\/|$)/.test(url.text ?? '') ? `https://${url.text}` : undefined),
    };
  }
}

/** Options without which there is no start. */
function* missingOptions(homeserver: HomeserverReader): Iterable<Problem> {
  const [first] = homeserver.layers;
  if (!homeserver.isPartial && first)
    for (const key of ['server_name', 'report_stats'] as const)
      if (!homeserver.at(key).exists && first.root.entries().length > 0)
        yield {
          at: first.root.entries()[0]?.[1].key ?? first.root,
          message: `${key} is missing, without which Synapse does not start — add ${key === 'server_name' ? 'it' : 'report_stats: false'}.`,
        };
}

/** Options that are refused since they were removed, or moved elsewhere. */
function* removedOptions(homeserver: HomeserverReader): Iterable<Problem> {
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
  for (const key of ['m.homeserver', 'm.identity_server']) {
    const refused = homeserver.at('extra_well_known_client_content', key);
    if (refused.exists)
      yield {
        at: refused.key,
        message: `Synapse refuses ${key} in extra_well_known_client_content — set ${key === 'm.homeserver' ? 'public_baseurl' : 'default_identity_server'} instead.`,
      };
  }
}

/** A secret as a value and in a file at once. */
function* secretsTwice(homeserver: HomeserverReader): Iterable<Problem> {
  for (const key of secretOptions) {
    const [written, path] = [homeserver.at(key), homeserver.at(`${key}_path`)];
    if (!written.text || !path.text) continue;
    yield {
      at: path.key,
      message: `Both ${key} and ${key}_path are set, which Synapse refuses — leave one of them out.`,
      related: [{ at: written.key, message: 'The other one' }],
    };
  }
}

/** Ways to sign in that are on although the Matrix Authentication Service has the sign-in. */
function* signInTwice(homeserver: HomeserverReader): Iterable<Problem> {
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
}

/** Streams that no worker can write. */
function* unknownStreams(homeserver: HomeserverReader): Iterable<Problem> {
  for (const [stream, writers] of homeserver.at('stream_writers').entries()) {
    if (streams.has(stream)) continue;
    const meant = nearest(stream, streams) ?? nearest(`${stream}s`, streams);
    if (!meant) continue;
    yield {
      at: writers.key,
      message: `stream_writers knows no stream ${stream}, so Synapse does not start — did you mean ${meant}?`,
    };
  }
}

/** Arguments of the connections to PostgreSQL that do not fit together. */
function* databaseArguments(homeserver: HomeserverReader, process: SynapseProcess): Iterable<Problem> {
  const [least, most] = [
    read(homeserver, 'database', 'args', 'cp_min'),
    read(homeserver, 'database', 'args', 'cp_max'),
  ];
  const upper = most ? most.number : homeserver.at('database', 'args', 'cp_max').exists ? undefined : 10;
  if (least?.number !== undefined && upper !== undefined && least.number > upper)
    yield {
      at: least,
      message: `cp_min ${least.number} is more than cp_max ${upper}${most ? '' : ', its default'}, so Synapse does not start — raise cp_max, or lower cp_min.`,
    };
  const sslMode = read(homeserver, 'database', 'args', 'sslmode');
  if (
    sslMode &&
    /^verify-(?:ca|full)$/.test(sslMode.text ?? '') &&
    !['sslrootcert', 'service', 'dsn'].some(name => homeserver.at('database', 'args', name).exists) &&
    !mayHaveRootCertificate(process.container.value)
  )
    yield {
      at: sslMode,
      message: `sslmode ${sslMode.text} needs the authority of the database’s certificate, which nothing names — set sslrootcert to a file that holds it.`,
    };
}

/** Whether libpq may find an authority by itself: by a variable, or in `.postgresql` of a home folder (libpq, sslrootcert). */
function mayHaveRootCertificate(container: Value): boolean {
  const variables = container.at('env').items();
  const mounts = container.at('volumeMounts').items();
  const home = variables.find(one => one.at('name').text === 'HOME')?.at('value').text ?? '/root';
  return (
    container.at('envFrom').exists ||
    variables.some(one => /^PG(?:SSLROOTCERT|SERVICE(?:FILE)?)$/.test(one.at('name').text ?? '')) ||
    mounts.some(mount => {
      const path = mount.at('mountPath').text ?? '';
      return path.includes('.postgresql') || home.startsWith(path.replace(/\/+$/, ''));
    })
  );
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

/** Listeners with `tls` where no certificate is configured. */
export function* listenersWithTls(process: SynapseProcess, homeserver: HomeserverReader): Iterable<Problem> {
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
export function lacksPreviewRanges(process: SynapseProcess): boolean {
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
