import type { RunSummary } from '../../protocol/report';
import { plannedSteps } from '../plan/plan';
import { listRuns, readPlan, type StoredRun } from './store';

/** The deployments of a tree that were run from this machine, the newest first. */
export function runSummaries(stateDirectory: string, root: string, most = 5): readonly RunSummary[] {
  return listRuns(stateDirectory)
    .filter(({ state }) => state.root === root)
    .slice(0, most)
    .map(runSummary);
}

function runSummary({ files, state, isRunning }: StoredRun): RunSummary {
  const titles = titlesOf(files);
  const times = [...state.steps.values()].map(({ since }) => since).sort();
  const [from] = times;
  const to = times.at(-1);
  return {
    run: state.run,
    ...(state.cluster ? { cluster: state.cluster.context } : {}),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    outcome: state.ended ?? (isRunning ? 'running' : state.paused ? `paused: ${state.paused.text}` : 'interrupted'),
    steps: [...state.steps].map(([id, { state: step, reason }]) => ({
      title: titles.get(id) ?? id,
      state: step,
      ...(reason === undefined ? {} : { reason }),
    })),
    waivers: state.waivers.map(({ rule, by, reason }) => ({ rule, by, reason })),
  };
}

/** A plan that cannot be read costs the titles, not the report. */
function titlesOf(files: StoredRun['files']): ReadonlyMap<string, string> {
  try {
    return new Map(plannedSteps(readPlan(files)).map(({ id, title }) => [id, title]));
  } catch {
    return new Map();
  }
}
