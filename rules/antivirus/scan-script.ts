import { configurationOf, parsed } from '../../analysis/configs';
import { type EffectiveFile, effectiveFile } from '../../analysis/effective';
import type { Container } from '../../analysis/pods';
import { podsOf } from '../../analysis/pods';
import { workloads } from '../../analysis/roles';
import { type Service, servicesFor } from '../../analysis/services';
import { maskComments } from '../../analysis/text/comments';
import { httpAndTcpTargets, type NetworkTarget } from '../../analysis/text/network-targets';
import { readShell } from '../../analysis/text/shell';
import type { ShellScript } from '../../analysis/text/shell-nodes';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';

/** The script that the content scanner runs for each file. */
export interface ScanScript {
  readonly container: Container;
  readonly file: EffectiveFile;
  readonly isPython: boolean;
  /** The script without its comments, at the same offsets. */
  readonly code: string;
  /** Undefined for Python. */
  readonly shell: ShellScript | undefined;
}

/** Reads the script that `scan.script` of the scanner's configuration names; undefined if the tree does not show it. */
export function scanScriptOf(workspace: Workspace, resource: Resource): ScanScript | undefined {
  return workspace.derive(readScanScript, resource);
}

/** The Services in front of clamd. */
export function clamdServices(workspace: Workspace): readonly Service[] {
  return workloads(workspace, 'clamav').flatMap(clamav => podsOf(clamav).flatMap(pods => servicesFor(workspace, pods)));
}

/** The connections of a script that go to clamd: to one of its Services, or to its port. */
export function clamdTargets(workspace: Workspace, shell: ShellScript): readonly NetworkTarget[] {
  const names = new Set(clamdServices(workspace).map(({ name }) => name));
  return httpAndTcpTargets(shell).filter(
    ({ host, port }) =>
      port?.value === '3310' || names.has(host.value.split('.', 1)[0] ?? '') || /clam/i.test(host.value),
  );
}

function readScanScript(resource: Resource, workspace: Workspace): ScanScript | undefined {
  const configuration = configurationOf(workspace, resource, 'scanner');
  if (!configuration) return undefined;
  const { container, files } = configuration;
  const paths = files.flatMap(config => parsed(config).root.at('scan', 'script').string ?? []);
  const path = paths.at(-1);
  const file = path === undefined ? undefined : effectiveFile(workspace, resource, container, path);
  if (!file || file.isOpaque) return undefined;
  const { text } = file.content;
  const isPython = /^#!.*\bpython/.test(text) || file.path.endsWith('.py');
  return {
    container,
    file,
    isPython,
    code: maskComments(text, isPython ? 'python' : 'shell'),
    shell: isPython ? undefined : readShell(text),
  };
}
