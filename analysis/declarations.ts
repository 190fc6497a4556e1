import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { Resource } from '../manifests/resource';
import type { Place } from '../manifests/span';
import type { Index, IndexEntry, Workspace } from '../manifests/workspace';
import { type Declaration, declaration, mayHaveKey } from './declarations/declaration';
import { kustomizeGenerated } from './declarations/kustomizations';
import { declaredBy } from './declarations/manifests';
import { promisedIn, scriptedIn } from './scripted';
import { settingsOf } from './settings';
import { namesPatchedIn, namesWrittenIn, patches, writesTexts } from './text/written-objects';

export { type Declaration, knownKeys, mayHaveKey, type Origin } from './declarations/declaration';
export { dataKeys, declaredBy } from './declarations/manifests';

/** Who declares an object. Objects without a namespace go where the tree is applied to, so they match any namespace. */
export function declarationsOf(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): readonly Declaration[] {
  const found =
    namespace === undefined
      ? workspace.lookup(declarations, key(kind, '*', name))
      : [
          ...workspace.lookup(declarations, key(kind, namespace, name)),
          ...workspace.lookup(declarations, key(kind, '', name)),
        ];
  const hashed = workspace
    .lookup(declarations, key(kind, 'prefix', ''))
    .filter(one => name.startsWith(`${one.name}-`) || name === one.name);
  return [...found, ...hashed, ...provided(workspace, kind, namespace, name)];
}

/**
 * Whether a controller puts a value into a key of a Secret that is written without one: it copies or generates the whole, or
 * another object has it make this Secret.
 */
export function isFilledByController(workspace: Workspace, secret: Resource, key: string): boolean {
  return declarationsOf(workspace, 'Secret', secret.namespace, secret.name).some(
    one => mayHaveKey(one, key) && (one.origin === 'operator' || (one.keys === 'any' && one.origin === 'manifest')),
  );
}

/**
 * Whether a tree makes Secrets anyhow: by manifests, scripts, generators or operators that are there for Secrets. The
 * passwords that CloudNativePG makes up and the certificates of cert-manager do not count.
 */
export function makesSecrets(workspace: Workspace): boolean {
  return workspace
    .lookup(declarations, key('Secret', 'all', ''))
    .some(
      ({ origin, resource }) =>
        origin !== 'promise' && !(origin === 'operator' && resource && besides.test(resource.qualifiedKind)),
    );
}

const besides =
  /^(?:Cluster\.postgresql\.cnpg\.io|Certificate\.|Ingress$|Ingress\.|Gateway\.|(?:Cluster)?Issuer\.|Tenant\.)/;

/** All declarations of a kind in a namespace, without one in the tree: what a misspelt name may have meant. */
export function declaredNames(workspace: Workspace, kind: string, namespace: string | undefined): readonly string[] {
  const names = workspace
    .lookup(declarations, key(kind, 'all', ''))
    .filter(one => namespace === undefined || one.namespace === undefined || one.namespace === namespace)
    .map(one => one.name);
  return [...new Set(names)].sort();
}

/**
 * Whether an object of a kind may be in a document of which even the kind and the name are encrypted: SOPS leaves no more
 * than its keys (getsops.io/docs, without `encrypted_regex`).
 */
export function mayBeEncrypted(workspace: Workspace, kind: string): boolean {
  return workspace.lookup(encryptedKinds, kind).length > 0;
}

/**
 * Whether the controller of a custom resource that is not known here may make an object of this name, because most call
 * what they make after the resource; whether a Role lets somebody write a Secret or ConfigMap of the name; or whether a
 * program or playbook of the tree writes one.
 */
export function mayBeMade(workspace: Workspace, namespace: string | undefined, name: string): boolean {
  if (workspace.lookup(writtenNames, name).length > 0) return true;
  const ends = [...name.matchAll(/[.-]|$/g)].map(({ index }) => index);
  return ends.some(end => workspace.lookup(unknownResources, `${namespace ?? ''}/${name.slice(0, end)}`).length > 0);
}

/** Whether a script or program of the tree may add keys to a Secret or ConfigMap of this name. */
export function mayBePatched(workspace: Workspace, name: string): boolean {
  return workspace.lookup(patchedNames, name).length > 0;
}

const patchedNames: Index<true> = {
  name: 'names of Secrets and ConfigMaps that scripts patch',
  *document(document) {
    for (const name of namesPatchedIn(document.textWith(patches) ?? '')) yield [name, true];
  },
  *textFile({ text }) {
    for (const name of namesPatchedIn(text)) yield [name, true];
  },
};

/** Whether a scalar writes such objects; a test with a name, so that a document knows it again. */
const mayWrite = (text: string): boolean => writesTexts.test(text);

