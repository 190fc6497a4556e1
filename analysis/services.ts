import { labelsOf, type Resource } from '../manifests/resource';
import { table } from '../manifests/table';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { type Labels, matches, readMapSelector, type Selector } from './labels';
import { type ContainerPort, type Pods, podsSelectedBy } from './pods';

/** A Service: written as a manifest, or made by an operator from a custom resource. */
export interface Service {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly labels: Labels;
  readonly ports: readonly ServicePort[];
  /** Undefined for Services without a selector, such as ExternalName. */
  readonly selector: Selector | undefined;
  readonly selectorLabels: Labels;
  readonly isHeadless: boolean;
  readonly type: string;
  readonly externalName: string | undefined;
  /** The Service itself, or the custom resource that it is made from. */
  readonly resource: Resource;
  readonly isGenerated: boolean;
}

export interface ServicePort {
  readonly name: string | undefined;
  readonly port: number;
  /** A number or the name of a container port; the same as `port` where nothing is written. */
  readonly targetPort: number | string;
  readonly protocol: string;
  readonly nodePort: number | undefined;
  /** Missing for generated Services. */
  readonly at: Value | undefined;
}

export function findService(workspace: Workspace, namespace: string | undefined, name: string): Service | undefined {
  if (namespace === undefined) return workspace.lookup(servicesByName, `*/${name}`)[0];
  return workspace.lookup(servicesByName, `${namespace}/${name}`)[0] ?? workspace.lookup(servicesByName, `/${name}`)[0];
}

/** All Services of a namespace; without one, of the tree. */
export function servicesIn(workspace: Workspace, namespace?: string): readonly Service[] {
  return workspace.lookup(servicesByNamespace, namespace ?? '*');
}

/** The Services of a namespace with labels that a selector matches; without one, of the tree. */
export function servicesSelectedBy(
  workspace: Workspace,
  namespace: string | undefined,
  selector: Selector,
): readonly Service[] {
  const first = selector.requirements.find(({ operator, values }) => operator === 'In' && values.length === 1);
  const services = first
    ? workspace.lookup(servicesByLabel, labelKey(namespace ?? '*', first.key, first.values[0] ?? ''))
    : servicesIn(workspace, namespace);
  return services.filter(service => matches(selector, service.labels));
}

/** The pods a Service sends traffic to. */
export function podsBehind(workspace: Workspace, service: Service): readonly Pods[] {
  if (!service.selector && service.selectorLabels.size === 0) return [];
  const selector = service.selector ?? labelSelector(service.selectorLabels, service.resource.root);
  return podsSelectedBy(workspace, service.namespace, selector);
}

/** The container ports that a Service port leads to on some pods. A number that no container declares still counts. */
export function targetOf(port: ServicePort, pods: Pods): ContainerPort | undefined {
  if (typeof port.targetPort === 'number') {
    return (
      pods.ports.find(one => one.port === port.targetPort && one.protocol === port.protocol) ?? {
        name: undefined,
        port: port.targetPort,
        protocol: port.protocol,
      }
    );
  }
  return pods.ports.find(one => one.name === port.targetPort);
}

/** The Services that send traffic to some pods. */
export function servicesFor(workspace: Workspace, pods: Pods): readonly Service[] {
  return servicesIn(workspace, pods.namespace).filter(
    service =>
      (service.selector && matches(service.selector, pods.labels)) ||
      (service.isGenerated && service.resource === pods.owner),
  );
}

export function servicesOf(resource: Resource): readonly Service[] {
  if (resource.qualifiedKind === 'Service') return [fromManifest(resource)];
  return operatorServices[resource.qualifiedKind]?.(resource) ?? [];
}

const servicesByName: Index<Service> = {
  name: 'services by name',
  *resource(resource) {
    for (const service of servicesOf(resource)) {
      yield [`${service.namespace ?? ''}/${service.name}`, service];
      yield [`*/${service.name}`, service];
    }
  },
};

const servicesByNamespace: Index<Service> = {
  name: 'services by namespace',
  *resource(resource) {
    for (const service of servicesOf(resource)) {
      yield ['*', service];
      yield [service.namespace ?? '', service];
    }
  },
};

const servicesByLabel: Index<Service> = {
  name: 'services by label',
  *resource(resource) {
    for (const service of servicesOf(resource))
      for (const [key, value] of service.labels)
        for (const place of ['*', service.namespace ?? '']) yield [labelKey(place, key, value), service];
  },
};

function labelKey(place: string, key: string, value: string): string {
  return `${place}\n${key}=${value}`;
}

function fromManifest(resource: Resource): Service {
  const spec = resource.root.at('spec');
  const selector = readMapSelector(spec.at('selector'));
  return {
    name: resource.name,
    namespace: resource.namespace,
    labels: resource.labels,
    ports: spec.at('ports').items().map(servicePort),
    selector,
    selectorLabels: new Map(selector?.requirements.map(({ key, values }) => [key, values[0] ?? ''])),
    isHeadless: spec.at('clusterIP').text === 'None',
    type: spec.at('type').text ?? 'ClusterIP',
    externalName: spec.at('externalName').text,
    resource,
    isGenerated: false,
  };
}

