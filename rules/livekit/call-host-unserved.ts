import { parsed } from '../../analysis/configs';
import { effectiveFile } from '../../analysis/effective';
import { type ImageProgram, programOf } from '../../analysis/images';
import { nearest } from '../../analysis/nearest';
import { containerRunning, mainContainersOf, podsIn } from '../../analysis/pods';
import { allRoutes, hasUnreadRoutes, routeSourceKinds, routeSources, routesFor } from '../../analysis/routes';
import { processKinds, synapseProcess } from '../../analysis/synapse';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import { elementConfig, settingsIn } from '../element/config';
import type { Rule } from '../rule';
import { certificateKind } from '../services/certificates';

export default {
  id: 'call-host-unserved',
  items: [],
  severity: 'warning',
  summary: 'Clients are sent to a host for calls or links that no Ingress or other route serves.',
  why: 'Element asks the service for LiveKit tokens, and then LiveKit itself, at the addresses that the configuration names. No call is made if nothing answers there. Links to rooms lead nowhere if `permalink_prefix` does.',
  remedy:
    'Write the host that the Ingress of LiveKit, lk-jwt-service, Element Call or Element Web has, or add an Ingress for it.',
  traps: [
    'Only where Ingresses or other routes of the tree serve other hosts of the same domain, or one that is written almost the same. Where the tree does not run the program that is meant, it may run elsewhere: that is an information for `element_call.url`, and else nothing.',
    'Trees with default backends or with routes of kinds that are not read, as those of OpenShift, are left alone, and so are hosts that Helm values, annotations or certificates for other things name, and addresses with a port.',
  ],
  sources: [
    'element-hq/element-call, docs/self-hosting.md: org.matrix.msc4143.rtc_foci, livekit_service_url',
    'element-hq/lk-jwt-service, README: LIVEKIT_URL is the address that clients get',
    'element-hq/element-web, docs/config.md: element_call.url, permalink_prefix',
  ],
  examples: {
    bad: example(
      'wss://sfu.tessera.test\n      #                    ^^^^^^^^^^^^^^^^^^^^^^ warning: No Ingress serves sfu.tessera.test, where clients are sent for LiveKit',
    ),
    good: example('wss://livekit.tessera.test'),
  },
  kinds: [...processKinds],
  *check(resource, workspace) {
    for (const { url, program, runs, mayBeElsewhere } of addressesIn(workspace, resource)) {
      const host = /^(?:https?|wss?):\/\/([a-z0-9-]+(?:\.[a-z0-9-]+){2,})(?::(?:443|80))?(?:\/|$)/i
        .exec(url.text ?? '')?.[1]
        ?.toLowerCase();
      if (host === undefined || findPlaceholders(url.text ?? '', 'value').length > 0) continue;
      const domain = host.slice(host.indexOf('.') + 1);
      if (routesFor(workspace, host).length > 0 || hasUnreadRoutes(workspace)) continue;
      const routes = allRoutes(workspace);
      const close = nearest(
        host,
        routes.map(route => route.host),
      );
      const sibling =
        routes.find(route => route.host.slice(route.host.indexOf('.') + 1) === domain) ??
        routes.find(route => route.host === close);
      const named = workspace.lookup(namedHosts, host);
      if (!sibling || named.some(one => one === true || !isForRoutes(workspace, one))) continue;
      const isHere = podsIn(workspace).some(({ owner }) => containerRunning(owner, runs) !== undefined);
      if (!isHere && !mayBeElsewhere) continue;
      yield {
        at: url,
        ...(!isHere && { severity: 'info' as const }),
        message: `No ${sibling.source.kind} serves ${host}, where clients are sent for ${program}, while ${sibling.host} is served — correct the host${isHere ? ', or add one' : ', add one, or see that something else serves it'}.`,
      };
    }
  },
} satisfies Rule;

export interface Address {
  readonly url: Value;
  readonly program: string;
  readonly runs: ImageProgram;
  /** Reported as well where the tree does not run the program. */
  readonly mayBeElsewhere?: boolean;
}

