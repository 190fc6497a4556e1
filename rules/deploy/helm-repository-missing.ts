import { type FoundCommand, foundCommands } from '../../analysis/commands';
import { nearest } from '../../analysis/nearest';
import type { Rule } from '../rule';

export default {
  id: 'helm-repository-missing',
  items: [],
  severity: 'warning',
  summary: 'A script installs a chart from a repository that it has not added.',
  why: 'Helm stops with "repo … not found" on every machine on which nobody has added it by hand, so the operators are missing when the manifests are applied.',
  remedy: 'Add the repository with `helm repo add`, correct its name, or name it with `--repo`.',
  traps: [
    'Only scripts are judged that add repositories themselves, or that another script of the tree adds some for; without any, they are taken to be there.',
    'Folders of the tree, OCI registries, URLs and charts with `--repo` need none. A repository that a README tells the reader to add counts.',
  ],
  sources: ['Helm documentation, helm install: the six ways to name a chart; helm repo add'],
  examples: {
    bad: `
      #- /install.sh
      helm repo add jetstack https://charts.jetstack.io
      helm install cert-manager jetstack/cert-manager --namespace cert-manager --create-namespace
      helm install cnpg cnpg/cloudnative-pg --namespace cnpg-system --create-namespace
      #                 ^^^^^^^^^^^^^^^^^^^ warning: No script adds the repository cnpg
    `,
    good: `
      #- /install.sh
      helm repo add jetstack https://charts.jetstack.io
      helm repo add cnpg https://cloudnative-pg.github.io/charts
      helm install cert-manager jetstack/cert-manager --namespace cert-manager --create-namespace
      helm install cnpg cnpg/cloudnative-pg --namespace cnpg-system --create-namespace
    `,
  },
  *checkWorkspace(workspace) {
    const commands = foundCommands(workspace);
    const added = commands.filter(one => one.command.kind === 'helm-repository');
    if (!added.some(one => !one.isShown) || added.some(one => nameAdded(one) === undefined)) return;
    const names = new Set(added.flatMap(one => nameAdded(one) ?? []));
    const folders = new Set(workspace.files.map(({ path }) => path.split('/')[0]));
    for (const { command, isShown, place } of commands) {
      if (isShown || command.kind !== 'helm' || command.repository || command.chart.certainty !== 'known') continue;
      const repository = /^([a-z0-9][\w.-]*)\/[\w.-]+$/i.exec(command.chart.value)?.[1];
      if (repository === undefined || names.has(repository) || folders.has(repository)) continue;
      const close = nearest(repository, names);
      yield {
        at: place(command.chart.span),
        message: `No script adds the repository ${repository}, so Helm does not find ${command.chart.value} — ${close ? `did you mean ${close}?` : 'add it with helm repo add.'}`,
      };
    }
  },
} satisfies Rule;

/** The name of an added repository; undefined where the shell has to work it out. */
function nameAdded({ command }: FoundCommand): string | undefined {
  return command.kind === 'helm-repository' && command.name.certainty === 'known' ? command.name.value : undefined;
}
