import { environmentOf } from '../../analysis/environment';
import { isPatch } from '../../analysis/kustomize';
import { mountsOf } from '../../analysis/mounts';
import { mainContainersOf, workloadKinds } from '../../analysis/pods';
import { imageName, imageTag } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'pg-image-data-path',
  items: [],
  severity: 'error',
  summary: 'A volume is mounted where the image of PostgreSQL 18 and later keeps no data any more.',
  why: 'Since 18 the image keeps its data in a folder with the version’s number below `/var/lib/postgresql`. It stops at once when it finds a volume at `/var/lib/postgresql/data` that it does not use: "there appears to be PostgreSQL data in … (unused mount/volume)".',
  remedy:
    'Mount the volume at `/var/lib/postgresql`. Data of an older version there needs `pg_upgrade` or a dump; set `PGDATA` to keep the old place.',
  traps: [
    'With `PGDATA` the image uses what it is told, and says nothing.',
    'Without a version, or with `latest`, the image is that of the newest version: a warning.',
    'CloudNativePG has images and folders of its own.',
  ],
  sources: ['docker-library/postgres pull request 1259; docker-entrypoint.sh: docker_error_old_databases'],
  examples: { bad: example('/var/lib/postgresql/data', true), good: example('/var/lib/postgresql', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of mainContainersOf(resource)) {
      if (
        !/^(?:(?:docker\.io\/|public\.ecr\.aws\/docker\/)?library\/|docker\.io\/)?postgres$/.test(
          imageName(container.image),
        )
      )
        continue;
      const tag = imageTag(container.image) ?? 'latest';
      const isNewest = /^(?:latest|alpine|bookworm|trixie)$/.test(tag);
      if (!isNewest && !(Number(/^(\d+)/.exec(tag)?.[1] ?? 0) >= 18)) continue;
      const mount = mountsOf(container).find(({ mountPath }) => mountPath === '/var/lib/postgresql/data');
      if (!mount || container.value.at('command').exists || isPatch(workspace, resource.document.file)) continue;
      const { variables, isOpen } = environmentOf(workspace, resource, container);
      if (isOpen || variables.has('PGDATA')) continue;
      const at = mount.value.at('mountPath');
      yield {
        at,
        ...(isNewest && { severity: 'warning' as const }),
        message: `PostgreSQL ${isNewest ? `${container.image} is 18 or later, which` : tag.replace(/-.*/, '')} keeps no data in ${mount.mountPath} and does not start with a volume there — mount it at /var/lib/postgresql.`,
        fixes: () => {
          const edit = replaceScalar(at, '/var/lib/postgresql');
          return edit ? [{ title: 'Mount it at /var/lib/postgresql', safe: false, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

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
