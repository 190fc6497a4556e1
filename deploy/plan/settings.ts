import { settingsDocument } from '../../analysis/settings';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** What a tree says of its own deployment under `plan` of `matrix-preflight.yaml`. */
export interface PlanSettings {
  readonly namespace: string | undefined;
  /** Ids of order proposals that are refused. */
  readonly refused: readonly string[];
  /** In this order; the checklist's phases that are not among them follow in theirs. */
  readonly phases: readonly { readonly id: string; readonly title: string | undefined }[];
  readonly steps: ReadonlyMap<string, StepSettings>;
  readonly own: readonly OwnStep[];
}

export interface StepSettings {
  readonly title: string | undefined;
  readonly phase: string | undefined;
  readonly paths: readonly string[];
  /** Steps that must be healthy before, besides those of the checklist. */
  readonly after: readonly string[];
  /** The step of the same phase that this one comes right before. */
  readonly before: string | undefined;
  /** Objects as `Kind/name` that are never applied a second time without asking, as Jobs are. */
  readonly runOnce: readonly string[];
  readonly waits: readonly WaitSettings[];
  /** Why the step is left out; undefined if it is not. */
  readonly skip: string | undefined;
}

export interface WaitSettings {
  readonly apiVersion: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly timeoutSeconds: number | undefined;
}

/** A step the checklist does not have: manifests to apply, or a command that a person carries out. */
export interface OwnStep extends StepSettings {
  readonly id: string;
  /** Directories or files of manifests that the runner applies. */
  readonly apply: readonly string[];
  readonly helm: HelmRelease | undefined;
  /** A directory with a `kustomization.yaml`. */
  readonly kustomize: string | undefined;
}

export interface HelmRelease {
  readonly release: string;
  readonly chart: string;
  readonly version: string | undefined;
  readonly namespace: string | undefined;
  readonly values: readonly string[];
}

/** What `plan` in the settings of a tree says; empty where it is not written. */
export function planSettings(workspace: Workspace): PlanSettings {
  const root = settingsDocument(workspace)?.root.at('plan');
  return {
    namespace: root?.at('namespace').string,
    refused: texts(root?.at('refused')),
    phases: (root?.at('phases').items() ?? []).flatMap(phase => {
      const id = phase.at('id').string;
      return id ? [{ id, title: phase.at('title').string }] : [];
    }),
    steps: new Map((root?.at('steps').entries() ?? []).map(([id, step]) => [id, stepSettings(step)])),
    own: (root?.at('own').items() ?? []).flatMap(ownStep),
  };
}

function stepSettings(step: Value): StepSettings {
  return {
    title: step.at('title').string,
    phase: step.at('phase').string,
    paths: texts(step.at('paths')),
    after: texts(step.at('after')),
    before: step.at('before').string,
    runOnce: texts(step.at('runOnce')),
    waits: step
      .at('waits')
      .items()
      .flatMap((wait): readonly WaitSettings[] => {
        const [kind, name] = [wait.at('kind').string, wait.at('name').string];
        if (!kind || !name) return [];
        const [apiVersion, namespace] = [wait.at('apiVersion').string, wait.at('namespace').string];
        return [{ apiVersion, kind, name, namespace, timeoutSeconds: wait.at('timeoutSeconds').number }];
      }),
    skip: step.at('skip').string,
  };
}

function ownStep(step: Value): readonly OwnStep[] {
  const id = step.at('id').string;
  if (!id) return [];
  const helm = step.at('helm');
  const [release, chart] = [helm.at('release').string, helm.at('chart').string];
  return [
    {
      ...stepSettings(step),
      id,
      apply: texts(step.at('apply')),
      kustomize: step.at('kustomize').string,
      helm:
        release && chart
          ? {
              release,
              chart,
              version: helm.at('version').text,
              namespace: helm.at('namespace').string,
              values: texts(helm.at('values')),
            }
          : undefined,
    },
  ];
}

function texts(value: Value | undefined): readonly string[] {
  return (value?.items() ?? []).flatMap(item => item.string ?? []);
}
