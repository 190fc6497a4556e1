import { clusterKind, databases } from '../../analysis/roles';
import { deleteEntry } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'li-default-read-only',
  items: [],
  severity: 'warning',
  summary: 'The LI cluster is read-only by default.',
  why: 'With `default_transaction_read_only` CREATE SUBSCRIPTION fails, and so do Synapse’s own writes in the LI instance and its migrations, unless each session turns it off.',
  remedy: 'Remove the parameter. Give the roles that may only read no right to write instead.',
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
  kinds: [clusterKind],
  *check(cluster, workspace) {
    if (databases(workspace).li !== cluster) return;
    const value = cluster.root.at('spec', 'postgresql', 'parameters', 'default_transaction_read_only');
    if (!/^(?:on|true|yes|1)$/i.test(value.text ?? '')) return;
    yield {
      at: value,
      message: `${cluster.name} is read-only by default, so neither the subscription nor Synapse can write — remove the parameter.`,
      fixes: () => {
        const edit = deleteEntry(value);
        return edit ? [{ title: 'Remove default_transaction_read_only', safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;
