import { createHash } from 'node:crypto';
import type { ClusterIdentity } from '../journal/entries';
import type { Kubectl } from '../kubectl/kubectl';
import { at, text } from '../plan/source';
import { type Answer, readJson, readText } from './read';

/**
 * Finds out which cluster a context leads to. Names and addresses can be reused; the uid of the namespace
 * kube-system cannot, so it is what a confirmation is bound to.
 *
 * @param known what was found out before; its version is then taken over instead of asked for again
 */
export async function identifyCluster(
  kubectl: Kubectl,
  context: string,
  known?: ClusterIdentity,
): Promise<Answer<ClusterIdentity>> {
  // Raw, because the certificate authority is masked otherwise; only the cluster is printed, never the user.
  const cluster = await readJson(kubectl, [
    'config',
    'view',
    '--minify',
    '--raw',
    '--output=jsonpath={.clusters[0].cluster}',
  ]);
  if (!cluster.ok) return cluster;
  const server = text(at(cluster.value, 'server')) ?? '';
  const authority =
    text(at(cluster.value, 'certificate-authority-data')) ?? text(at(cluster.value, 'certificate-authority')) ?? '';
  const version = known === undefined ? await readJson(kubectl, ['get', '--raw', '/version']) : undefined;
  if (version?.ok === false) return version;
  const uid = await readText(kubectl, ['get', 'Namespace', 'kube-system', '--output=jsonpath={.metadata.uid}']);
  if (!uid.ok) return uid;
  if (uid.value.trim() === '')
    return { ok: false, class: 'other', message: 'The cluster has no namespace kube-system.', code: 0 };
  return {
    ok: true,
    value: {
      context,
      server: server.replace(/\/\/[^/@]*@/, '//'),
      caHash: authority === '' ? '' : createHash('sha256').update(authority).digest('hex'),
      uid: uid.value.trim(),
      serverVersion: known?.serverVersion ?? text(at(version?.value, 'gitVersion')) ?? '',
    },
  };
}

/** Whether two identities mean the same cluster reached in the same way; versions may change under way. */
export function isSameCluster(a: ClusterIdentity, b: ClusterIdentity): boolean {
  return a.context === b.context && a.server === b.server && a.caHash === b.caHash && a.uid === b.uid;
}