const writtenNames: Index<true> = {
  name: 'names of Secrets and ConfigMaps that programs write',
  *document(document) {
    // A playbook or workflow has them as values; manifests speak for themselves, but for the programs in them.
    const texts =
      document.resources.length === 0
        ? [document.textWith(writesTexts) ?? '']
        : document.resources.flatMap(one => [...one.root.scalars(mayWrite)].map(({ text }) => text ?? ''));
    for (const text of texts) for (const name of namesWrittenIn(text)) yield [name, true];
  },
  *textFile({ text }) {
    for (const name of namesWrittenIn(text)) yield [name, true];
  },
};

const unknownResources: Index<true> = {
  name: 'custom resources whose controllers are not known, and names that somebody may write',
  *resource({ group, kind, namespace, name, root }) {
    if (group.includes('.') && !group.endsWith('.k8s.io') && !knownGroup.test(group))
      yield [`${namespace ?? ''}/${name}`, true];
    if (kind !== 'Role' || group !== 'rbac.authorization.k8s.io') return;
    for (const rule of root.at('rules').items()) {
      const texts = (field: string): readonly string[] =>
        rule
          .at(field)
          .items()
          .flatMap(one => one.text ?? []);
      const mayWrite = texts('verbs').some(verb => ['create', 'update', 'patch', '*'].includes(verb));
      if (!mayWrite || !texts('resources').some(one => one === 'secrets' || one === 'configmaps')) continue;
      for (const written of texts('resourceNames')) yield [`${namespace ?? ''}/${written}`, true];
    }
  },
};

/** Groups of which it is known what their controllers make, or that they make neither Secrets nor ConfigMaps. */
const knownGroup =
  /(?:^|\.)(?:cnpg\.io|min\.io|cert-manager\.io|external-secrets\.io|bitnami\.com|hashicorp\.com|onepassword\.com|coreos\.com|toolkit\.fluxcd\.io|argoproj\.io|traefik\.io|containo\.us|istio\.io|cilium\.io|projectcalico\.org|velero\.io|kyverno\.io|k8up\.io|keda\.sh|metallb\.io|grafana\.com|zalan\.do|crunchydata\.com|percona\.com|infisical\.com|doppler\.com)$/;

const encryptedKinds: Index<true> = {
  name: 'kinds of which objects are encrypted as a whole',
  *document({ root }) {
    if (!root.at('sops').exists || !root.at('kind').text?.startsWith('ENC[')) return;
    if (root.at('data').exists || root.at('stringData').exists) yield ['Secret', true];
    if (root.at('data').exists) yield ['ConfigMap', true];
  },
};

/** What comments tell the reader to run. */
const creating = /\bkubectl\b.* create /;

const declarations: Index<Declaration> = {
  name: 'declarations',
  *resource(resource) {
    for (const declaration of declaredBy(resource)) yield* entriesOf(declaration);
  },
  *document(document) {
    for (const { kind, name } of document.declared) {
      yield* entriesOf(
        declaration({ kind, namespace: undefined, name, origin: 'broken', at: documentPlace(document) }),
      );
    }
    for (const made of kustomizeGenerated(document)) {
      yield [key(made.kind, 'prefix', ''), made];
      yield* entriesOf(made);
    }
    for (const promise of promisedIn(document.textWith(creating) ?? '')) {
      yield* entriesOf(
        declaration({
          kind: promise.kind,
          namespace: promise.namespace,
          name: promise.name,
          origin: 'promise',
          at: document.place(promise.span.start, promise.span.end),
          keys: promise.keys,
        }),
      );
    }
  },
  *textFile(file: SourceFile) {
    for (const made of scriptedIn(file)) {
      const origin = made.isPromise ? 'promise' : 'script';
      yield* entriesOf(
        declaration({
          kind: made.kind,
          namespace: made.namespace,
          name: made.name,
          origin,
          at: { uri: file.uri, span: made.span },
          keys: made.keys,
          by: file.path,
        }),
      );
    }
  },
};

function* entriesOf(one: Declaration): Iterable<IndexEntry<Declaration>> {
  yield [key(one.kind, one.namespace ?? '', one.name), one];
  yield [key(one.kind, '*', one.name), one];
  yield [key(one.kind, 'all', ''), one];
}

function key(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

function documentPlace(document: ManifestDocument): Place {
  const firstLine = document.text.indexOf('\n');
  return document.place(0, firstLine === -1 ? document.text.length : firstLine);
}

function provided(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): readonly Declaration[] {
  return settingsOf(workspace)
    .provided.filter(
      one => one.kind === kind && one.name === name && (!namespace || !one.namespace || one.namespace === namespace),
    )
    .map(one =>
      declaration({ kind, namespace: one.namespace, name, origin: 'settings', at: one.at, keys: one.keys ?? 'any' }),
    );
}
