import { chartReleases } from '../../analysis/charts';
import { commandsIn } from '../../analysis/commands';
import { containersOf } from '../../analysis/pods';
import { isNginx } from '../../analysis/routes/ingress';
import type { ChecklistItemId } from '../../checklist/types';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';

/** A controller that objects of the tree need and that has to be installed beside them. */
export interface Operator {
  readonly id: 'cert-manager' | 'ingress-nginx' | 'prometheus-operator' | 'minio-operator' | 'cloudnative-pg';
  readonly name: string;
  readonly items: readonly ChecklistItemId[];
  /** How a person asks the cluster whether it is there. */
  readonly question: string;
  /** What asks for the operator in an object; undefined if it does not. */
  needs(resource: Resource): Value | undefined;
  /** Names of charts that install it. */
  readonly charts: RegExp;
  /** Addresses and commands that install it without Helm. */
  readonly commands: RegExp;
  /** Images that are the operator. */
  readonly images: RegExp;
}

export const operators: readonly Operator[] = [
  {
    id: 'cert-manager',
    name: 'cert-manager',
    items: ['A.4.b'],
    question: 'kubectl get crd certificates.cert-manager.io',
    needs: resource =>
      ofGroup(resource, 'cert-manager.io') ??
      annotation(resource, 'cert-manager.io/cluster-issuer') ??
      annotation(resource, 'cert-manager.io/issuer'),
    charts: /^cert-manager$/,
    commands: /cert-manager\/cert-manager\/releases|\bcmctl\b|\bcert-manager(?:\.crds)?\.ya?ml/,
    images: /cert-manager-controller/,
  },
  {
    id: 'ingress-nginx',
    name: 'ingress-nginx',
    items: ['A.4.c'],
    question: 'kubectl get ingressclass nginx',
    needs: resource => {
      if (resource.kind !== 'Ingress' || !isNginx(resource)) return undefined;
      const written = resource.root.at('spec', 'ingressClassName');
      return written.exists ? written : annotation(resource, 'kubernetes.io/ingress.class');
    },
    charts: /^(?:ingress-nginx|nginx-ingress(?:-controller)?)$/,
    commands: /kubernetes\/ingress-nginx\/|\baddons enable ingress\b/,
    images: /ingress-nginx\/controller|nginx-ingress/,
  },
  {
    id: 'prometheus-operator',
    name: 'the Prometheus Operator',
    items: ['A.4.d'],
    question: 'kubectl get crd servicemonitors.monitoring.coreos.com',
    needs: resource => ofGroup(resource, 'monitoring.coreos.com'),
    charts: /^(?:kube-prometheus(?:-stack)?|prometheus-operator(?:-crds)?)$/,
    commands: /prometheus-operator\/(?:prometheus-operator|kube-prometheus)/,
    images: /prometheus-operator/,
  },
  {
    id: 'minio-operator',
    name: 'the MinIO Operator',
    items: ['A.4.e'],
    question: 'kubectl get crd tenants.minio.min.io',
    needs: resource => ofGroup(resource, 'minio.min.io'),
    charts: /^(?:operator|minio-operator)$/,
    commands: /github\.com\/minio\/operator|\bkubectl[ -]minio +init\b/,
    images: /minio\/operator/,
  },
  {
    id: 'cloudnative-pg',
    name: 'CloudNativePG',
    items: [],
    question: 'kubectl get crd clusters.postgresql.cnpg.io',
    needs: resource => ofGroup(resource, 'postgresql.cnpg.io'),
    charts: /^cloudnative-pg$/,
    commands: /cloudnative-pg\/(?:cloudnative-pg|artifacts)|\bcnpg-\d[\d.]*\.ya?ml|\bkubectl[ -]cnpg +install\b/,
    images: /cloudnative-pg\/cloudnative-pg|\/cloudnative-pg:/,
  },
];

/** What in the first object of the tree that needs an operator asks for it. */
export function needOf(
  workspace: Workspace,
  { id }: Operator,
): { readonly resource: Resource; readonly at: Value } | undefined {
  return workspace.lookup(needs, id)[0];
}

/** What installs an operator, best evidence first. */
export interface Installation {
  /** `command`: a script, a manifest or a custom resource installs it. `mention`: a README or a comment shows how. */
  readonly evidence: 'command' | 'mention' | 'values';
  readonly at: Place;
}

