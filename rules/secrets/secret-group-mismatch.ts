import { type GroupMember, type SecretGroup, secretGroups } from '../../analysis/secret-groups';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'secret-group-mismatch',
  items: ['A.1.a', 'A.1.b', 'A.1.f'],
  severity: 'error',
  summary: 'Two Secrets that must hold the same value hold different ones.',
  why: 'One side asks for what the other does not have, so every login between them fails.',
  remedy:
    'Write the same value to both. *Fill all placeholders with generated secrets* writes to the whole group at once.',
  traps: [
    'Which keys belong together is found by following each credential from its use, not by names: a second Redis with its own password is a group of its own.',
    'Programs share an S3 user where their endpoint is the same store. If the Tenant makes several users, the access key tells which secret key belongs to whom.',
    'As long as all of them are placeholders, nothing differs yet; placeholder-secret reports them.',
    'Secrets whose values the tree does not show are left out.',
  ],
  examples: {
    bad: `
      #- /secrets.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-user
        namespace: matrix
      stringData:
        CONSOLE_ACCESS_KEY: synapse-s3
        CONSOLE_SECRET_KEY: pT4vNq8ZsYx1LcWb6RmJd3KgHf7EuAo0XiVtQy2S
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: backup-user
        namespace: matrix
      stringData:
        access-key: synapse-s3
        secret-key: CHANGEME
      #             ^^^^^^^^ 💡 error: secret-key of Secret backup-user is not what CONSOLE_SECRET_KEY of Secret minio-user holds
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: minio
        namespace: matrix
      spec:
        users:
          - name: minio-user
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        enableSuperuserAccess: true
        backup:
          barmanObjectStore:
            destinationPath: s3://backup
            endpointURL: http://minio.matrix.svc:80
            s3Credentials:
              accessKeyId: {name: backup-user, key: access-key}
              secretAccessKey: {name: backup-user, key: secret-key}
    `,
    good: `
      #- /secrets.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-user
        namespace: matrix
      stringData:
        CONSOLE_ACCESS_KEY: synapse-s3
        CONSOLE_SECRET_KEY: pT4vNq8ZsYx1LcWb6RmJd3KgHf7EuAo0XiVtQy2S
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: backup-user
        namespace: matrix
      stringData:
        access-key: synapse-s3
        secret-key: pT4vNq8ZsYx1LcWb6RmJd3KgHf7EuAo0XiVtQy2S
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: minio
        namespace: matrix
      spec:
        users:
          - name: minio-user
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        enableSuperuserAccess: true
        backup:
          barmanObjectStore:
            destinationPath: s3://backup
            endpointURL: http://minio.matrix.svc:80
            s3Credentials:
              accessKeyId: {name: backup-user, key: access-key}
              secretAccessKey: {name: backup-user, key: secret-key}
    `,
  },
  *checkWorkspace(workspace) {
    for (const group of secretGroups(workspace)) {
      // That of TURN has a rule of its own, which also knows secrets that are written out in a configuration.
      if (group.id !== 'turn-secret') yield* problemsOf(group);
    }
  },
} satisfies Rule;

function* problemsOf(group: SecretGroup): Iterable<Problem> {
  const known = group.members.filter(member => member.entry.text !== undefined);
  if (known.every(member => member.entry.text === known[0]?.entry.text)) return;
  const reference = mostAgreed(known.filter(member => !isOpen(member)));
  if (!reference) return;
  for (const member of known) {
    if (member.entry.text === reference.entry.text) continue;
    // That a value was encoded with its line break is secret-trailing-newline's.
    if (member.entry.isEncoded && member.entry.text?.replace(/\r?\n$/, '') === reference.entry.text) continue;
    // Two formats in one Secret are the business of minio-secret-pairs-differ.
    if (
      /s3/.test(group.id) &&
      known.some(
        other => other !== member && other.secret === member.secret && other.entry.text === reference.entry.text,
      )
    )
      continue;
    yield {
      at: member.entry.value,
      message: `${name(member)} is not what ${name(reference)} holds, though both are ${group.title} — write the same value to both.`,
      related: [{ at: reference.entry.value, message: `${name(reference)}, which ${reference.user} uses` }],
      items: [/s3/.test(group.id) ? 'A.1.b' : /redis/.test(group.id) ? 'A.1.a' : 'A.1.f'],
      fixes: () => copy(reference, member),
    };
  }
}

/** The first of those whose value most members share: it is likelier that one was forgotten than all the others. */
function mostAgreed(members: readonly GroupMember[]): GroupMember | undefined {
  const counts = new Map<string | undefined, number>();
  for (const { entry } of members) counts.set(entry.text, (counts.get(entry.text) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return members.find(({ entry }) => counts.get(entry.text) === most);
}

/** A real value is copied over a placeholder without asking; of two real ones a person has to choose. */
function copy(from: GroupMember, to: GroupMember): readonly Fix[] {
  const edit =
    to.entry.isEncoded || from.entry.text === undefined ? undefined : replaceScalar(to.entry.value, from.entry.text);
  return edit ? [{ title: `Copy the value from Secret ${from.secret.name}`, safe: isOpen(to), edits: [edit] }] : [];
}

function isOpen({ entry }: GroupMember): boolean {
  return entry.text === undefined || entry.text.trim() === '' || findPlaceholders(entry.text, 'value').length > 0;
}

function name({ secret, entry }: GroupMember): string {
  return `${entry.key} of Secret ${secret.name}`;
}
