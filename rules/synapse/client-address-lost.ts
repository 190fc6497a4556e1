import { podPorts } from '../../analysis/flows/destinations';
import {
  backendsOf,
  frontendsOf,
  type Haproxy,
  type HaproxyPart,
  haproxies,
  haproxyOf,
  listeningOn,
  podPortsOf,
} from '../../analysis/haproxy-config';
import { podsOf } from '../../analysis/pods';
import { allRoutes, endsOf, hasUnreadRoutes, isRoutedTo } from '../../analysis/routes';
import { servicesFor } from '../../analysis/services';
import { type Listener, processKinds, synapseProcess } from '../../analysis/synapse';
import { effectiveDirectives, modeOf } from '../../analysis/text/haproxy';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { isForClients } from '../haproxy/synapse-routes';
import { insertBelow } from '../haproxy/text-edits';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'client-address-lost',
  items: [],
  severity: 'warning',
  summary: 'Synapse takes the address of the proxy for that of every client.',
  why: 'Attempts to log in and to register are limited by address (`rc_login.address`, `rc_registration`). If all clients seem to have one address, a single one that guesses passwords locks everybody out, and the list of sessions shows the same address for all.',
  remedy:
    'Write `x_forwarded: true` into each listener that a proxy sends clients to, and let the first proxy say who the client is: `option forwardfor` in HAProxy.',
  traps: [
    'Listeners without `client` are left alone, and so are those that nothing of the tree forwards clients to.',
    'An Ingress controller sets X-Forwarded-For, and HAProxy behind it passes it on. HAProxy has to set it only where its own Service is a load balancer and no Ingress leads to it.',
  ],
  sources: [
    'element-hq/synapse, usage configuration: listeners, x_forwarded; docs/reverse_proxy.md',
    'HAProxy configuration manual, option forwardfor',
  ],
  examples: {
    bad: example(
      '      #       ^^^^^^^^^^ 💡 warning: Ingress/matrix sends clients to port 8008 of synapse, which takes its address for theirs\n              type: http',
    ),
    good: example('              type: http\n              x_forwarded: true'),
  },
  kinds: processKinds,
  *check(resource, workspace) {
    for (const listener of synapseProcess(workspace, resource)?.listeners ?? []) {
      const problem = listenerProblem(workspace, resource, listener);
      if (problem) yield problem;
    }
    const haproxy = haproxyOf(workspace, resource);
    if (haproxy && !haproxy.isPartial) yield* haproxyProblems(workspace, haproxy);
  },
} satisfies Rule;

function listenerProblem(workspace: Workspace, resource: Resource, listener: Listener): Problem | undefined {
  if (listener.type !== 'http' || listener.port === undefined || !listener.names.includes('client')) return undefined;
  const option = listener.value.at('x_forwarded');
  if (option.exists && option.scalar !== false) return undefined;
  const proxy = workspace.shared(forwardedPorts).get(portKey(resource, listener.port));
  if (!proxy) return undefined;
  return {
    at: option.exists ? option : option.key,
    message: `${proxy.title} sends clients to port ${listener.port} of ${resource.name}, which takes its address for theirs — set x_forwarded: true.`,
    related: [{ at: proxy.root.at('metadata', 'name'), message: 'Forwards the requests of clients' }],
    fixes: (): readonly Fix[] => {
      const edit = option.exists
        ? replaceValue(option, 'true')
        : insertEntry(listener.value, 'x_forwarded: true', { after: 'type' });
      return edit ? [{ title: 'Set x_forwarded: true', safe: false, edits: [edit] }] : [];
    },
  };
}

/** The ports of pods that a route or HAProxy forwards requests to, with what does it. */
function forwardedPorts(workspace: Workspace): ReadonlyMap<string, Resource> {
  const ports = new Map<string, Resource>();
  for (const route of allRoutes(workspace))
    for (const { pods, port } of endsOf(workspace, route)) ports.set(portKey(pods.owner, port), route.source);
  for (const haproxy of haproxies(workspace)) {
    for (const { section } of backendsOf(haproxy)) {
      if (modeOf(section) !== 'http') continue;
      for (const server of section.servers)
        for (const target of podPortsOf(workspace, haproxy, server) ?? [])
          ports.set(portKey(target.pods.owner, target.port), haproxy.resource);
    }
  }
  return ports;
}

function portKey({ kind, namespace, name }: Resource, port: number): string {
  return `${kind}/${namespace ?? ''}/${name}:${port}`;
}

/** The frontends for clients that take connections from outside and do not tell Synapse who the client is. */
function* haproxyProblems(workspace: Workspace, haproxy: Haproxy): Iterable<Problem> {
  if (isBehindAnother(workspace, haproxy.resource)) return;
  for (const part of publicFrontends(workspace, haproxy)) {
    if (modeOf(part.section) !== 'http' || !isForClients(workspace, haproxy, part) || saysWho(part)) continue;
    if (backendsOf(haproxy).some(saysWho)) continue;
    yield {
      at: part.place(part.section.span),
      message: `HAProxy does not tell Synapse who the client is, and nothing before it does — add option forwardfor.`,
      fixes: (): readonly Fix[] => {
        const edit = insertBelow(part, part.section.span, ['option forwardfor']);
        return edit ? [{ title: 'Add option forwardfor', safe: true, edits: [edit] }] : [];
      },
    };
  }
}

/** Whether a section has HAProxy set or pass on an address of its own. */
function saysWho({ section }: HaproxyPart): boolean {
  if (effectiveDirectives(section, 'option forwardfor').some(({ negated }) => !negated)) return true;
  return ['http-request set-header', 'http-request add-header', 'http-request'].some(keyword =>
    effectiveDirectives(section, keyword).some(({ words }) =>
      words.some(({ value }) => /^(?:x-forwarded-for|x-real-ip|forwarded)$/i.test(value)),
    ),
  );
}

/** Whether something else takes the connections first, as an Ingress does, or may do so unseen. */
function isBehindAnother(workspace: Workspace, haproxy: Resource): boolean {
  return isRoutedTo(workspace, haproxy) || hasUnreadRoutes(workspace);
}

/** The frontends that a load balancer leads to. */
function publicFrontends(workspace: Workspace, haproxy: Haproxy): readonly HaproxyPart[] {
  const parts = podsOf(haproxy.resource).flatMap(pods =>
    servicesFor(workspace, pods)
      .filter(({ type }) => type === 'LoadBalancer')
      .flatMap(service =>
        service.ports.flatMap(({ port }) =>
          podPorts({ kind: 'service', service, pods: [pods] }, port).flatMap(one => listeningOn(haproxy, one.port)),
        ),
      ),
  );
  return frontendsOf(haproxy).filter(part => parts.some(({ section }) => section === part.section));
}

function example(listener: string): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          listeners:
            - port: 8008
${listener}
              resources:
                - names: [client, federation]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                ports:
                  - containerPort: 8008
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: synapse}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector: {app: synapse}
        ports:
          - port: 8008
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: matrix
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.tessera.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: synapse
                      port:
                        number: 8008
    `;
}
