import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Protocol } from '../network/model';

/** A host that a configuration, a command or a field of a custom resource names. */
export interface Address {
  readonly host: string;
  /** As written, else the default of the protocol; undefined where neither is known. */
  readonly port: number | undefined;
  readonly protocol: Protocol;
  /** Where it is said that the connection begins with TLS; undefined where nothing is said of it. */
  readonly tls?: Place | undefined;
  /** What holds it, for messages: `database.args.host in homeserver.yaml`. */
  readonly name: string;
  /** The host as written. */
  readonly at: Place;
  /** The port, where it is written. */
  readonly portAt: Place | undefined;
  /** Whether the host's letters stand at `at`, so that they can be replaced; a variable's name may stand there instead. */
  readonly isLiteral: boolean;
  /** Whether the field can hold nothing but a host, so that a name without dots is one. */
  readonly isHostField: boolean;
  /** Whether the pod opens connections to it, rather than to tell others about it. */
  readonly connects: boolean;
  readonly importance: Importance;
  /** The namespace from which it is looked up, where that is not the object's own: a chart is installed elsewhere. */
  readonly namespace?: string;
}

/** What suffers when a connection fails. */
export type Importance = 'required' | 'metrics' | 'backup' | 'federation' | 'push';

/** The text of a scalar, without the quotes around it. */
export function textPlace(value: Value): Place {
  return value.part(0, value.text?.length ?? 0);
}

/** The ports that URLs leave out (IANA, and the defaults of the programs). */
export function defaultPort(scheme: string | undefined): number | undefined {
  return scheme === undefined ? undefined : schemePorts.get(scheme.toLowerCase());
}

/** Whether a scheme means TLS from the first byte on, to a program that could also be asked without. */
export function isTlsScheme<S extends { readonly value: string }>(scheme: S | undefined): scheme is S {
  return scheme !== undefined && /^(?:https|wss|rediss)$/i.test(scheme.value);
}

const schemePorts: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['ws', 80],
  ['https', 443],
  ['wss', 443],
  ['redis', 6379],
  ['rediss', 6379],
  ['postgres', 5432],
  ['postgresql', 5432],
  ['mysql', 3306],
  ['mongodb', 27017],
  ['amqp', 5672],
  ['smtp', 25],
  ['ldap', 389],
  ['ldaps', 636],
  ['nats', 4222],
]);

/** The port of the service that a variable or key is named after: `DB_HOST`, `REDIS_HOST`. */
export function portOfName(name: string): number | undefined {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  if (words.some(word => /^(?:mysql|mariadb|wordpress)$/.test(word))) return 3306;
  if (words.some(word => /^mongo(?:db)?$/.test(word))) return 27017;
  if (words.some(word => /^(?:db|database|postgres(?:ql)?|pg(?:host)?)$/.test(word))) return 5432;
  if (words.includes('sentinel')) return 26379;
  if (words.includes('redis')) return 6379;
  if (words.some(word => /^clam(?:av|d)$/.test(word))) return 3310;
  return undefined;
}

/** Whether a port is the usual one of a database other than PostgreSQL: MySQL, SQL Server, Oracle, MongoDB, Cassandra, CockroachDB. */
export function isOtherDatabasePort(port: number): boolean {
  return otherDatabasePorts.has(port);
}

const otherDatabasePorts: ReadonlySet<number> = new Set([1433, 1521, 3306, 9042, 26257, 27017]);
