import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import type { Rule } from '../rule';
import { undefinedAliases, undefinedRemotes, unreadFiles } from './transfers';

export default {
  id: 'rclone-remote-undefined',
  items: [],
  severity: 'error',
  summary: 'rclone or mc is told to use a remote that it does not have.',
  why: 'rclone ends with "didn’t find section in config file", so no media are copied and no packages fetched.',
  remedy: 'Name the remote as the configuration does. One that variables make needs `RCLONE_CONFIG_<NAME>_TYPE`.',
  traps: [
    'Remotes that stand in the command (`:s3,provider=Minio:bucket`) need no configuration.',
    'For mc it is the first part of the bucket that `mc mb` is to make, and what `mc admin user`, `policy` and `group` are told to work on, where the script sets other aliases. Without such an alias `mc mb` takes it for a folder.',
    'Without `--config` the image rclone/rclone reads `/config/rclone/rclone.conf`; in other images it depends on the home of the user.',
    'Nothing is said where rclone is configured by something that the tree does not show.',
  ],
  sources: [
    'rclone.org/docs, Environment Variables, Config file: the name of a remote in upper case; a type is needed',
  ],
  examples: { bad: example('mino', true), good: example('minio', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const { name, at, container, known } of undefinedRemotes(workspace, resource)) {
      const close = nearest(
        name,
        known.map(one => one.toLowerCase()),
      );
      yield {
        at,
        message: `rclone has no remote ${name} in container ${container.name} — ${
          close
            ? `did you mean ${close}?`
            : `set RCLONE_CONFIG_${name.toUpperCase().replaceAll('-', '_')}_TYPE, or name one that it has.`
        }`,
      };
    }
    for (const { at, container, path, wanted } of unreadFiles(workspace, resource))
      yield {
        at,
        message: `rclone in container ${container.name} reads ${wanted}, and the tree mounts ${path}, so it has no remotes — pass --config ${path}, or mount it there.`,
      };
    for (const { name, at, container, known, isAdmin } of undefinedAliases(workspace, resource))
      yield {
        at,
        message: `mc has no alias ${name} in container ${container.name}, so ${isAdmin ? 'the command fails' : 'it makes a folder of that name there and no bucket'} — name ${known.length === 1 ? known[0] : `one of ${known.join(', ')}`}.`,
      };
  },
} satisfies Rule;

function example(remote: string, isMarked: boolean): string {
  return `
      #- /copy.yaml
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: copy
        namespace: matrix
      spec:
        jobTemplate:
          spec:
            template:
              spec:
                containers:
                  - name: copy
                    image: rclone/rclone:1.68.2
                    args:
                      - sync
                      - ${remote}:media
${isMarked ? '      #                 ^^^^ error: rclone has no remote mino in container copy — did you mean minio?\n' : ''}                      - /backup
                    env:
                      - {name: RCLONE_CONFIG_MINIO_TYPE, value: s3}
                      - {name: RCLONE_CONFIG_MINIO_ENDPOINT, value: "http://minio:9000"}
    `;
}
