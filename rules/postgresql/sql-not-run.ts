import { mountsOf, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { podsIn } from '../../analysis/pods';
import { type PostgresImage, postgresImageOf } from '../../analysis/postgres-image';
import { referrersOf } from '../../analysis/references';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'sql-not-run',
  items: [],
  severity: 'warning',
  summary: 'SQL stands in a ConfigMap, and nothing runs it.',
  why: 'Everything starts, and the role, the extension or the index that the SQL is to make is missing: whoever needs it fails later, far from the cause.',
  remedy:
    'Mount it into `/docker-entrypoint-initdb.d` of the official image, name it under `postInitApplicationSQLRefs` of the Cluster, or run it by a Job.',
  traps: [
    'A ConfigMap that no object refers to is information, because somebody may run its SQL by hand; one that a script or a page names is left alone.',
    'The entrypoint of the official image runs `*.sh`, `*.sql` and compressed SQL, and passes over everything else.',
  ],
  sources: ['docker-library/postgres, docker-entrypoint.sh, docker_process_init_files; README, Initialization scripts'],
  examples: { bad: example('init-db.d', true), good: example('initdb.d', false) },
  kinds: ['ConfigMap', 'StatefulSet', 'Deployment'],
  *check(resource, workspace) {
    if (resource.kind === 'ConfigMap') {
      yield* unused(resource, workspace);
      return;
    }
    const server = postgresImageOf(workspace, resource);
    if (server) yield* unmounted(server, workspace);
  },
} satisfies Rule;

const folder = '/docker-entrypoint-initdb.d';

function* unmounted({ resource, container }: PostgresImage, workspace: Workspace): Iterable<Problem> {
  for (const mount of mountsOf(container)) {
    const isAlike = /^\/docker-entrypoint-?init/.test(mount.mountPath) && !mount.mountPath.startsWith(folder);
    const volume = volumeOf(resource, mount.volume);
    if (isAlike)
      yield {
        at: mount.value.at('mountPath'),
        message: `The image runs what is in ${folder}, and not in ${mount.mountPath} — mount it there.`,
        fixes: () => [
          {
            title: `Mount it at ${folder}`,
            safe: false,
            edits: [{ at: mount.value.at('mountPath'), newText: folder }],
          },
        ],
      };
    if (mount.mountPath !== folder || !volume) continue;
    for (const { path, value } of textsOfVolume(workspace, resource, volume))
      if (!/\.(?:sh|sql|sql\.(?:gz|xz|zst))$/.test(path) && isSql(value.text ?? ''))
        yield {
          at: value.key,
          message: `The image passes over ${path}, because it runs *.sh and *.sql alone — call it by one of these.`,
        };
  }
}

function* unused(map: Resource, workspace: Workspace): Iterable<Problem> {
  const scripts = map.root
    .at('data')
    .entries()
    .filter(([key, value]) => key.endsWith('.sql') && isSql(value.text ?? ''));
  const [first] = scripts;
  if (!first || scripts.length < map.root.at('data').entries().length) return;
  if (podsIn(workspace, map.namespace).length === 0) return;
  if (referrersOf(workspace, 'ConfigMap', map.namespace, map.name).length > 0) return;
  // Some programs look for ConfigMaps by their labels, and operators by their own.
  const marks = [...map.labels.keys(), ...map.root.at('metadata', 'annotations').keys()];
  if (marks.some(mark => !/^app(?:\.kubernetes\.io\/|$)|^matrix\./.test(mark))) return;
  if (workspace.lookup(namesOfMaps, map.name).length > 0) return;
  yield {
    at: first[1].key,
    severity: 'info',
    message: `Nothing in the tree runs ${first[0]} of ConfigMap ${map.name} — mount it where it is run, or delete it.`,
  };
}

function isSql(text: string): boolean {
  return /^\s*(?:create|alter|grant|revoke|insert|update|drop|select|do|set|begin)\b/im.test(text);
}

/** Words of scripts and pages, and of custom resources, that may name a ConfigMap. */
const namesOfMaps: Index<true> = {
  name: 'texts that may name ConfigMaps',
  *document(document) {
    const isPlain = document.resources.every(one => /^\w+$/.test(one.qualifiedKind));
    const pattern = isPlain ? aboutMaps : namingMaps;
    for (const line of document.linesThat(pattern))
      for (const [word] of line.matchAll(/[a-z0-9][a-z0-9.-]*[a-z0-9]/g)) yield [word, true];
  },
  *textFile(file) {
    for (const [word] of file.text.matchAll(/[a-z0-9][a-z0-9.-]*[a-z0-9]/g)) yield [word, true];
  },
  equal: () => true,
};

/** Custom resources name them in fields of their own. */
const namingMaps = /\bname\b|config-?map/i;

const aboutMaps = /\b(?:kubectl|oc)\b.*\b(?:configmaps?|cm)\b/;

function example(name: string, isBad: boolean): string {
  return `
      #- /db.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: init
        namespace: matrix
      data:
        roles.sql: |
          CREATE ROLE bridge LOGIN;
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: db
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: db
                image: postgres:16.4
                volumeMounts:
                  - name: init
                    mountPath: /docker-entrypoint-${name}${isBad ? '\n      #                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: The image runs what is in /docker-entrypoint-initdb.d, and not in /docker-entrypoint-init-db.d' : ''}
            volumes:
              - name: init
                configMap:
                  name: init
    `;
}
