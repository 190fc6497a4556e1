import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { type PodPort, podPorts, resolveHost } from './flows/destinations';
import { type SynapseProcess, synapseProcess } from './synapse';
import {
  type NginxConfig,
  type NginxDirective,
  type NginxPass,
  nginxTargets,
  nginxUpstreams,
  readNginx,
} from './text/nginx-conf';

/** A port of a Synapse process that nginx passes requests to. */
export interface SynapsePort {
  readonly process: SynapseProcess;
  readonly port: number;
  /** The resources of the listener, or its type; empty where it is not known. */
  readonly names: readonly string[];
}

/** The pod ports that a `proxy_pass` leads to; undefined if some are not known. */
export function portsBehind(
  workspace: Workspace,
  { namespace }: Resource,
  pass: NginxPass,
  config: NginxConfig,
): readonly PodPort[] | undefined {
  const upstreams = new Map(nginxUpstreams(config).map(one => [one.name.value, one]));
  const targets = nginxTargets(config, pass).flatMap(({ value }) => {
    const [, host = '', port = '80'] = /^(?:https?:\/\/)?([\w.-]+)(?::(\d+))?(?=[/$]|$)/.exec(value) ?? [];
    return upstreams.get(host)?.servers.map(one => one.value.split(':')) ?? [[host, port]];
  });
  const found = targets.map(([host = '', port = '80']) =>
    podPorts(resolveHost(workspace, namespace, host), Number(port)),
  );
  return found.some(ends => ends.length === 0) ? undefined : found.flat();
}

/** The Synapse processes that a `proxy_pass` leads to; undefined if some are not known or are no Synapse. */
export function processesBehind(
  workspace: Workspace,
  configMap: Resource,
  pass: NginxPass,
  config: NginxConfig,
): readonly SynapsePort[] | undefined {
  const found: SynapsePort[] = [];
  for (const { pods, port } of portsBehind(workspace, configMap, pass, config) ?? []) {
    const process = synapseProcess(workspace, pods.owner);
    if (!process) return undefined;
    const listener = process.listeners?.find(one => one.port === port);
    found.push({ process, port, names: listener?.type === 'http' ? listener.names : listener ? [listener.type] : [] });
  }
  return found.length > 0 ? found : undefined;
}

/** The files of a ConfigMap that an `include` takes in when all of them are mounted as one folder. */
export function includedBy(configMap: Resource, path: string): readonly Value[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const pattern = new RegExp(
    `^${name
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
  );
  return configMap.root
    .at('data')
    .entries()
    .flatMap(([key, value]) => (pattern.test(key) ? [value] : []));
}

/** A directive that holds in a block, with the text that it stands in. */
export interface HeldDirective {
  readonly directive: NginxDirective;
  readonly file: Value;
}

/**
 * The directives of a name that hold in a block: its own with those of the files that it includes, else those of the
 * nearest block around it that has any, as nginx inherits them. Undefined if a file that is not beside may hold some.
 */
export function heldIn(
  configMap: Resource,
  file: Value,
  block: NginxDirective,
  outermost: readonly NginxDirective[],
  name: string,
): readonly HeldDirective[] | undefined {
  for (let around: NginxDirective | undefined = block; ; around = around.parent) {
    const own = directivesIn(configMap, file, around ? (around.block ?? []) : outermost, name);
    if (!own || own.length > 0) return own;
    if (!around) return [];
  }
}

function directivesIn(
  configMap: Resource,
  file: Value,
  directives: readonly NginxDirective[],
  name: string,
): readonly HeldDirective[] | undefined {
  const found: HeldDirective[] = [];
  for (const directive of directives) {
    if (directive.name.value === name) found.push({ directive, file });
    const path = directive.args[0]?.value ?? '';
    if (directive.name.value !== 'include' || path.endsWith('mime.types')) continue;
    const files = includedBy(configMap, path).filter(one => one.name !== file.name);
    if (files.length === 0) return undefined;
    for (const one of files)
      for (const inside of readNginx(one.text ?? '').directives)
        if (inside.name.value === name) found.push({ directive: inside, file: one });
  }
  return found;
}
