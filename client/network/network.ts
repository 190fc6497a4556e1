import {
  commands,
  Disposable,
  type ExtensionContext,
  Range,
  Uri,
  ViewColumn,
  type WebviewPanel,
  window,
  workspace,
} from 'vscode';
import { type NetworkPlace, type NetworkReport, networkRequest } from '../../protocol/network';
import { alarm, showLog } from '../notices';
import type { Server } from '../server';
import type { FromPage, NetworkShown } from './messages';
import { networkPage } from './page';

const viewType = 'matrixPreflight.network';

/** Statuses come with every edit; the picture follows when they pause. */
const refreshDelayMilliseconds = 300;

/**
 * The command that shows the network as a picture, a matrix and a list. The page comes back when the window reloads, which
 * is why nobody closes it when the extension ends.
 */
export function registerNetwork(context: ExtensionContext, server: Server): Disposable {
  let open: WebviewPanel | undefined;
  const adopt = (panel: WebviewPanel) => {
    open = panel;
    fill(panel, context, server);
    panel.onDidDispose(() => {
      if (open === panel) open = undefined;
    });
  };
  return Disposable.from(
    commands.registerCommand('matrixPreflight.showNetwork', () => {
      if (open) open.reveal();
      else adopt(window.createWebviewPanel(viewType, 'Network', ViewColumn.Active, { enableFindWidget: true }));
    }),
    window.registerWebviewPanelSerializer(viewType, {
      deserializeWebviewPanel: panel => {
        adopt(panel);
        return Promise.resolve();
      },
    }),
  );
}

/** Gives a panel its page and keeps it up to date. */
function fill(panel: WebviewPanel, context: ExtensionContext, server: Server): void {
  const { webview } = panel;
  let report: NetworkReport | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isReady = false;
  let said = '';

  const refresh = async () => {
    if (!isReady || server.state.state !== 'ready') return;
    report = await server.client.sendRequest<NetworkReport>(networkRequest);
    const text = JSON.stringify(report);
    // The page keeps its selection and its scroll position as long as there is nothing new to show.
    if (text === said) return;
    said = text;
    await webview.postMessage({ type: 'network', report } satisfies NetworkShown);
  };
  const orAlarm = (work: Promise<unknown>, what: string) =>
    work.catch(error => alarm(`${what}: ${error instanceof Error ? error.message : String(error)}`, showLog));
  const follow = () => {
    clearTimeout(timer);
    timer = setTimeout(() => orAlarm(refresh(), 'The network cannot be shown'), refreshDelayMilliseconds);
  };

  webview.options = {
    enableScripts: true,
    localResourceRoots: [Uri.joinPath(context.extensionUri, 'dist')],
  };
  panel.iconPath = Uri.joinPath(context.extensionUri, 'client/media/icon.png');
  const parts = Disposable.from(
    server.onDidChangeState(follow),
    webview.onDidReceiveMessage((message: FromPage) => {
      switch (message.type) {
        case 'ready':
          isReady = true;
          said = '';
          return orAlarm(refresh(), 'The network cannot be shown');
        case 'open': {
          const place = report && placeOf(report, message);
          return report && place && orAlarm(openPlace(report, place, panel), 'The place cannot be opened');
        }
        case 'export':
          return orAlarm(saveSvg(message.svg, report), 'The picture cannot be saved');
      }
    }),
    { dispose: () => clearTimeout(timer) },
  );
  panel.onDidDispose(() => parts.dispose());
  webview.html = networkPage(webview, Uri.joinPath(context.extensionUri, 'dist/network.js'));
}

/** The finding of a blocked connection, else what needs it; the manifest of a component. */
function placeOf(
  { flows, components }: NetworkReport,
  { what, id }: FromPage & { readonly type: 'open' },
): NetworkPlace | undefined {
  if (what === 'component') return components.find(one => one.id === id)?.place;
  const flow = flows.find(one => one.id === id);
  return flow?.finding?.place ?? flow?.place;
}

/** Shows a place beside the picture, so that both can be seen. */
async function openPlace({ root }: NetworkReport, { file, range }: NetworkPlace, panel: WebviewPanel): Promise<void> {
  if (root === undefined) return;
  const { start, end } = range;
  await window.showTextDocument(Uri.joinPath(Uri.parse(root), file), {
    viewColumn: panel.viewColumn === ViewColumn.One ? ViewColumn.Two : ViewColumn.One,
    selection: new Range(start.line, start.character, end.line, end.character),
  });
}

async function saveSvg(svg: string, report: NetworkReport | undefined): Promise<void> {
  const folder = report?.root === undefined ? workspace.workspaceFolders?.[0]?.uri : Uri.parse(report.root);
  const target = await window.showSaveDialog({
    title: 'Export the Network as SVG',
    saveLabel: 'Export',
    filters: { SVG: ['svg'] },
    ...(folder ? { defaultUri: Uri.joinPath(folder, 'network.svg') } : {}),
  });
  if (target) await workspace.fs.writeFile(target, new TextEncoder().encode(svg));
}
