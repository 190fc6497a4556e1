import { type MissingResource, missingResourcesRequest } from '../../protocol/editing';
import { fixesOf } from '../../rules/findings';
import type { Fix } from '../../rules/rule';
import type { Session } from '../session';
import { toRange } from '../to-lsp';
import { editOf } from './code-actions';
import type { Feature } from './feature';

/** The objects that something in the tree needs and nothing creates, each with the fix that its rule has for that. */
export const editingMissing: Feature = { offer };

function offer(session: Session): void {
  session.connection.onRequest(missingResourcesRequest, (): MissingResource[] => {
    const seen = new Set<string>();
    return session.deployments
      .filter(one => one.isScanned)
      .flatMap(deployment =>
        deployment.allFindings().flatMap(finding => {
          const { rule, problem } = finding;
          const file = deployment.workspace.file(problem.at.uri);
          return fixesOf(finding, deployment.workspace)
            .filter(makesObject)
            .flatMap(fix => {
              const edit = editOf(session, deployment, [fix]);
              // Several objects may refer to the one that is missing.
              if (!file || !edit || seen.has(fix.title)) return [];
              seen.add(fix.title);
              const at = { uri: problem.at.uri, range: toRange(file, problem.at.span) };
              return [{ title: fix.title, reason: problem.message, rule: rule.id, at, edit }];
            });
        }),
      )
      .sort((a, b) => (a.title < b.title ? -1 : 1));
  });
}

/** Whether a fix writes a whole object, into a new file or into one that is there. */
function makesObject({ edits, creates = [] }: Fix): boolean {
  return [...edits.map(edit => edit.newText), ...creates.map(file => file.text)].some(
    text => /^apiVersion:/m.test(text) && /^kind:/m.test(text),
  );
}
