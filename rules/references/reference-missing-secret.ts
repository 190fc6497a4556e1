import { declarationsOf, makesSecrets } from '../../analysis/declarations';
import { appliesHiddenSecrets } from '../../analysis/hidden-secrets';
import { referencesIn, referrersOf, referringKinds } from '../../analysis/references';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { asksCertManager } from '../services/certificates';
import { missingObjects } from './missing';

export default {
  id: 'reference-missing-secret',
  items: [],
  severity: 'error',
  summary: 'An object refers to a Secret that nothing creates.',
  why: 'Containers that need the Secret stay in `CreateContainerConfigError`, and volumes from it are never mounted, so the pod does not start.',
  remedy:
    'Create the Secret, correct the name, or, if something outside the tree creates it, list it under `provided` in `matrix-preflight.yaml`.',
  traps: [
    'Secrets that an operator makes are known: CloudNativePG, cert-manager, MinIO, Sealed Secrets, External Secrets, Vault and 1Password operators, kustomize generators.',
    'A Secret that a script creates with `kubectl create secret` counts. One that only a comment or a README tells the reader to create is a warning.',
    'A certificate for an Ingress is a warning as long as the tree makes none for any other: it is often a wildcard that somebody keeps elsewhere, and everything starts without it.',
    'Where a tree makes no Secret at all, or a script applies Secrets that are not in the tree, somebody keeps them elsewhere, and each is a warning. So is one whose name a program or playbook of the tree writes.',
    'One that a program of the tree makes counts as well: it is told the name, and its ServiceAccount may create Secrets.',
    'People make Secrets by hand and keep them out of repositories. It is an error where the tree shows what was meant: a Secret of a similar name, or of that name in another namespace; and in a tree that follows the checklist, which has its Secrets in it.',
    'References marked `optional: true` are left alone, unless a Certificate beside them makes a Secret of another name that nothing uses, or one makes it in another namespace.',
    'A name that a Helm chart gives its objects is no error. A Secret for pulling images is reported by `reference-missing-imagepullsecret`, the superuser Secret of a cluster by `pg-superuser-secret-undefined`.',
  ],
  sources: [
    'Kubernetes documentation, Secrets, "Optional Secrets"',
    'CloudNativePG documentation, Connecting from an application',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            env:
              - name: PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: app-secret
      #                   ^^^^^^^^^^ 💡 error: Nothing creates the Secret app-secret in namespace matrix
                    key: password
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app-secrets
        namespace: matrix
      stringData:
        password: correct-horse
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            env:
              - name: PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: app-secrets
                    key: password
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app-secrets
        namespace: matrix
      stringData:
        password: correct-horse
    `,
  },
  kinds: [...referringKinds],
  *check(resource, workspace) {
    yield* missingObjects(resource, workspace, ['Secret'], {
      isMeant: ({ isPullSecret }) => isPullSecret !== true,
      severity: ({ consumer, name }) =>
        (consumer === 'TLS' ? mayBeCopiedIn(workspace, resource, name.text) : isElsewhere(workspace))
          ? 'warning'
          : undefined,
      // The checklist wants these to hold the S3 user in both formats.
      items: ({ consumer }) => (/^(?:users|s3Credentials)$/.test(consumer) ? ['1.3.b.1', '1.3.b.2'] : []),
    });
    yield* leftToCertificate(resource, workspace);
  },
} satisfies Rule;

/**
 * Whether Secrets may be where the tree does not show them. Nobody commits plain ones, so where it makes none in any way,
 * all of them are; and where a script applies some that are not in the tree, any may be among them.
 */
function isElsewhere(workspace: Workspace): boolean {
  return !makesSecrets(workspace) || appliesHiddenSecrets(workspace);
}

/** An optional Secret that nothing makes, beside a Certificate that makes another one for nobody. */
function* leftToCertificate(resource: Resource, workspace: Workspace): Iterable<Problem> {
  for (const { kind, name, namespace, isOptional } of referencesIn(workspace, resource)) {
    if (!isOptional || kind !== 'Secret' || !name.string) continue;
    const certificates = workspace.resources('Certificate.cert-manager.io').filter(one => one.namespace === namespace);
    if (declarationsOf(workspace, kind, namespace, name.string).length > 0) continue;
    const [wanted, own] = [name.string, name.string.split('-')[0]];
    const elsewhere = workspace
      .resources('Certificate.cert-manager.io')
      .find(
        one =>
          one.namespace !== undefined &&
          one.namespace !== namespace &&
          one.root.at('spec', 'secretName').string === name.string,
      );
    if (elsewhere && namespace !== undefined) {
      yield {
        at: name,
        severity: 'warning',
        message: `${elsewhere.title} makes the Secret ${name.string} in namespace ${elsewhere.namespace}, and pods take Secrets from their own, ${namespace}, alone — put the Certificate there.`,
        related: [{ at: elsewhere.root.at('metadata', 'namespace'), message: elsewhere.title }],
      };
      continue;
    }
    const stray = certificates.filter(certificate => {
      const made = certificate.root.at('spec', 'secretName').string;
      const isAlike = [certificate.name, made].some(other => other === wanted || other?.split('-')[0] === own);
      return made !== undefined && isAlike && referrersOf(workspace, kind, namespace, made).length === 0;
    });
    const meant = stray.length === 1 ? stray[0] : undefined;
    const written = meant?.root.at('spec', 'secretName');
    if (!meant || !written?.string) continue;
    yield {
      at: name,
      severity: 'warning',
      message: `Nothing creates the Secret ${name.string}, and ${meant.title} makes ${written.string}, which nothing uses — name that.`,
      related: [{ at: written, message: meant.title }],
      fixes: () => {
        const edit = replaceScalar(name, written.string ?? '');
        return edit ? [{ title: `Name ${written.string}`, safe: false, edits: [edit] }] : [];
      },
    };
  }
}

/** Whether the certificates of Ingresses may come from elsewhere: the tree makes none, or makes this one elsewhere. */
function mayBeCopiedIn(workspace: Workspace, resource: Resource, secret: string | undefined): boolean {
  const certificates = workspace.resources('Certificate.cert-manager.io');
  const isElsewhere = certificates.some(
    one => one.root.at('spec', 'secretName').text === secret && one.namespace !== resource.namespace,
  );
  return isElsewhere || (certificates.length === 0 && !workspace.resources('Ingress').some(asksCertManager));
}
