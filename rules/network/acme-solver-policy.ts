import { ingressController } from '../../analysis/flows/externals';
import { anyNamespace } from '../../analysis/policies';
import { referrersOf } from '../../analysis/references';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { policyText } from './policy-text';

/** Where the pods listen that answer HTTP-01 challenges, and the label that all of them have. */
export const solverPort = 8089;
export const solverLabel = ['acme.cert-manager.io/http01-solver', 'true'] as const;

/** The policy that lets the ingress controller reach the pods that cert-manager starts for HTTP-01 challenges. */
export function solverPolicyText(
  name: string,
  namespace: string,
  controller: string,
  labels: ReadonlyMap<string, string> | undefined,
): string {
  const peer = { kind: 'pods' as const, podSelector: labels ?? new Map(), namespace: controller, alsoAdmits: [] };
  return policyText({
    name,
    namespace,
    podSelector: new Map([solverLabel]),
    rules: [{ direction: 'Ingress', rules: [{ peers: [peer], ports: [{ port: solverPort, protocol: 'TCP' }] }] }],
  });
}

/** The same for a namespace, if certificates of it are issued by such challenges. */
export function solverPolicyFor(workspace: Workspace, namespace: string): string | undefined {
  for (const kind of ['ClusterIssuer.cert-manager.io', 'Issuer.cert-manager.io']) {
    for (const issuer of workspace.resources(kind)) {
      if (!namespacesUsing(workspace, issuer).includes(namespace)) continue;
      for (const solver of issuer.root.at('spec', 'acme', 'solvers').items()) {
        const http = solver.at('http01', 'ingress');
        const from = ingressController(workspace, http.at('ingressClassName').text ?? http.at('class').text);
        if (http.exists && from.namespace !== undefined)
          return solverPolicyText('allow-acme-solver', namespace, from.namespace, from.labels);
      }
    }
  }
  return undefined;
}

/** The namespaces of the certificates that an issuer issues; objects without a namespace are left alone. */
export function namespacesUsing(workspace: Workspace, issuer: Resource): readonly string[] {
  const kind = issuer.kind === 'ClusterIssuer' ? 'ClusterIssuer' : 'Issuer';
  const users = referrersOf(workspace, kind, kind === 'Issuer' ? issuer.namespace : undefined, issuer.name);
  return [...new Set(users.flatMap(({ resource }) => resource.namespace ?? []))]
    .filter(one => one !== anyNamespace)
    .sort();
}
