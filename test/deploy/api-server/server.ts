import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { type Ownership, ownAll, type StoredObject, serverSideApply } from './apply';
import { type ControllerStore, endpointSlices, matches, type Outcome, settle } from './controllers';
import { aggregatedDiscovery, aggregatedType, openApi, openApiV2, openApiV2Type, plainDiscovery } from './discovery';
import { createFaults, type FaultRule } from './faults';
import { groupVersion, type ResourceType, resourceTypes, root } from './resources';
import { answerExec, type ExecResult } from './websocket';

export interface ApiServerOptions {
  /** What `/version` says; a dispatching kubectl picks its client by it. */
  readonly gitVersion?: string;
  /** Groups that are not served, as if their operator were missing. */
  readonly without?: readonly string[];
  /** How long the controllers take. */
  readonly readyMilliseconds?: number;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly body: string;
}

/** A small Kubernetes API server for tests: enough for the real kubectl, nothing more. */
export interface ApiServer {
  readonly url: string;
  /** The contexts that lead to this server, as written by `kubeconfig`. */
  readonly contexts: readonly string[];
  /** What `exec` in a pod answers. */
  exec(pod: string, container: string, command: readonly string[]): ExecResult;
  /** `METHOD path` of every request, in order. */
  readonly requests: readonly string[];
  fault(rule: FaultRule): void;
  clearFaults(): void;
  /** Decides how an object named `Kind/name` turns out. */
  behave(name: string, outcome: Outcome): void;
  /** What `logs` of a pod answers, by the beginning of its name. */
  logs(pod: string, text: string): void;
  onExec(handler: (pod: string, container: string, command: readonly string[]) => ExecResult): void;
  onProxy(handler: (kind: 'pods' | 'services', name: string, path: string) => ProxyAnswer): void;
  /** Answers self subject access reviews. */
  onReview(handler: (attributes: { verb: string; resource: string; namespace?: string }) => boolean): void;
  get(kind: string, namespace: string, name: string): StoredObject | undefined;
  list(kind: string, namespace?: string): StoredObject[];
  /** Puts an object there as another client would, who then owns its fields. */
  create(object: StoredObject, manager?: string): void;
  /** Makes it look like another cluster behind the same address. */
  replaceCluster(): void;
  refuseTokens(refused: boolean): void;
  /** Writes a kubeconfig with the given contexts, all of them for this server; returns its path. */
  kubeconfig(directory: string, ...contexts: string[]): string;
  close(): Promise<void>;
}

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const types = resourceTypes.filter(type => !options.without?.includes(type.group));
  const objects = new Map<string, { object: StoredObject; ownership: Ownership }>();
  const watchers = new Set<{
    type: ResourceType;
    namespace: string | undefined;
    send: (event: string, object: StoredObject) => void;
  }>();
  const faults = createFaults();
  const outcomes = new Map<string, Outcome>();
  const logTexts = new Map<string, string>();
  const requests: string[] = [];
  const contextNames: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const sockets = new Set<Socket>();
  let revision = 100;
  let uids = 0;
  let clusterNumber = 1;
  let tokensRefused = false;
  let exec: (pod: string, container: string, command: readonly string[]) => ExecResult = () => ({ code: 0 });
  let proxy: (kind: 'pods' | 'services', name: string, path: string) => ProxyAnswer = () => ({
    status: 200,
    body: 'OK',
  });
  let review: (attributes: { verb: string; resource: string; namespace?: string }) => boolean = () => true;

  const keyOf = (kind: string, namespace: string | undefined, name: string) => `${kind}/${namespace ?? ''}/${name}`;
  const time = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

  function store(object: StoredObject, ownership: Ownership, fromClient: boolean): StoredObject {
    const key = keyOf(object.kind, object.metadata.namespace, object.metadata.name);
    const before = objects.get(key)?.object;
    const next = structuredClone(object);
    next.metadata.uid = before?.metadata.uid ?? `uid-${++uids}`;
    next.metadata.creationTimestamp = before?.metadata.creationTimestamp ?? time();
    next.metadata.managedFields = managedFields(ownership, next.apiVersion);
    const changed =
      before === undefined ||
      JSON.stringify({ ...before, metadata: meta(before) }) !== JSON.stringify({ ...next, metadata: meta(next) });
    const specChanged = before === undefined || JSON.stringify(before.spec) !== JSON.stringify(next.spec);
    next.metadata.generation =
      (before?.metadata.generation ?? 0) + (specChanged && fromClient ? 1 : before === undefined ? 1 : 0);
    next.metadata.resourceVersion = changed ? String(++revision) : before.metadata.resourceVersion!;
    objects.set(key, { object: next, ownership });
    if (changed) {
      for (const watcher of watchers)
        if (
          watcher.type.kind === next.kind &&
          (watcher.namespace ?? next.metadata.namespace) === next.metadata.namespace
        )
          watcher.send(before === undefined ? 'ADDED' : 'MODIFIED', next);
      if (fromClient) schedule(key);
    }
    return next;
  }

  function schedule(key: string): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      const entry = objects.get(key);
      const { kind, metadata } = entry?.object ?? { kind: '', metadata: { name: '' } };
      if (entry !== undefined)
        settle(entry.object, outcomes.get(`${kind}/${metadata.name}`) ?? 'ready', controllers, time());
    }, options.readyMilliseconds ?? 20);
    timers.add(timer);
  }

  const controllers: ControllerStore = {
    list: (kind, namespace) => listOf(kind, namespace),
    put(object) {
      const key = keyOf(object.kind, object.metadata.namespace, object.metadata.name);
      store(object, objects.get(key)?.ownership ?? new Map(), false);
    },
    remove(kind, namespace, name) {
      objects.delete(keyOf(kind, namespace, name));
    },
  };

  function listOf(kind: string, namespace: string | undefined): StoredObject[] {
    if (kind === 'EndpointSlice') return endpointSlices(controllers, namespace);
    return [...objects.values()]
      .map(entry => entry.object)
      .filter(object => object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  function kubeSystem(): void {
    for (const name of ['kube-system', 'default'])
      objects.set(`Namespace//${name}`, {
        object: {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: {
            name,
            uid: name === 'default' ? `default-${clusterNumber}` : `cluster-${clusterNumber}`,
            resourceVersion: '1',
            labels: { 'kubernetes.io/metadata.name': name },
          },
          ...(name === 'default' ? { status: { phase: 'Active' } } : {}),
        },
        ownership: new Map(),
      });
  }
  kubeSystem();

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const method = request.method ?? 'GET';
      const path = request.url ?? '/';
      requests.push(`${method} ${path}`);
      const rule = faults.strike(method, path);
      const carryOn = () => {
        if (rule?.reset) {
          request.socket.destroy();
          return;
        }
        if (rule?.status !== undefined) {
          if (rule.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(rule.retryAfterSeconds));
          return fail(response, rule.status, rule.reason ?? '', rule.message ?? 'injected fault');
        }
        if (rule?.cut) {
          respond(request, new SwallowingResponse() as unknown as ServerResponse, Buffer.concat(chunks).toString());
          return request.socket.destroy();
        }
        return respond(request, response, Buffer.concat(chunks).toString());
      };
      if (rule?.delayMilliseconds === undefined) carryOn();
      else {
        const timer = setTimeout(carryOn, rule.delayMilliseconds);
        timers.add(timer);
      }
    });
  });

  server.on('upgrade', (request, socket) => {
    requests.push(`UPGRADE ${request.url}`);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const pod = /\/pods\/([^/]+)\/exec$/.exec(url.pathname)?.[1];
    if (pod === undefined) return socket.destroy();
    answerExec(request, socket, exec(pod, url.searchParams.get('container') ?? '', url.searchParams.getAll('command')));
  });
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  function respond(request: IncomingMessage, response: ServerResponse, body: string): Handled {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname;
    if (tokensRefused) return fail(response, 401, 'Unauthorized', 'Unauthorized');
    if (path === '/version') {
      const [major = '1', minor = '32'] = (options.gitVersion ?? 'v1.32.4').slice(1).split('.');
      return send(response, 200, { major, minor, gitVersion: options.gitVersion ?? 'v1.32.4' });
    }
    if ((path === '/api' || path === '/apis') && String(request.headers.accept).includes('as=APIGroupDiscoveryList')) {
      response.setHeader('Content-Type', aggregatedType);
      return send(response, 200, aggregatedDiscovery(types, path === '/api'));
    }
    if (path === '/openapi/v2') {
      response.setHeader('Content-Type', openApiV2Type);
      response.end(openApiV2);
      return 'handled';
    }
    const described = plainDiscovery(types, path) ?? openApi(types, path);
    if (described !== undefined) return send(response, 200, described);
    const proxied = /^\/api\/v1\/namespaces\/[^/]+\/(pods|services)\/([^/]+)\/proxy(\/.*)?$/.exec(path);
    if (proxied !== null) {
      const answer = proxy(proxied[1] as 'pods' | 'services', proxied[2]!, proxied[3] ?? '/');
      response.statusCode = answer.status;
      response.end(answer.body);
      return 'handled';
    }
    const logged = /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/]+)\/log$/.exec(path);
    if (logged !== null) {
      const [, text = ''] = [...logTexts].find(([prefix]) => logged[1]!.startsWith(prefix)) ?? [];
      response.setHeader('Content-Type', 'text/plain');
      response.end(text);
      return 'handled';
    }
    const target = parseTarget(path, types);
    if (target === undefined)
      return fail(response, 404, 'NotFound', 'the server could not find the requested resource');
    return resource(request, response, url, target, body);
  }

  function resource(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    target: Target,
    body: string,
  ): Handled {
    const { type, namespace, name } = target;
    const method = request.method ?? 'GET';
    const dryRun = url.searchParams.get('dryRun') === 'All';
    if (type.kind === 'SelfSubjectAccessReview') {
      const asked = JSON.parse(body) as {
        spec: { resourceAttributes: { verb: string; resource: string; namespace?: string } };
      };
      return send(response, 201, { ...asked, status: { allowed: review(asked.spec.resourceAttributes) } });
    }
    if (method === 'GET' && name === undefined) {
      if (url.searchParams.get('watch') === 'true') return watch(response, type, namespace);
      const selected = listOf(type.kind, namespace).filter(object => isSelected(object, url.searchParams));
      return send(response, 200, {
        kind: `${type.kind}List`,
        apiVersion: groupVersion(type),
        metadata: { resourceVersion: String(revision) },
        items: selected,
      });
    }
    if (method === 'POST' && name === undefined) {
      const object = JSON.parse(body) as StoredObject;
      if (objects.has(keyOf(type.kind, namespace, object.metadata.name)))
        return fail(response, 409, 'AlreadyExists', `${type.plural} "${object.metadata.name}" already exists`);
      const refused = admit(object, undefined, type, namespace);
      if (refused !== undefined) return fail(response, refused.status, refused.reason, refused.message);
      const manager = url.searchParams.get('fieldManager') ?? 'unknown';
      return send(response, 201, dryRun ? object : store(normalized(object, namespace), ownAll(object, manager), true));
    }
    const key = keyOf(type.kind, namespace, name ?? '');
    const existing = objects.get(key);
    const missing = () =>
      fail(response, 404, 'NotFound', `${type.plural}${type.group === '' ? '' : `.${type.group}`} "${name}" not found`);
    if (method === 'GET') return existing === undefined ? missing() : send(response, 200, existing.object);
    if (method === 'DELETE') {
      if (existing === undefined) return missing();
      if (!dryRun) {
        objects.delete(key);
        for (const pod of listOf('Pod', namespace))
          if (
            ((pod.metadata.ownerReferences ?? []) as { uid: string }[]).some(
              owner => owner.uid === existing.object.metadata.uid,
            )
          )
            objects.delete(keyOf('Pod', namespace, pod.metadata.name));
      }
      return send(response, 200, {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Success',
        details: { name, uid: existing.object.metadata.uid },
      });
    }
    if (method === 'PATCH' && String(request.headers['content-type']).startsWith('application/apply-patch')) {
      const applied = normalized(JSON.parse(body) as StoredObject, namespace);
      const refused = admit(applied, existing?.object, type, namespace);
      if (refused !== undefined) return fail(response, refused.status, refused.reason, refused.message);
      const manager = url.searchParams.get('fieldManager') ?? 'unknown';
      const force = url.searchParams.get('force') === 'true';
      const merged = serverSideApply(existing?.object, existing?.ownership ?? new Map(), applied, manager, force);
      if ('conflicts' in merged) {
        const [first] = merged.conflicts;
        const count = merged.conflicts.length;
        return fail(
          response,
          409,
          'Conflict',
          `Apply failed with ${count} conflict${count === 1 ? '' : 's'}: ${count === 1 ? '' : 'conflicts with '}conflict with "${first!.manager}" using ${groupVersion(type)}: ${merged.conflicts.map(c => c.field).join(', ')}`,
          merged.conflicts.map(c => ({
            reason: 'FieldManagerConflict',
            message: `conflict with "${c.manager}"`,
            field: c.field,
          })),
        );
      }
      const status = existing === undefined ? 201 : 200;
      return send(response, status, dryRun ? merged.object : store(merged.object, merged.ownership, true));
    }
    if (method === 'PUT') {
      if (existing === undefined) return missing();
      const next = JSON.parse(body) as StoredObject;
      const version = next.metadata.resourceVersion;
      if (version !== undefined && version !== existing.object.metadata.resourceVersion)
        return fail(
          response,
          409,
          'Conflict',
          `Operation cannot be fulfilled on ${type.plural}.${type.group} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
        );
      return send(response, 200, dryRun ? next : store(next, existing.ownership, true));
    }
    if (method === 'PATCH' && existing !== undefined) {
      const next = mergePatch(existing.object, JSON.parse(body)) as StoredObject;
      return send(response, 200, dryRun ? next : store(next, existing.ownership, true));
    }
    return fail(response, 405, 'MethodNotAllowed', `${method} is not supported`);
  }

  function admit(
    object: StoredObject,
    live: StoredObject | undefined,
    type: ResourceType,
    namespace: string | undefined,
  ): { status: number; reason: string; message: string } | undefined {
    if (namespace !== undefined && !objects.has(keyOf('Namespace', undefined, namespace)))
      return { status: 404, reason: 'NotFound', message: `namespaces "${namespace}" not found` };
    if (type.kind === 'Secret')
      for (const [key, value] of Object.entries((object.data ?? {}) as { [key: string]: string }))
        if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(value))
          return {
            status: 400,
            reason: 'BadRequest',
            message: `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3: data.${key}: ${value}`,
          };
    const template = (of: StoredObject) => JSON.stringify((of.spec as { template?: unknown } | undefined)?.template);
    if (type.kind === 'Job' && live !== undefined && template(object) !== template(live))
      return {
        status: 422,
        reason: 'Invalid',
        message: `Job.batch "${object.metadata.name}" is invalid: spec.template: Invalid value: ${template(object)}: field is immutable`,
      };
    return undefined;
  }

  function watch(response: ServerResponse, type: ResourceType, namespace: string | undefined): Handled {
    response.setHeader('Content-Type', 'application/json');
    response.flushHeaders();
    const watcher = {
      type,
      namespace,
      send: (event: string, object: StoredObject) => response.write(`${JSON.stringify({ type: event, object })}\n`),
    };
    watchers.add(watcher);
    response.on('close', () => watchers.delete(watcher));
    return 'handled';
  }

  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    contexts: contextNames,
    exec: (pod, container, command) => exec(pod, container, command),
    requests,
    fault: rule => faults.add(rule),
    clearFaults: () => faults.clear(),
    behave: (name, outcome) => void outcomes.set(name, outcome),
    logs: (pod, text) => void logTexts.set(pod, text),
    onExec(handler) {
      exec = handler;
    },
    onProxy(handler) {
      proxy = handler;
    },
    onReview(handler) {
      review = handler;
    },
    get: (kind, namespace, name) => objects.get(keyOf(kind, namespace === '' ? undefined : namespace, name))?.object,
    list: listOf,
    create: (object, manager = 'kubectl-client-side-apply') => void store(object, ownAll(object, manager), true),
    replaceCluster() {
      clusterNumber++;
      kubeSystem();
    },
    refuseTokens(refused) {
      tokensRefused = refused;
    },
    kubeconfig(directory, ...contexts) {
      mkdirSync(directory, { recursive: true });
      contextNames.push(...contexts);
      const path = join(directory, 'kubeconfig.json');
      const content = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'test', cluster: { server: url } }],
        users: [{ name: 'test', user: { token: 'canary-token' } }],
        contexts: contexts.map(name => ({ name, context: { cluster: 'test', user: 'test', namespace: 'elsewhere' } })),
        'current-context': contexts[0],
      };
      writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
      return path;
    },
    close() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      return new Promise(closed => server.close(() => closed()));
    },
  };
}

interface Target {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

function parseTarget(path: string, types: readonly ResourceType[]): Target | undefined {
  for (const type of types) {
    if (!path.startsWith(`${root(type)}/`)) continue;
    const parts = path
      .slice(root(type).length + 1)
      .split('/')
      .map(decodeURIComponent);
    if (type.namespaced && parts[0] === 'namespaces' && parts[2] === type.plural && parts.length <= 4)
      return { type, namespace: parts[1], name: parts[3] };
    if (parts[0] === type.plural && parts.length <= 2 && (!type.namespaced || parts.length === 1))
      return { type, namespace: undefined, name: parts[1] };
  }
  return undefined;
}

function normalized(object: StoredObject, namespace: string | undefined): StoredObject {
  const copy = structuredClone(object);
  if (namespace !== undefined) copy.metadata.namespace = namespace;
  if (copy.kind === 'Secret' && copy.stringData !== undefined) {
    const written = Object.entries(copy.stringData as { [key: string]: string });
    copy.data = {
      ...(copy.data as object),
      ...Object.fromEntries(written.map(([k, v]) => [k, Buffer.from(v).toString('base64')])),
    };
    delete copy.stringData;
  }
  if (copy.kind === 'Namespace')
    copy.metadata.labels = { ...copy.metadata.labels, 'kubernetes.io/metadata.name': copy.metadata.name };
  return copy;
}

function isSelected(object: StoredObject, query: URLSearchParams): boolean {
  const pairs = (text: string | null) =>
    Object.fromEntries(
      (text ?? '')
        .split(',')
        .filter(Boolean)
        .map(pair => pair.split(/==?/) as [string, string]),
    );
  if (!matches(object.metadata.labels ?? {}, pairs(query.get('labelSelector')))) return false;
  return Object.entries(pairs(query.get('fieldSelector'))).every(([field, value]) => {
    let current: unknown = object;
    for (const key of field.split('.')) current = (current as { [key: string]: unknown } | undefined)?.[key];
    return current === value;
  });
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: { [key: string]: unknown } = { ...(target as object) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

function managedFields(ownership: Ownership, apiVersion: string): unknown[] {
  const managers = new Set([...ownership.values()].flatMap(owners => [...owners]));
  return [...managers]
    .sort()
    .map(manager => ({ manager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1: {} }));
}

/** The metadata a client can change; the rest would make every write look like a change. */
function meta(object: StoredObject): object {
  const { labels, annotations, ownerReferences, managedFields } = object.metadata;
  return { labels, annotations, ownerReferences, managedFields };
}

/** Says that a request was answered, so that every path of a handler has to end in an answer. */
type Handled = 'handled';

function send(response: ServerResponse, status: number, body: object): Handled {
  response.statusCode = status;
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
  return 'handled';
}

function fail(response: ServerResponse, code: number, reason: string, message: string, causes: object[] = []): Handled {
  return send(response, code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details: { causes },
    code,
  });
}

/** Takes an answer that nobody will see. */
class SwallowingResponse {
  statusCode = 200;
  setHeader(): void {}
  hasHeader(): boolean {
    return true;
  }
  flushHeaders(): void {}
  on(): void {}
  write(): void {}
  end(): void {}
}
