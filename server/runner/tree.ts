import { pathToFileURL } from 'node:url';
import { settingsOf } from '../../analysis/settings';
import { planOf, planSources } from '../../deploy/plan/from-workspace';
import type { DeployPlan, PlanOptions } from '../../deploy/plan/plan';
import type { PlanSource } from '../../deploy/plan/source';
import { readTree } from '../../files/disk';
import { matchesGlob } from '../../manifests/glob';
import { Workspace } from '../../manifests/workspace';
import { blockers } from '../../rules/blockers';
import { rules } from '../../rules/catalogue';
import { checkWorkspace } from '../../rules/findings';
import { today } from '../deployment';
import { optionsFrom } from '../session';

export interface Tree {
  readonly plan: DeployPlan;
  readonly sources: readonly PlanSource[];
}

/**
 * Works out the plan from the files on disk as they are whenever it is called, and anew only when one has changed.
 * What is typed in an editor and not saved is never deployed.
 *
 * @param settings the extension's settings, read as the language server reads them
 */
export function treeOnDisk(root: string, settings: unknown): (options: PlanOptions) => Tree {
  let known: { readonly key: string; readonly texts: readonly string[]; readonly tree: Tree } | undefined;
  return options => {
    const files = [...readTree(root)];
    const texts = files.flatMap(file => [file.path, file.text]);
    // Waivers expire with the day.
    const key = JSON.stringify({ day: today(), ...options, servedGroups: [...(options.servedGroups ?? [])] });
    if (
      known?.key === key &&
      known.texts.length === texts.length &&
      known.texts.every((text, at) => text === texts[at])
    )
      return known.tree;
    const { exclude, ...checks } = optionsFrom(settings);
    const workspace = new Workspace();
    for (const { absolutePath, path, text, unread } of files)
      workspace.update(pathToFileURL(absolutePath).href, path, text, unread);
    const left = [...settingsOf(workspace).exclude, ...(exclude ?? [])];
    for (const file of workspace.files) if (left.some(glob => matchesGlob(glob, file.path))) workspace.remove(file.uri);
    const sources = planSources(workspace);
    const findings = checkWorkspace(workspace, rules, { ...checks, today });
    const tree = { plan: planOf(workspace, blockers(findings, workspace), options), sources };
    known = { key, texts, tree };
    return tree;
  };
}
