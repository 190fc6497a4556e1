import { environmentOf } from '../../analysis/environment';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { type Container, containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { mountedFile, scriptOf } from '../../analysis/scripts';
import { postgresRunsOf } from '../../analysis/sql-runs';
import { maskComments } from '../../analysis/text/comments';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'pg-password-file-ignored',
  items: [],
  severity: 'error',
  summary: 'A password file of PostgreSQL may be read by others than its owner, so it is ignored.',
  why: 'libpq warns "password file has group or world access; permissions should be u=rw (0600) or less", and signs in without a password. A file that a shell writes has the mode 0644, and so has a mounted Secret unless it says otherwise.',
  remedy:
    'Let the script run `chmod 600` on the file, or `umask 077` before it writes it. Copy a mounted file first, or set `PGPASSWORD` from the Secret instead.',
  traps: [
    'Nothing is said where psql and its kin have a password of their own: libpq looks into the file only without one.',
    'A mounted Secret with `defaultMode: 0400` or `0600` is right in a pod without `fsGroup`, which opens the file to the group, and whose user is root, who owns the file.',
  ],
  sources: [
    'postgresql.org, 34.16, The Password File; Kubernetes documentation, Volumes, secret: defaultMode; Configure a Security Context, fsGroup',
  ],
  examples: { bad: example('', true), good: example('; chmod 600 /tmp/pgpass', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const runs = postgresRunsOf(workspace, resource);
    for (const container of containersOf(resource)) {
      const own = runs.filter(one => one.container === container);
      const { variables } = environmentOf(workspace, resource, container);
      if (!own.some(({ call }) => !call.password) || variables.has('PGPASSWORD')) continue;
      const problem = written(workspace, resource, container) ?? mounted(workspace, resource, container);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

/** A file that a script writes, and whose mode it leaves as it is. */
function written(workspace: Workspace, resource: Resource, container: Container): Problem | undefined {
  const script = scriptOf(workspace, resource, container)?.text;
  const text = script && maskComments(script.text, 'shell');
  // Whatever may change the mode, or the mode of new files, is taken to do so.
  if (!script || text === undefined || /\b(?:chmod|umask|install|mktemp|PGPASSWORD)\b/.test(text)) return undefined;
  const line = /\S[^\n]*:[^\n:]*:[^\n:]*:[^\n]*>{1,2}\s*["']?(\S*pgpass\b[^\s"';&|]*)/.exec(text);
  const path = line?.[1];
  if (!line || path === undefined) return undefined;
  const end = line.index + line[0].length;
  return {
    at: script.place(end - path.length, end),
    message: `libpq ignores the password file ${path}, because others may read it — let the script run chmod 600 on it.`,
  };
}

/** A Secret that is mounted with a mode that opens it to others. */
function mounted(workspace: Workspace, resource: Resource, container: Container): Problem | undefined {
  const variable = environmentOf(workspace, resource, container).variables.get('PGPASSFILE')?.value;
  const path = variable?.text;
  if (!variable || path === undefined || !mountedFile(workspace, resource, container, path)) return undefined;
  const volume = volumeOf(resource, mountAt(container, path)?.volume ?? '');
  const source = ['secret', 'configMap'].map(kind => volume?.at(kind)).find(one => one?.exists);
  if (!source || source.at('items').exists) return undefined;
  const mode = source.at('defaultMode');
  const bits = mode.exists ? modeOf(mode.text ?? '') : 0o644;
  const hasGroup = podTemplate(resource)?.at('spec', 'securityContext', 'fsGroup').exists === true;
  if (bits === undefined || ((bits & 0o077) === 0 && !hasGroup)) return undefined;
  return {
    at: mode.exists ? mode : variable,
    message: `libpq ignores the password file ${path}, because ${(bits & 0o077) !== 0 ? 'others may read it' : 'fsGroup lets the group read it'} — copy it to a file with the mode 0600, or set PGPASSWORD from the Secret.`,
    related: [{ at: source.key, message: 'The volume' }],
  };
}

/** YAML reads 0400 as octal; JSON and a plain 256 are decimal. */
function modeOf(text: string): number | undefined {
  if (/^0o?[0-7]+$/.test(text)) return Number.parseInt(text.replace(/^0o?/, ''), 8);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function example(chmod: string, isMarked: boolean): string {
  return `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: purge
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: purge
                image: postgres:16
                env:
                  - name: PASSWORD
                    valueFrom:
                      secretKeyRef: {name: matrix-postgresql-app, key: password}
                  - name: PGPASSFILE
                    value: /tmp/pgpass
                command:
                  - sh
                  - -c
                  - |
                    echo "*:*:*:synapse:$PASSWORD" > /tmp/pgpass${chmod}
${isMarked ? '      #                                              ^^^^^^^^^^^ error: libpq ignores the password file /tmp/pgpass, because others may read it\n' : ''}                    psql -h matrix-postgresql-rw -U synapse -d matrix -c 'SELECT 1'
    `;
}
