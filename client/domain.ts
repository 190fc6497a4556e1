import { type QuickPickItem, window, workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { type DomainSummary, domainsRequest, replaceDomainRequest } from '../protocol/editing';
import { alarm, inform, showLog } from './notices';
import type { Server } from './server';

/** Asks for the domain of the deployment once, and puts it in all places, which are shown first by what they are. */
export async function replaceDomain(server: Server): Promise<void> {
  try {
    await server.ready();
    const domains = await server.client.sendRequest<readonly DomainSummary[]>(domainsRequest);
    const from = await pickDomain(domains);
    const to = from && (await askDomain(from));
    if (!from || !to) return;
    const answer = await server.client.sendRequest<WorkspaceEdit>(replaceDomainRequest, { from, to });
    const edit = await server.client.protocol2CodeConverter.asWorkspaceEdit(answer);
    if (edit === undefined || edit.size === 0) {
      inform(`No place names ${from}.`);
      return;
    }
    const files = edit.entries();
    const places = files.reduce((sum, [, { length }]) => sum + length, 0);
    const isDone = await workspace.applyEdit(edit, { isRefactoring: true });
    inform(
      isDone
        ? `${to} takes the place of ${from}: ${count(places, 'place')} in ${count(files.length, 'file')} were shown to you.`
        : 'No domain was replaced.',
    );
  } catch (error) {
    alarm(`The domain was not replaced: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

/** The domain to be replaced: the only one that nobody can own, else the one that is picked or typed. */
async function pickDomain(domains: readonly DomainSummary[]): Promise<string | undefined> {
  const [first] = domains;
  if (first?.isPlaceholder && domains.filter(one => one.isPlaceholder).length === 1) return first.domain;
  if (!first) return window.showInputBox({ title: 'Replace Domain', prompt: 'Domain that the manifests name now' });
  const items = domains.map(
    ({ domain, places, isPlaceholder }) =>
      ({
        label: domain,
        description: `${count(places, 'place')}${isPlaceholder ? ', stands for your own' : ''}`,
      }) satisfies QuickPickItem,
  );
  return (await window.showQuickPick(items, { title: 'Replace Domain', placeHolder: 'Domain to replace' }))?.label;
}

function askDomain(from: string): Thenable<string | undefined> {
  return window.showInputBox({
    title: 'Replace Domain',
    prompt: `Your domain, to stand where ${from} stands now; matrix.${from} becomes matrix.<your domain>`,
    placeHolder: 'chat.tessera.org',
    validateInput: text => (isDomainName(text) ? undefined : 'A domain has two labels or more: a-z, 0-9 and hyphens.'),
  });
}

/** As the server judges it, which refuses everything else (RFC 1123, in lower case). */
function isDomainName(text: string): boolean {
  return (
    text.length <= 253 && /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/.test(text)
  );
}

function count(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : `${noun}s`}`;
}
