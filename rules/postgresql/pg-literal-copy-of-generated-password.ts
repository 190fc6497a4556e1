import { generatedPasswordSecret, loginsWith } from '../../analysis/database-logins';
import { referrersOf } from '../../analysis/references';
import { isSyncSystem } from '../../analysis/roles';
import { secretEntry } from '../../analysis/secret-data';
import { deleteEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'pg-literal-copy-of-generated-password',
  items: ['3.1.b'],
  severity: 'warning',
  summary: 'A Secret holds a password for a PostgreSQL user whose password CloudNativePG generates.',
  why: 'The operator makes up the password and keeps it in `<cluster>-app` or `<cluster>-superuser`. Whatever stands in another Secret is another password, so every sign-in with it fails.',
  remedy:
    "Take the password from the operator's Secret with `secretKeyRef`, and drop the copy. Or give the cluster your own password with `bootstrap.initdb.secret`.",
  traps: [
    'It is an error where the configuration of Synapse surely uses the password, and a warning where only the names of environment variables tell, as in `MAIN_DB_HOST`, `MAIN_DB_USER` and `MAIN_DB_PASSWORD`.',
    'With `bootstrap.initdb.secret` or a managed role that has a `passwordSecret` nothing is generated for the owner.',
    'Secrets that no manifest shows may be kept equal by what makes them, and are left alone.',
  ],
  sources: ['CloudNativePG documentation, Connecting from an application, "Secrets"'],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /sync.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: sync
        namespace: matrix
      stringData:
        MAIN_DB_PASSWORD: correct-horse-battery
      # ^^^^^^^^^^^^^^^^ 💡 warning: matrix-postgresql-app
        LI_DB_PASSWORD: battery-staple
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: sync
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: psql
                image: postgres:16
                env:
                  - name: MAIN_DB_HOST
                    value: matrix-postgresql-rw.matrix.svc.cluster.local
                  - name: MAIN_DB_USER
                    value: synapse
                  - name: MAIN_DB_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: sync
                        key: MAIN_DB_PASSWORD
                  - name: LI_DB_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: sync
                        key: LI_DB_PASSWORD
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /sync.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: sync
        namespace: matrix
      stringData:
        LI_DB_PASSWORD: battery-staple
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: sync
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: psql
                image: postgres:16
                env:
                  - name: MAIN_DB_HOST
                    value: matrix-postgresql-rw.matrix.svc.cluster.local
                  - name: MAIN_DB_USER
                    value: synapse
                  - name: MAIN_DB_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: matrix-postgresql-app
                        key: password
                  - name: LI_DB_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: sync
                        key: LI_DB_PASSWORD
    `,
  },
  kinds: ['Secret'],
  *check(secret, workspace) {
    const said = new Set<string>();
    const logins = loginsWith(workspace, secret.name)
      .filter(
        one =>
          one.secret.namespace === undefined ||
          secret.namespace === undefined ||
          one.secret.namespace === secret.namespace,
      )
      // What is certain decides the severity.
      .sort((a, b) => Number(b.isCertain) - Number(a.isCertain));
    for (const login of logins) {
      const entry = secretEntry(secret, login.secret.key);
      const generated = generatedPasswordSecret(login.cluster, login.user);
      // The operator takes a Secret of that name which is there already, instead of making one.
      if (!entry || generated === undefined || generated === secret.name || said.has(login.secret.key)) continue;
      said.add(login.secret.key);
      const users = logins.filter(one => one.secret.key === login.secret.key);
      yield {
        at: entry.value.key,
        items: users.some(one => isSyncSystem(workspace, one.consumer)) ? ['3.1.b'] : [],
        severity: login.isCertain ? 'error' : 'warning',
        message: `${login.secret.key} of Secret ${secret.name} is used as the password of ${login.user} on Cluster ${login.cluster.name}, but CloudNativePG generates that one into Secret ${generated} — read it from there.`,
        related: users.slice(0, 12).map(one => ({ at: one.at, message: `${one.consumer.title} signs in with it` })),
        fixes: () => readFrom(workspace, secret, login.secret.key, generated),
      };
    }
  },
} satisfies Rule;

/** Turns every reference to the copy to the operator's Secret, and drops the copy. */
function readFrom(workspace: Workspace, secret: Resource, key: string, generated: string): readonly Fix[] {
  const references = referrersOf(workspace, 'Secret', secret.namespace, secret.name).filter(
    ({ reference }) => reference.key?.text === key,
  );
  const edits: TextEdit[] = [];
  for (const { reference } of references) {
    const name = replaceScalar(reference.name, generated);
    const field = reference.key && replaceScalar(reference.key, 'password');
    if (!name || !field) return [];
    edits.push(name, field);
  }
  const entry = secretEntry(secret, key);
  const drop = entry && deleteEntry(entry.value);
  if (edits.length === 0) return [];
  return [{ title: `Read the password from ${generated}`, safe: false, edits: drop ? [...edits, drop] : edits }];
}
