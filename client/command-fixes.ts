import { CodeAction, CodeActionKind, type Disposable, languages } from 'vscode';
import { documentSelector } from './documents';
import type { Server } from './server';

interface CommandFix {
  readonly title: string;
  readonly command: string;
}

const generate: CommandFix = { title: 'Generate a credential…', command: 'matrixPreflight.generateCredential' };
const fillAll: CommandFix = { title: 'Fill all placeholders…', command: 'matrixPreflight.fillCredentials' };
const replaceDomain: CommandFix = { title: 'Replace the domain everywhere…', command: 'matrixPreflight.replaceDomain' };

/** The rules whose way out is a command, because it makes a credential or asks for a domain. */
const commandsByRule: ReadonlyMap<string, readonly CommandFix[]> = new Map([
  ['placeholder-secret', [generate, fillAll]],
  ['secret-empty-value', [generate]],
  ['secret-weak-value', [generate]],
  ['secret-bad-key-material', [generate]],
  ['secret-data-not-base64', [generate]],
  ['placeholder-domain', [replaceDomain]],
  ['domain-inconsistent', [replaceDomain]],
]);

/** Offers commands as quick fixes of the findings that they mend. */
export function registerCommandFixes(server: Server): Disposable {
  return languages.registerCodeActionsProvider(
    server.client.protocol2CodeConverter.asDocumentSelector(documentSelector),
    {
      provideCodeActions: (_document, _range, { diagnostics }) =>
        diagnostics
          .filter(({ source }) => source === 'matrix-preflight')
          .flatMap(diagnostic => {
            const rule = String(typeof diagnostic.code === 'object' ? diagnostic.code.value : diagnostic.code);
            return (commandsByRule.get(rule) ?? []).map(({ title, command }) => {
              const action = new CodeAction(title, CodeActionKind.QuickFix);
              action.command = { title, command };
              action.diagnostics = [diagnostic];
              return action;
            });
          }),
    },
    { providedCodeActionKinds: [CodeActionKind.QuickFix] },
  );
}
