import { readFileSync } from 'node:fs';
import { CompletionItem, CompletionItemKind, extensions, languages, SnippetString, Uri, window } from 'vscode';
import type { KubernetesSchema } from '../kubernetes-schema';

/*
 * Stands in for ms-kubernetes-tools.vscode-kubernetes-tools: its API broker, with a kubeconfig that a test names in the
 * environment; its schemas, which it gives to the YAML extension for what is in a visible editor; and its snippets. Its
 * hovers are those of the YAML extension, unless "Explain" has been switched on.
 */
export async function activate(): Promise<object> {
  languages.registerCompletionItemProvider('yaml', { provideCompletionItems: snippets });
  await contributeSchemas();
  return {
    get: (component: string) => {
      const api = components[component];
      return api ? { available: true, api } : { available: false, reason: 'version-unknown' };
    },
  };
}

const components: Readonly<Record<string, object>> = {
  configuration: { getKubeconfigPath: () => ({ pathType: 'host', hostPath: process.env.STUB_KUBECONFIG }) },
  kubectl: { invokeCommand: async () => ({ code: 0, stdout: 'staging\n', stderr: '' }) },
  clusterexplorer: {
    resolveCommandTarget: (target?: { readonly contextName: string }) =>
      target && { nodeType: 'context', name: target.contextName },
  },
};

function snippets(): CompletionItem[] {
  const item = new CompletionItem('Create Kubernetes Deployment', CompletionItemKind.Snippet);
  item.insertText = new SnippetString('apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${1:myapp}\n');
  return [item];
}

/** One schema per kind, and a sequence of them for a file of several documents, under addresses of its own scheme. */
async function contributeSchemas(): Promise<void> {
  const yaml = extensions.getExtension<{ registerContributor(...of: readonly unknown[]): boolean }>(
    'redhat.vscode-yaml',
  );
  if (!yaml) return;
  const { definitions, kinds }: KubernetesSchema = JSON.parse(
    readFileSync(process.env.TEST_KUBERNETES_SCHEMA ?? '', 'utf8'),
  );
  const ids = new Map(Object.entries(kinds).map(([key, name]) => [key.replace(/\/(?=\w+$)/, '@').toLowerCase(), name]));
  const address = (id: string) => `kubernetes://schema/${id}`;
  const api = await yaml.activate();
  api.registerContributor(
    'kubernetes',
    (resource: string) => {
      const editor = window.visibleTextEditors.find(({ document }) => document.uri.toString() === resource);
      const found = (editor?.document.getText() ?? '').split(/^---.*$/m).flatMap(text => {
        const [, apiVersion] = /^apiVersion: *(\S+)/m.exec(text) ?? [];
        const [, kind] = /^kind: *(\S+)/m.exec(text) ?? [];
        const id = `${apiVersion}@${kind}`.toLowerCase();
        return ids.has(id) ? [id] : [];
      });
      return found.length > 0 ? address(found.join('+')) : undefined;
    },
    (uri: string) => {
      const id = Uri.parse(uri).path.slice(1);
      if (id.includes('+'))
        return JSON.stringify({ schemaSequence: id.split('+').map(one => ({ $ref: address(one) })) });
      const name = ids.get(id);
      return name && JSON.stringify({ ...definitions[name], definitions });
    },
  );
}
