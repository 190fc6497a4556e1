import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { quantity, resources } from './pods';
import { isUnfinished, type Refusal } from './refusal';

/* What CloudNativePG's own admission refuses (cloudnative-pg internal/webhook/v1, and the patterns of its CRDs). */

/** What is wrong with a Cluster. */
export function* refusedCluster(cluster: Resource): Iterable<Refusal> {
  const spec = cluster.root.at('spec');
  const instances = spec.at('instances');
  if (instances.number !== undefined && instances.number < 1)
    yield { at: instances, what: `A Cluster of ${instances.number} instances is none`, advice: 'write at least 1' };
  yield* synchronousReplicas(spec, instances.number ?? 1);
  yield* bootstrap(spec);
  for (const field of ['storage', 'walStorage']) {
    const storage = spec.at(field);
    yield* quantity('storage', storage.at('size'));
    const hasSize = storage.at('size').exists || storage.at('pvcTemplate').exists;
    if (field === 'walStorage' && storage.kind === 'mapping' && !hasSize)
      yield { at: storage, what: 'walStorage has no size', advice: 'add one, or remove walStorage' };
  }
  yield* resources(spec, `Cluster ${cluster.name}`);
  const retention = spec.at('backup', 'retentionPolicy');
  if (retention.text !== undefined && !isUnfinished(retention.text) && !/^[1-9]\d*[dwm]$/.test(retention.text))
    yield {
      at: retention,
      what: `${retention.text} is no time to keep backups for`,
      advice: 'write a number and d, w or m, such as 30d',
    };
  const image = spec.at('imageName');
  const major = /:(\d+)(?:[.-]|$)/.exec(image.text ?? '')?.[1];
  if (major !== undefined && Number(major) < 12)
    yield {
      at: image,
      what: `CloudNativePG runs no PostgreSQL ${major}`,
      advice: 'take one that is supported, such as 16',
    };
  const destination = spec.at('backup', 'barmanObjectStore', 'destinationPath');
  if (destination.text && !isUnfinished(destination.text) && !/^[a-z0-9]+:\/\/./i.test(destination.text))
    yield {
      at: destination,
      what: `${destination.text} is no place for backups`,
      advice: 'write it as s3://bucket/folder',
    };
  yield* roles(spec.at('managed', 'roles').items());
  for (const service of spec.at('managed', 'services', 'disabledDefaultServices').items())
    if (service.text === 'rw')
      yield { at: service, what: 'The Service rw of a Cluster cannot be left out', advice: 'remove it from the list' };
}

/** What is wrong with a Database. */
export function* refusedDatabase(database: Resource): Iterable<Refusal> {
  const name = database.root.at('spec', 'name');
  if (/^(?:postgres|template[01])$/.test(name.text ?? ''))
    yield { at: name, what: `${name.text} is a database of PostgreSQL itself`, advice: 'choose another name' };
}

/** What is wrong with a ScheduledBackup or Backup. */
export function* refusedBackup(backup: Resource): Iterable<Refusal> {
  const method = backup.root.at('spec', 'method');
  if (method.text === 'plugin' && !backup.root.at('spec', 'pluginConfiguration', 'name').exists)
    yield {
      at: method,
      what: 'The method plugin says no plugin',
      advice: 'name it under pluginConfiguration, such as barman-cloud.cloudnative-pg.io',
    };
}

function* synchronousReplicas(spec: Value, instances: number): Iterable<Refusal> {
  const [least, most] = [spec.at('minSyncReplicas'), spec.at('maxSyncReplicas')];
  if (least.number !== undefined && least.number > (most.number ?? 0))
    yield {
      at: least,
      what: `minSyncReplicas ${least.number} is more than maxSyncReplicas ${most.number ?? 0}`,
      advice: 'lower the one or raise the other',
    };
  if (most.number !== undefined && most.number > 0 && most.number >= instances)
    yield {
      at: most,
      what: `maxSyncReplicas ${most.number} has to be less than the ${instances} instances`,
      advice: 'lower it, or add instances',
    };
  const synchronous = spec.at('postgresql', 'synchronous');
  const number = synchronous.at('number');
  const named = ['standbyNamesPre', 'standbyNamesPost'].flatMap(field => synchronous.at(field).items()).length;
  if (number.number !== undefined && number.number >= instances + named)
    yield {
      at: number,
      what: `${number.number} synchronous standbys are as many as there are instances, and one of these is the primary`,
      advice: 'lower it, or add instances',
    };
}

const bootstraps = ['initdb', 'recovery', 'pg_basebackup'] as const;

function* bootstrap(spec: Value): Iterable<Refusal> {
  const written = spec.at('bootstrap');
  const methods = bootstraps.filter(method => written.at(method).exists && !written.at(method).isNull);
  if (methods.length > 1)
    yield {
      at: written.at(methods[1] ?? ''),
      what: `A Cluster begins in one way, and not by ${methods.join(' and ')}`,
      advice: 'keep one',
    };
  for (const method of methods) {
    const [database, owner] = [written.at(method, 'database'), written.at(method, 'owner')];
    if (database.string && !owner.string)
      yield { at: database, what: `The database ${database.string} has no owner`, advice: 'write owner beside it' };
    else if (owner.string && !database.string)
      yield { at: owner, what: `The owner ${owner.string} has no database`, advice: 'write database beside it' };
  }
  const external = spec
    .at('externalClusters')
    .items()
    .map(one => one.at('name').text);
  for (const source of [
    written.at('recovery', 'source'),
    written.at('pg_basebackup', 'source'),
    spec.at('replica', 'source'),
  ])
    if (source.string && !isUnfinished(source.string) && !external.includes(source.string))
      yield {
        at: source,
        what: `There is no ${source.string} among the externalClusters`,
        advice: 'name one that is there, or add it',
      };
}

function* roles(items: readonly Value[]): Iterable<Refusal> {
  const seen = new Set<string>();
  for (const item of items) {
    const name = item.at('name');
    if (name.string === undefined) continue;
    if (name.string === 'postgres' || name.string === 'streaming_replica')
      yield { at: name, what: `The role ${name.string} is the operator's own`, advice: 'remove it from managed.roles' };
    else if (seen.has(name.string))
      yield { at: name, what: `The role ${name.string} is managed twice`, advice: 'keep one' };
    seen.add(name.string);
  }
}
