import { isAboutMatrix } from '../../analysis/anchor';
import { askedByChecklist } from '../../analysis/checklist-signs';
import { declarationsOf } from '../../analysis/declarations';
import { isMadeByProgram } from '../../analysis/made-by-programs';
import { type Reference, referencesOf } from '../../analysis/references';
import { redisMains } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { mayBeMadeByHand } from '../references/missing';
import { skeletonOf } from '../references/skeleton';
import type { Problem, Rule } from '../rule';
import { takesFromSecret } from './password';

/** The Secret and key that the checklist names. */
const expectedName = 'redis-password';

export default {
  id: 'redis-password-secret-missing',
  items: ['1.2.a'],
  severity: 'error',
  summary: 'Redis has no Secret for its password.',
  why: 'Without the Secret the Redis pods stay in `CreateContainerConfigError`, or Redis starts without a password for everyone in the cluster.',
  remedy:
    'Define a Secret `redis-password` with the key `password`, and let the Redis pods take their password from it.',
  traps: [
    'That Redis takes no password at all is an error in a tree that follows the checklist, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'A Secret of another name is accepted with an information, as long as the Redis pods use it and it exists.',
    'A Secret that the pods have as a whole, as a volume or by `envFrom`, may hold the password.',
    'Sealed Secrets, External Secrets and Secrets that a script creates count.',
    'The Redis of the lawful-intercept instance has its own password and is not held to the name.',
    'A Redis in a tree in which nothing is called after Matrix or its programs is somebody else’s.',
  ],
  examples: {
    bad: `
      #- /redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                args: ["--requirepass", "$(REDIS_PASSWORD)"]
                env:
                  - name: REDIS_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: redis-password
      #                       ^^^^^^^^^^^^^^ 💡 warning: Nothing creates the Secret redis-password
                        key: password
    `,
    good: `
      #- /redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                args: ["--requirepass", "$(REDIS_PASSWORD)"]
                env:
                  - name: REDIS_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: redis-password
                        key: password
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      type: Opaque
      stringData:
        password: CHANGEME
    `,
  },
  kinds: ['StatefulSet', 'Deployment', 'Pod'],
  *check(resource, workspace) {
    if (!redisMains(workspace).includes(resource) || !isAboutMatrix(workspace)) return;
    const references = referencesOf(resource).filter(
      ({ kind, key, isOptional }) => kind === 'Secret' && key !== undefined && !isOptional,
    );
    const missing = references.find(reference => !exists(workspace, reference));
    const [first] = references;
    if (missing) yield notThere(workspace, resource, missing);
    else if (!first) {
      if (!takesFromSecret(resource)) yield noSecret(workspace, resource);
    } else if (!references.some(({ name }) => name.text === expectedName)) {
      yield {
        at: first.name,
        severity: 'info',
        message: `Redis takes its password from the Secret ${first.name.text}; the checklist calls it ${expectedName} — nothing to do if that is on purpose.`,
      };
    }
  },
} satisfies Rule;

function exists(workspace: Workspace, { namespace, name, key }: Reference): boolean {
  const found = declarationsOf(workspace, 'Secret', namespace, name.text ?? '').filter(one => one.origin !== 'promise');
  if (found.length === 0) return isMadeByProgram(workspace, 'Secret', namespace, name.text ?? '');
  return found.some(({ keys }) => keys === 'any' || key?.text === undefined || keys.has(key.text));
}

function notThere(workspace: Workspace, resource: Resource, reference: Reference): Problem {
  const { name, key } = reference;
  const isThere = declarationsOf(workspace, 'Secret', reference.namespace, name.text ?? '').length > 0;
  return {
    at: name,
    ...(!isThere && mayBeMadeByHand(workspace, reference, name.text ?? '') && { severity: 'warning' as const }),
    message: `Nothing creates the Secret ${name.text} with the key ${key?.text ?? 'password'}, which Redis takes its password from — define it.`,
    fixes: () => (isThere ? [] : skeletonOf(workspace, resource, reference)),
  };
}

function noSecret(workspace: Workspace, resource: Resource): Problem {
  return {
    at: resource.root.at('metadata', 'name'),
    ...askedByChecklist(workspace),
    // Nothing can have been applied, either.
    items: ['1.2.a', '1.2.b.1'],
    message: `${resource.title} takes its password from no Secret — define the Secret ${expectedName} with the key password and set requirepass from it.`,
  };
}
