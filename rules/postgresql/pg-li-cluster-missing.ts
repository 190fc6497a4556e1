import { anchorFor, nameOf } from '../../analysis/anchor';
import { askedByChecklist } from '../../analysis/checklist-signs';
import { declaredNames } from '../../analysis/declarations';
import { homeserverOf } from '../../analysis/homeserver';
import { databases, synapseLis } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import type { Rule } from '../rule';
import { clusterOfHost, runsPrograms } from './clusters';
import { newCluster } from './new-cluster';

export default {
  id: 'pg-li-cluster-missing',
  items: ['1.1.a.2'],
  severity: 'error',
  summary: 'There is no PostgreSQL cluster for the LI instance.',
  why: 'The lawful-intercept instance must not read from, or write into, the main database: it has a cluster of its own that replication fills.',
  remedy:
    'Add a second CloudNativePG Cluster for the LI instance, or set `components.li: off` in `matrix-preflight.yaml` if there is to be none.',
  traps: [
    'Only the checklist asks for it: this is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'The file may be called anything; the checklist names `infrastructure/01-postgresql/cluster-li.yaml`.',
    'Where there is Synapse and no LI instance of it, component-missing says so, and nothing is said here.',
    'Nothing is said while the main cluster is missing as well: pg-main-cluster-missing comes first.',
  ],
  sources: ['CloudNativePG documentation, Bootstrap'],
  examples: {
    bad: `
      #- /infrastructure/01-postgresql/cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      #       ^^^^^^^^^^^^^^^^^ 💡 warning: no CloudNativePG Cluster for the LI instance
        namespace: matrix
      spec:
        instances: 3
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
        monitoring:
          enablePodMonitor: true
    `,
    good: `
      #- /infrastructure/01-postgresql/cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
        monitoring:
          enablePodMonitor: true
      #- /infrastructure/01-postgresql/cluster-li.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql-li
        namespace: matrix
      spec:
        instances: 3
        enableSuperuserAccess: true
        bootstrap:
          initdb:
            database: matrix_li
            owner: synapse_li
            encoding: UTF8
            localeCollate: C
            localeCType: C
        resources:
          requests:
            memory: 2Gi
            cpu: "1"
        storage:
          size: 50Gi
        monitoring:
          enablePodMonitor: true
    `,
  },
  *checkWorkspace(workspace) {
    const { main, li } = databases(workspace);
    if (settingsOf(workspace).components.li !== 'required' || li) return;
    if (declaredNames(workspace, 'Cluster', undefined).length > 0) return;
    const [synapse] = synapseLis(workspace);
    // That there is no LI instance at all is said once, by component-missing.
    if (!synapse && runsPrograms(workspace)) return;
    const host = synapse && homeserverOf(workspace, synapse)?.at('database', 'args', 'host');
    // A host that leads to the main cluster is a finding of its own; it does not name what is missing.
    const wanted = host?.text && !clusterOfHost(workspace, synapse?.namespace, host.text) ? host : undefined;
    // Without the main one nothing but its host tells that an LI cluster is wanted.
    if (!main && (!wanted?.text || !/-r[wo]?(?:\.|$)/.test(wanted.text))) return;
    const at = anchorFor(workspace, wanted, nameOf(main));
    if (!at) return;
    yield {
      at,
      ...(wanted ? {} : askedByChecklist(workspace)),
      message: `There is no CloudNativePG Cluster for the LI instance${
        wanted?.text ? `, so the host ${wanted.text} will not exist` : ` beside ${main?.name ?? 'the main one'}`
      } — add one, or set components.li: off.`,
      fixes: () => {
        const initdb = main?.root.at('spec', 'bootstrap', 'initdb');
        return newCluster(workspace, {
          name:
            /^([a-z0-9-]+)-r[wo]?(?:\.|$)/.exec(wanted?.text ?? '')?.[1] ?? `${main?.name ?? 'matrix-postgresql'}-li`,
          namespace: main?.namespace ?? synapse?.namespace,
          database: `${initdb?.at('database').text ?? 'matrix'}_li`,
          owner: `${initdb?.at('owner').text ?? 'synapse'}_li`,
          directory: main?.document.file.directory ?? 'infrastructure/01-postgresql',
          fileName: 'cluster-li.yaml',
        });
      },
    };
  },
} satisfies Rule;
