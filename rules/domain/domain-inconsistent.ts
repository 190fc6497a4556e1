import { homeserverOf } from '../../analysis/homeserver';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { familiesOf, isLi, synapseLis, synapseMains, workloads } from '../../analysis/roles';
import { allRoutes, type Route, serviceOf } from '../../analysis/routes';
import { podsBehind } from '../../analysis/services';
import { areComparable, domainToReplace } from '../../analysis/text/comparable-hosts';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { elementConfig, settingsIn } from '../element/config';
import type { Fix, Problem, Rule } from '../rule';
import { optionOf, type Turnserver, turnservers } from '../turn/turnserver';
import { turnUri } from '../turn/uri';

export default {
  id: 'domain-inconsistent',
  items: ['A.3.a', 'A.3.b', 'A.3.d', '4.2.a.1'],
  severity: 'error',
  summary: 'Two places that must name the same host name different ones.',
  why: 'Clients are sent to a host that no Ingress answers for, or the LI instance looks for users of another server and finds none.',
  remedy: 'Decide for one host and write it everywhere; *Replace Domain…* does that.',
  traps: [
    '`server_name` may be a parent domain of `public_baseurl`: that is delegation. The LI instance may have a `public_baseurl` of its own, but not a `server_name`.',
    'An Ingress with several hosts is right if one of them is the one of `public_baseurl`.',
    'Placeholder domains have a rule of their own; two hosts under the same one are compared, because all of them are replaced alike.',
  ],
  sources: ['Synapse documentation, Configuration manual: server_name, public_baseurl, web_client_location'],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          public_baseurl: https://matrix.tessera.test/
      #                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: public_baseurl names matrix.tessera.test, but Ingress synapse answers for chat.tessera.test
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
        labels: {app: synapse}
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
            env:
              - {name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}
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
          - {name: http, port: 8008}
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: synapse
        namespace: matrix
      spec:
        rules:
          - host: chat.tessera.test
            http:
              paths:
                - path: /_matrix
                  pathType: Prefix
                  backend:
                    service: {name: synapse, port: {number: 8008}}
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          public_baseurl: https://chat.tessera.test/
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
        labels: {app: synapse}
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
            env:
              - {name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}
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
          - {name: http, port: 8008}
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: synapse
        namespace: matrix
      spec:
        rules:
          - host: chat.tessera.test
            http:
              paths:
                - path: /_matrix
                  pathType: Prefix
                  backend:
                    service: {name: synapse, port: {number: 8008}}
    `,
  },
  *checkWorkspace(workspace) {
    const [main] = synapseMains(workspace);
    const homeserver = main && homeserverOf(workspace, main);
    if (!homeserver) return;
    yield* unserved(workspace, homeserver.at('public_baseurl'), false);
    yield* unservedElement(workspace, homeserver.at('web_client_location'));
    yield* otherCertificate(workspace, homeserver.at('turn_uris'));
    for (const li of synapseLis(workspace)) {
      const other = homeserverOf(workspace, li);
      if (!other) continue;
      yield* differentName(homeserver.at('server_name'), other.at('server_name'));
      // It may call itself what the main instance is called, and be reached in another way.
      if (hostOf(other.at('public_baseurl')) !== hostOf(homeserver.at('public_baseurl')))
        yield* unserved(workspace, other.at('public_baseurl'), true);
    }
  },
} satisfies Rule;

/** An entry point: a route with a host and what answers behind it. */
interface Entrance {
  readonly route: Route;
  readonly owners: readonly Resource[];
}

/** The hosts that lead to Synapse, itself or through HAProxy, must have the one that clients are told. */
function* unserved(workspace: Workspace, url: Value, li: boolean): Iterable<Problem> {
  const wanted = hostOf(url);
  if (wanted === undefined) return;
  const serving = workspace
    .shared(entrances)
    .filter(
      ({ route, owners }) =>
        owners.some(
          owner =>
            (familiesOf(owner).has('synapse') || familiesOf(owner).has('haproxy')) && isLi(workspace, owner) === li,
        ) &&
        (li || !/(?:^|-)li(?:-|$)/.test(route.source.name)),
    );
  yield* notAmong(workspace, url, wanted, serving, 'error');
}

function* unservedElement(workspace: Workspace, url: Value): Iterable<Problem> {
  const wanted = hostOf(url);
  if (wanted === undefined) return;
  const serving = workspace
    .shared(entrances)
    .filter(({ owners }) => owners.some(owner => familiesOf(owner).has('element') && !isLi(workspace, owner)));
  yield* notAmong(workspace, url, wanted, serving, 'warning');
}

/** Clients refuse TURN over TLS when the certificate is for another host than the one they are sent to. */
function* otherCertificate(workspace: Workspace, uris: Value): Iterable<Problem> {
  const wanted = uris.items().flatMap(entry => {
    const uri = turnUri(entry.text ?? '');
    return uri?.scheme === 'turns' ? [{ entry, host: uri.host.toLowerCase() }] : [];
  });
  for (const certificate of turnservers(workspace).flatMap(server => certificatesOf(workspace, server))) {
    const spec = certificate.root.at('spec');
    const names = [...spec.at('dnsNames').items(), spec.at('commonName')].flatMap(
      name => name.text?.toLowerCase() ?? [],
    );
    const missed = wanted.find(({ host }) => !names.some(name => covers(name, host)));
    if (!missed || names.length === 0 || !names.every(name => areComparable(name, missed.host))) continue;
    yield {
      at: spec.at('dnsNames').exists ? spec.at('dnsNames').key : spec.at('commonName'),
      severity: 'warning',
      message: `turn_uris names ${missed.host}, but Certificate ${certificate.name} is for ${names[0]}, so clients refuse it — add the host to dnsNames.`,
      related: [{ at: missed.entry, message: 'An address that clients get' }],
      items: ['A.3.d'],
    };
  }
}

/** The Certificates behind the file that a TURN server has as `cert`. */
function certificatesOf(workspace: Workspace, server: Turnserver): readonly Resource[] {
  const { resource, container } = server;
  const path = optionOf(server, 'cert')?.value;
  const mount = path === undefined ? undefined : mountAt(container, path);
  const secret = mount && volumeOf(resource, mount.volume)?.at('secret', 'secretName').text;
  return workspace
    .resources('Certificate.cert-manager.io')
    .filter(one => one.namespace === resource.namespace && one.root.at('spec', 'secretName').text === secret);
}

/** A star stands for one label (RFC 6125, section 6.4.3). */
function covers(name: string, host: string): boolean {
  return name === host || (name.startsWith('*.') && host.slice(host.indexOf('.') + 1) === name.slice(2));
}

function* notAmong(
  workspace: Workspace,
  url: Value,
  wanted: string,
  serving: readonly Entrance[],
  severity: 'error' | 'warning',
): Iterable<Problem> {
  const hosts = serving
    .map(({ route }) => route.host)
    .filter(host => host !== '' && host !== '*' && areComparable(host, wanted) && !host.startsWith('*'));
  const [first] = serving;
  if (!first || hosts.length === 0 || hosts.length < serving.length || hosts.includes(wanted)) return;
  yield {
    at: url,
    severity,
    message: `${String(url.name)} names ${wanted}, but ${first.route.source.kind} ${first.route.source.name} answers for ${hosts[0]} — write the same host in both.`,
    related: serving.map(({ route: { source, at } }) => ({ at, message: `${source.kind} ${source.name}` })),
    items: severity === 'warning' ? ['4.2.a.1'] : ['A.3.a', 'A.3.b'],
    fixes: () => [...new Set(hosts)].flatMap(host => useHost(workspace, url, wanted, host)),
  };
}

/**
 * Which of the two is right only the owner of the names knows. Where Element Web is told the same host of Synapse, it
 * has to be told the other as well.
 */
function useHost(workspace: Workspace, url: Value, wanted: string, host: string): readonly Fix[] {
  const edit = inPlaceOf(url, wanted, host);
  if (!edit) return [];
  const more = url.name === 'public_baseurl' ? elementUrls(workspace, url, wanted) : [];
  const edits = [edit, ...more.flatMap(one => inPlaceOf(one, wanted, host) ?? [])];
  const [first] = edits;
  const where = edits.length > 1 ? ' and for Element Web' : '';
  return first ? [{ title: `Use ${host} in ${String(url.name)}${where}`, safe: false, edits }] : [];
}

function inPlaceOf(url: Value, wanted: string, host: string): TextEdit | undefined {
  const start = (url.text ?? '').indexOf(wanted);
  const at = url.part(start, start + wanted.length);
  if (start === -1 || at.span.end - at.span.start !== wanted.length) return undefined;
  return { at, newText: host };
}

/** Where Element Web of the same instance is told a host of Synapse. */
function elementUrls(workspace: Workspace, url: Value, wanted: string): readonly Value[] {
  const ofLi = synapseLis(workspace).some(li => {
    const own = homeserverOf(workspace, li)?.at('public_baseurl');
    return own?.exists === true && own.isAt(url);
  });
  return workloads(workspace, 'element').flatMap(element => {
    const config = isLi(workspace, element) === ofLi ? elementConfig(workspace, element) : undefined;
    const settings = config && settingsIn(config);
    const told = settings?.at('default_server_config', 'm.homeserver', 'base_url');
    return told && hostOf(told) === wanted && config?.file?.resolve(told).kind === 'left' ? [told] : [];
  });
}

/** The LI instance serves the users of the main one, so it has to be the same server. */
function* differentName(main: Value, li: Value): Iterable<Problem> {
  const [name, other] = [main.text, li.text];
  if (name === undefined || other === undefined || name === other || !areComparable(name, other)) return;
  yield {
    at: li,
    message: `The LI instance has the server_name ${other}, but the main one is ${name}, so it knows none of its users — write ${name}.`,
    related: [{ at: main, message: 'server_name of the main instance' }],
    items: ['A.3.b'],
    fixes: () => {
      const edit = replaceScalar(li, name);
      return edit ? [{ title: `Set server_name to ${name}`, safe: false, edits: [edit] }] : [];
    },
  };
}

function entrances(workspace: Workspace): readonly Entrance[] {
  const found = new Map<string, { route: Route; owners: Resource[] }>();
  for (const route of allRoutes(workspace)) {
    const { kind, namespace, name } = route.source;
    const key = `${kind} ${namespace ?? ''} ${name} ${route.host}`;
    const one = found.get(key) ?? { route, owners: [] };
    const service = serviceOf(workspace, route);
    if (service) one.owners.push(...podsBehind(workspace, service).map(pods => pods.owner));
    found.set(key, one);
  }
  return [...found.values()];
}

/** The host of a URL; undefined for none and for what is filled in later. */
function hostOf(url: Value): string | undefined {
  const host = /^https?:\/\/([a-z0-9.-]+)/i.exec(url.text ?? '')?.[1];
  return host === undefined || domainToReplace(url.text ?? '') === undefined ? undefined : host;
}
