import type { WorkspaceSymbol } from 'vscode-languageserver';
import type { Resource } from '../../manifests/resource';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';
import { symbolKindOf } from './symbols';

/** Go to symbol in workspace: the objects of all deployments by kind, namespace and name. */
export const workspaceSymbols: Feature = {
  capabilities: () => ({ workspaceSymbolProvider: true }),
  offer(session) {
    session.connection.onWorkspaceSymbol(({ query }): WorkspaceSymbol[] => {
      const found: WorkspaceSymbol[] = [];
      for (const deployment of session.deployments) {
        for (const file of deployment.workspace.files) {
          for (const resource of file.documents.flatMap(document => document.resources)) {
            if (!isMatch(query, resource)) continue;
            const range = toRange(file, resource.root.at('metadata', 'name').span);
            found.push({
              name: `${resource.kind} ${resource.name}`,
              kind: symbolKindOf(resource.kind),
              location: { uri: file.uri, range },
              ...(resource.namespace ? { containerName: resource.namespace } : {}),
            });
            if (found.length >= most) return found;
          }
        }
      }
      return found;
    });
  },
};

/** Editors ask again while a person types, so that more would not be read. */
const most = 1000;

/** Whether each word of the query is in the kind, the namespace or the name; letters between its own do not count. */
function isMatch(query: string, { kind, namespace = '', name }: Resource): boolean {
  const words = query.toLowerCase().split(/[\s/:]+/);
  return words.every(word => [kind, namespace, name].some(one => isSubsequence(word, one.toLowerCase())));
}

function isSubsequence(wanted: string, text: string): boolean {
  let at = 0;
  for (const letter of wanted) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
