import { commands, type MessageItem, window } from 'vscode';

/** A button of a notification that runs a command. */
export interface NoticeAction extends MessageItem {
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

export const showLog: NoticeAction = { title: 'Show Log', command: 'matrixPreflight.showLog' };
export const restartServer: NoticeAction = { title: 'Restart Server', command: 'matrixPreflight.restartServer' };

/** Shows a notification without waiting for it: it may stay on the screen for as long as the user likes. */
export function inform(message: string, ...actions: readonly NoticeAction[]): void {
  window.showInformationMessage(message, ...actions).then(run);
}

export function warn(message: string, ...actions: readonly NoticeAction[]): void {
  window.showWarningMessage(message, ...actions).then(run);
}

export function alarm(message: string, ...actions: readonly NoticeAction[]): void {
  window.showErrorMessage(message, ...actions).then(run);
}

function run(action: NoticeAction | undefined): void {
  if (action) commands.executeCommand(action.command, ...(action.arguments ?? []));
}
