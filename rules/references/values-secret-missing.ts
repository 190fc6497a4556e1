import { isChartObject } from '../../analysis/charts';
import { foundCommands } from '../../analysis/commands';
import { type Declaration, declarationsOf, declaredNames, knownKeys, mayHaveKey } from '../../analysis/declarations';
import { isFilledIn } from '../../analysis/filled-in';
import { isUsedByScript, valuesDocuments } from '../../analysis/helm-values';
import { isMadeByProgram } from '../../analysis/made-by-programs';
import { nearest } from '../../analysis/nearest';
import { filesMeant } from '../../analysis/script-paths';
import type { HelmInstall } from '../../analysis/text/cluster-commands';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { SourceFile } from '../../manifests/file';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { listAsProvided } from './provided';
import { isOff, missingForReleases, type ValueProblem } from './release-references';

export default {
  id: 'values-secret-missing',
  items: [],
  severity: 'error',
  summary:
    'Helm values name an existing Secret, ConfigMap or claim that nothing creates, or a key that it does not have.',
  why: 'With `existingSecret` a chart makes no Secret of its own, and its pods stay in `CreateContainerConfigError` until somebody creates the one that is named.',
  remedy:
    'Create the Secret before the chart is installed, correct the name, or list it under `provided` in `matrix-preflight.yaml`.',
  traps: [
    'Only files of values that a script of the tree passes to Helm are judged, with the namespace that it installs into where that is known, and the values of what Flux, Argo CD and k3s install.',
    'Of those, a Secret is looked for only where the tree has others of its namespace, and keys only of charts, versions and repositories that are known. What Flux or Helm still has to fill in is left out.',
    'Parts with `enabled: false` are left out. A Secret that only a README or a comment tells the reader to create is a warning.',
  ],
  sources: [
    'bitnami/charts, values of redis and postgresql: `auth.existingSecret`; grafana/helm-charts: `admin.existingSecret`, `userKey`, `passwordKey`',
  ],
  examples: { bad: example('grafana-admn', true), good: example('grafana-admin', false) },
  *checkWorkspace(workspace) {
    const said = missingForReleases(workspace);
    yield* said;
    for (const problem of missingForScripts(workspace)) if (!said.some(({ at }) => at.isAt(problem.at))) yield problem;
  },
} satisfies Rule;

/** Of the files of values that scripts pass to Helm, whatever the chart is. */
function* missingForScripts(workspace: Workspace): Iterable<ValueProblem> {
  for (const document of valuesDocuments(workspace)) {
    if (!isUsedByScript(workspace, document.file)) continue;
    const releases = releasesWith(workspace, document.file);
    const namespaces = new Set(
      releases.map(one => (one.namespace?.certainty === 'known' ? one.namespace.value : undefined)),
    );
    const namespace = namespaces.size === 1 ? [...namespaces][0] : undefined;
    for (const value of document.root.scalars()) {
      if (!/^existing\w*Secret$/.test(String(value.name ?? '')) || !value.string || isOff(value)) continue;
      if (isFilledIn(workspace, value.string) || findPlaceholders(value.string, 'value').length > 0) continue;
      if (!/^[a-z0-9][a-z0-9.-]*$/.test(value.string)) continue;
      const found = declarationsOf(workspace, 'Secret', namespace, value.string);
      const made = found.filter(one => one.origin !== 'promise');
      if (made.length > 0) yield* absentKeys(value, made);
      else if (
        !isOfOtherChart(workspace, releases, namespace, value.string) &&
        !isMadeByProgram(workspace, 'Secret', namespace, value.string)
      )
        yield absent(workspace, value, value.string, namespace, found[0]);
    }
  }
}

function absent(
  workspace: Workspace,
  value: Value,
  name: string,
  namespace: string | undefined,
  promise: Declaration | undefined,
): ValueProblem {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  if (promise)
    return {
      at: value,
      severity: 'warning',
      message: `The Secret ${name}${where}, which the chart does not make, has to be created by hand before it is installed — see the command that describes it.`,
      related: [{ at: promise.at, message: 'The command that creates it' }],
    };
  const close = nearest(name, declaredNames(workspace, 'Secret', namespace));
  const edit = close === undefined ? undefined : replaceScalar(value, close);
  return {
    at: value,
    message: `Nothing creates the Secret ${name}${where}, which the chart is told to use — ${close ? `did you mean ${close}?` : 'create it before the chart is installed, correct the name, or list it under provided.'}`,
    fixes: () => [
      ...(edit ? [{ title: `Use the Secret ${close}`, safe: false, edits: [edit] }] : []),
      ...listAsProvided(workspace, { kind: 'Secret', namespace, name: value }),
    ],
  };
}

/** The keys that the values name beside the Secret. */
function* absentKeys(secret: Value, made: readonly Declaration[]): Iterable<ValueProblem> {
  const field = String(secret.name ?? '');
  for (const [name, key] of secret.parent?.entries() ?? []) {
    const isKey =
      field === 'existingSecret' && (/^existingSecret\w*Key$/.test(name) || /^(?:user|password)Key$/.test(name));
    if (!isKey || !key.string || made.some(one => mayHaveKey(one, key.string ?? ''))) continue;
    const known = [...knownKeys(made)].sort();
    yield {
      at: key,
      message: `Secret ${secret.string} has no key ${key.string}, which the chart is told to use; it has ${known.join(', ') || 'none'} — name one of these, or add the key.`,
      related: made.slice(0, 3).map(one => ({ at: one.at, message: `Secret ${secret.string}` })),
    };
  }
}

/** The commands of scripts that install something with a file of values. */
function releasesWith(workspace: Workspace, file: SourceFile): readonly HelmInstall[] {
  return foundCommands(workspace).flatMap(({ command, file: script, isShown }) =>
    command.kind === 'helm' &&
    !isShown &&
    command.values.some(path => filesMeant(workspace, script, path)?.includes(file))
      ? [command]
      : [],
  );
}

/** Whether another chart may make the Secret; the one that is told to use it does not. */
function isOfOtherChart(
  workspace: Workspace,
  releases: readonly HelmInstall[],
  namespace: string | undefined,
  name: string,
): boolean {
  const isOwn = releases.some(({ release }) => release && name.startsWith(release.value));
  return !isOwn && isChartObject(workspace, namespace, name) !== 'no';
}

function example(name: string, isBad: boolean): string {
  const mark = `\n      #                 ${'^'.repeat(name.length)} 💡 error: Nothing creates the Secret ${name} in namespace monitoring`;
  return `
      #- /install.sh
      kubectl create secret generic grafana-admin --namespace monitoring --from-literal=user=admin --from-literal=password="$(openssl rand -hex 24)"
      helm upgrade --install grafana grafana/grafana --namespace monitoring --values values/grafana.yaml
      #- /values/grafana.yaml
      admin:
        existingSecret: ${name}${isBad ? mark : ''}
        userKey: user
        passwordKey: password
    `;
}
