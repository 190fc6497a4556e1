import { environmentOf } from '../../analysis/environment';
import { flowsFrom, isExternal } from '../../analysis/flows';
import { addressesOf } from '../../analysis/flows/addresses';
import { resolveHost } from '../../analysis/flows/destinations';
import { containersOf, mainContainersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { familiesOf, isLi, workloads } from '../../analysis/roles';
import { routeSourceKinds, routesOf, serviceOf } from '../../analysis/routes';
import { podsBehind, type Service, servicesOf } from '../../analysis/services';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { makeClusterIp } from '../services/cluster-ip';

export default {
  id: 'key-vault-exposed',
  items: ['2.3.c.1'],
  severity: 'error',
  summary: 'Others than Synapse can reach key_vault.',
  why: 'key_vault holds the keys to people’s encrypted messages. Whoever reaches it from outside, or from the lawful-intercept instance, needs only its API key.',
  remedy: 'Reach key_vault through a ClusterIP Service from Synapse’s main process only.',
  traps: [
    'Probes and monitors do not count.',
    'The LI instance shall have neither an address of key_vault nor its API key, even where nothing uses them yet.',
    'A port of the node is open to all that reach the node.',
  ],
  examples: {
    bad: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_NAME
                    value: key_vault
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        type: NodePort
      #       ^^^^^^^^ 💡 error: The Service key-vault opens key_vault to the outside
        selector: {app: key-vault}
        ports:
          - port: 8000
    `,
    good: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_NAME
                    value: key_vault
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        type: ClusterIP
        selector: {app: key-vault}
        ports:
          - port: 8000
    `,
  },
  kinds: ['Service', ...routeSourceKinds, ...workloadKinds],
  *check(resource, workspace) {
    if (resource.qualifiedKind === 'Service') {
      yield* checkService(resource, workspace);
      return;
    }
    if (resource.qualifiedKind !== 'Ingress' && routeSourceKinds.includes(resource.qualifiedKind)) {
      const told = new Set<Value>();
      for (const route of routesOf(resource)) {
        const service = serviceOf(workspace, route);
        if (!service || told.has(route.service) || !isVault(workspace, service)) continue;
        told.add(route.service);
        yield leads(resource, route.service);
      }
      return;
    }
    const families = familiesOf(resource);
    if (families.has('key_vault')) {
      yield* checkHostPorts(resource);
      return;
    }
    const isEntrance = resource.qualifiedKind === 'Ingress' || families.has('haproxy') || families.has('nginx');
    const ofLi = isLi(workspace, resource);
    if (!isEntrance && !ofLi) return;
    const said = new Set<string>();
    for (const { to, at } of flowsFrom(workspace, resource)) {
      if (isExternal(to) || !familiesOf(to.owner).has('key_vault')) continue;
      said.add(`${at.uri} ${at.span.start}`);
      yield leads(resource, at);
    }
    if (ofLi) yield* checkLi(resource, workspace, said);
  },
} satisfies Rule;

function leads({ title }: Resource, at: Place): Problem {
  return { at, message: `${title} leads to key_vault, which only Synapse's main process may reach — take this away.` };
}

function* checkService(resource: Resource, workspace: Workspace): Iterable<Problem> {
  const [service] = servicesOf(resource);
  const outside = resource.root.at('spec', 'externalIPs');
  const isOpen = service !== undefined && ['NodePort', 'LoadBalancer'].includes(service.type);
  if (!service || (!isOpen && outside.items().length === 0)) return;
  if (!podsBehind(workspace, service).some(({ owner }) => familiesOf(owner).has('key_vault'))) return;
  const type = resource.root.at('spec', 'type');
  if (!isOpen) {
    yield {
      at: outside.key,
      message: `The Service ${service.name} opens key_vault on external addresses — take externalIPs away.`,
    };
    return;
  }
  yield {
    at: type,
    message: `The Service ${service.name} opens key_vault to the outside — make it a ClusterIP Service.`,
    fixes: () => makeClusterIp(resource),
  };
}

/** The network of the node, and ports of it, lie outside of what NetworkPolicies of the pod close. */
function* checkHostPorts(vault: Resource): Iterable<Problem> {
  const shared = podTemplate(vault)?.at('spec', 'hostNetwork');
  if (shared?.boolean === true) {
    yield {
      at: shared,
      message: `${vault.title} listens on the network of its node, where everybody reaches key_vault — take hostNetwork away.`,
    };
    return;
  }
  for (const container of mainContainersOf(vault))
    for (const port of container.value.at('ports').items()) {
      const host = port.at('hostPort');
      if (host.exists && host.text !== '0')
        yield {
          at: host,
          message: `${vault.title} opens key_vault on port ${host.text} of its node — take hostPort away.`,
        };
    }
}

/** What the LI instance has of key_vault in its environment: its address, or its API key. */
function* checkLi(resource: Resource, workspace: Workspace, said: ReadonlySet<string>): Iterable<Problem> {
  for (const { host, at } of addressesOf(workspace, resource)) {
    if (said.has(`${at.uri} ${at.span.start}`)) continue;
    const destination = resolveHost(workspace, resource.namespace, host);
    if (destination.kind === 'service' && isVault(workspace, destination.service)) yield leads(resource, at);
  }
  const vaults = workloads(workspace, 'key_vault').filter(vault => vault.namespace === resource.namespace);
  const keys = vaults.flatMap(vault =>
    containersOf(vault).flatMap(container =>
      [...environmentOf(workspace, vault, container).variables.values()].flatMap(({ name, source }) =>
        /(?:^|_)API_(?:KEY|TOKEN)$/.test(name) && source ? [source] : [],
      ),
    ),
  );
  const given = new Set<string>();
  for (const container of containersOf(resource))
    for (const { name, at, source } of environmentOf(workspace, resource, container).variables.values()) {
      const isKey =
        /^KEY_?VAULT_API_(?:KEY|TOKEN)$/.test(name) ||
        keys.some(key => key.kind === source?.kind && key.name === source.name && key.key === source.key);
      if (!isKey || given.has(name)) continue;
      given.add(name);
      yield {
        at: at.at('name').exists ? at.at('name') : at,
        message: `${resource.title} has the API key of key_vault in ${name}, which is the main process's alone — take it away.`,
      };
    }
}

function isVault(workspace: Workspace, service: Service): boolean {
  return podsBehind(workspace, service).some(({ owner }) => familiesOf(owner).has('key_vault'));
}
