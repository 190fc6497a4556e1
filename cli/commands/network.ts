import { explainFlow, type FlowEnd, flowsOf, verdictOf } from '../../analysis/flows';
import { podsOf } from '../../analysis/pods';
import type { Workspace } from '../../manifests/workspace';
import { loadWorkspace } from '../load';
import { parse, treeRoot, UsageError } from '../usage';

/**
 * Says what the NetworkPolicies make of connections: of every one that the configurations need, or, with `--from`,
 * `--to` and `--port`, of one pair of workloads, policy by policy.
 */
export function network(argv: readonly string[]): number {
  const { values, positionals } = parse(argv, {
    from: { type: 'string' },
    to: { type: 'string' },
    port: { type: 'string' },
    config: { type: 'string' },
  });
  const workspace = loadWorkspace(treeRoot(positionals), values.config);
  if (values.from === undefined && values.to === undefined) {
    process.stdout.write(required(workspace));
    return 0;
  }
  const port = Number(values.port);
  if (values.from === undefined || values.to === undefined || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new UsageError('network needs --from NAME, --to NAME and --port NUMBER together, or none of them');
  }
  process.stdout.write(
    `${explainFlow(workspace, end(workspace, values.from), end(workspace, values.to), port).join('\n')}\n`,
  );
  return 0;
}

function required(workspace: Workspace): string {
  const lines = flowsOf(workspace).map(flow => {
    const { result } = verdictOf(workspace, flow);
    return `${result.padEnd(8)} ${nameOf(flow.from)} → ${nameOf(flow.to)}:${flow.port}  ${flow.why}`;
  });
  return `${[...new Set(lines)].sort().join('\n')}\n`;
}

function nameOf(side: FlowEnd): string {
  return 'owner' in side ? side.owner.name : side.name;
}

/** The pods of a workload by the workload's name. */
function end(workspace: Workspace, name: string): FlowEnd {
  for (const file of workspace.files) {
    for (const document of file.documents) {
      for (const resource of document.resources) {
        const [pods] = resource.name === name ? podsOf(resource) : [];
        if (pods) return pods;
      }
    }
  }
  throw new UsageError(`no workload of the tree is called "${name}"`);
}
