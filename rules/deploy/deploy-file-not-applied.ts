import { foundCommands } from '../../analysis/commands';
import { isYaml, type SourceFile } from '../../manifests/file';
import type { Rule } from '../rule';
import { manifestsOf, pathsApplied } from './sequence';

export default {
  id: 'deploy-file-not-applied',
  items: [],
  severity: 'info',
  summary: 'No script of the tree applies a manifest.',
  why: 'Whoever deploys with the scripts gets a deployment without these objects.',
  remedy:
    'Apply the file in a script, or list it under `exclude` in `matrix-preflight.yaml` if it is no part of the deployment.',
  traps: [
    'Only said where shell scripts apply manifests, and where all that they apply can be known: no patterns, no names from variables, no kustomizations.',
    'A script that applies a path which is not in the tree has to be corrected first, because the path may mean the file.',
    '`kubectl apply -f folder/` reads no folders below without `--recursive`.',
  ],
  examples: {
    bad: `
      #- /deploy.sh
      kubectl apply -f database/
      #- /database/cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      #- /database/backup/schedule.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: ScheduledBackup
      metadata:
        name: nightly
      #       ^^^^^^^ info: No script applies database/backup/schedule.yaml
    `,
    good: `
      #- /deploy.sh
      kubectl apply -f database/
      kubectl apply -f database/backup/
      #- /database/cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      #- /database/backup/schedule.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: ScheduledBackup
      metadata:
        name: nightly
    `,
  },
  *checkWorkspace(workspace) {
    const scripted = foundCommands(workspace).filter(({ isShown }) => !isShown);
    const paths = scripted.flatMap(found => pathsApplied(workspace, found));
    const isUnclear =
      scripted.some(({ command }) => command.kind === 'apply' && command.kustomizations.length > 0) ||
      paths.some(({ path, files }) => (files?.length ?? 0) === 0 && path.base !== 'url' && path.base !== 'absolute');
    const applied = new Set<SourceFile>(paths.flatMap(({ files }) => files ?? []));
    if (applied.size === 0 || isUnclear) return;
    for (const file of workspace.files) {
      if (applied.has(file) || !isYaml(file.path) || /(?:^|\/)kustomization\.ya?ml$/.test(file.path)) continue;
      const [first] = manifestsOf(workspace, file);
      if (!first) continue;
      yield {
        at: first.root.at('metadata', 'name'),
        message: `No script applies ${file.path} — add it to a script, or exclude it.`,
      };
    }
  },
} satisfies Rule;
