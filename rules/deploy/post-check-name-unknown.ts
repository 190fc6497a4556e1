import { isChartObject } from '../../analysis/charts';
import { foundCommands } from '../../analysis/commands';
import { podsIn, replicasOf } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { findService, servicesIn } from '../../analysis/services';
import type { ClusterCommand } from '../../analysis/text/kubectl-commands';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { meantName, rewrite } from './replacements';

export default {
  id: 'post-check-name-unknown',
  items: [],
  severity: 'info',
  summary: 'A command asks for a pod, Service or workload that the tree does not make.',
  why: 'Whoever follows the runbook gets "not found", and cannot tell whether the deployment or the command is wrong.',
  remedy: 'Name the object as the manifests or their operators do.',
  traps: [
    'Pods of a StatefulSet are numbered from 0, or from `spec.ordinals.start`; those of a CloudNativePG cluster from 1, and a replaced instance gets the next number.',
    'Names of charts, names with placeholders, namespaces that the tree has nothing in, and commands whose failure is handled are left alone.',
  ],
  sources: [
    'Kubernetes documentation, StatefulSets, "Ordinal Index".',
    'CloudNativePG documentation, Labels and annotations: `cnpg.io/instanceName` is the cluster’s name and a serial number.',
  ],
  examples: {
    bad: `
      #- /README.md
      ~~~bash
      kubectl exec -n matrix matrix-postgresql-0 -- psql -U postgres
      #                      ^^^^^^^^^^^^^^^^^^^ 💡 info: The tree makes no pod matrix-postgresql-0 in namespace matrix — its pods are matrix-postgresql-1 and up.
      ~~~
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
    `,
    good: `
      #- /README.md
      ~~~bash
      kubectl exec -n matrix matrix-postgresql-1 -- psql -U postgres
      ~~~
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
    `,
  },
  *checkWorkspace(workspace) {
    const commands = foundCommands(workspace);
    // What a runbook starts by hand, such as `kubectl run test-pod`, it may ask for later.
    const started = new Set(commands.flatMap(({ command }) => startedBy(command)));
    for (const found of commands) {
      const { command, place } = found;
      if (command.kind !== 'query' || !verbs.has(command.verb) || command.conditional || command.errorsIgnored)
        continue;
      const { namespace: inNamespace } = command;
      if (inNamespace && !isPlainName(inNamespace)) continue;
      const namespace = inNamespace?.value;
      if (podsIn(workspace, namespace).length === 0) continue;
      for (const { resource, name, span } of command.targets) {
        const kind = kinds[resource];
        if (!kind || !name || !isPlainName(name) || started.has(name.value)) continue;
        const unknown = whyUnknown(workspace, kind, namespace, name.value);
        if (unknown === undefined) continue;
        const { help, instead: meant } = unknown;
        yield {
          at: place(span),
          message: `The tree makes no ${kind === 'Pod' ? 'pod' : kind} ${name.value}${namespace ? ` in namespace ${namespace}` : ''} — ${help}`,
          fixes: () => {
            if (meant === undefined) return [];
            // Commands about one pod take `deployment/name` as well; `get pod` does not.
            if (meant.includes('/') && !takesWorkloads.has(command.verb)) return [];
            const slashed = rewrite(
              found,
              span,
              `${resource}/${name.value}`,
              meant.includes('/') ? meant : `${resource}/${meant}`,
            );
            return slashed.length > 0 ? slashed : rewrite(found, span, name.value, meant);
          },
        };
      }
    }
  },
} satisfies Rule;

const takesWorkloads: ReadonlySet<string> = new Set(['logs', 'exec', 'port-forward', 'attach']);
const verbs: ReadonlySet<string> = new Set(['get', 'describe', 'logs', 'exec', 'port-forward', 'attach']);

/** How kubectl calls the kinds that are judged. */
const kinds: Readonly<Record<string, string>> = {
  ...named('Pod', 'po'),
  ...named('Service', 'svc'),
  ...named('Deployment', 'deploy'),
  ...named('StatefulSet', 'sts'),
  ...named('DaemonSet', 'ds'),
  ...named('Job'),
  ...named('CronJob', 'cj'),
};

function named(kind: string, short?: string): Readonly<Record<string, string>> {
  const name = kind.toLowerCase();
  return { [name]: kind, [`${name}s`]: kind, ...(short ? { [short]: kind } : {}) };
}

/** Names that a command may give to something new. The first word behind `kubectl run` is a name, not a kind. */
function startedBy(command: ClusterCommand): readonly string[] {
  if (command.kind === 'create') return [command.name.value];
  if (command.kind !== 'query' || verbs.has(command.verb)) return [];
  return command.targets.flatMap(({ resource, name }) => [resource, ...(name ? [name.value] : [])]);
}

interface Word {
  readonly value: string;
  readonly certainty: string;
}

/** A name that is meant as it stands: no variable, no pattern, no `<pod-name>`. */
function isPlainName({ value, certainty }: Word): boolean {
  return (
    certainty === 'known' && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(value) && !/xxx|your-|example|^my-/.test(value)
  );
}

