import type { DeployStepDefinition } from '../../checklist/steps';
import { groupedBy } from '../../manifests/grouped';
import { baseName, directoryOf } from '../../manifests/paths';
import { hasRole } from './roles';
import type { PlanDocument, PlanSource } from './source';

export type Resolution = 'exact' | 'moved' | 'ambiguous' | 'absent' | 'broken';

/** Where a step's objects were found. */
export interface ResolvedStep {
  readonly resolution: Resolution;
  /** Directories or files, relative to the root, without a trailing slash; empty unless exact, moved or broken. */
  readonly paths: readonly string[];
  /** Why the outcome is what it is, for people. */
  readonly reason: string;
  /** What a person may choose from, best first; only for an ambiguous step. */
  readonly alternatives: readonly string[];
}

/**
 * Finds the directory that holds what a step deploys. Real trees renumber, rename and move their directories, so
 * the checklist's path is only a hint: a directory counts when objects in it have the step's role.
 *
 * @param chosen paths a person chose for the step; they win over everything.
 */
export function resolveStep(
  step: DeployStepDefinition,
  sources: readonly PlanSource[],
  chosen: readonly string[] | undefined,
): ResolvedStep {
  const wanted = trimSlash(step.checklistPath);
  if (chosen !== undefined && chosen.length > 0) return resolveChosen(step, sources, chosen.map(trimSlash), wanted);

  const exact = sources.filter(source => liesIn(source.path, wanted));
  if (wanted !== '' && countRole(step, exact) > 0) return found('exact', [wanted], exact, `Found at ${wanted}.`);

  const candidates = rank(step, sources, wanted);
  const [best, second] = candidates;
  if (best === undefined)
    return { resolution: 'absent', paths: [], reason: `Nothing in the tree is ${step.title}.`, alternatives: [] };
  if (second !== undefined && best.score - second.score < ambiguousBelow) {
    const alternatives = candidates.filter(candidate => best.score - candidate.score < ambiguousBelow).map(c => c.path);
    return {
      resolution: 'ambiguous',
      paths: [],
      reason: `${wanted} has no ${step.title}; several other directories have.`,
      alternatives,
    };
  }
  if (crossesInstance(wanted, best.path)) {
    const reason = `${wanted} has no ${step.title}; ${best.path} has, but that is the other instance.`;
    return { resolution: 'ambiguous', paths: [], reason, alternatives: [best.path] };
  }
  const place = best.path === '' ? 'the root of the tree' : best.path;
  const reason = wanted === '' ? `Found in ${place}.` : `${wanted} has no ${step.title}; ${place} has.`;
  return found('moved', [best.path], best.sources, reason);
}

/** Whether a file lies in a path of a step: it is that file, or it is directly in that directory. */
export function liesIn(file: string, path: string): boolean {
  return file === path || directoryOf(file) === path;
}

const ambiguousBelow = 6;

interface Candidate {
  readonly path: string;
  readonly score: number;
  readonly sources: readonly PlanSource[];
}

function resolveChosen(
  step: DeployStepDefinition,
  sources: readonly PlanSource[],
  chosen: readonly string[],
  wanted: string,
): ResolvedStep {
  const inside = sources.filter(source => chosen.some(path => liesIn(source.path, path)));
  if (documents(inside).length === 0) {
    const reason = `The chosen ${chosen.join(', ')} has no Kubernetes objects.`;
    return { resolution: 'absent', paths: [], reason, alternatives: [] };
  }
  const same = chosen.length === 1 && chosen[0] === wanted;
  return found(same ? 'exact' : 'moved', chosen, inside, `${step.title} was chosen to be ${chosen.join(', ')}.`);
}

function found(
  outcome: 'exact' | 'moved',
  paths: readonly string[],
  sources: readonly PlanSource[],
  reason: string,
): ResolvedStep {
  const broken = sources.find(source => source.documents.some(document => document.broken));
  if (broken === undefined) return { resolution: outcome, paths, reason, alternatives: [] };
  return { resolution: 'broken', paths, reason: `${reason} ${broken.path} cannot be read.`, alternatives: [] };
}

/** Directories with at least one object of the role, best first; the path breaks ties, so the result is stable. */
function rank(step: DeployStepDefinition, sources: readonly PlanSource[], wanted: string): Candidate[] {
  const candidates: Candidate[] = [];
  for (const [path, inside] of groupedBy(sources, source => directoryOf(source.path))) {
    const matching = countRole(step, inside);
    if (matching === 0) continue;
    const share = matching / documents(inside).length;
    const likeness = Math.max(slugLikeness(path, wanted), slugLikeness(path, step.id));
    candidates.push({ path, score: 40 + 20 * share + 8 * likeness, sources: inside });
  }
  return candidates.sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1));
}

function countRole(step: DeployStepDefinition, sources: readonly PlanSource[]): number {
  return documents(sources).filter(document => hasRole(document, step.role)).length;
}

function documents(sources: readonly PlanSource[]): readonly PlanDocument[] {
  return sources.flatMap(source => source.documents);
}

/** Shared words of two last path segments, 0 to 1; leading numbers say nothing (`03-workers` is not `03-haproxy`). */
function slugLikeness(path: string, other: string): number {
  const [a, b] = [words(path), words(other)];
  if (a.size === 0 || b.size === 0) return 0;
  const shared = [...a].filter(word => b.has(word)).length;
  return shared / new Set([...a, ...b]).size;
}

function words(path: string): ReadonlySet<string> {
  const last = baseName(path).replace(/\.[a-z]+$/, '');
  return new Set(
    last
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter(word => word !== ''),
  );
}

/** A directory of the main instance is never silently replaced by one of the LI instance, nor the other way round. */
function crossesInstance(wanted: string, path: string): boolean {
  const [from, to] = [wanted.split('/')[0] ?? '', path.split('/')[0] ?? ''];
  return /-instance$/.test(from) && /-instance$/.test(to) && from !== to;
}

function trimSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
