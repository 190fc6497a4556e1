import type { ClusterCommand, ClusterCommandContext } from './cluster-commands';
import { readHelm } from './helm-arguments';
import { readKubectl } from './kubectl-arguments';
import { manifestPath } from './manifest-paths';
import type { ShellScript } from './shell-nodes';
import { readOptions } from './shell-options';
import { type RunStep, runShell } from './shell-run';

/**
 * The kubectl, helm and htpasswd commands of a script, in the order in which they run, with wrapper functions entered
 * (https://kubernetes.io/docs/reference/kubectl/generated/, https://helm.sh/docs/helm/).
 */
export function kubectlCommands(script: ShellScript): readonly ClusterCommand[] {
  const found: ClusterCommand[] = [];
  const appliedPipelines = new Set<number>();
  for (const { name, args, pipeline } of script.commands) {
    if ((name === 'kubectl' || name === 'oc') && args.some(arg => /^(apply|create|replace)$/.test(arg.value))) {
      if (pipeline.position > 0) appliedPipelines.add(pipeline.index);
    }
  }
  runShell(script, step => {
    const { command, conditional, looped, errorsIgnored } = step;
    const context = { span: command.span, conditional, looped, errorsIgnored };
    const isApplied = appliedPipelines.has(command.pipeline.index) && step.piped !== undefined;
    const read = readCommand(step, context, isApplied);
    if (read) found.push(read);
  });
  return found;
}

function readCommand(step: RunStep, context: ClusterCommandContext, isApplied: boolean): ClusterCommand | undefined {
  switch (step.name) {
    case 'kubectl':
    case 'oc':
    case 'k':
      return readKubectl(step, context, isApplied);
    case 'helm':
    case 'helm3':
      return readHelm(step, context);
    case 'htpasswd': {
      const options = readOptions(step.args, { short: 'Cr' });
      const [file, user] = options.operands;
      if (!file || options.has('n')) return undefined;
      return { kind: 'htpasswd', ...context, file: manifestPath(file, step), user, creates: options.has('c') };
    }
    default:
      return undefined;
  }
}
