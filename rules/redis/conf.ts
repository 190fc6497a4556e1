import { commandLine, configurationOf } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import type { Container } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import { isLi, redisMains, workloads } from '../../analysis/roles';
import { type RedisDirective, readRedisConf, redisSetting } from '../../analysis/text/redis-conf';
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

/** The Sentinels of the main instance. */
export function sentinels(workspace: Workspace): readonly Resource[] {
  return workloads(workspace, 'sentinel').filter(one => !isLi(workspace, one));
}

/** How many Sentinels run; undefined where that depends on the number of nodes. */
export function sentinelCount(workspace: Workspace): number | undefined {
  const all = sentinels(workspace);
  if (all.some(({ kind }) => kind === 'DaemonSet')) return undefined;
  return all.reduce((sum, one) => sum + replicasIn(workspace, one), 0);
}

/** Whether a Redis of the main instance asks for a password. */
export function asksForPassword(workspace: Workspace): boolean {
  return redisMains(workspace).some(redis => {
    const conf = redisConf(workspace, redis, 'redis');
    const words = configurationOf(workspace, redis, 'redis')?.words ?? [];
    return (
      conf?.directives.some(({ name }) => name === 'requirepass') === true ||
      words.some(word => /--requirepass\b/.test(word))
    );
  });
}

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
