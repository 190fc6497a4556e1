import { commands, type ExtensionContext, FileType, Uri, window, workspace } from 'vscode';
import { alarm, showLog } from './notices';

const folderName = 'matrix-preflight-sample';

/** Writes the sample deployment, which has mistakes in it, to where the user likes, and opens it in a new window. */
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
    if (!(await isFolder(target))) await writeSample(extensionUri, target);
    await commands.executeCommand('vscode.openFolder', target, {
      forceNewWindow: workspace.workspaceFolders !== undefined,
    });
  } catch (error) {
    alarm(`The sample cannot be opened: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

/** Writes the files of the sample, which are one file of the extension, into a folder. */
export async function writeSample(extensionUri: Uri, folder: Uri): Promise<void> {
  const packed = await workspace.fs.readFile(Uri.joinPath(extensionUri, 'dist/sample.json'));
  const files: Readonly<Record<string, string>> = JSON.parse(new TextDecoder().decode(packed));
  const encoder = new TextEncoder();
  await Promise.all(
    Object.entries(files).map(([path, text]) =>
      workspace.fs.writeFile(Uri.joinPath(folder, path), encoder.encode(text)),
    ),
  );
}

async function isFolder(uri: Uri): Promise<boolean> {
  try {
    return (await workspace.fs.stat(uri)).type === FileType.Directory;
  } catch {
    return false;
  }
}
