import { commands, env, type QuickPickItem, Uri, window, workspace } from 'vscode';
import { gitState } from '../../deploy/git';
import {
  type ReportFacts,
  type ReportFormat,
  type ReportResult,
  type RunSummary,
  reportRequest,
} from '../../protocol/report';
import { alarm, inform, showLog } from '../notices';
import type { RunProgram } from '../run-program';
import type { Server } from '../server';

/** What the report needs to know that only the place the extension runs in can tell; nothing in a browser. */
export interface ReportSources {
  readonly version: string;
  readonly runProgram: RunProgram | undefined;
  /** The deployments of the tree at a path of the disk. */
  readonly runsOf: ((root: string) => readonly RunSummary[]) | undefined;
}

/** Asks for a format and a file, writes the report there, and opens it. */
export async function exportReport(server: Server, sources: ReportSources): Promise<void> {
  try {
    await server.ready();
    const format = await pickFormat();
    if (!format) return;
    const folder = workspace.workspaceFolders?.[0]?.uri;
    const target = await window.showSaveDialog({
      title: 'Export the Report',
      saveLabel: 'Export',
      filters: { [format.label]: [format.extension] },
      ...(folder ? { defaultUri: Uri.joinPath(folder, `preflight-report.${format.suffix ?? format.extension}`) } : {}),
    });
    if (!target) return;
    const { text } = await server.client.sendRequest<ReportResult>(reportRequest, {
      format: format.id,
      facts: await factsAbout(folder, sources),
    });
    if (text === undefined) return inform('There is no deployment in this workspace to report on.');
    await workspace.fs.writeFile(target, new TextEncoder().encode(text));
    await open(target, format.id);
  } catch (error) {
    alarm(`The report cannot be written: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

interface FormatItem extends QuickPickItem {
  readonly id: ReportFormat;
  readonly extension: string;
  readonly suffix?: string;
}

const formats: readonly FormatItem[] = [
  {
    id: 'html',
    label: 'HTML',
    extension: 'html',
    description: 'one page to read, print and pass on, with the picture of the network',
  },
  { id: 'markdown', label: 'Markdown', extension: 'md', description: 'for a repository, a ticket or a pull request' },
  { id: 'json', label: 'JSON', extension: 'json', description: 'for scripts' },
  {
    id: 'sarif',
    label: 'SARIF',
    extension: 'sarif',
    description: 'findings with regions and fixes, for code scanning',
  },
  { id: 'junit', label: 'JUnit', extension: 'xml', description: 'findings as test cases, for CI servers' },
];

function pickFormat(): Thenable<FormatItem | undefined> {
  return window.showQuickPick(formats, { title: 'Export Report', placeHolder: 'Format of the report' });
}

/** Programs are run in trusted workspaces only; elsewhere the report says nothing of the commit. */
async function factsAbout(
  folder: Uri | undefined,
  { version, runProgram, runsOf }: ReportSources,
): Promise<ReportFacts> {
  const isOnDisk = folder?.scheme === 'file';
  const git =
    isOnDisk && runProgram && workspace.isTrusted
      ? await gitState(folder.fsPath, args => runProgram('git', args, ''))
      : undefined;
  return {
    version,
    generatedAt: new Date().toISOString(),
    ...(git ? { git } : {}),
    ...(isOnDisk && runsOf ? { runs: runsOf(folder.fsPath) } : {}),
  };
}

/** The editor shows what was written; a page is best read in a browser. */
async function open(target: Uri, format: ReportFormat): Promise<void> {
  if (format === 'markdown') await commands.executeCommand('markdown.showPreview', target);
  else await window.showTextDocument(target);
  if (format !== 'html') return;
  const openInBrowser = 'Open in Browser';
  window.showInformationMessage('The report has been written.', openInBrowser).then(choice => {
    if (choice === openInBrowser) env.openExternal(target);
  });
}