/** What of the tree installs an operator: charts, its workloads and its kinds. */
export function installationsOf(workspace: Workspace, operator: Operator): readonly Installation[] {
  const charts = chartReleases(workspace)
    .filter(
      ({ chart, name }) => operator.charts.test(chart ?? '') || (chart === undefined && resembles(name, operator)),
    )
    .map(({ evidence, at }) => ({ evidence, at }));
  return [...charts, ...workspace.lookup(installations, operator.id)];
}

/** Whether scripts or releases of the tree install something, so that an operator that none of them installs is a gap. */
export function scriptsInstall(workspace: Workspace): Place | undefined {
  const release = chartReleases(workspace).find(({ evidence }) => evidence === 'command');
  return (
    release?.at ??
    operators
      .flatMap(({ id }) => workspace.lookup(installations, id))
      .find(one => one.evidence === 'command' && /\.sh$/i.test(one.at.uri))?.at
  );
}

/** Whether a script installs charts whose names only the shell knows. */
export function hasUnknownCharts(workspace: Workspace): boolean {
  return workspace.lookup(unknownCharts, '').length > 0;
}

/** Whether a file of values is for an operator, by its name. */
function resembles(name: string, { id, charts }: Operator): boolean {
  const plain = name.replace(/[^a-z0-9]/gi, '').toLowerCase();
  return (
    charts.test(name) ||
    plain === id.replace(/-/g, '') ||
    (id === 'prometheus-operator' && /^(?:kube)?prometheus(?:stack|operator)?$/.test(plain))
  );
}

const needs: Index<{ readonly resource: Resource; readonly at: Value }> = {
  name: 'objects that need operators',
  *resource(resource) {
    for (const operator of operators) {
      const at = operator.needs(resource);
      if (at) yield [operator.id, { resource, at }];
    }
  },
};

/** Comments that show how something is installed. */
const installing = /#[^\n]*\b(?:apply|install|init)\b/;

const installations: Index<Installation> = {
  name: 'installations of operators',
  *resource(resource) {
    const name = resource.root.at('metadata', 'name');
    for (const operator of operators) {
      const isDefinition =
        resource.kind === 'CustomResourceDefinition' && operator.question.endsWith(` ${resource.name}`);
      const runs = containersOf(resource).some(({ image }) => operator.images.test(image));
      if (isDefinition || runs) yield [operator.id, { evidence: 'command', at: name }];
    }
  },
  *document(document) {
    const text = document.textWith(installing) ?? '';
    for (const match of text.matchAll(/^[ \t]*#[^\n]*\b(?:apply|install|init)\b[^\n]*$/gm)) {
      for (const operator of operators)
        if (operator.commands.test(match[0]))
          yield [operator.id, { evidence: 'mention', at: document.place(match.index, match.index + match[0].length) }];
    }
  },
  *textFile(file) {
    const isScript = /\.sh$/i.test(file.path);
    if (!isScript && !/\.md$/i.test(file.path)) return;
    const pattern =
      /^(?![ \t]*#)(?:[^\n]*\\\r?\n)*[^\n]*\b(?:apply|create|install|init|enable|replace)\b(?:[^\n]*\\\r?\n)*[^\n]*$/gm;
    for (const match of file.text.matchAll(pattern)) {
      if (/\bhelm +repo\b/.test(match[0])) continue;
      for (const operator of operators) {
        if (!operator.commands.test(match[0])) continue;
        const at = { uri: file.uri, span: { start: match.index, end: match.index + match[0].length } };
        yield [operator.id, { evidence: isScript ? 'command' : 'mention', at }];
      }
    }
  },
  equal: (a, b) => a.evidence === b.evidence,
};

const unknownCharts: Index<true> = {
  name: 'charts that only the shell knows',
  *textFile(file) {
    if (!/\.sh$/i.test(file.path)) return;
    if (commandsIn(file).some(({ command }) => command.kind === 'helm' && command.chart.certainty === 'unknown'))
      yield ['', true];
  },
};

function ofGroup(resource: Resource, group: string): Value | undefined {
  return resource.group === group ? resource.root.at('apiVersion') : undefined;
}

function annotation(resource: Resource, name: string): Value | undefined {
  const value = resource.root.at('metadata', 'annotations', name);
  return value.exists ? value : undefined;
}
