import { containersOf } from '../../analysis/pods';
import { type Family, familiesOf } from '../../analysis/roles';
import { hasUnreadRoutes, routeFor, routesFor, workloadsBehind } from '../../analysis/routes';
import { processes, processKinds, synapseProcess } from '../../analysis/synapse';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'federation-undiscoverable',
  items: [],
  severity: 'warning',
  summary: 'Other homeservers cannot find out where to connect to.',
  why: 'They ask `https://<server_name>/.well-known/matrix/server`, then the DNS for an SRV record, and connect to port 8448 of the server name if neither tells otherwise. An Ingress or Gateway usually serves ports 80 and 443 only, so nobody from another server can join a room, send a message or look up a profile here.',
  remedy:
    'Write `serve_server_wellknown: true` into homeserver.yaml and let the Ingress or route send `/.well-known/matrix/server` to Synapse, or answer it elsewhere with `{"m.server": "<host>:443"}`, or open port 8448 to the internet.',
  traps: [
    'Only reported where an Ingress or another route of the tree serves the server name. A server name that is hosted elsewhere, or that has a port, is left alone.',
    'Any answer or SRV record that the tree writes counts, and so does a load balancer, a node port, a port of the host or a Gateway with 8448.',
    'An empty `federation_domain_whitelist`, or no listener with `federation`, means that no federation is wanted.',
    'An SRV record that is set by hand cannot be seen.',
  ],
  sources: [
    'Matrix specification, Server-Server API: Resolving server names',
    'element-hq/synapse, docs/delegate.md and usage configuration: serve_server_wellknown',
  ],
  examples: {
    bad: example(
      'server_name: tessera.test\n      #   ^^^^^^^^^^^ 💡 warning: Other homeservers find tessera.test neither by /.well-known/matrix/server nor on port 8448',
    ),
    good: example('server_name: tessera.test\n          serve_server_wellknown: true'),
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const homeserver = process?.homeserver;
    if (!process || process.isWorker || process.isLi || !homeserver || homeserver.isPartial) return;
    const name = homeserver.at('server_name');
    const host = name.string?.toLowerCase() ?? '';
    if (!/^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/.test(host) || !isFederating(workspace, resource)) return;
    const served = homeserver.at('serve_server_wellknown');
    if (homeserver.layer('serve_server_wellknown').file.isOpaque) return;
    const asked = answerers(workspace, host);
    if (asked === undefined || isToldElsewhere(workspace)) return;
    const isServed = served.exists && served.scalar !== false;
    if (isServed && asked.length > 0) return;
    yield {
      at: name.key,
      message: `Other homeservers find ${host} neither by /.well-known/matrix/server nor on port 8448 — ${
        isServed
          ? 'send that path to Synapse.'
          : `${asked.length > 0 ? 'set serve_server_wellknown: true' : 'serve that path'}, or open the port.`
      }`,
      related: asked.map(source => ({
        at: source.root.at('metadata', 'name'),
        message: `Sends /.well-known/matrix/server of ${host} to Synapse, which does not answer it`,
      })),
      fixes: (): readonly Fix[] => {
        if (asked.length === 0) return [];
        const edit = served.exists
          ? replaceValue(served, 'true')
          : insertEntry(homeserver.layer('server_name').root, 'serve_server_wellknown: true', { after: 'server_name' });
        return edit ? [{ title: 'Answer /.well-known/matrix/server', safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

/** Whether some process of the instance takes requests of other servers. */
function isFederating(workspace: Workspace, main: Resource): boolean {
  const homeserver = synapseProcess(workspace, main)?.homeserver;
  const allowed = homeserver?.at('federation_domain_whitelist');
  if (allowed?.kind === 'sequence' && allowed.items().length === 0) return false;
  return processes(workspace).some(
    ({ isLi, listeners }) => !isLi && listeners?.some(({ names }) => names.includes('federation')),
  );
}

/**
 * The objects whose routes send the question for the server name to what may be Synapse; undefined where the tree does not
 * tell who serves that host, or who is asked.
 */
function answerers(workspace: Workspace, host: string): readonly Resource[] | undefined {
  if (routesFor(workspace, host).length === 0 || hasUnreadRoutes(workspace)) return undefined;
  const route = routeFor(workspace, host, { path: question, method: 'GET' });
  if (route === 'unknown') return undefined;
  if (!route) return [];
  const families = workloadsBehind(workspace, route).map(familiesOf);
  // Whatever else takes the question may know the answer; the web client does not.
  if (
    families.length === 0 ||
    families.some(of => !['synapse', 'haproxy', 'element'].some(one => of.has(one as Family)))
  )
    return undefined;
  return families.some(of => !of.has('element')) ? [route.source] : [];
}

const question = '/.well-known/matrix/server';

/** Whether something in the tree answers the question, writes an SRV record or opens port 8448 to the outside. */
function isToldElsewhere(workspace: Workspace): boolean {
  return workspace.lookup(directions, '').length > 0;
}

/** What tells other servers where to connect to. */
const directions: Index<true> = {
  name: 'answers to the question for federation',
  *resource(resource) {
    if (opensPort(resource)) yield ['', true];
  },
  *document(document) {
    const isManifest = document.resources.length > 0;
    if (answers(document.textWith(aboutFederation) ?? '', isManifest)) yield ['', true];
  },
  *textFile(file) {
    if (!/\.md$/i.test(file.path) && answers(file.text, /\.(?:cfg|conf)$/.test(file.path))) yield ['', true];
  },
  equal: () => true,
};

const aboutFederation = /well-known|m\.server|_tcp|8448/;

/** In Helm values, scripts and the like a bare 8448 means a port that is opened; in manifests the fields are looked at. */
function answers(text: string, isElsewhere: boolean): boolean {
  if (!aboutFederation.test(text)) return false;
  const said = text.replace(/(?:^|[ \t])#.*$/gm, '').replace(/^.*\b(?:curl|wget)\b.*$/gm, '');
  return (
    /\.well-known\/matrix(?:\/server|\/?["'\s;{)*]|$)|["']m\.server["']|_matrix(?:-fed)?\._tcp/m.test(said) ||
    (!isElsewhere && /\b8448\b/.test(said))
  );
}

function opensPort(resource: Resource): boolean {
  const { kind, root } = resource;
  const spec = root.at('spec');
  if (kind === 'Service') {
    const isPublic = /^(?:LoadBalancer|NodePort)$/.test(spec.at('type').text ?? '') || spec.at('externalIPs').exists;
    return (
      isPublic &&
      spec
        .at('ports')
        .items()
        .some(port => port.at('port').number === 8448)
    );
  }
  if (kind === 'Gateway') {
    const listeners = [
      ...spec.at('listeners').items(),
      ...spec
        .at('servers')
        .items()
        .map(one => one.at('port')),
    ];
    return listeners.some(one => one.at('port').number === 8448 || one.at('number').number === 8448);
  }
  if (kind === 'ConfigMap') return root.at('data', '8448').exists;
  return containersOf(resource).some(({ value }) =>
    value
      .at('ports')
      .items()
      .some(
        port =>
          port.at('hostPort').number === 8448 ||
          (port.at('containerPort').number === 8448 && /hostNetwork: *true/.test(resource.document.text)),
      ),
  );
}

function example(homeserver: string): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          ${homeserver}
          listeners:
            - port: 8008
              type: http
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
          - host: tessera.test
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
