import { checklistSteps, proposedSteps } from '../../checklist/steps';
import type { Definition } from './claims';
import { commandText } from './commands';
import type { OwnStep, PlanSettings } from './settings';

/** A step of the tree's own, with what it takes away from the checklist's steps. */
export interface OwnDefinition {
  readonly definition: Definition;
  /** Paths whose manifests it applies. */
  readonly paths: readonly string[];
  /** Directories and files that another program builds from; nothing in them is applied as it is. */
  readonly builtFrom: readonly string[];
}

/** The steps that the settings of a tree add to the checklist's. */
export function ownSteps(settings: PlanSettings | undefined): readonly OwnDefinition[] {
  // The rule settings-invalid reports ids that are taken; a plan must not have two steps of one id.
  const isFirst = (step: OwnStep, index: number, all: readonly OwnStep[]) =>
    all.findIndex(other => other.id === step.id) === index &&
    ![...proposedSteps, ...checklistSteps].some(other => other.id === step.id);
  return (settings?.own ?? []).filter(isFirst).map(step => {
    const paths = step.apply.map(trimSlash);
    const builtFrom = [...(step.kustomize === undefined ? [] : [step.kustomize]), ...(step.helm?.values ?? [])];
    return {
      paths,
      builtFrom: builtFrom.map(trimSlash),
      definition: {
        id: step.id,
        title: step.title ?? step.id,
        phase: step.phase ?? 'auxiliary',
        items: [],
        checklistPath: paths[0] ?? step.kustomize ?? '',
        role: 'namespace',
        runOnceJobs: [],
        after: step.after,
        checks: [],
        hints: ['T.1', 'T.2'],
        extraPath: paths,
        proposed: 'The settings of the tree add this step.',
      },
    };
  });
}

/**
 * The steps in the order that the settings ask for: own ones after the last step of their phase that they build on,
 * else at its end; moved ones right before the step that they name.
 */
export function withSettings(
  steps: readonly Definition[],
  own: readonly Definition[],
  settings: PlanSettings | undefined,
): Definition[] {
  if (settings === undefined) return [...steps];
  const ordered = steps.map((step): Definition => {
    const said = settings.steps.get(step.id);
    if (said === undefined) return step;
    const after = [...step.after, ...said.after.filter(id => !step.after.includes(id))];
    return { ...step, title: said.title ?? step.title, phase: said.phase ?? step.phase, after };
  });
  for (const step of own) {
    const builtOn = ordered.findLastIndex(other => other.phase === step.phase && step.after.includes(other.id));
    ordered.splice(builtOn === -1 ? ordered.length : builtOn + 1, 0, step);
  }
  for (const [id, { before }] of [...settings.steps, ...settings.own.map(step => [step.id, step] as const)]) {
    const from = ordered.findIndex(step => step.id === id);
    if (before === undefined || from === -1 || before === id || !ordered.some(step => step.id === before)) continue;
    const [moved] = ordered.splice(from, 1);
    ordered.splice(
      ordered.findIndex(step => step.id === before),
      0,
      moved!,
    );
  }
  return ordered;
}

/** What a person has to run for a step that another program builds; for reading only, it is never executed. */
export function byHandCommand(step: OwnStep | undefined, namespace: string): string | undefined {
  if (step?.helm !== undefined) {
    const { release, chart, version, namespace: own, values } = step.helm;
    return commandText('helm', [
      'upgrade',
      '--install',
      release,
      chart,
      `--namespace=${own ?? namespace}`,
      ...(version === undefined ? [] : [`--version=${version}`]),
      ...values.map(file => `--values=${file}`),
    ]);
  }
  if (step?.kustomize === undefined) return undefined;
  const apply = commandText('kubectl', ['apply', '--server-side', '--field-manager=matrix-preflight', '--filename=-']);
  return `${commandText('kubectl', ['kustomize', step.kustomize])} | ${apply}`;
}

function trimSlash(path: string): string {
  return path.replace(/^\.\//, '').replace(/\/+$/, '');
}
