import { writeFileSync } from 'node:fs';
import { explainFlow, type FlowEnd, flowsOf, verdictOf } from '../../analysis/flows';
import { podsOf } from '../../analysis/pods';
import type { Workspace } from '../../manifests/workspace';
import { findingsOf, loadWorkspace } from '../load';
import { oneOf, parse, treeRoot, UsageError } from '../usage';

/**
 * Says what the NetworkPolicies make of connections: of every one that the configurations need, as text, data, picture
 * or matrix, or, with `--from`, `--to` and `--port`, of one pair of workloads, policy by policy.
 */
export async function network(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv, {
    from: { type: 'string' },
    to: { type: 'string' },
    port: { type: 'string' },
    config: { type: 'string' },
    format: { type: 'string' },
    output: { type: 'string' },
  });
  const format = oneOf('--format', values.format, formats, 'text');
  const workspace = loadWorkspace(treeRoot(positionals), values.config);
  if (values.from === undefined && values.to === undefined) {
    const text = await formatted(format, workspace);
    if (values.output === undefined) process.stdout.write(text);
    else writeFileSync(values.output, text);
    return 0;
  }
  if (values.format !== undefined) throw new UsageError('--format is for all connections, not for one pair');
  const port = Number(values.port);
  if (values.from === undefined || values.to === undefined || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new UsageError('network needs --from NAME, --to NAME and --port NUMBER together, or none of them');
  }
  process.stdout.write(
    `${explainFlow(workspace, end(workspace, values.from), end(workspace, values.to), port).join('\n')}\n`,
  );
  return 0;
}

const formats = ['text', 'json', 'svg', 'matrix'] as const;

/** Only the format that is asked for is loaded, which keeps the start short. */
async function formatted(format: (typeof formats)[number], workspace: Workspace): Promise<string> {
  if (format === 'text') return required(workspace);
  const report = (await import('../../reports/network')).networkReport(workspace, findingsOf(workspace));
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  return (await import('../formats/network'))[format](report);
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
