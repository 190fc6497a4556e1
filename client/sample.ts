import { commands, type ExtensionContext, FileType, Uri, window, workspace } from 'vscode';
import { alarm, showLog } from './notices';

const folderName = 'matrix-preflight-sample';

/** Copies the sample deployment, which has mistakes in it, to where the user likes, and opens it in a new window. */
export async function openSample({ extensionUri }: ExtensionContext): Promise<void> {
  const [parent] =
    (await window.showOpenDialog({
      title: `Where the folder ${folderName} is to be made`,
      openLabel: 'Put Sample Here',
      canSelectFiles: false,
      canSelectFolders: true,
    })) ?? [];
  if (!parent) return;
  try {
    const target = Uri.joinPath(parent, folderName);
    // What somebody has made of an earlier copy is opened as it is.
    if (!(await isFolder(target)))
      await workspace.fs.copy(Uri.joinPath(extensionUri, 'examples/broken'), target, { overwrite: false });
    await commands.executeCommand('vscode.openFolder', target, {
      forceNewWindow: workspace.workspaceFolders !== undefined,
    });
  } catch (error) {
    alarm(`The sample cannot be opened: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

async function isFolder(uri: Uri): Promise<boolean> {
  try {
    return (await workspace.fs.stat(uri)).type === FileType.Directory;
  } catch {
    return false;
  }
}
