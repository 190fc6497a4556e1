import { type Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window } from 'vscode';
import type { Server, ServerState } from './server';

const name = 'Matrix Preflight';

/** An item at the left of the status bar that counts the findings of the whole deployment. */
export function registerStatusBar(server: Server): Disposable {
  const item = window.createStatusBarItem('matrixPreflight.status', StatusBarAlignment.Left, 0);
  item.name = name;
  const show = (state: ServerState) => {
    const { text, label, command, warning } = face(state);
    item.text = text;
    item.tooltip = new MarkdownString(`**${name}**\n\n${label}`);
    item.accessibilityInformation = { label: `${name}: ${label}` };
    item.command = command;
    item.backgroundColor = warning ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    item.show();
  };
  show(server.state);
  const subscription = server.onDidChangeState(show);
  return { dispose: () => [subscription, item].forEach(part => void part.dispose()) };
}

interface Face {
  readonly text: string;
  /** The same in words. */
  readonly label: string;
  readonly command: string;
  readonly warning?: boolean;
}

function face(state: ServerState): Face {
  switch (state.state) {
    case 'starting':
      return { text: '$(sync~spin) Preflight', label: 'Starting.', command: 'matrixPreflight.showLog' };
    case 'scanning':
      return { text: '$(sync~spin) Preflight', label: 'Reading the manifests.', command: 'matrixPreflight.showLog' };
    case 'stopped':
      return {
        text: '$(debug-disconnect) Preflight',
        label: 'The language server is not running. Select to start it.',
        command: 'matrixPreflight.restartServer',
        warning: true,
      };
    case 'ready': {
      const { error, warning, info, hint } = state.findings;
      const clean = error + warning === 0;
      return {
        text: clean ? '$(pass) Preflight' : `$(checklist) Preflight $(error) ${error} $(warning) ${warning}`,
        label: `${error} errors, ${warning} warnings, ${info} notes and ${hint} hints in ${state.files} files.`,
        command: 'workbench.panel.markers.view.focus',
      };
    }
  }
}
