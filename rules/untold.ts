import { secretEntries } from '../analysis/secret-data';
import { findPlaceholders } from '../analysis/text/placeholders';
import { perName } from '../manifests/derived';
import type { Workspace } from '../manifests/workspace';
import type { Problem } from './rule';

/**
 * A problem whose sentences name no value that the tree keeps in Secrets alone, such as a host or a role: in its place
 * stands where to find it. What the tree also says elsewhere is no secret, and placeholders are no values yet.
 */
export function withoutSecretValues(problem: Problem, workspace: Workspace): Problem {
  const values = workspace.shared(keptValues);
  if (values.size === 0) return problem;
  const told = (sentence: string): string =>
    sentence.replace(word, text => {
      const place = values.get(text);
      return place === undefined || isSaidElsewhere(workspace, text) ? text : `(${place})`;
    });
  const message = told(problem.message);
  const related = problem.related?.map(one => ({ ...one, message: told(one.message) }));
  if (message === problem.message && !related?.some((one, at) => one.message !== problem.related?.[at]?.message))
    return problem;
  const fixes = () => (problem.fixes?.() ?? []).map(fix => ({ ...fix, title: told(fix.title) }));
  return { ...problem, message, ...(related && { related }), ...(problem.fixes && { fixes }) };
}

/** A word of a sentence, without the marks around it. */
const word = /[\w@%+=:/~-](?:[\w@%+=:/~.-]*[\w@%+=:/~-])?/g;

/** What the Secrets of a tree hold in one word, with the key that it stands under. */
function keptValues(workspace: Workspace): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const secret of workspace.resources('Secret')) {
    for (const { key, text } of secretEntries(secret)) {
      const value = text?.trim() ?? '';
      if (
        value.length < shortest ||
        /\s/.test(value) ||
        ofRules.has(value) ||
        findPlaceholders(value, 'value').length > 0
      )
        continue;
      for (const part of [value, nameOfService(value)])
        if (part.length >= shortest) values.set(part, `${key} of Secret ${secret.name}`);
    }
  }
  return values;
}

/** The name by which rules speak of a host inside of the cluster. */
function nameOfService(value: string): string {
  return /^([a-z][a-z0-9-]*)(?:\.[a-z0-9-]+)*\.svc\b/.exec(value)?.[1] ?? '';
}

/** Shorter texts are switches and numbers, or words of any sentence. */
const shortest = 5;

/** What sentences of rules say by themselves. */
const ofRules: ReadonlySet<string> = new Set(['postgres', 'synapse', 'matrix', 'redis', 'minio', 'admin', 'default']);

/** Whether a text stands in some file outside of Secrets. */
const isSaidElsewhere = perName((workspace: Workspace, text) =>
  workspace.files.some(file =>
    file.documents.length === 0
      ? file.text.includes(text)
      : file.documents.some(
          document => document.resources.every(({ kind }) => kind !== 'Secret') && document.text.includes(text),
        ),
  ),
);
