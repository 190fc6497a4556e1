import { commands, type QuickPickItem, QuickPickItemKind, window } from 'vscode';
import { type DeployPlan, plannedSteps } from '../../deploy/plan/plan';
import type { PlanBlocker } from '../../deploy/plan/source';
import { askReason } from './questions';

/** A finding of a step that a person deploys against, with the reason. */
export interface WaiverDraft {
  readonly step: string;
  readonly rule: string;
  readonly reason: string;
}

interface Standing extends PlanBlocker {
  readonly step: string;
  readonly title: string;
}

/**
 * Shows the findings that block a plan, and asks for a reason for each rule that is to be waived.
 *
 * @param given waivers of an earlier session of the same run
 * @returns all waivers that hold; undefined if the deployment is not to go on
 */
export async function askWaivers(
  plan: DeployPlan,
  given: readonly WaiverDraft[],
  signal: AbortSignal,
): Promise<readonly WaiverDraft[] | undefined> {
  const standing = plannedSteps(plan).flatMap(step =>
    step.blockedBy
      .filter(({ rule }) => !given.some(waiver => waiver.step === step.id && waiver.rule === rule))
      .map((blocker): Standing => ({ ...blocker, step: step.id, title: step.title })),
  );
  if (standing.length === 0) return given;
  const rules = [...new Set(standing.map(({ rule }) => rule))];
  const show = '$(checklist) Show the Problems, and Do Not Deploy';
  const waive = '$(warning) Waive Them…';
  const items: readonly QuickPickItem[] = [
    { label: show },
    {
      label: waive,
      description: `asks for a reason for each of ${rules.length === 1 ? 'one rule' : `${rules.length} rules`}`,
    },
    { label: 'What stands in the way', kind: QuickPickItemKind.Separator },
    ...standing.map(({ rule, title, file, line, message }) => ({
      label: `$(error) ${rule}`,
      description: `${title}, ${file}:${line}`,
      ...(message === undefined ? {} : { detail: message }),
    })),
  ];
  const count = standing.length === 1 ? 'One finding blocks' : `${standing.length} findings block`;
  const options = { title: `${count} this deployment`, ignoreFocusOut: true, matchOnDescription: true };
  const choice = await window.showQuickPick(items, options);
  if (choice?.label === show) void commands.executeCommand('workbench.actions.view.problems');
  if (choice?.label !== waive || signal.aborted) return undefined;
  const waivers: WaiverDraft[] = [...given];
  for (const rule of rules) {
    const reason = await askReason(`Deploy against ${rule}`, 'Why may it be deployed all the same?');
    if (reason === undefined) return undefined;
    const steps = new Set(standing.filter(blocker => blocker.rule === rule).map(({ step }) => step));
    for (const step of steps) waivers.push({ step, rule, reason });
  }
  return waivers;
}
