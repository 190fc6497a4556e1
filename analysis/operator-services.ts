import type { Resource } from '../manifests/resource';
import type { Index, Workspace } from '../manifests/workspace';
import { knownReleasesOf } from './helm/chart-objects';
import { releaseKinds, releasesOf } from './helm/releases';
import { parseClusterHost } from './text/hosts';

/**
 * Whether the operator of a custom resource may make a Service of this name, as most name theirs after it, or a mesh knows
 * the name without a Service.
 */
export function mayHaveService(workspace: Workspace, namespace: string | undefined, name: string): boolean {
  const isHere = (other: string | undefined): boolean =>
    namespace === undefined || other === undefined || namespace === other;
  return (
    workspace.lookup(namedServices, name).some(isHere) ||
    workspace
      .lookup(operatorObjects, '')
      .some(
        one =>
          !isKnownChart(workspace, one) &&
          isHere(one.namespace) &&
          (name === one.name || name.startsWith(`${one.name}-`) || name.endsWith(`-${one.name}`)),
      )
  );
}

/** Whether a custom resource installs nothing but charts of which it is known what they make. */
function isKnownChart(workspace: Workspace, resource: Resource): boolean {
  if (!releaseKinds.includes(resource.qualifiedKind)) return false;
  const releases = releasesOf(workspace, resource);
  return (
    releases.length > 0 &&
    knownReleasesOf(workspace, resource).filter(one => one.facts.complete).length === releases.length
  );
}

/** Custom resources of operators whose Services are not known here. */
const operatorObjects: Index<Resource> = {
  name: 'objects of operators that may make Services',
  *resource(resource) {
    const { group } = resource;
    if (group.includes('.') && !group.endsWith('.k8s.io') && !knownGroups.has(group)) yield ['', resource];
    // Prometheus and its kin get Services, monitors and rules do not.
    else if (governing.has(resource.qualifiedKind)) yield ['', resource];
  },
};

/** Services that are not called after what they are made for, with their namespaces. */
const namedServices: Index<string | undefined> = {
  name: 'Services of operators and hosts of meshes by name',
  *resource({ qualifiedKind, namespace, root }) {
    const name = governing.get(qualifiedKind);
    if (name !== undefined) yield [name, namespace];
    // istio.io/docs/reference/config/networking/service-entry: names without a Service in the cluster's DNS.
    if (!/^ServiceEntry\.(?:.*\.)?istio\.io$/.test(qualifiedKind)) return;
    for (const { text } of root.at('spec', 'hosts').items()) {
      const host = parseClusterHost(text ?? '', namespace);
      if (host) yield [host.service, host.namespace];
    }
  },
};

/** The Services that the Prometheus Operator gives all servers of a kind (prometheus-operator pkg/*: governing services). */
const governing: ReadonlyMap<string, string> = new Map([
  ['Prometheus.monitoring.coreos.com', 'prometheus-operated'],
  ['PrometheusAgent.monitoring.coreos.com', 'prometheus-operated'],
  ['Alertmanager.monitoring.coreos.com', 'alertmanager-operated'],
  ['ThanosRuler.monitoring.coreos.com', 'thanos-ruler-operated'],
]);

const knownGroups: ReadonlySet<string> = new Set([
  'postgresql.cnpg.io',
  'minio.min.io',
  'cert-manager.io',
  'monitoring.coreos.com',
  'bitnami.com',
  'external-secrets.io',
  'cilium.io',
  'projectcalico.org',
  'crd.projectcalico.org',
  'metallb.io',
]);
