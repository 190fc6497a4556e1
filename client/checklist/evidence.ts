import { commands, Location, window } from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import type { WireChecklistItem } from '../../protocol/messages';
import { inform } from '../notices';

/** Opens the first place that shows why an item is in its state, and a peek view if there are more. */
export async function openEvidence(
  { title, reason, evidence, rules }: WireChecklistItem,
  converter: BaseLanguageClient['protocol2CodeConverter'],
): Promise<void> {
  const places = evidence.map(({ uri, range }) => new Location(converter.asUri(uri), converter.asRange(range)));
  const [first] = places;
  if (first === undefined) {
    const explain = rules.map(rule => ({
      title: `Explain ${rule}`,
      command: 'matrixPreflight.explainRule',
      arguments: [rule],
    }));
    inform(`${title}: ${reason}`, ...explain.slice(0, 1));
    return;
  }
  await window.showTextDocument(first.uri, { selection: first.range, preview: true });
  if (places.length > 1) {
    await commands.executeCommand('editor.action.peekLocations', first.uri, first.range.start, places, 'peek');
  }
}
