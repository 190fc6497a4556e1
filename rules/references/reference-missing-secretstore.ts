import { isChartObject } from '../../analysis/charts';
import { type Declaration, declarationsOf, declaredNames } from '../../analysis/declarations';
import { isFilledIn } from '../../analysis/filled-in';
import { nearest } from '../../analysis/nearest';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { insertEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { listAsProvided } from './provided';

export default {
  id: 'reference-missing-secretstore',
  items: [],
  severity: 'error',
  summary: 'An ExternalSecret fetches from a store that nothing creates.',
  why: 'The operator reports "could not get SecretStore" and makes no Secret: the pods that read it do not start.',
  remedy:
    'Name a store that is there, with its kind. A `SecretStore` serves its own namespace only, a `ClusterSecretStore` all of them.',
  traps: [
    '`kind` defaults to `SecretStore`; a ClusterSecretStore of the same name is then no help, and the message says so.',
    'A tree without any store is not judged: whoever runs the cluster has made one.',
    'It is a warning where the name is like none of the tree’s and no store has it elsewhere.',
  ],
  sources: ['external-secrets.io, API: ExternalSecret, SecretStoreRef; SecretStore; ClusterSecretStore'],
  examples: {
    bad: `
      #- /secrets.yaml
      apiVersion: external-secrets.io/v1
      kind: ClusterSecretStore
      metadata:
        name: vault
      spec:
        provider:
          vault:
            server: https://vault.tessera.test
      ---
      apiVersion: external-secrets.io/v1
      kind: ExternalSecret
      metadata:
        name: redis-password
        namespace: matrix
      spec:
        secretStoreRef:
          kind: ClusterSecretStore
          name: vualt
      #         ^^^^^ 💡 error: Nothing creates the ClusterSecretStore vualt, so the Secret is never made — did you mean vault?
        target:
          name: redis-password
        data:
          - secretKey: password
            remoteRef: {key: matrix/redis, property: password}
      ---
      apiVersion: external-secrets.io/v1
      kind: ExternalSecret
      metadata:
        name: turn-secret
        namespace: matrix
      spec:
        secretStoreRef:
          name: vault
      #         ^^^^^ 💡 error: Nothing creates the SecretStore vault in namespace matrix, so the Secret is never made — ClusterSecretStore vault is there: write kind: ClusterSecretStore.
        target:
          name: turn-secret
        data:
          - secretKey: secret
            remoteRef: {key: matrix/turn, property: secret}
    `,
    good: `
      #- /secrets.yaml
      apiVersion: external-secrets.io/v1
      kind: ClusterSecretStore
      metadata:
        name: vault
      spec:
        provider:
          vault:
            server: https://vault.tessera.test
      ---
      apiVersion: external-secrets.io/v1
      kind: ExternalSecret
      metadata:
        name: redis-password
        namespace: matrix
      spec:
        secretStoreRef:
          kind: ClusterSecretStore
          name: vault
        target:
          name: redis-password
        data:
          - secretKey: password
            remoteRef: {key: matrix/redis, property: password}
      ---
      apiVersion: external-secrets.io/v1
      kind: ExternalSecret
      metadata:
        name: turn-secret
        namespace: matrix
      spec:
        secretStoreRef:
          name: vault
          kind: ClusterSecretStore
        target:
          name: turn-secret
        data:
          - secretKey: secret
            remoteRef: {key: matrix/turn, property: secret}
    `,
  },
  kinds: ['ExternalSecret.external-secrets.io'],
  *check(external, workspace) {
    for (const reference of storesOf(external)) {
      const problem = missingStore(workspace, external, reference);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

/** The references of an ExternalSecret to stores: for all of its data, or for a part. */
function storesOf({ root }: Resource): readonly Value[] {
  const spec = root.at('spec');
  const parts = [...spec.at('data').items(), ...spec.at('dataFrom').items()];
  return [spec.at('secretStoreRef'), ...parts.map(part => part.at('sourceRef', 'storeRef'))].filter(
    reference => reference.at('name').string !== undefined,
  );
}

function missingStore(workspace: Workspace, { namespace: own }: Resource, reference: Value): Problem | undefined {
  const at = reference.at('name');
  const name = at.string ?? '';
  const kind = reference.at('kind').text ?? 'SecretStore';
  if (kind !== 'SecretStore' && kind !== 'ClusterSecretStore') return undefined;
  if (isFilledIn(workspace, name) || findPlaceholders(name, 'value').length > 0 || name.includes('$')) return undefined;
  const namespace = kind === 'SecretStore' ? own : undefined;
  if (existing(workspace, kind, namespace, name).length > 0) return undefined;
  const fromChart = isChartObject(workspace, own, name);
  if (fromChart === 'yes') return undefined;
  const otherKind = kind === 'SecretStore' ? 'ClusterSecretStore' : 'SecretStore';
  const [other] = existing(workspace, otherKind, otherKind === 'SecretStore' ? own : undefined, name);
  const [elsewhere] = existing(workspace, kind, undefined, name);
  const known = declaredNames(workspace, kind, namespace);
  const close = nearest(name, known);
  if (!other && !elsewhere && known.length === 0) return undefined;
  // Those of the whole cluster are mostly set up with the operator, outside of the tree.
  const isOfCluster = kind === 'ClusterSecretStore' && known.length === 0;
  const isSure = (other ?? elsewhere ?? close) !== undefined && fromChart === 'no' && !isOfCluster;
  const advice = other
    ? `${otherKind} ${name} is there: write kind: ${otherKind}.`
    : elsewhere
      ? `that of namespace ${elsewhere.namespace} serves only its own: create one here, or make it a ClusterSecretStore.`
      : close
        ? `did you mean ${close}?`
        : 'create it, correct the name, or list it under provided.';
  return {
    at,
    ...(isSure ? {} : { severity: 'warning' as const }),
    message: `Nothing creates the ${kind} ${name}${namespace === undefined ? '' : ` in namespace ${namespace}`}, so the Secret is never made — ${advice}`,
    related: [other ?? elsewhere].flatMap(one => (one ? { at: one.at, message: `${one.kind} ${one.name}` } : [])),
    fixes: () => [
      ...(other ? writeKind(reference, otherKind) : elsewhere ? [] : rename(at, close)),
      ...listAsProvided(workspace, { kind, namespace, name: at }),
    ],
  };
}

function existing(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): readonly Declaration[] {
  return declarationsOf(workspace, kind, namespace, name).filter(({ origin }) => origin !== 'promise');
}

function writeKind(reference: Value, kind: string): readonly Fix[] {
  const written = reference.at('kind');
  const edit = written.exists ? replaceScalar(written, kind) : insertEntry(reference, `kind: ${kind}`);
  return edit ? [{ title: `Write kind: ${kind}`, safe: false, edits: [edit] }] : [];
}

function rename(at: Value, close: string | undefined): readonly Fix[] {
  const edit = close === undefined ? undefined : replaceScalar(at, close);
  return edit ? [{ title: `Use ${close}`, safe: false, edits: [edit] }] : [];
}
