import { mainContainersOf, podsIn } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { arrivingPath, hasUnreadRoutes, routeFor, routesFor, workloadsBehind } from '../../analysis/routes';
import { servicesIn } from '../../analysis/services';
import { processKinds } from '../../analysis/synapse';
import { classifyHost } from '../../analysis/text/hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isJwtService } from '../services/listeners';
import { type Address, addressesIn } from './call-host-unserved';

export default {
  id: 'rtc-address-wrong',
  items: [],
  severity: 'error',
  summary: 'Clients are sent to an address for calls that does not lead to LiveKit, or to the service for its tokens.',
  why: 'A client asks `livekit_service_url` for a token and then connects to `LIVEKIT_URL`. The two are different programs: each answers the other’s requests with 404, as it does where the path is not its own. A browser refuses addresses without TLS on a page that has it.',
  remedy:
    '`livekit_service_url` is the public `https:` address of lk-jwt-service, `LIVEKIT_URL` the public `wss:` address of LiveKit; both without a path, unless the Ingress or route takes it away.',
  traps: [
    'LiveKit’s clients take `https:` for `wss:`.',
    'A path is right where the Ingress or route has it and rewrites it to `/`.',
    'Where headers decide, or objects of several kinds have the same host, nothing is said.',
  ],
  sources: [
    'element-hq/element-call, docs/self-hosting.md: livekit_service_url; element-hq/lk-jwt-service, README: LIVEKIT_URL, /sfu/get',
    'livekit/livekit pkg/service/rtcservice.go: /rtc; W3C, Mixed Content',
  ],
  examples: {
    bad: example(
      'ws://livekit.tessera.test\n      #                    ^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Browsers refuse ws://livekit.tessera.test on a page with TLS',
    ),
    good: example('wss://livekit.tessera.test'),
  },
  kinds: [...processKinds],
  *check(resource, workspace) {
    for (const address of addressesIn(workspace, resource)) {
      if (address.program !== 'LiveKit' && address.program !== 'tokens of lk-jwt-service') continue;
      const problem = problemWith(workspace, address);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

function problemWith(workspace: Workspace, { url, program }: Address): Problem | undefined {
  const text = url.text ?? '';
  if (text === '' || /[$%{<]/.test(text) || findPlaceholders(text, 'value').some(one => one.class !== 'domain'))
    return undefined;
  const isLivekit = program === 'LiveKit';
  const wanted = isLivekit ? 'wss' : 'https';
  const [, scheme, host = '', path = ''] = /^([a-z][a-z\d+.-]*):\/\/([^/?#:]+)(?::\d+)?([^?#]*)/i.exec(text) ?? [];
  if (scheme === undefined)
    return {
      at: url,
      message: `${text} is no address that clients can open — write ${wanted}://${text.replace(/^\/+/, '')}.`,
    };
  const kind = classifyHost(host, name => workspace.resources('Namespace').some(one => one.name === name));
  if (kind === 'cluster')
    return {
      at: url,
      message: `${host} is a name inside the cluster, but clients are told to connect to it for ${program} — write the public address.`,
    };
  const known = isLivekit ? ['ws', 'wss', 'http', 'https'] : ['http', 'https'];
  if (!known.includes(scheme.toLowerCase()))
    return {
      at: url.part(0, scheme.length),
      message: `Clients do not ask for ${program} by ${scheme}: — write ${wanted}://.`,
      fixes: () => [withScheme(url, scheme, wanted)],
    };
  if (kind !== 'localhost' && /^(?:ws|http)$/i.test(scheme))
    return {
      at: url,
      message: `Browsers refuse ${text} on a page with TLS, so no call is made — write ${wanted}://.`,
      fixes: () => [withScheme(url, scheme, wanted)],
    };
  const port = /^[^:]*:\/\/[^/:]+:(\d+)/.exec(text)?.[1];
  if (port !== undefined && port !== '443') return portProblem(workspace, url, host.toLowerCase(), Number(port));
  return routeProblem(workspace, url, program, host.toLowerCase(), path);
}

/** A port that neither a proxy for routes nor a Service or pod of the tree opens to the outside. */
function portProblem(workspace: Workspace, url: Address['url'], host: string, port: number): Problem | undefined {
  const source = routesFor(workspace, host).find(route => route.host === host)?.source;
  if (!source || hasUnreadRoutes(workspace)) return undefined;
  const isOpen =
    servicesIn(workspace).some(
      service => service.type !== 'ClusterIP' && service.ports.some(one => one.port === port || one.nodePort === port),
    ) ||
    podsIn(workspace).some(
      pods =>
        (pods.hostNetwork && pods.ports.some(one => one.port === port)) ||
        mainContainersOf(pods.owner).some(({ value }) =>
          value
            .at('ports')
            .items()
            .some(one => one.at('hostPort').number === port),
        ),
    );
  return isOpen
    ? undefined
    : {
        at: url,
        severity: 'warning',
        message: `${source.kind} ${source.name} serves ${host} on port 443, and nothing of the tree opens port ${port} to clients — drop the port.`,
        related: [{ at: source.root.at('metadata', 'name'), message: `${source.kind} ${source.name}` }],
      };
}

function withScheme(url: Address['url'], scheme: string, wanted: string) {
  return {
    title: `Write ${wanted}://`,
    safe: false,
    edits: [{ at: url.part(0, scheme.length), newText: wanted }],
  };
}

/** What a route sends the first request of a client to, and under which path. */
function routeProblem(
  workspace: Workspace,
  url: Address['url'],
  program: string,
  host: string,
  path: string,
): Problem | undefined {
  const own = routesFor(workspace, host).find(one => one.host === host);
  if (!own) return undefined;
  const isLivekit = program === 'LiveKit';
  const asked = `${path.replace(/\/+$/, '')}/${isLivekit ? 'rtc' : 'sfu/get'}`;
  const route = routeFor(workspace, host, { path: asked, method: isLivekit ? 'GET' : 'POST' });
  if (route === 'unknown') return undefined;
  if (!route)
    return {
      at: url,
      message: `No path of ${host} takes ${asked}, which clients ask for ${program} — write the path that the ${own.source.kind} has.`,
      related: [{ at: own.at, message: `What ${own.source.kind} ${own.source.name} has` }],
    };
  const owners = workloadsBehind(workspace, route);
  const runs = (owner: Resource): 'livekit' | 'jwt' | undefined =>
    mainContainersOf(owner).some(isJwtService) ? 'jwt' : familiesOf(owner).has('livekit') ? 'livekit' : undefined;
  const other = owners.find(owner => runs(owner) === (isLivekit ? 'jwt' : 'livekit'));
  if (other && owners.every(owner => runs(owner) === runs(other)))
    return {
      at: url,
      message: `${text(url)} leads to ${isLivekit ? 'lk-jwt-service' : 'LiveKit'}, but clients ask there for ${isLivekit ? 'LiveKit' : 'tokens, which lk-jwt-service gives'} — write the address of ${isLivekit ? 'LiveKit' : 'lk-jwt-service'}.`,
      related: [{ at: route.at, message: `${route.source.kind} ${route.source.name} leads to ${other.title}` }],
    };
  if (owners.length === 0 || owners.some(owner => runs(owner) !== (isLivekit ? 'livekit' : 'jwt'))) return undefined;
  if (isLivekit) {
    // lk-jwt-service has rooms made by LiveKit's API at the same address.
    const api = `${path.replace(/\/+$/, '')}/twirp/livekit.RoomService/CreateRoom`;
    if (routeFor(workspace, host, { path: api, method: 'POST' }) === undefined)
      return {
        at: url,
        message: `No path of ${host} takes /twirp, where lk-jwt-service has LiveKit make rooms, so no call begins — send all paths to LiveKit.`,
        related: [{ at: route.at, message: `What ${route.source.kind} ${route.source.name} has` }],
      };
  }
  const arriving = arrivingPath(workspace, route, asked);
  if (arriving === undefined || arriving === (isLivekit ? '/rtc' : '/sfu/get')) return undefined;
  return {
    at: url,
    message: `${isLivekit ? 'LiveKit' : 'lk-jwt-service'} gets ${arriving} from ${text(url)} and answers with 404 — drop the path, or let the ${route.source.kind} take it away${route.source.kind === 'Ingress' ? ' with rewrite-target' : ''}.`,
    related: [{ at: route.at, message: `${route.source.kind} ${route.source.name}` }],
  };
}

function text(url: Address['url']): string {
  return url.text ?? '';
}

function example(url: string): string {
  return `
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: lk-jwt-service
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: lk-jwt-service
                image: ghcr.io/element-hq/lk-jwt-service:0.3.0
                env:
                  - name: LIVEKIT_URL
                    value: ${url}
    `;
}