interface Unknown {
  /** What to do, as the end of a sentence. */
  readonly help: string;
  /** The name, or `kind/name`, to write in its place. */
  readonly instead?: string;
}

/** What to do instead; undefined if the object may well be there. */
function whyUnknown(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): Unknown | undefined {
  if (isChartObject(workspace, namespace, name) !== 'no' || isOperated(workspace, name)) return undefined;
  if (kind === 'Pod') return whyNoPod(workspace, namespace, name);
  if (kind === 'Service') {
    if (findService(workspace, namespace, name) || /^(?:kubernetes|kube-dns)$|-operated$/.test(name)) return undefined;
    return instead(
      name,
      servicesIn(workspace, namespace).map(service => service.name),
    );
  }
  const makers = makersIn(workspace, namespace);
  // A CronJob names its Jobs after itself and the time.
  const isMade = makers.some(
    one => (one.kind === kind && one.name === name) || (one.kind === 'CronJob' && name.startsWith(`${one.name}-`)),
  );
  if (isMade) return undefined;
  const other = makers.find(one => one.name === name);
  if (other) return { help: `it is a ${other.kind}.`, instead: `${other.kind.toLowerCase()}/${name}` };
  return instead(
    name,
    makers.filter(one => one.kind === kind).map(one => one.name),
  );
}

function whyNoPod(workspace: Workspace, namespace: string | undefined, name: string): Unknown | undefined {
  const makers = makersIn(workspace, namespace);
  if (makers.some(maker => mayName(maker, name))) return undefined;
  const [, base = name, ordinal] = /^(.*?)-(\d+)$/.exec(name) ?? [];
  const maker = makers.find(one => one.name === base);
  if (maker && ordinal !== undefined) {
    if (maker.qualifiedKind === clusterKind) return { help: `its pods are ${base}-1 and up.`, instead: `${base}-1` };
    if (maker.kind === 'StatefulSet') {
      const first = firstOrdinal(maker);
      const last = first + replicasOf(maker) - 1;
      return {
        help:
          last === first ? `its only pod is ${base}-${first}.` : `its pods are ${base}-${first} to ${base}-${last}.`,
        instead: `${base}-${Number(ordinal) < first ? first : last}`,
      };
    }
    const workload = `${maker.kind.toLowerCase()}/${base}`;
    return { help: `the pods of ${maker.kind} ${base} have generated names; ask for ${workload}.`, instead: workload };
  }
  const whole = makers.find(one => one.name === name);
  if (whole) {
    const workload = `${whole.kind.toLowerCase()}/${name}`;
    const help = `ask for ${workload}, or for one of its pods by its full name.`;
    return whole.qualifiedKind === clusterKind ? { help } : { help, instead: workload };
  }
  return instead(
    base,
    makers.map(one => one.name),
    ordinal === undefined ? '' : `-${ordinal}`,
  );
}

/** Whether a workload may have a pod of this name. */
function mayName(maker: Resource, name: string): boolean {
  if (maker.kind === 'Pod') return maker.name === name;
  if (!name.startsWith(`${maker.name}-`)) return false;
  const rest = name.slice(maker.name.length + 1);
  if (maker.kind === 'StatefulSet') {
    if (!/^\d+$/.test(rest)) return false;
    const isScaledElsewhere = !maker.root.at('spec', 'replicas').exists;
    const first = firstOrdinal(maker);
    return Number(rest) >= first && (isScaledElsewhere || Number(rest) < first + replicasOf(maker));
  }
  if (maker.qualifiedKind === clusterKind) return /^[1-9]\d*(?:-|$)/.test(rest);
  // Generated names end in letters and digits; an ordinal alone belongs to a StatefulSet.
  return !/^\d+$/.test(rest);
}

/** Whether an operator may make an object of this name, because its own object has a name that is part of it. */
function isOperated(workspace: Workspace, name: string): boolean {
  return workspace.lookup(operated, '').some(one => name.includes(one));
}

/** Names of objects whose operators make pods, Services or workloads after them in ways that are not known here. */
const operated: Index<string> = {
  name: 'names of operated objects',
  *resource({ group, name, kind, qualifiedKind }) {
    const isCustom = group.includes('.') && !/(?:^|\.)k8s\.io$/.test(group) && !/(?:^|\.)cert-manager\.io$/.test(group);
    if (isCustom && qualifiedKind !== clusterKind && !/^(?:ServiceMonitor|PodMonitor|PrometheusRule)$/.test(kind))
      yield ['', name];
  },
};

function firstOrdinal(statefulSet: Resource): number {
  return statefulSet.root.at('spec', 'ordinals', 'start').number ?? 0;
}

function makersIn(workspace: Workspace, namespace: string | undefined): readonly Resource[] {
  const inAny = namespace === undefined ? [] : podsIn(workspace).filter(pods => pods.namespace === undefined);
  return [...new Set([...podsIn(workspace, namespace), ...inAny].map(pods => pods.owner))];
}

function instead(name: string, known: readonly string[], suffix = ''): Unknown {
  const close = meantName(name, known);
  return close
    ? { help: `did you mean ${close}${suffix}?`, instead: `${close}${suffix}` }
    : { help: 'correct the name.' };
}
