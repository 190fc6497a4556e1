import { type Endpoint, endpointsNaming } from '../../analysis/endpoints';
import { podsOf } from '../../analysis/pods';
import { tenantKind } from '../../analysis/roles';
import { type Service, servicesFor, servicesOf, tenantHasTls } from '../../analysis/services';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'minio-endpoint-mismatch',
  items: [],
  severity: 'error',
  summary: 'A client of MinIO is configured with a port or a protocol that the Tenant does not serve there.',
  why: 'The Service `minio` listens on 443 with TLS and on 80 without, never on 9000; a Tenant has TLS unless it is switched off. Uploads, downloads and backups fail with connection errors.',
  remedy:
    'Use `http://<tenant>-hl.<namespace>.svc.cluster.local:9000` and set `requestAutoCert: false`, or use `https://minio.<namespace>.svc.cluster.local` and give the clients the CA of the cluster.',
  traps: [
    'A Service of your own with the port 9000 in front of the Tenant is accepted under its own name.',
    'An ExternalName Service has no ports: the port is that of the host behind it.',
    'Comments in configuration files do not count, and neither do hosts that variables make up.',
  ],
  sources: [
    'MinIO Operator, pkg/resources/services/service.go: ports of the generated Services.',
    'MinIO Operator, pkg/apis/minio.min.io/v2/types.go: requestAutoCert is on by default.',
  ],
  examples: {
    bad: `
      #- /tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        requestAutoCert: true # TLS
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            endpointURL: http://minio.matrix.svc.cluster.local:9000
      #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Service minio of Tenant matrix-minio serves https on port 443
    `,
    good: `
      #- /tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        requestAutoCert: false # TLS
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            endpointURL: http://matrix-minio-hl.matrix.svc.cluster.local:9000
    `,
  },
  kinds: [tenantKind],
  *check(tenant, workspace) {
    const found = mismatches(tenant, workspace);
    const said = new Set<string>();
    for (const one of found) {
      // One object that says the same several times is told once, with the other places.
      const { owner } = one.endpoint;
      const identity = [owner.uri, owner.title, one.service.name, one.wrongPort, one.wrongScheme].join('\n');
      if (said.has(identity)) continue;
      said.add(identity);
      yield asProblem(tenant, one, found);
    }
  },
} satisfies Rule;

interface Mismatch {
  readonly endpoint: Endpoint;
  readonly service: Service;
  readonly wrongPort: number | undefined;
  readonly wrongScheme: string | undefined;
}

/** What clients of the Tenant's Services are configured with, where it does not fit. */
function mismatches(tenant: Resource, workspace: Workspace): readonly Mismatch[] {
  const [pods] = podsOf(tenant);
  const others = pods ? servicesFor(workspace, pods).filter(service => !service.isGenerated) : [];
  const services = [...servicesOf(tenant), ...others];
  const wanted = tenantHasTls(tenant) ? 'https' : 'http';
  return services.flatMap(service =>
    // Where a Service of the tree has the name of a generated one, the clients reach that.
    service.isGenerated && services.some(other => !other.isGenerated && other.name === service.name)
      ? []
      : endpointsNaming(workspace, service.name).flatMap((endpoint): readonly Mismatch[] => {
          const { host, reference } = endpoint;
          if (host.namespace !== undefined && service.namespace !== undefined && host.namespace !== service.namespace)
            return [];
          const scheme = reference.scheme?.value.toLowerCase();
          if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return [];
          const port = reference.port?.number ?? defaultPort(scheme);
          const wrongPort = port !== undefined && !service.ports.some(one => one.port === port) ? port : undefined;
          const wrongScheme = scheme !== undefined && scheme !== wanted ? scheme : undefined;
          return wrongPort === undefined && wrongScheme === undefined
            ? []
            : [{ endpoint, service, wrongPort, wrongScheme }];
        }),
  );
}

function asProblem(tenant: Resource, one: Mismatch, all: readonly Mismatch[]): Problem {
  const { endpoint, service } = one;
  const wanted = tenantHasTls(tenant) ? 'https' : 'http';
  const ports = service.ports.map(port => port.port).join(', ');
  const cert = tenant.root.at('spec', 'requestAutoCert');
  return {
    at: endpoint.at,
    message: `Service ${service.name} of Tenant ${tenant.name} serves ${wanted} on port ${ports}, not ${said(one)} — use http://${tenant.name}-hl:9000 with requestAutoCert: false, or ${wanted}://minio.`,
    related: [
      {
        at: cert.exists ? cert : tenant.root.at('metadata', 'name'),
        message: `${tenant.title}, which ${wanted === 'https' ? 'has' : 'has no'} TLS`,
      },
      ...all
        .filter(other => other !== one)
        .map(other => ({ at: other.endpoint.at, message: `Also in ${other.endpoint.owner.title}` })),
    ],
    fixes: () => [...viaHeadless(tenant, all), ...viaService(one, wanted)],
  };
}

function said({ wrongPort, wrongScheme, endpoint }: Mismatch): string {
  const port = wrongPort === undefined ? '' : `port ${wrongPort}`;
  const scheme = wrongScheme ?? '';
  return [scheme, port].filter(Boolean).join(' on ') || endpoint.reference.text;
}

/** Plain HTTP to the servers themselves, in all places at once: clients and server have to change together. */
function viaHeadless(tenant: Resource, all: readonly Mismatch[]): readonly Fix[] {
  if (all.some(one => !one.endpoint.isWritten)) return [];
  const edits: TextEdit[] = all.map(({ endpoint }) => ({
    at: endpoint.at,
    newText: `${endpoint.reference.scheme ? 'http://' : ''}${renamed(endpoint.reference.host.value, `${tenant.name}-hl`)}:9000`,
  }));
  if (tenantHasTls(tenant)) {
    const spec = tenant.root.at('spec');
    const cert = spec.at('requestAutoCert');
    const edit = cert.exists ? replaceValue(cert, 'false') : insertEntry(spec, 'requestAutoCert: false');
    if (!edit || spec.at('externalCertSecret').items().length > 0) return [];
    edits.push(edit);
  }
  const places = all.length === 1 ? '' : ` in ${all.length} places`;
  return [{ title: `Use ${tenant.name}-hl:9000 without TLS${places}`, safe: false, edits }];
}

/** The Service as it is, at this one place. */
function viaService({ endpoint, service }: Mismatch, wanted: string): readonly Fix[] {
  const [port] = service.ports;
  if (!endpoint.isWritten || !port) return [];
  const isDefault = port.port === defaultPort(wanted);
  const { scheme, host } = endpoint.reference;
  const newText = `${scheme ? `${wanted}://` : ''}${host.value}${scheme && isDefault ? '' : `:${port.port}`}`;
  return [{ title: `Use ${newText}`, safe: false, edits: [{ at: endpoint.at, newText }] }];
}

function renamed(host: string, service: string): string {
  const dot = host.indexOf('.');
  return dot === -1 ? service : service + host.slice(dot);
}

function defaultPort(scheme: string | undefined): number | undefined {
  return scheme === 'https' ? 443 : scheme === 'http' ? 80 : undefined;
}