function servicePort(port: Value): ServicePort {
  const number = port.at('port').number ?? 0;
  return {
    name: port.at('name').text,
    port: number,
    targetPort: port.at('targetPort').number ?? port.at('targetPort').string ?? number,
    protocol: port.at('protocol').text ?? 'TCP',
    nodePort: port.at('nodePort').number,
    at: port,
  };
}

const operatorServices = table<(resource: Resource) => readonly Service[]>({
  // cloudnative-pg docs/src/service_management.md.
  'Cluster.postgresql.cnpg.io': resource =>
    ['rw', 'ro', 'r']
      .filter(suffix => !isSwitchedOff(resource, suffix))
      .map(suffix =>
        generated(resource, `${resource.name}-${suffix}`, [['postgres', 5432, 5432]], {
          selector: [['cnpg.io/cluster', resource.name]],
          labels: [['cnpg.io/cluster', resource.name]],
        }),
      )
      .concat(additionalServices(resource)),
  'Pooler.postgresql.cnpg.io': resource => [
    generated(resource, resource.name, [['pgbouncer', 5432, 5432]], {
      selector: [['cnpg.io/poolerName', resource.name]],
      labels: [],
    }),
  ],
  // minio/operator pkg/resources/services/service.go.
  'Tenant.minio.min.io': resource => {
    const tenant = [['v1.min.io/tenant', resource.name]] as const;
    const tls = tenantHasTls(resource);
    const metadata = resource.root.at('spec', 'serviceMetadata');
    return [
      generated(resource, 'minio', [tls ? ['https-minio', 443, 9000] : ['http-minio', 80, 9000]], {
        selector: tenant,
        labels: [...labelsOf(metadata.at('minioServiceLabels')), ...tenant],
      }),
      // The port of the headless Service is called http-minio with TLS, too.
      generated(resource, `${resource.name}-hl`, [['http-minio', 9000, 9000]], {
        selector: tenant,
        labels: tenant,
        headless: true,
      }),
      generated(
        resource,
        `${resource.name}-console`,
        [[tls ? 'https-console' : 'http-console', tls ? 9443 : 9090, tls ? 9443 : 9090]],
        {
          selector: tenant,
          labels: [...labelsOf(metadata.at('consoleServiceLabels')), ['v1.min.io/console', `${resource.name}-console`]],
        },
      ),
    ];
  },
});

/** Whether a cluster is told to go without one of its Services; it cannot without rw. */
function isSwitchedOff(cluster: Resource, suffix: string): boolean {
  const disabled = cluster.root.at('spec', 'managed', 'services', 'disabledDefaultServices').items();
  return suffix !== 'rw' && disabled.some(one => one.text === suffix);
}

/** The further Services that a cluster is told to have, of which the template may change the ports. */
function additionalServices(cluster: Resource): readonly Service[] {
  const additional = cluster.root.at('spec', 'managed', 'services', 'additional').items();
  return additional.flatMap(one => {
    const template = one.at('serviceTemplate');
    const name = template.at('metadata', 'name').string;
    if (name === undefined) return [];
    const written = template.at('spec', 'ports').items().map(servicePort);
    const selector = [['cnpg.io/cluster', cluster.name]] as const;
    const labels = [...selector, ...labelsOf(template.at('metadata', 'labels'))];
    const service = generated(cluster, name, [['postgres', 5432, 5432]], { selector, labels });
    return [
      {
        ...service,
        ...(written.length > 0 && { ports: written }),
        type: template.at('spec', 'type').text ?? service.type,
      },
    ];
  });
}

/** Whether a MinIO Tenant serves TLS: `requestAutoCert` is on unless switched off, or a certificate is given. */
export function tenantHasTls(tenant: Resource): boolean {
  return (
    tenant.root.at('spec', 'requestAutoCert').boolean !== false ||
    tenant.root.at('spec', 'externalCertSecret').items().length > 0
  );
}

function generated(
  resource: Resource,
  name: string,
  ports: readonly (readonly [name: string, port: number, target: number])[],
  options: {
    selector: readonly (readonly [string, string])[];
    labels: readonly (readonly [string, string])[];
    headless?: boolean;
  },
): Service {
  return {
    name,
    namespace: resource.namespace,
    labels: new Map(options.labels),
    ports: ports.map(([portName, port, targetPort]) => ({
      name: portName,
      port,
      targetPort,
      protocol: 'TCP',
      nodePort: undefined,
      at: undefined,
    })),
    selector: undefined,
    selectorLabels: new Map(options.selector),
    isHeadless: options.headless === true,
    type: 'ClusterIP',
    externalName: undefined,
    resource,
    isGenerated: true,
  };
}

function labelSelector(labels: Labels, at: Value): Selector {
  return { requirements: [...labels].map(([key, value]) => ({ key, operator: 'In', values: [value], at })), at };
}
