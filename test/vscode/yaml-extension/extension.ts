import { readFileSync } from 'node:fs';
import { type ExtensionContext, extensions, Uri, workspace } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import type { KubernetesSchema } from '../kubernetes-schema';

/*
 * Stands in for redhat.vscode-yaml, which no package registry has: the same server, the same languages, the same
 * notifications and requests, and its API. Schemas that the extension would download come from the test's own file.
 */

/** What the extension gives to others: https://github.com/redhat-developer/vscode-yaml, schema-extension-api.ts. */
interface YamlApi {
  registerContributor(
    schema: string,
    requestSchema: (resource: string) => string | undefined,
    requestSchemaContent: (uri: string) => string | undefined,
  ): boolean;
}
type Contributor = readonly Parameters<YamlApi['registerContributor']>[1 | 2][];

export async function activate(context: ExtensionContext): Promise<YamlApi> {
  const server = process.env.TEST_YAML_SERVER ?? '';
  const client = new LanguageClient(
    'yaml',
    'YAML Support',
    { module: server, transport: TransportKind.ipc },
    {
      documentSelector: [{ language: 'yaml' }, { language: 'dockercompose' }],
      synchronize: { fileEvents: workspace.createFileSystemWatcher('{**/*.json,**/*.yaml,**/*.yml}') },
    },
  );
  context.subscriptions.push(client);
  const contributors = new Map<string, Contributor>();
  client.onRequest('custom/schema/request', (resource: string) => {
    for (const [requestSchema] of contributors.values()) {
      const uri = requestSchema?.(resource);
      if (uri) return uri;
    }
    return null;
  });
  client.onRequest(
    'custom/schema/content',
    (uri: string) => contributors.get(Uri.parse(uri).scheme)?.[1]?.(uri) ?? null,
  );
  client.onRequest('vscode/content', schemaOf);
  await client.start();
  await client.sendNotification('json/schemaAssociations', associations());
  await client.sendNotification('yaml/registerCustomSchemaRequest');
  await client.sendNotification('yaml/registerContentRequest');
  return {
    registerContributor: (schema, requestSchema, requestSchemaContent) => {
      if (contributors.has(schema)) return false;
      contributors.set(schema, [requestSchema, requestSchemaContent]);
      return true;
    },
  };
}

/** The schemas that extensions contribute for files of a name, ours among them. */
function associations(): readonly { readonly fileMatch: readonly string[]; readonly uri: string }[] {
  return extensions.all.flatMap(({ packageJSON, extensionUri }) =>
    (packageJSON.contributes?.yamlValidation ?? []).map(
      (one: { readonly fileMatch: string; readonly url: string }) => ({
        fileMatch: [`/${one.fileMatch}`],
        uri: one.url.startsWith('./') ? Uri.joinPath(extensionUri, one.url).toString() : one.url,
      }),
    ),
  );
}

/** What is at the addresses of Kubernetes' schemas and of the catalogue of custom resources. */
function schemaOf(uri: string): string {
  // A fragment is no part of what is asked for.
  const [address = ''] = uri.split('#');
  const { definitions, kinds }: KubernetesSchema = JSON.parse(
    readFileSync(process.env.TEST_KUBERNETES_SCHEMA ?? '', 'utf8'),
  );
  const builtIn = Object.values(kinds).filter(name => name.startsWith('io.k8s.'));
  if (address.endsWith('/all.json'))
    return JSON.stringify({ oneOf: builtIn.map(name => ({ $ref: `_definitions.json#/definitions/${name}` })) });
  if (address.endsWith('/_definitions.json')) return JSON.stringify({ definitions });
  const [, group, kind, version] = /\/([^/]+)\/([^/_]+)_([^/_]+)\.json$/.exec(address) ?? [];
  const found = Object.entries(kinds).find(([key]) => key.toLowerCase() === `${group}/${version}/${kind}`);
  if (!found) throw new Error(`the test has no schema at ${address}`);
  return JSON.stringify({ ...definitions[found[1]], definitions });
}
