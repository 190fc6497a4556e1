import { commandLine, configurationOf } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import type { Container } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import { isLi, redisMains, usedByMatrix, workloads } from '../../analysis/roles';
import { type RedisDirective, readRedisConf, redisSetting, sentinelMonitors } from '../../analysis/text/redis-conf';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place, Span, TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';

/** The configuration file that Redis or Sentinel is started with. */
export interface RedisConf {
  readonly container: Container;
  readonly file: EffectiveFile;
  readonly directives: readonly RedisDirective[];
}

/** What a program of a workload reads; undefined where the tree does not show all of it. */
export function redisConf(
  workspace: Workspace,
  resource: Resource,
  program: 'redis' | 'sentinel',
): RedisConf | undefined {
  const configuration = configurationOf(workspace, resource, program);
  const [file, ...others] = configuration?.files ?? [];
  if (!configuration || !file || others.length > 0 || file.isOpaque) return undefined;
  return { container: configuration.container, file, directives: readRedisConf(file.content.text) };
}

/** What a setting is, where it is said, and the place of its file if it stands in one. */
export interface RedisOption {
  readonly container: Container;
  readonly text: string;
  readonly at: Place;
  /** Replaces the value, if it is written in the tree as it stands. */
  replace(newText: string): TextEdit | undefined;
}

/** A setting of Redis with one value. What the command line says comes after the file, and the last one counts. */
export function redisOption(workspace: Workspace, resource: Resource, name: string): RedisOption | undefined {
  const container = configurationOf(workspace, resource, 'redis')?.container;
  const words = container ? commandLine(container) : [];
  const at = words.findLastIndex(word => word.text === `--${name}`);
  const value = at === -1 ? undefined : words[at + 1];
  if (container && value?.text !== undefined)
    return { container, text: value.text, at: value, replace: newText => replaceScalar(value, newText) };
  const conf = redisConf(workspace, resource, 'redis');
  const [word] = (conf && redisSetting(conf.directives, name)?.args) ?? [];
  if (!conf || !word) return undefined;
  return {
    container: conf.container,
    text: word.value,
    at: placeIn(conf, word.span),
    replace: newText => replacePart(workspace, conf, word.span, newText),
  };
}

/** Whether Redis runs as a Redis Cluster, whose nodes replace a master themselves. */
export function isCluster(workspace: Workspace, resource: Resource): boolean {
  return redisOption(workspace, resource, 'cluster-enabled')?.text.toLowerCase() === 'yes';
}

/** The Sentinels of the main instance. */
export function sentinels(workspace: Workspace): readonly Resource[] {
  return workspace.shared(findSentinels);
}

function findSentinels(workspace: Workspace): readonly Resource[] {
  return usedByMatrix(
    workspace,
    workloads(workspace, 'sentinel').filter(one => !isLi(workspace, one)),
    'sentinel',
  );
}

/**
 * How many Sentinels run with those of a workload: in its namespace, and watching a master of the same name as far as the
 * tree shows it. Undefined where that depends on the number of nodes.
 */
export function sentinelCount(workspace: Workspace, resource: Resource): number | undefined {
  const own = mastersOf(workspace, resource);
  const all = sentinels(workspace).filter(one => {
    if (one === resource) return true;
    if (one.namespace !== resource.namespace) return false;
    const masters = mastersOf(workspace, one);
    return own.length === 0 || masters.length === 0 || masters.some(name => own.includes(name));
  });
  if (all.some(({ kind }) => kind === 'DaemonSet')) return undefined;
  return all.reduce((sum, one) => sum + replicasIn(workspace, one), 0);
}

function mastersOf(workspace: Workspace, resource: Resource): readonly string[] {
  const conf = redisConf(workspace, resource, 'sentinel');
  return conf ? sentinelMonitors(conf.directives).map(({ master }) => master.value) : [];
}

/** Whether the Redis that a Sentinel watches asks for a password: one of its namespace, else any of the main instance. */
export function asksForPassword(workspace: Workspace, sentinel: Resource): boolean {
  const all = redisMains(workspace);
  const beside = all.filter(({ namespace }) => namespace === sentinel.namespace);
  return (beside.length > 0 ? beside : all).some(redis => {
    const conf = redisConf(workspace, redis, 'redis');
    const words = configurationOf(workspace, redis, 'redis')?.words ?? [];
    return conf?.directives.some(setsPassword) === true || words.some(word => /--requirepass\b/.test(word));
  });
}

/** `requirepass`, or a password of the user `default`, which is the same. */
function setsPassword({ name, args }: RedisDirective): boolean {
  return (
    (name === 'requirepass' && args[0]?.value !== '') ||
    (name === 'user' && args[0]?.value === 'default' && args.some(({ value }) => value.startsWith('>')))
  );
}

/** The place of a part of the configuration, in the file where it is written. */
export function placeIn({ file }: RedisConf, { start, end }: Span): Place {
  return file.content.place(start, end);
}

/** Replaces a part of the configuration, if the part is written in the tree as it stands. */
export function replacePart(
  workspace: Workspace,
  { file }: RedisConf,
  span: Span,
  newText: string,
): TextEdit | undefined {
  const at = file.content.place(span.start, span.end);
  const written = workspace.file(at.uri)?.text.slice(at.span.start, at.span.end);
  return written === file.content.text.slice(span.start, span.end) ? { at, newText } : undefined;
}
