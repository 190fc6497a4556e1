import type { ClusterCommand, ClusterCommandContext, HelmInstall } from './cluster-commands';
import { manifestPath, separated } from './manifest-paths';
import { readOptions } from './shell-options';
import type { RunStep } from './shell-run';
import { type RunWord, wordPart } from './shell-values';

/** Reads a call of Helm that installs a chart, or names where charts come from. */
export function readHelm(step: RunStep, context: ClusterCommandContext): ClusterCommand | undefined {
  const options = readOptions(step.args, { short: 'nfo', long: helmOptions });
  const [verb, ...operands] = options.operands;
  if (verb?.value === 'repo') {
    const [add, name, url] = operands;
    return add?.value === 'add' && name ? { kind: 'helm-repository', ...context, name, url } : undefined;
  }
  if (verb?.value !== 'install' && verb?.value !== 'upgrade' && verb?.value !== 'template') return undefined;
  const isUnnamed = operands.length === 1;
  const chart = operands[isUnnamed ? 0 : 1];
  if (!chart) return undefined;
  const sets = options.values('set', 'set-string', 'set-json', 'set-file').flatMap(settings);
  return {
    kind: 'helm',
    ...context,
    verb: verb.value,
    release: isUnnamed ? undefined : operands[0],
    chart,
    repository: options.value('repo'),
    version: options.value('version'),
    namespace: options.value('n', 'namespace'),
    createNamespace: options.has('create-namespace'),
    values: options
      .values('f', 'values')
      .flatMap(separated)
      .map(word => manifestPath(word, step)),
    sets,
  };
}

/** Options of Helm whose value may be the next word, by its reference. */
const helmOptions: readonly string[] = (
  'namespace values set set-string set-file set-json version repo timeout kube-context kubeconfig username ' +
  'password ca-file cert-file key-file description history-max post-renderer output name-template'
).split(' ');

/** `--set a=b,c.d={e,f}`: several settings in one word, at commas that are not escaped or in braces. */
function settings(word: RunWord): HelmInstall['sets'] {
  return [...word.value.matchAll(/([^=,]+)=(\{[^}]*\}|(?:\\.|[^,\\])*)/g)].map(
    ({ index, 0: all, 1: key = '', 2: value = '' }) => ({
      key,
      value,
      span: wordPart(word, index, index + all.length).span,
    }),
  );
}
