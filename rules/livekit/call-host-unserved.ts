import { routesOf } from '../../analysis/ingresses';
import { mainContainersOf, podsIn } from '../../analysis/pods';
import { imageName } from '../../analysis/roles';
import { processKinds, synapseProcess } from '../../analysis/synapse';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { hasOtherRoutes } from '../synapse/ingress-routes';

export default {
  id: 'call-host-unserved',
  items: [],
  severity: 'warning',
  summary: 'Clients are sent to a host for calls that no Ingress serves.',
  why: 'Element asks the service for LiveKit tokens, and then LiveKit itself, at the addresses that the configuration names. No call is made if nothing answers there.',
  remedy: 'Write the host that the Ingress of LiveKit, or of lk-jwt-service, has, or add an Ingress for it.',
  traps: [
    'Only where the tree runs the program that is meant, and Ingresses of it serve other hosts of the same domain.',
    'Trees with routes of other kinds or default backends are left alone, and so are hosts that Helm values, annotations or certificates name, and addresses with a port.',
  ],
  sources: [
    'element-hq/element-call, docs/self-hosting.md: org.matrix.msc4143.rtc_foci, livekit_service_url',
    'element-hq/lk-jwt-service, README: LIVEKIT_URL is the address that clients get',
  ],
  examples: {
    bad: example(
      'wss://sfu.tessera.test\n      #                    ^^^^^^^^^^^^^^^^^^^^^^ warning: No Ingress serves sfu.tessera.test, where clients are sent for LiveKit',
    ),
    good: example('wss://livekit.tessera.test'),
  },
  kinds: [...processKinds],
  *check(resource, workspace) {
    for (const { url, program, image } of addressesIn(workspace, resource)) {
      const host = /^(?:https?|wss?):\/\/([a-z0-9-]+(?:\.[a-z0-9-]+){2,})(?::(?:443|80))?(?:\/|$)/i
        .exec(url.text ?? '')?.[1]
        ?.toLowerCase();
      if (host === undefined || findPlaceholders(url.text ?? '', 'value').length > 0) continue;
      const served = workspace.resources('Ingress').flatMap(ingress => routesOf(ingress).map(route => route.host));
      const domain = host.slice(host.indexOf('.') + 1);
      if (served.some(one => one === host || one === '*' || one === `*.${domain}`)) continue;
      const sibling = served.find(one => one.slice(one.indexOf('.') + 1) === domain);
      if (sibling === undefined || hasOtherRoutes(workspace) || workspace.lookup(namedHosts, host).length > 0) continue;
      if (!podsIn(workspace).some(({ owner }) => runs(owner, image))) continue;
      yield {
        at: url,
        message: `No Ingress serves ${host}, where clients are sent for ${program}, while ${sibling} is served — correct the host, or add an Ingress.`,
      };
    }
  },
} satisfies Rule;

interface Address {
  readonly url: Value;
  readonly program: string;
  readonly image: RegExp;
}

const jwtService = /(?:^|\/)lk-jwt-service$/;
const livekit = /(?:^|\/)livekit-server$/;

/** The addresses for calls that a workload tells clients: in the environment of lk-jwt-service, and Synapse's. */
function addressesIn(workspace: Workspace, resource: Resource): readonly Address[] {
  const given = mainContainersOf(resource)
    .filter(({ image }) => jwtService.test(imageName(image)))
    .flatMap(({ value }) => value.at('env').items())
    .filter(variable => variable.at('name').text === 'LIVEKIT_URL' && variable.at('value').exists)
    .map(variable => ({ url: variable.at('value'), program: 'LiveKit', image: livekit }));
  const process = synapseProcess(workspace, resource);
  if (!process || process.isWorker || process.homeserver?.isPartial !== false) return given;
  const { homeserver } = process;
  const services = [
    ...homeserver.at('extra_well_known_client_content', 'org.matrix.msc4143.rtc_foci').items(),
    ...homeserver.at('matrix_rtc', 'transports').items(),
  ].map(focus => focus.at('livekit_service_url'));
  return [
    ...given,
    ...services.filter(url => url.exists).map(url => ({ url, program: 'tokens of lk-jwt-service', image: jwtService })),
  ];
}

function runs(workload: Resource, image: RegExp): boolean {
  return mainContainersOf(workload).some(container => image.test(imageName(container.image)));
}

/** Hosts that something else than an Ingress names, which may be served by what is made of that. */
const namedHosts: Index<true> = {
  name: 'hosts named beside Ingresses',
  *document(document) {
    if (document.resources.length > 0 && document.resources.every(({ kind }) => kind === 'Ingress')) return;
    for (const host of hostsIn(document.textWith(aHost) ?? '')) yield [host, true];
  },
  *textFile(file) {
    if (!/\.md$/i.test(file.path)) for (const host of hostsIn(file.text)) yield [host, true];
  },
  equal: () => true,
};

const aHost = /(?<![\w./@-])[a-z0-9-]+(?:\.[a-z0-9-]+){2,}(?![\w.-])/i;

function hostsIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(new RegExp(aHost, 'gi'))].map(([host]) => host.toLowerCase()));
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
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: livekit
        namespace: matrix
      spec:
        rules:
          - host: livekit.tessera.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend: {service: {name: livekit, port: {number: 7880}}}
    `;
}
