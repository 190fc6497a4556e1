import { commands, ProgressLocation, window } from 'vscode';
import type { StatusParams } from '../protocol/messages';
import { alarm, inform, restartServer, showLog } from './notices';
import type { Server } from './server';

/** Waits until every manifest has been checked, shows the Problems view, and says what has been found. */
export async function checkDeployment(server: Server): Promise<void> {
  try {
    const progress = { location: ProgressLocation.Window, title: 'Checking the deployment' };
    const status = await window.withProgress(progress, () => server.ready());
    await commands.executeCommand('workbench.panel.markers.view.focus');
    inform(summary(status));
  } catch (error) {
    alarm(error instanceof Error ? error.message : String(error), restartServer, showLog);
  }
}

function summary({ findings, files, resources }: StatusParams): string {
  if (resources === 0) return 'No Kubernetes manifest was found in this workspace.';
  const counts = [
    counted(findings.error, 'error'),
    counted(findings.warning, 'warning'),
    counted(findings.info, 'note'),
    counted(findings.hint, 'hint'),
  ].filter(part => part !== undefined);
  const checked = `${counted(resources, 'resource')} of ${counted(files, 'file')}`;
  return counts.length === 0 ? `Nothing was found in ${checked}.` : `${counts.join(', ')} in ${checked}.`;
}

function counted(count: number, noun: string): string | undefined {
  return count === 0 ? undefined : `${count} ${noun}${count === 1 ? '' : 's'}`;
}
