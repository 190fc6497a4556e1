import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { configurationOf, parsed } from '../configs';
import { environmentOf } from '../environment';
import { homeserverOf } from '../homeserver';
import { parseClusterHost } from '../text/hosts';
import { holds, type KnownRelease, knownReleases, knownReleasesOf, verdictsOn } from './chart-objects';
import { isOpen, releaseKinds, settingOf } from './releases';

/*
 * The programs of the deployment that use what a chart has installed: Synapse and LiveKit as their configurations say,
 * and the charts of Synapse as their values do.
 */

/** Whether a client has a password; undefined where the tree does not show it. */
export type HasPassword = boolean | undefined;

/** A program that connects to what a known chart installs. */
export interface ChartClient {
  readonly server: KnownRelease;
  readonly program: string;
  /** Where the address is written. */
  readonly at: Value;
  readonly password: HasPassword;
  /** Where the password is written, or would be. */
  readonly passwordAt: Value;
  readonly user?: Value;
  readonly database?: Value;
  /** With the addresses of Sentinels: the name of the master, and whether there is a password for them. */
  readonly master?: Value;
  readonly sentinelPassword?: HasPassword;
}

/** The connections that a workload or a release opens to what known charts install. */
export function chartClients(workspace: Workspace, resource: Resource): readonly ChartClient[] {
  return workspace.derive(readClients, resource);
}

function readClients(resource: Resource, workspace: Workspace): readonly ChartClient[] {
  if (knownReleases(workspace).length === 0) return [];
  if (releaseKinds.includes(resource.qualifiedKind))
    return knownReleasesOf(workspace, resource).flatMap(known => ofCharts(workspace, known));
  return [...ofSynapse(workspace, resource), ...ofLivekit(workspace, resource)];
}

function ofSynapse(workspace: Workspace, resource: Resource): readonly ChartClient[] {
  const homeserver = homeserverOf(workspace, resource);
  if (!homeserver) return [];
  const redis = homeserver.at('redis');
  const args = homeserver.at('database', 'args');
  const isOpaque = (key: string): boolean => homeserver.isPartial || homeserver.layer(key).file.isOpaque;
  const inRedis =
    redis.at('enabled').boolean === true ? serverAt(workspace, resource.namespace, redis.at('host')) : undefined;
  const inDatabase = serverAt(workspace, resource.namespace, args.at('host'));
  const written = redis.at('password').text !== undefined || redis.at('password_path').exists;
  return [
    ...(inRedis
      ? [
          {
            server: inRedis,
            program: 'Synapse',
            at: redis.at('host'),
            password: written || (isOpaque('redis') ? undefined : false),
            passwordAt: redis.at('password').exists ? redis.at('password') : redis.at('password_path'),
          },
        ]
      : []),
    ...(inDatabase
      ? [
          {
            server: inDatabase,
            program: 'Synapse',
            at: args.at('host'),
            password: undefined,
            passwordAt: args.at('password'),
            user: args.at('user'),
            database: args.at('dbname').exists ? args.at('dbname') : args.at('database'),
          },
        ]
      : []),
  ];
}

function ofLivekit(workspace: Workspace, resource: Resource): readonly ChartClient[] {
  return (configurationOf(workspace, resource, 'livekit')?.files ?? []).flatMap((file): readonly ChartClient[] => {
    const redis = parsed(file).root.at('redis');
    const sentinels = redis.at('sentinel_addresses').items();
    const at = sentinels[0] ?? redis.at('address');
    const server = serverAt(workspace, resource.namespace, at);
    if (!server) return [];
    const { variables, isOpen: isHidden } = environmentOf(workspace, resource, file.container);
    const has = (key: string, ...names: readonly string[]): HasPassword =>
      redis.at(key).text !== undefined ||
      names.some(name => variables.has(name)) ||
      (isHidden || file.isOpaque ? undefined : false);
    return [
      {
        server,
        program: 'LiveKit',
        at,
        password: has('password', 'REDIS_PASSWORD', 'LIVEKIT_REDIS_PASSWORD'),
        passwordAt: redis.at('password').exists ? redis.at('password') : redis,
        ...(sentinels.length > 0 && {
          master: redis.at('sentinel_master_name'),
          sentinelPassword: has('sentinel_password', 'LIVEKIT_REDIS_SENTINEL_PASSWORD'),
        }),
      },
    ];
  });
}