/** The addresses that a workload tells clients: in the environment of lk-jwt-service, and Synapse's and Element's. */
export function addressesIn(workspace: Workspace, resource: Resource): readonly Address[] {
  const given = mainContainersOf(resource)
    .filter(({ image }) => programOf(image) === 'lk-jwt-service')
    .flatMap(({ value }) => value.at('env').items())
    .filter(variable => variable.at('name').text === 'LIVEKIT_URL' && variable.at('value').exists)
    .map(variable => ({ url: variable.at('value'), program: 'LiveKit', runs: 'livekit-server' as const }));
  const process = synapseProcess(workspace, resource);
  if (!process || process.isWorker || process.homeserver?.isPartial !== false)
    return [...given, ...ofElement(workspace, resource)];
  const { homeserver } = process;
  const services = [
    ...homeserver.at('extra_well_known_client_content', 'org.matrix.msc4143.rtc_foci').items(),
    ...homeserver.at('matrix_rtc', 'transports').items(),
  ].map(focus => focus.at('livekit_service_url'));
  return [
    ...given,
    ...services
      .filter(url => url.exists)
      .map(url => ({ url, program: 'tokens of lk-jwt-service', runs: 'lk-jwt-service' as const })),
  ];
}

/** What config.json of Element Web and of Element Call says. */
function ofElement(workspace: Workspace, resource: Resource): readonly Address[] {
  const element = elementConfig(workspace, resource);
  const web = element && settingsIn(element);
  const call = mainContainersOf(resource)
    .filter(({ image }) => programOf(image) === 'element-call')
    .flatMap(container => effectiveFile(workspace, resource, container, '/app/config.json') ?? [])
    .filter(file => !file.isOpaque)
    .map(file => parsed(file).root);
  const addresses: readonly Address[] = [
    ...(web
      ? [
          {
            url: web.at('element_call', 'url'),
            program: 'Element Call',
            runs: 'element-call' as const,
            mayBeElsewhere: true,
          },
          { url: web.at('permalink_prefix'), program: 'links to rooms', runs: 'element-web' as const },
        ]
      : []),
    ...call.map(root => ({
      url: root.at('livekit', 'livekit_service_url'),
      program: 'tokens of lk-jwt-service',
      runs: 'lk-jwt-service' as const,
    })),
  ];
  return addresses.filter(({ url }) => url.exists);
}

/** Hosts that something else than a route names, which may be served by what is made of that: by a Certificate, or at all. */
const namedHosts: Index<Resource | true> = {
  name: 'hosts named beside routes',
  *resource(resource) {
    if (resource.qualifiedKind !== certificateKind) return;
    for (const name of resource.root.at('spec', 'dnsNames').items()) yield [name.text?.toLowerCase() ?? '', resource];
  },
  *document(document) {
    if (document.resources.length > 0 && document.resources.every(isOfRoutes)) return;
    for (const host of hostsIn(document.textWith(aHost) ?? '')) yield [host, true];
  },
  *textFile(file) {
    if (!/\.md$/i.test(file.path)) for (const host of hostsIn(file.text)) yield [host, true];
  },
  equal: (a, b) => a === b,
};

function isOfRoutes({ qualifiedKind }: Resource): boolean {
  return routeSourceKinds.includes(qualifiedKind) || qualifiedKind === 'Gateway' || qualifiedKind === certificateKind;
}

/** Whether a Certificate is for what routes serve, so that it says nothing of another server. */
function isForRoutes(workspace: Workspace, certificate: Resource): boolean {
  const secret = certificate.root.at('spec', 'secretName').text;
  return [...routeSources(workspace), ...workspace.resources('Gateway')].some(({ namespace, root }) => {
    const spec = root.at('spec');
    const secrets = [
      ...[spec.at('tls'), spec.at('virtualhost', 'tls'), ...spec.at('tls').items()].map(
        tls => tls.at('secretName').text,
      ),
      ...spec
        .at('listeners')
        .items()
        .flatMap(listener => listener.at('tls', 'certificateRefs').items())
        .map(one => one.at('name').text),
    ];
    return namespace === certificate.namespace && secret !== undefined && secrets.includes(secret);
  });
}

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
