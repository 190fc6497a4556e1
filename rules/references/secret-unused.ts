import { isSecretMentioned } from '../../analysis/mentions';
import { podsIn } from '../../analysis/pods';
import { referrersOf } from '../../analysis/references';
import { clusterKind } from '../../analysis/roles';
import { deleteDocument } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

const certificateKind = 'Certificate.cert-manager.io';

export default {
  id: 'secret-unused',
  items: [],
  severity: 'info',
  summary: 'Nothing uses a Secret, or the one that a Certificate makes.',
  why: 'Somebody will fill it in and rotate it without effect, or changes it in the belief that it is the one in use.',
  remedy: 'Delete the Secret, or let its consumers refer to it.',
  traps: [
    'A Secret whose name occurs in a script, in Helm values, in an annotation or in a custom resource of an unknown kind is left alone, because that may be a use.',
    'So is the Secret of a Certificate that is called a test, as one is made to try cert-manager out.',
    'So is one in a namespace without workloads of the tree, and one that is made to be found by its type, label or annotation (service account tokens, Argo CD, replicators).',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: app-old
      #       ^^^^^^^ 💡 info: Nothing in the tree uses the Secret app-old
        namespace: matrix
      stringData:
        password: correct-horse
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
    `,
    good: `
      #- /app.yaml
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
    `,
  },
  kinds: ['Secret', certificateKind],
  *check(secret, workspace) {
    if (secret.qualifiedKind === certificateKind) {
      yield* unusedCertificate(secret, workspace);
      return;
    }
    if (isFoundOtherwise(secret, workspace)) return;
    if (referrersOf(workspace, 'Secret', secret.namespace, secret.name).length > 0) return;
    if (podsIn(workspace, secret.namespace).length === 0 || isSecretMentioned(workspace, secret.name)) return;
    yield {
      at: secret.root.at('metadata', 'name'),
      message: `Nothing in the tree uses the Secret ${secret.name} — delete it, or refer to it where it is meant to be used.`,
      fixes: () => {
        const edit = secret.document.resources.length === 1 ? deleteDocument(secret.document) : undefined;
        return edit ? [{ title: `Delete the Secret ${secret.name}`, safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

function* unusedCertificate(certificate: Resource, workspace: Workspace): Iterable<Problem> {
  const { namespace } = certificate;
  const name = certificate.root.at('spec', 'secretName');
  if (!name.string || certificate.root.at('spec', 'isCA').boolean === true || isTrial.test(certificate.name)) return;
  if (podsIn(workspace, namespace).length === 0 || isSecretMentioned(workspace, name.string)) return;
  if (referrersOf(workspace, 'Secret', namespace, name.string).some(({ resource }) => resource !== certificate)) return;
  // What copies Secrets is told so by labels and annotations on them.
  if (certificate.root.at('spec', 'secretTemplate').exists) return;
  yield {
    at: name,
    message: `Nothing in the tree uses the Secret ${name.string}, which ${certificate.title} makes — delete the Certificate, or refer to the Secret where it is meant to be used.`,
  };
}

/** What the documentation of cert-manager tells to make after installing it (cert-manager.io, "Verify installation"). */
const isTrial = /(?:^|-)(?:test|selfsigned|self-signed)(?:-|$)/;

/** Whether something that is no reference leads to the Secret: its type, a label, an annotation or a convention. */
function isFoundOtherwise(secret: Resource, workspace: Workspace): boolean {
  const type = secret.root.at('type').text ?? 'Opaque';
  if (/^(?:kubernetes\.io\/service-account-token|bootstrap\.kubernetes\.io\/token|helm\.sh\/)/.test(type)) return true;
  const marks = [...secret.labels.keys(), ...secret.root.at('metadata', 'annotations').keys()];
  if (marks.some(mark => /argocd\.argoproj\.io|reflector|replicator|kubed|sealedsecrets/.test(mark))) return true;
  const cluster = /^(.+)-(?:app|superuser|ca|server|replication)$/.exec(secret.name)?.[1];
  return cluster !== undefined && workspace.find(clusterKind, secret.namespace, cluster) !== undefined;
}