interface ClientFields {
  readonly chart: string;
  readonly program: string;
  readonly base: string;
  readonly when: readonly (readonly [string, string])[];
  readonly user?: string;
  readonly database?: string;
  /** The fields of which one holds the password, or names what holds it. */
  readonly password: readonly string[];
}

/** ananace/personal-charts charts/matrix-synapse; element-hq/ess-helm charts/matrix-stack. */
const clientFields: readonly ClientFields[] = [
  {
    chart: 'matrix-synapse',
    program: 'Synapse',
    base: 'externalRedis',
    when: [['redis.enabled', 'false']],
    password: ['password', 'existingSecret'],
  },
  {
    chart: 'matrix-synapse',
    program: 'Synapse',
    base: 'externalPostgresql',
    when: [['postgresql.enabled', 'false']],
    user: 'username',
    database: 'database',
    password: ['password', 'existingSecret'],
  },
  {
    chart: 'matrix-stack',
    program: 'Synapse',
    base: 'synapse.externalRedis',
    when: [['synapse.enabled', 'true']],
    password: ['password.value', 'password.secret'],
  },
  {
    chart: 'matrix-stack',
    program: 'Synapse',
    base: 'synapse.postgres',
    when: [['synapse.enabled', 'true']],
    user: 'user',
    database: 'database',
    password: ['password.value', 'password.secret'],
  },
  {
    chart: 'matrix-stack',
    program: 'Matrix Authentication Service',
    base: 'matrixAuthenticationService.postgres',
    when: [['matrixAuthenticationService.enabled', 'true']],
    user: 'user',
    database: 'database',
    password: ['password.value', 'password.secret'],
  },
];

function ofCharts(workspace: Workspace, known: KnownRelease): readonly ChartClient[] {
  const { release, facts } = known;
  return clientFields.flatMap(({ chart, program, base, when, user, database, password }): readonly ChartClient[] => {
    if (chart !== facts.chart || holds(known, when) !== true) return [];
    const host = settingOf(release, `${base}.host`);
    const server = typeof host === 'string' ? undefined : serverAt(workspace, release.namespace, host);
    if (typeof host === 'string' || !server) return [];
    const given = password.map(field => settingOf(release, `${base}.${field}`));
    const written = given.find(one => typeof one !== 'string' && one.text !== undefined && one.text !== '');
    const optional = (field: string | undefined): Value | undefined => {
      const setting = field === undefined ? 'unset' : settingOf(release, `${base}.${field}`);
      return typeof setting === 'string' ? undefined : setting;
    };
    const [name, where] = [optional(database), optional(user)];
    return [
      {
        server,
        program,
        at: host,
        password: written !== undefined || (given.includes('unknown') ? undefined : false),
        passwordAt: typeof written === 'object' ? written : host,
        ...(where && { user: where }),
        ...(name && { database: name }),
      },
    ];
  });
}

/** The release of a known chart whose Service an address leads to. */
function serverAt(workspace: Workspace, namespace: string | undefined, address: Value): KnownRelease | undefined {
  const text = address.string?.replace(/:\d+$/, '') ?? '';
  if (text === '' || isOpen(text)) return undefined;
  const host = parseClusterHost(text, namespace, () => true);
  if (!host) return undefined;
  return verdictsOn(workspace, 'Service', host.namespace, host.service).find(({ verdict }) => verdict === 'yes')?.known;
}
