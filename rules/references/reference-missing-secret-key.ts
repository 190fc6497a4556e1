import { declarationsOf, knownKeys, mayHaveKey } from '../../analysis/declarations';
import { nearest } from '../../analysis/nearest';
import { basicAuthentication, referencesIn, referringKinds } from '../../analysis/references';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { missingKeys } from './missing';

const externalSecret = 'ExternalSecret.external-secrets.io';

export default {
  id: 'reference-missing-secret-key',
  items: [],
  severity: 'error',
  summary: 'An object asks for a key that its Secret does not have.',
  why: 'The container stays in `CreateContainerConfigError`, and a volume with that key is never mounted; a file mounted by `subPath` becomes an empty directory.',
  remedy: 'Add the key to the Secret, or name a key that it has.',
  traps: [
    'The keys of generated Secrets are known: those of CloudNativePG, cert-manager, Sealed Secrets and External Secrets. Where keys cannot be known nothing is said.',
    'For basic authentication ingress-nginx wants the key `auth`, unless `auth-secret-type` is `auth-map`.',
    'References marked `optional: true` are left alone, and so are objects that a script of the tree patches.',
    'What the template of an ExternalSecret takes has to be fetched under `data`. With `dataFrom` it may be anything.',
    'A Secret that is missing altogether is reported by `reference-missing-secret`.',
  ],
  sources: [
    'Kubernetes documentation, Secrets, "Using Secrets as environment variables" and "Projection of Secret keys to specific paths"',
    'Kubernetes documentation, Volumes, "Using subPath": a path that is not there is created as a directory.',
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
                    name: app
                    key: pasword
      #                  ^^^^^^^ 💡 error: Secret app has no key pasword, which container app needs; it has the keys password, user
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: matrix
      stringData:
        password: correct-horse
        user: app
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
                    name: app
                    key: password
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: matrix
      stringData:
        password: correct-horse
        user: app
    `,
  },
  kinds: [...new Set([...referringKinds, externalSecret])],
  *check(resource, workspace) {
    if (resource.qualifiedKind === externalSecret) yield* unfetched(resource);
    yield* missingKeys(resource, workspace, 'Secret');
    if (resource.kind === 'Ingress') yield* missingLogins(resource, workspace);
  },
} satisfies Rule;

/** ingress-nginx reads one key with all logins, unless it is told that each key is a login. */
function* missingLogins(ingress: Resource, workspace: Workspace): Iterable<Problem> {
  const type = ingress.root.at('metadata', 'annotations', 'nginx.ingress.kubernetes.io/auth-secret-type').text;
  if ((type ?? 'auth-file') !== 'auth-file') return;
  for (const { name, namespace, consumer } of referencesIn(workspace, ingress)) {
    if (consumer !== basicAuthentication || name.text === undefined) continue;
    const made = declarationsOf(workspace, 'Secret', namespace, name.text).filter(({ origin }) => origin !== 'promise');
    if (made.length === 0 || made.some(one => mayHaveKey(one, 'auth') || knownKeys([one]).size === 0)) continue;
    const keys = [...knownKeys(made)].sort();
    yield {
      at: name,
      message: `ingress-nginx looks for the logins under the key auth of Secret ${name.text}, which has ${keys.join(', ')} — call the key auth, or set auth-secret-type: auth-map if each key is a login.`,
    };
  }
}

/** What the template of an ExternalSecret names and nothing fetches (external-secrets.io/latest/guides/templating). */
function* unfetched({ root }: Resource): Iterable<Problem> {
  const spec = root.at('spec');
  const template = spec.at('target', 'template');
  if (spec.at('dataFrom').items().length > 0 || template.at('templateFrom').exists) return;
  const fetched = spec
    .at('data')
    .items()
    .map(one => one.at('secretKey').text ?? '');
  const said = new Set<string>();
  for (const [, text] of template.at('data').entries()) {
    const written = text.text ?? '';
    // Below these the dot is something else.
    if (/\{\{-?\s*(?:range|with|define|block|template)\b/.test(written)) continue;
    for (const [, action = ''] of written.matchAll(/\{\{(.*?)\}\}/g)) {
      const named = /^-?\s*\.(\w+)\s*(?:\||-?$)/.exec(action) ?? /^-?\s*index\s+\.\s+"([^"]+)"/.exec(action);
      const name = named?.[1];
      if (name === undefined || fetched.includes(name) || said.has(name)) continue;
      said.add(name);
      const close = nearest(name, fetched);
      yield {
        at: text.part(written.indexOf(action), written.indexOf(action) + action.length),
        message: `The template takes ${name}, which nothing under data fetches, so no Secret is made — ${close === undefined ? 'fetch it.' : `did you mean ${close}?`}`,
      };
    }
  }
}
