import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { settingsFileName, settingsOf } from '../analysis/settings';
import { readTree } from '../files/disk';
import { readRuleTexts } from '../files/rule-texts';
import { matchesGlob } from '../manifests/glob';
import { Workspace } from '../manifests/workspace';
import { rules } from '../rules/catalogue';
import { checkWorkspace, type Finding, takeCrashes } from '../rules/findings';
import type { Rule } from '../rules/rule';
import { textsFrom } from '../rules/texts';
import { UsageError } from './usage';

/** Reads a tree into a workspace. `config` replaces the tree's own settings file. Throws {@link UsageError}. */
export function loadWorkspace(root: string, config?: string): Workspace {
  const workspace = new Workspace({ isLive: false });
  try {
    for (const { absolutePath, path, text, unread } of readTree(root))
      workspace.update(pathToFileURL(absolutePath).href, path, text, unread);
    if (config !== undefined)
      workspace.update(
        pathToFileURL(`${root}/${settingsFileName}`).href,
        settingsFileName,
        readFileSync(config, 'utf8'),
      );
  } catch (error) {
    throw new UsageError(`${config ?? root} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { exclude } = settingsOf(workspace);
  if (exclude.length > 0) {
    for (const file of workspace.files)
      if (exclude.some(pattern => matchesGlob(pattern, file.path))) workspace.remove(file.uri);
  }
  return workspace;
}

/** Runs the rules, all or those named. Throws {@link UsageError} for an unknown id, and if a rule fails. */
export function findingsOf(workspace: Workspace, ids: readonly string[] = []): readonly Finding[] {
  const chosen = ids.length === 0 ? rules : ids.map(ruleOf);
  // A rule about the findings of others needs those, whichever were asked for.
  const isAboutOthers = chosen.some(rule => 'checkFindings' in rule);
  const all = checkWorkspace(workspace, isAboutOthers ? rules : chosen, { today });
  const findings = isAboutOthers ? all.filter(({ rule }) => chosen.includes(rule)) : all;
  const [crash] = takeCrashes(workspace);
  if (crash)
    throw new Error(
      `the rule ${crash.rule} failed, which is a bug: ${crash.error instanceof Error ? (crash.error.stack ?? crash.error.message) : crash.error}`,
    );
  return findings;
}

/** The day, in UTC: what expires on it still holds everywhere where it is still that day. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

export const textsOf = textsFrom(readRuleTexts);

export function ruleOf(id: string): Rule {
  const rule = rules.find(one => one.id === id);
  if (!rule) throw new UsageError(`there is no rule "${id}"`);
  return rule;
}
