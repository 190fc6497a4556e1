import { nameOf } from '../../analysis/anchor';
import { servicesOf } from '../../analysis/services';
import type { Resource } from '../../manifests/resource';
import type { Index } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'generated-name-taken',
  items: [],
  severity: 'warning',
  summary: 'A Service has the name of one that an operator makes itself.',
  why: 'Whoever comes second fails or overwrites the other: `kubectl apply` and the operator change the same object back and forth, and clients reach now the one and now the other.',
  remedy: 'Give the Service another name, or use the one that the operator makes.',
  traps: [
    'The MinIO Operator makes the Services `minio`, `<tenant>-hl` and `<tenant>-console`; CloudNativePG makes `<cluster>-rw`, `-ro` and `-r`, and one of the name of each Pooler.',
  ],
  sources: ['MinIO Operator, pkg/resources/services/service.go', 'CloudNativePG documentation, Service Management'],
  examples: {
    bad: `
      #- /minio.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: minio
      #       ^^^^^ warning: is made from Tenant matrix-minio
        namespace: matrix
      spec:
        type: ExternalName
        externalName: matrix-minio-hl.matrix.svc.cluster.local
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        requestAutoCert: false
    `,
    good: `
      #- /minio.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: minio-api
        namespace: matrix
      spec:
        type: ExternalName
        externalName: matrix-minio-hl.matrix.svc.cluster.local
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        requestAutoCert: false
    `,
  },
  kinds: ['Service'],
  *check(service, workspace) {
    const owners = workspace.lookup(generatedServices, service.name).filter(one => one.namespace === service.namespace);
    const [owner] = owners;
    const at = nameOf(service);
    if (!owner || !at) return;
    yield {
      at,
      message: `The Service ${service.name} is made from ${owner.kind} ${owner.name} by its operator, so this one collides with it — give it another name.`,
      related: [{ at: owner.root.at('metadata', 'name'), message: owner.title }],
    };
  },
} satisfies Rule;

const generatedServices: Index<Resource> = {
  name: 'names of generated Services',
  *resource(resource) {
    if (resource.qualifiedKind === 'Service') return;
    for (const service of servicesOf(resource)) yield [service.name, resource];
  },
};
