import { commands, type Disposable, Uri, workspace } from 'vscode';
import { objectReference } from '../../deploy/plan/plan';
import type { ObjectDiff } from '../../deploy/run/diff';

const scheme = 'matrix-preflight-diff';

/** The differences of the step that is asked about, as documents that exist in the editor only. */
export interface Differences extends Disposable {
  /** Replaces what was there before. */
  take(step: string, diffs: readonly ObjectDiff[]): void;
  /** Shows one object: as it is in the cluster against as it will be. Secrets are masked. */
  show(diff: ObjectDiff): Promise<void>;
  /** Shows all objects of the step that differ. */
  showAll(title: string): Promise<void>;
}

export function registerDifferences(): Differences {
  const texts = new Map<string, string>();
  let current: readonly ObjectDiff[] = [];
  let step = '';
  const address = (side: 'live' | 'planned', diff: ObjectDiff) =>
    Uri.from({
      scheme,
      authority: side,
      path: `/${diff.object.kind} ${diff.object.name}.json`,
      query: `${step} ${objectReference(diff.object)}`,
    });
  const registration = workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: uri => texts.get(uri.toString()) ?? '',
  });
  return {
    take: (id, diffs) => {
      // Each question gets addresses of its own, so that an editor from before never shows what is asked about now.
      step = `${id} ${Math.random().toString(36).slice(2)}`;
      current = diffs;
      texts.clear();
      for (const diff of diffs) {
        texts.set(address('live', diff).toString(), diff.before);
        texts.set(address('planned', diff).toString(), diff.change === 'same' ? diff.before : diff.after);
      }
    },
    show: async diff => {
      const title = `${diff.object.kind}/${diff.object.name}: cluster ↔ planned`;
      const options = { preview: true, preserveFocus: true };
      await commands.executeCommand('vscode.diff', address('live', diff), address('planned', diff), title, options);
    },
    showAll: async title => {
      const changed = current.filter(({ change }) => change !== 'same' && change !== 'error');
      const resources = changed.map(diff => [
        address('planned', diff),
        address('live', diff),
        address('planned', diff),
      ]);
      await commands.executeCommand('vscode.changes', title, resources);
    },
    dispose: () => registration.dispose(),
  };
}
