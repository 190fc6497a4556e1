import { declarationsOf } from '../../analysis/declarations';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { hasUnknownCharts, installationsOf, needOf, type Operator, operators, scriptsInstall } from './operators';

export default {
  id: 'operator-not-provisioned',
  items: ['A.4.b', 'A.4.c', 'A.4.d', 'A.4.e'],
  severity: 'warning',
  summary: 'Objects need an operator that nothing in the tree installs.',
  why: 'Without the operator and its CustomResourceDefinitions `kubectl apply` fails with "no matches for kind", or the objects are stored and nobody acts on them.',
  remedy:
    'Install the operator in the script that installs the others. If the cluster has it already, list its CustomResourceDefinition under `provided` in `matrix-preflight.yaml`.',
  traps: [
    'A Helm or kubectl command in a script, a Flux, Argo CD or k3s resource for the chart, the operator’s Deployment or its CustomResourceDefinition in the tree count as an installation.',
    'Where scripts of the tree install other things, an operator without a command is a warning, and information if a README or a comment shows its command.',
    'Where no script installs anything, the operators are taken to be there if Helm values, a README or a comment speak of them, and this is information otherwise.',
    'Only the cluster can tell for sure: `kubectl get crd`.',
  ],
  sources: [
    'Helm charts jetstack/cert-manager, ingress-nginx, kube-prometheus-stack, minio-operator/operator and cnpg/cloudnative-pg; the release manifests of these projects.',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      #           ^^^^^^^^^^^^^^^^^^^^^ warning: Cluster/matrix-postgresql needs CloudNativePG, which no script of the tree installs
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      ---
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: letsencrypt
      #- /install.sh
      helm repo add cnpg https://cloudnative-pg.github.io/charts
      helm upgrade --install cert-manager jetstack/cert-manager -n cert-manager --create-namespace
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      ---
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: letsencrypt
      #- /install.sh
      helm repo add cnpg https://cloudnative-pg.github.io/charts
      helm upgrade --install cert-manager jetstack/cert-manager -n cert-manager --create-namespace
      helm upgrade --install cnpg cnpg/cloudnative-pg -n cnpg-system --create-namespace
    `,
  },
  *checkWorkspace(workspace) {
    for (const operator of operators) yield* problemOf(workspace, operator);
  },
} satisfies Rule;

function* problemOf(workspace: Workspace, operator: Operator): Iterable<Problem> {
  const need = needOf(workspace, operator);
  if (!need || isProvided(workspace, operator)) return;
  const installations = installationsOf(workspace, operator);
  if (installations.some(({ evidence }) => evidence === 'command')) return;
  const script = scriptsInstall(workspace);
  if (!script && installations.length > 0) return;
  const mention = installations.find(({ evidence }) => evidence === 'mention');
  const isGap = script !== undefined && !mention && !hasUnknownCharts(workspace);
  yield {
    at: need.at,
    items: operator.items,
    ...(isGap ? {} : { severity: 'info' }),
    message: `${need.resource.title} needs ${operator.name}, which ${script && /\.sh$/i.test(script.uri) ? 'no script of the tree installs' : 'nothing in the tree installs'} — install it first, or ask the cluster with "${operator.question}".`,
    related: [
      ...(script ? [{ at: script, message: 'Here something else is installed' }] : []),
      ...(mention ? [{ at: mention.at, message: 'The command that installs it' }] : []),
    ],
  };
}

/** Whether the settings say that the operator's definitions are in the cluster. */
function isProvided(workspace: Workspace, { question, id }: Operator): boolean {
  const name = question.slice(question.lastIndexOf(' ') + 1);
  const kind = id === 'ingress-nginx' ? 'IngressClass' : 'CustomResourceDefinition';
  return declarationsOf(workspace, kind, undefined, name).some(({ origin }) => origin === 'settings');
}
