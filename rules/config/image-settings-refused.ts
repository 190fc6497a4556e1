import { environmentOf, textOfVariable } from '../../analysis/environment';
import { programOf } from '../../analysis/images';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { type Container, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { postgresImageOf } from '../../analysis/postgres-image';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'image-settings-refused',
  items: [],
  severity: 'error',
  summary: 'The image of PostgreSQL or MinIO does not start with the variables that it gets.',
  why: 'The entrypoint stops with a message about the variable before the server runs, and the container restarts for ever.',
  remedy:
    'Give PostgreSQL a superuser password by `POSTGRES_PASSWORD` or `POSTGRES_PASSWORD_FILE`, and MinIO both `MINIO_ROOT_USER`, of at least 3 characters, and `MINIO_ROOT_PASSWORD`, of at least 8.',
  traps: [
    'Judged are the official image of PostgreSQL and the images of MinIO, without a command that replaces the entrypoint of the first.',
    'Variables that a Secret or ConfigMap outside of the tree may bring are not missing. A password is not needed where `POSTGRES_HOST_AUTH_METHOD` is `trust`.',
    'MinIO without both variables starts with the user minioadmin that everybody knows.',
  ],
  sources: [
    'docker-library/postgres, docker-entrypoint.sh: docker_verify_minimum_env',
    'minio/minio, internal/auth/credentials.go: accessKeyMinLen, secretKeyMinLen; cmd/common-main.go: loadRootCredentials',
  ],
  examples: {
    bad: example(`- name: MINIO_ROOT_PASSWORD
                    value: "short"
      #                    ^^^^^^^ error: MinIO takes no root password of fewer than 8 characters`),
    good: example(`- name: MINIO_ROOT_PASSWORD
                    value: "correct-horse-battery"`),
  },
  kinds: workloadKinds.filter(kind => !/Job$/.test(kind)),
  *check(resource, workspace) {
    yield* withoutPassword(workspace, resource);
    for (const container of mainContainersOf(resource))
      if (programOf(container.image) === 'minio') yield* ofMinio(workspace, resource, container);
  },
} satisfies Rule;

function* withoutPassword(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const server = postgresImageOf(workspace, resource);
  if (!server || server.isOpen) return;
  const [password, file, method] = ['POSTGRES_PASSWORD', 'POSTGRES_PASSWORD_FILE', 'POSTGRES_HOST_AUTH_METHOD'].map(
    server.variable,
  );
  if (file || method?.text === 'trust' || (method && method.text === undefined)) return;
  if (password && password.text !== '') return;
  const data = dataFrom(workspace, resource, server.container, server.variable('PGDATA')?.text);
  if (data === 'copy') return;
  yield {
    at: password?.at ?? server.container.value.at('name'),
    ...(data === 'unknown' && { severity: 'warning' as const }),
    message: `${resource.title} gets no POSTGRES_PASSWORD, without which the image of PostgreSQL makes no database and stops — take one from a Secret.`,
  };
}

/**
 * Where the data of a server come from: with a database that is there already the entrypoint asks for no password. `copy` is
 * a claim made from a snapshot or another claim, `unknown` a volume that the tree does not make.
 */
function dataFrom(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  folder = '/var/lib/postgresql/data',
): 'copy' | 'unknown' | 'new' {
  const mount = mountAt(container, folder);
  const volume = mount && volumeOf(resource, mount.volume);
  const name = volume?.at('persistentVolumeClaim', 'claimName').text;
  const claim = name === undefined ? undefined : workspace.find('PersistentVolumeClaim', resource.namespace, name);
  const spec = volume?.at('metadata').exists ? volume.at('spec') : claim?.root.at('spec');
  if (spec?.at('dataSource').exists || spec?.at('dataSourceRef').exists) return 'copy';
  const isElsewhere = name !== undefined && !claim;
  return isElsewhere || ['hostPath', 'nfs', 'csi'].some(kind => volume?.at(kind).exists) ? 'unknown' : 'new';
}

function* ofMinio(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  const words = [...container.value.at('command').items(), ...container.value.at('args').items()];
  if (isOpen || !words.some(word => /(?:^|\s)server(?:\s|$)/.test(word.text ?? ''))) return;
  if (words.some(word => /MINIO_ROOT_|MINIO_CONFIG_ENV_FILE/.test(word.text ?? ''))) return;
  if (['MINIO_CONFIG_ENV_FILE', 'MINIO_ROOT_USER_FILE', 'MINIO_ROOT_PASSWORD_FILE'].some(name => variables.has(name)))
    return;
  const pairs = [
    ['MINIO_ROOT_USER', 'MINIO_ACCESS_KEY'],
    ['MINIO_ROOT_PASSWORD', 'MINIO_SECRET_KEY'],
  ] as const;
  const [user, password] = pairs.map(names => names.map(name => variables.get(name)).find(one => one !== undefined));
  if (!user && !password) return;
  if (!user || !password) {
    yield {
      at: (user ?? password)?.at ?? container.value.at('name'),
      message: `MinIO gets ${user ? 'MINIO_ROOT_USER' : 'MINIO_ROOT_PASSWORD'} without ${user ? 'MINIO_ROOT_PASSWORD' : 'MINIO_ROOT_USER'} and stops — set both.`,
    };
    return;
  }
  for (const [variable, what, least] of [
    [user, 'user', 3],
    [password, 'password', 8],
  ] as const) {
    const text = textOfVariable(workspace, resource, variable);
    if (text === undefined || text.length >= least || /[${}<>]|CHANGE/.test(text)) continue;
    yield {
      at: variable.value ?? variable.at,
      message: `MinIO takes no root ${what} of fewer than ${least} characters and stops — make it longer.`,
      related: holderOf(workspace, resource, variable.source),
    };
  }
}

function holderOf(
  workspace: Workspace,
  { namespace }: Resource,
  source: { readonly kind: string; readonly name: string; readonly key: string } | undefined,
): { readonly at: Value; readonly message: string }[] {
  const holder = source && workspace.find(source.kind, namespace, source.name);
  if (!source || !holder) return [];
  const entry = ['stringData', 'data'].map(field => holder.root.at(field, source.key)).find(one => one.exists);
  return entry ? [{ at: entry, message: holder.title }] : [];
}

function example(password: string): string {
  return `
      #- /minio.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: minio
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: minio
                image: minio/minio:RELEASE.2024-10-13T13-34-11Z
                args: ["server", "/data"]
                env:
                  - name: MINIO_ROOT_USER
                    value: "storage-root"
                  ${password}
    `;
}
