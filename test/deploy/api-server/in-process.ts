import type { Kubectl, KubectlCall, KubectlResult } from '../../../deploy/kubectl/kubectl';
import type { StoredObject } from './apply';
import { resourceTypes, root } from './resources';
import type { ApiServer } from './server';

/**
 * Does with HTTP what kubectl does for the few commands the runner uses, without a process. Tests that need hundreds
 * of calls use it; that the real kubectl behaves the same is what the `*.kubectl.ts` tests are for.
 */
export function inProcessKubectl(server: ApiServer, context: string): Kubectl {
  return async call => {
    try {
      return await answer(server, context, call);
    } catch (error) {
      const cause = (error as Error & { cause?: { message?: string } }).cause?.message ?? (error as Error).message;
      const refused = /ECONNREFUSED/.test(cause);
      return failed(
        refused
          ? 'The connection to the server was refused - did you specify the right host or port?'
          : `Unable to connect to the server: EOF`,
      );
    }
  };
}

async function answer(server: ApiServer, context: string, call: KubectlCall): Promise<KubectlResult> {
  const { verb, words, flags, command } = parse(call.args);
  const namespace = flags.get('namespace');
  switch (verb) {
    case 'config':
      if (!server.contexts.includes(context))
        return failed(`error: context was not found for specified context: ${context}`);
      return done(JSON.stringify({ server: server.url }));
    case 'get': {
      const raw = flags.get('raw');
      if (raw !== undefined) return text(await fetch(server.url + raw));
      const [type = '', ...names] = words;
      const base = collection(type, flags.has('all-namespaces') ? undefined : (namespace ?? 'default'));
      if (base === undefined) return failed(`error: the server doesn't have a resource type "${type}"`);
      const objects: StoredObject[] = [];
      if (names.length === 0) {
        const response = await fetch(server.url + base);
        if (!response.ok) return refusal(response);
        const list = (await response.json()) as { items: StoredObject[] };
        objects.push(...list.items);
      }
      for (const name of names) {
        const response = await fetch(`${server.url}${base}/${name}`);
        if (response.status === 404 && flags.has('ignore-not-found')) continue;
        if (!response.ok) return refusal(response);
        objects.push((await response.json()) as StoredObject);
      }
      return done(print(objects, flags.get('output') ?? '', names.length === 1));
    }
    case 'apply': {
      const object = JSON.parse(call.input ?? '') as StoredObject;
      const [group = '', version = ''] = object.apiVersion.includes('/')
        ? object.apiVersion.split('/')
        : ['', object.apiVersion];
      const base = collection(
        group === '' ? object.kind : `${object.kind}.${version}.${group}`,
        object.metadata.namespace ?? namespace,
      );
      if (base === undefined)
        return failed(
          `error: resource mapping not found: no matches for kind "${object.kind}" in version "${object.apiVersion}"`,
        );
      const query = new URLSearchParams({
        fieldManager: flags.get('field-manager') ?? '',
        force: String(flags.has('force-conflicts')),
        ...(flags.get('dry-run') === 'server' ? { dryRun: 'All' } : {}),
      });
      const response = await fetch(`${server.url}${base}/${object.metadata.name}?${query}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: call.input ?? '',
      });
      if (!response.ok) return refusal(response);
      return done(print([(await response.json()) as StoredObject], flags.get('output') ?? '', true));
    }
    case 'create':
    case 'replace': {
      const method = verb === 'create' ? 'POST' : 'PUT';
      return text(await fetch(server.url + flags.get('raw'), { method, body: call.input ?? '' }));
    }
    case 'delete': {
      const [type = '', name = ''] = words;
      const response = await fetch(`${server.url}${collection(type, namespace)}/${name}`, { method: 'DELETE' });
      return response.ok ? done(`deleted\n`) : refusal(response);
    }
    case 'logs': {
      const [target = ''] = words;
      const job = target.startsWith('job/') ? target.slice(4) : undefined;
      const pod =
        job === undefined
          ? target
          : server.list('Pod', namespace).find(p => p.metadata.labels?.['job-name'] === job)?.metadata.name;
      if (pod === undefined) return failed(`error: timed out waiting for the condition`);
      return text(await fetch(`${server.url}/api/v1/namespaces/${namespace}/pods/${pod}/log`));
    }
    case 'exec': {
      const { stdout = '', stderr = '', code = 0 } = server.exec(words[0] ?? '', flags.get('container') ?? '', command);
      return { code, stdout, stderr, interrupted: false };
    }
    default:
      return failed(`error: unknown command "${verb}"`);
  }
}

function parse(args: readonly string[]) {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  const flags = new Map<string, string>();
  const words: string[] = [];
  for (let index = 0; index < own.length; index++) {
    const [, name, value] = /^--([\w-]+)(?:=([\s\S]*))?$/.exec(own[index]!) ?? [];
    if (name === undefined) words.push(own[index]!);
    else if (name === 'raw' && value === undefined && own[index + 1]?.startsWith('/')) flags.set(name, own[++index]!);
    else flags.set(name, value ?? '');
  }
  return { verb: words[0], words: words.slice(1), flags, command: end === -1 ? [] : args.slice(end + 1) };
}

function collection(argument: string, namespace: string | undefined): string | undefined {
  const [kind = '', version, ...group] = argument.split('.');
  const type = resourceTypes.find(
    t => t.kind === kind && (version === undefined || (t.version === version && t.group === group.join('.'))),
  );
  if (type === undefined) return undefined;
  return `${root(type)}${type.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : ''}/${type.plural}`;
}

function print(objects: readonly StoredObject[], output: string, single: boolean): string {
  if (objects.length === 0) return '';
  if (output.startsWith('jsonpath={.metadata.uid}'))
    return output.includes('resourceVersion')
      ? objects.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion} ${metadata.generation}`).join('\n')
      : objects.map(({ metadata }) => metadata.uid).join(' ');
  if (output === 'name')
    return objects.map(object => `${object.kind.toLowerCase()}/${object.metadata.name}\n`).join('');
  if (output.startsWith('go-template'))
    return objects
      .flatMap(object => Object.keys((object.data as object | undefined) ?? {}).map(key => `${key}\n`))
      .join('');
  return JSON.stringify(single ? objects[0] : { apiVersion: 'v1', kind: 'List', items: objects });
}

async function text(response: Response): Promise<KubectlResult> {
  return response.ok ? done(await response.text()) : refusal(response);
}

async function refusal(response: Response): Promise<KubectlResult> {
  const status = (await response.json().catch(() => ({}))) as { reason?: string; message?: string };
  if (response.status === 401) return failed('error: You must be logged in to the server (Unauthorized)');
  return failed(`Error from server (${status.reason ?? 'Unknown'}): ${status.message ?? response.status}`);
}

function done(stdout: string, code = 0): KubectlResult {
  return { code, stdout, stderr: '', interrupted: false };
}

function failed(stderr: string): KubectlResult {
  return { code: 1, stdout: '', stderr: `${stderr}\n`, interrupted: false };
}
