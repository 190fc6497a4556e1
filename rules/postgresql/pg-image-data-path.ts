import { environmentOf, textOfVariable } from '../../analysis/environment';
import { imageTag } from '../../analysis/images';
import { isPatch } from '../../analysis/kustomization';
import { isBelow, mountsOf } from '../../analysis/mounts';
import { type Container, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { isPostgresImage } from '../../analysis/postgres-image';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Fix, Rule } from '../rule';

const root = '/var/lib/postgresql';
/** Where the image keeps its data until 17. */
const old = `${root}/data`;

export default {
  id: 'pg-image-data-path',
  items: [],
  severity: 'error',
  summary: 'The volume of a PostgreSQL server is not where its image keeps the data.',
  why: 'Since 18 the image keeps its data in a folder with the version’s number below `/var/lib/postgresql`, and stops when it finds a volume at `/var/lib/postgresql/data` that it does not use: "there appears to be PostgreSQL data in … (unused mount/volume)". Until 17 it declares a volume of its own at `/var/lib/postgresql/data`, which the runtime makes anew for every container and lays over what is mounted at `/var/lib/postgresql`: the database is empty after each restart.',
  remedy:
    'Mount the volume at `/var/lib/postgresql` since 18, at `/var/lib/postgresql/data` before, there with `PGDATA` in a folder below it, so that `lost+found` does not stop `initdb`. Data of an older version needs `pg_upgrade` or a dump.',
  traps: [
    'With `PGDATA` the image uses what it is told, and says nothing.',
    'Without a version, or with `latest`, the image is that of the newest version: a warning.',
    'A server without any volume is a warning: its data may be meant to be lost. A Job, or another command than the image’s own, is no server.',
    'CloudNativePG has images and folders of its own.',
  ],
  sources: [
    'docker-library/postgres pull request 1259; docker-entrypoint.sh: docker_error_old_databases',
    'docker-library/docs, postgres: mounts at /var/lib/postgresql "WILL NOT PERSIST"; docker-library/postgres issue 1163; containerd issue 3511',
  ],
  examples: { bad: example('/var/lib/postgresql/data', true), good: example('/var/lib/postgresql', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (isPatch(workspace, resource.document.file)) return;
    for (const container of mainContainersOf(resource)) {
      if (!isPostgresImage(container.image) || container.value.at('command').exists) continue;
      const tag = imageTag(container.image) ?? 'latest';
      const isNewest = /^(?:latest|alpine|bookworm|trixie)$/.test(tag);
      const version = Number(/^(\d+)/.exec(tag)?.[1] ?? 0);
      const { variables, isOpen } = environmentOf(workspace, resource, container);
      if (isOpen) continue;
      const mounts = mountsOf(container).filter(
        ({ mountPath }) => isBelow(root, mountPath) || isBelow(mountPath, root),
      );
      const name = `PostgreSQL ${isNewest ? '' : tag.replace(/-.*/, '')}`.trim();

      if (mounts.length === 0) {
        if (variables.has('PGDATA') || !isServer(resource, container)) continue;
        yield {
          at: container.value.at('image'),
          severity: 'warning' as const,
          message: `${name} of ${resource.title} has no volume for its data, which is lost with the container — mount one at ${isNewest || version >= 18 ? root : old}.`,
        };
        continue;
      }

      const said = variables.get('PGDATA');
      const told = said && textOfVariable(workspace, resource, said);
      if (said && told?.startsWith('/') && !told.includes('$') && isServer(resource, container)) {
        const isHeld = mountsOf(container).some(({ mountPath }) => isBelow(told, mountPath));
        if (!isHeld) {
          yield {
            at: said.value ?? said.at,
            message: `${name} keeps its data in ${told}, where no volume is mounted, so they are lost with the container — name a folder below ${mounts[0]?.mountPath}.`,
            related: mounts.map(({ value }) => ({ at: value.at('mountPath'), message: 'A volume for data' })),
          };
          continue;
        }
      }

      if (isNewest || version >= 18) {
        const at = mounts.find(({ mountPath }) => mountPath === old)?.value.at('mountPath');
        if (!at || variables.has('PGDATA')) continue;
        yield {
          at,
          ...(isNewest && { severity: 'warning' as const }),
          message: `PostgreSQL ${isNewest ? `${container.image} is 18 or later, which` : tag.replace(/-.*/, '')} keeps no data in ${old} and does not start with a volume there — mount it at ${root}.`,
          fixes: () => moved(at, root),
        };
        continue;
      }

      const mount = mounts.find(({ mountPath }) => mountPath === root);
      const data = variables.has('PGDATA') ? textOfVariable(workspace, resource, variables.get('PGDATA')) : old;
      if (!mount || version === 0 || data === undefined || !isBelow(data, old)) continue;
      if (mounts.some(({ mountPath }) => isBelow(mountPath, old))) continue;
      const at = mount.value.at('mountPath');
      yield {
        at,
        message: `${name} keeps its data in ${data}, in a volume that its image has made anew for each container, and not in this one — mount it at ${old}.`,
        fixes: () => moved(at, old),
      };
    }
  },
} satisfies Rule;

function isServer(resource: Resource, container: Container): boolean {
  if (resource.kind !== 'Deployment' && resource.kind !== 'StatefulSet') return false;
  const first = container.value.at('args').items()[0]?.text;
  return !container.value.at('args').exists || (first !== undefined && /^(?:-|postgres$)/.test(first));
}

function moved(at: Value, path: string): readonly Fix[] {
  const edit = replaceScalar(at, path);
  return edit ? [{ title: `Mount it at ${path}`, safe: false, edits: [edit] }] : [];
}

function example(path: string, isMarked: boolean): string {
  return `
      #- /database.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: database
        namespace: matrix
      spec:
        serviceName: database
        template:
          spec:
            containers:
              - name: postgres
                image: postgres:18.1
                volumeMounts:
                  - name: data
                    mountPath: ${path}
${isMarked ? '      #                        ^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: PostgreSQL 18.1 keeps no data in /var/lib/postgresql/data and does not start with a volume there\n' : ''}        volumeClaimTemplates:
          - metadata:
              name: data
            spec:
              accessModes: [ReadWriteOnce]
              resources:
                requests:
                  storage: 10Gi
    `;
}
