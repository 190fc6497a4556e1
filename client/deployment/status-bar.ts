import { Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window } from 'vscode';
import type { ContextChoice } from './context';
import type { Activity } from './operations';

/** An item of the status bar that names the context, and the step of a deployment that goes on. */
export function registerContextItem(context: ContextChoice, activity: Activity): Disposable {
  const item = window.createStatusBarItem('matrixPreflight.context', StatusBarAlignment.Left, -1);
  item.name = 'Matrix Preflight Context';
  item.command = 'matrixPreflight.selectContext';
  const show = () => {
    const { chosen } = context;
    const { word, isFailed } = activity.status;
    if (chosen === undefined && word === undefined) return item.hide();
    const name = chosen?.name ?? 'no context';
    const icon = isFailed ? 'error' : word === undefined ? 'server-environment' : 'sync~spin';
    item.text = `$(${icon}) ${name}${word === undefined ? '' : `: ${word}`}`;
    const where =
      chosen === undefined || chosen.server === ''
        ? 'not reached yet'
        : `${chosen.server}, Kubernetes ${chosen.version}`;
    const guard = chosen?.isProtected
      ? 'protected, its name has to be typed before anything is changed'
      : 'not protected';
    const tooltip = new MarkdownString('**Deployment context**\n\n');
    tooltip.appendText(`${name}: ${where}; ${guard}.`);
    item.tooltip = tooltip;
    item.accessibilityInformation = {
      label: `Deployment context ${name}, ${guard}${word === undefined ? '' : `, ${word}`}`,
    };
    item.backgroundColor = chosen?.isProtected ? new ThemeColor('statusBarItem.errorBackground') : undefined;
    item.show();
  };
  show();
  return Disposable.from(item, context.onDidChange(show), activity.onDidChange(show));
}
