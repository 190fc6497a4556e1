import { workloadKinds } from '../../analysis/pods';
import { clusterKind, databases } from '../../analysis/roles';
import { sqlRunsOf } from '../../analysis/sql-runs';
import { processes } from '../../analysis/synapse';
import { deleteEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'li-default-read-only',
  items: [],
  severity: 'warning',
  summary: 'A cluster, a database or a role that Synapse writes with is read-only by default.',
  why: 'Synapse ends at start with "cannot execute … in a read-only transaction". With `default_transaction_read_only` CREATE SUBSCRIPTION fails, and so do Synapse’s own writes in the LI instance and its migrations, unless each session turns it off.',
  remedy: 'Remove the parameter. Give the roles that may only read no right to write instead.',
  traps: [
    'Roles that only read, and databases that no Synapse of the tree uses, may have the setting. So may those of a script that takes it back.',
  ],
  sources: ['PostgreSQL documentation, Client Connection Defaults: default_transaction_read_only'],
  examples: {
    bad: `
      #- /matrix-li.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-li
        namespace: matrix
      spec:
        instances: 3
        postgresql:
          parameters:
            max_connections: "100"
            default_transaction_read_only: "on"
      #                                    ^^^^ 💡 warning: matrix-li is read-only by default
    `,
    good: `
      #- /matrix-li.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-li
        namespace: matrix
      spec:
        instances: 3
        postgresql:
          parameters:
            max_connections: "100"
    `,
  },
  kinds: [clusterKind, ...workloadKinds],
  *check(resource, workspace) {
    if (resource.qualifiedKind === clusterKind) yield* ofCluster(workspace, resource);
    else yield* ofScripts(workspace, resource);
  },
} satisfies Rule;

function* ofCluster(workspace: Workspace, cluster: Resource): Iterable<Problem> {
  const { main, li } = databases(workspace);
  if (cluster !== main && cluster !== li) return;
  const value = cluster.root.at('spec', 'postgresql', 'parameters', parameter);
  if (!isOn(value.text)) return;
  yield {
    at: value,
    message: `${cluster.name} is read-only by default, so ${cluster === li ? 'neither the subscription nor Synapse can write' : 'Synapse cannot write'} — remove the parameter.`,
    fixes: () => {
      const edit = deleteEntry(value);
      return edit ? [{ title: 'Remove default_transaction_read_only', safe: false, edits: [edit] }] : [];
    },
  };
}

const parameter = 'default_transaction_read_only';

function isOn(text: string | undefined): boolean {
  return /^(?:on|true|yes|1)$/i.test(text ?? '');
}

/** `ALTER DATABASE` and `ALTER ROLE … SET` for what a Synapse of the tree signs in to and with. */
function* ofScripts(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const set = sqlRunsOf(workspace, resource).flatMap(run => {
    const { statement } = run;
    if (statement.kind !== 'database' && statement.kind !== 'role') return [];
    return statement.setting?.name === parameter ? [{ run, statement, setting: statement.setting }] : [];
  });
  for (const [index, { run, statement, setting }] of set.entries()) {
    const name = run.partOf(statement.name).text;
    const isTakenBack = set.slice(index + 1).some(other => other.run.partOf(other.statement.name).text === name);
    if (name === undefined || !isOn(run.partOf(setting.value).text) || isTakenBack) continue;
    const user = processes(workspace).find(({ homeserver }) => {
      const args = homeserver?.at('database', 'args');
      const own =
        statement.kind === 'role'
          ? args?.at('user')
          : args?.at('dbname').exists
            ? args.at('dbname')
            : args?.at('database');
      return own?.text === name;
    });
    if (!user) continue;
    yield {
      at: run.part(statement.span),
      message: `The ${statement.kind} ${name} is then read-only by default, and ${user.resource.title} ${statement.kind === 'role' ? 'signs in with it' : 'keeps its data there'}, so it cannot write and does not start — take this away, and give roles that only read no right to write instead.`,
      related: [{ at: user.resource.root.at('metadata', 'name'), message: user.resource.title }],
    };
  }
}
