import { type QuickPickItem, window } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { type DomainSummary, domainsRequest, replaceDomainRequest } from '../protocol/editing';
import { applyAsked, count, headings, sizeOf } from './confirm';
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
    const { edits, files } = sizeOf(answer);
    if (edits === 0) {
      inform(`No place names ${from}.`);
      return;
    }
    const done = await applyAsked(server, answer, {
      message: `Put ${to} in the place of ${from}?`,
      detail: `${headings(answer)}\n\n${count(edits, 'place')} in ${count(files, 'file')}. Comments and documentation stay as they are.`,
      all: 'Replace All',
    });
    if (done === 'all') inform(`${to} stands in ${count(edits, 'place')} of ${count(files, 'file')} now.`);
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
