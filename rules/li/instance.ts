import type { HomeserverReader } from '../../analysis/homeserver';
import { type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { insertEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** The main process of the lawful-intercept instance with its configuration. */
export interface LiMain {
  readonly process: SynapseProcess;
  readonly homeserver: HomeserverReader;
}

/** What a workload runs, if it is the main process of the LI instance and its configuration can be read. */
export function liMain(workspace: Workspace, resource: Resource): LiMain | undefined {
  const process = synapseProcess(workspace, resource);
  if (!process?.isLi || process.isWorker || !process.homeserver) return undefined;
  return { process, homeserver: process.homeserver };
}

/** Whether an option can be judged as it is written: it is there, or it is known to be nowhere. */
export function isDecided({ homeserver }: LiMain, option: string): boolean {
  const value = homeserver.at(option);
  if (!value.exists) return !homeserver.isPartial;
  const { file } = homeserver.layer(option);
  return !file.isOpaque && (value.kind !== 'scalar' || file.resolve(value).kind === 'left');
}

/** What the key of a missing option is underlined by: the option it belongs with, else the server's name. */
export function neighbour({ homeserver }: LiMain, ...options: readonly string[]): Value {
  const option = options.find(name => homeserver.at(name).exists);
  return homeserver.at(option ?? 'server_name');
}

/** Adds an option beside another one, in the same file. */
export function addOption({ homeserver }: LiMain, yaml: string, beside: Value): TextEdit | undefined {
  const name = String(beside.name ?? 'server_name');
  return insertEntry(homeserver.layer(name).root, yaml, { after: name });
}
