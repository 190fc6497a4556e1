import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import { kubectlKind } from '../occurrences/commands';
import { containersOf, isPattern, podsIn, replicasOf } from '../pods';
import { clusterKind } from '../roles';
import { type Candidate, distinct } from './candidate';
import { ordinals } from './hosts';
import { namespaceCandidates, objectNames } from './objects';
import { treeFiles, type Wanted } from './tree-files';

/** A kubectl command that is being typed, from its first argument on. */
export interface KubectlWords {
  /** The arguments before the cursor. */
  readonly before: readonly string[];
  /** What of the argument stands before the cursor. */
  readonly prefix: string;
  /** The arguments behind it, which may name the namespace. */
  readonly after: readonly string[];
  /** The folder of the script or runbook, relative to the root of the tree; undefined in a container. */
  readonly directory: string | undefined;
}

/** What is offered, and how much of the argument before the cursor it takes the place of. */
export interface KubectlCandidates {
  readonly candidates: readonly Candidate[];
  readonly replaced: number;
}

/** Completes an argument of kubectl (https://kubernetes.io/docs/reference/kubectl/generated/). */
export function kubectlAt(workspace: Workspace, own: string | undefined, words: KubectlWords): KubectlCandidates {
  // `-f` of `logs` follows the log and has no value.
  const before = words.before.filter((word, index) => word !== '-f' || !words.before.slice(0, index).includes('logs'));
  const { prefix, after } = words;
  const all = (candidates: readonly Candidate[], replaced = prefix.length): KubectlCandidates => ({
    candidates,
    replaced,
  });
  const [option, written] = optionAt(before, prefix);
  if (/^-/.test(option)) {
    const operands = operandsOf(before);
    const namespace = namespaceOf([...before, ...after]) ?? own;
    switch (option) {
      case '-n':
      case '--namespace':
        return all(namespaceCandidates(workspace), written);
      case '-l':
      case '--selector':
        return all(labelPairs(workspace, namespace), written - (prefix.lastIndexOf(',') + 1 || 0));
      case '-c':
      case '--container':
        return all(containerNames(workspace, namespace), written);
      case '--for':
        return all(conditions, written);
      case '--from':
        return all(slashed(workspace, operands[0] === 'create' ? ['cronjob'] : usualTypes, namespace), written);
      case '-o':
      case '--output':
        return all(named(['name', 'json', 'yaml', 'wide', 'jsonpath='], 'enum'), written);
      default: {
        const wanted = filesOf[option];
        return wanted && words.directory !== undefined
          ? treeFiles(workspace, words.directory, wanted, prefix.slice(prefix.length - written))
          : all([]);
      }
    }
  }
  if (prefix.startsWith('-')) return all([]);
  const namespace = namespaceOf([...before, ...after]) ?? own;
  const [verb, ...operands] = operandsOf(before);
  if (verb === undefined) return all(named(verbs, 'directive'));
  if (verb === 'rollout' && operands.length === 0) return all(named(rollouts, 'directive'));
  const targets = verb === 'rollout' ? operands.slice(1) : operands;
  if (verb === 'create') return all(operands.length === 0 ? named(created, 'directive') : []);
  if (verb === 'apply' || verb === 'config' || verb === 'version' || before.includes('--')) return all([]);
  const slash = prefix.indexOf('/');
  if (slash !== -1) return all(namesOfType(workspace, prefix.slice(0, slash), namespace), prefix.length - slash - 1);
  const types = typesFor(verb, operands[0]);
  const takesPods = verb === 'logs' || verb === 'exec' || verb === 'port-forward';
  if (takesPods) {
    if (targets.length > 0 && verb === 'port-forward') return all([]);
    return all(
      targets.length > 0 ? [] : [...namesOfType(workspace, 'pod', namespace), ...slashed(workspace, types, namespace)],
    );
  }
  const [type] = targets;
  if (type === undefined || type.includes('/'))
    return all([
      ...slashed(workspace, types, namespace),
      ...(type === undefined
        ? types.map(label => ({ label, kind: 'enum' as const, detail: 'type', rank: 1 as const }))
        : []),
    ]);
  return all(namesOfType(workspace, type, namespace));
}

/** The option whose value is typed, and how many letters of it there are already; empty if none is. */
function optionAt(before: readonly string[], prefix: string): readonly [name: string, written: number] {
  const attached = /^(--[\w-]+)=(.*)$/s.exec(prefix) ?? /^(-[nlcfk])(.+)$/s.exec(prefix);
  if (attached) return [attached[1] ?? '', (attached[2] ?? '').length];
  const last = before.at(-1) ?? '';
  return takesValue(last) ? [last, prefix.length] : ['', 0];
}

function takesValue(word: string): boolean {
  return (
    /^-[nlcofpk]$/.test(word) ||
    /^--(?:namespace|selector|container|for|from|output|timeout|type|patch|filename|kustomize|context|from-file|from-env-file)$/.test(
      word,
    )
  );
}

function operandsOf(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => !word.startsWith('-') && !takesValue(words[index - 1] ?? ''));
}

/** The namespace that a command names; undefined also where it comes from a variable. */
function namespaceOf(words: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    const value = /^-n$|^--namespace$/.test(word) ? words[index + 1] : /^(?:--namespace=|-n)(.+)$/.exec(word)?.[1];
    if (value !== undefined) return /^[a-z0-9-]+$/.test(value) ? value : undefined;
  }
  return undefined;
}

function namesOfType(workspace: Workspace, type: string, namespace: string | undefined): readonly Candidate[] {
  const name = type.toLowerCase();
  if (name === 'pod' || name === 'pods' || name === 'po') return podNames(workspace, namespace);
  const kind = kubectlKind(name);
  return kind === undefined
    ? []
    : kind === 'Namespace'
      ? namespaceCandidates(workspace)
      : objectNames(workspace, kind, namespace);
}

/** `type/name` for each object of some types. */
function slashed(workspace: Workspace, types: readonly string[], namespace: string | undefined): readonly Candidate[] {
  return distinct(
    types.flatMap(type =>
      type === 'pod' || !slashedTypes.has(type)
        ? []
        : namesOfType(workspace, type, namespace).map(one => ({ ...one, label: `${type}/${one.label}` })),
    ),
  );
}

/** Pods whose names are known beforehand: those of StatefulSets and of CloudNativePG. */
function podNames(workspace: Workspace, namespace: string | undefined): readonly Candidate[] {
  return podsIn(workspace, namespace).flatMap(({ owner }) => {
    const names =
      owner.kind === 'StatefulSet'
        ? ordinals(owner, replicasOf(owner))
        : owner.qualifiedKind === clusterKind
          ? Array.from({ length: owner.root.at('spec', 'instances').number ?? 1 }, (_, at) => `${owner.name}-${at + 1}`)
          : owner.kind === 'Pod'
            ? [owner.name]
            : [];
    return names.map(label => ({ label, kind: 'object' as const, detail: `pod of ${owner.title}`, rank: 0 as const }));
  });
}

function containerNames(workspace: Workspace, namespace: string | undefined): readonly Candidate[] {
  return distinct(
    podsIn(workspace, namespace).flatMap(({ owner }) =>
      containersOf(owner).map(({ name }) => ({
        label: name,
        kind: 'name' as const,
        detail: owner.title,
        rank: 0 as const,
      })),
    ),
  );
}

function labelPairs(workspace: Workspace, namespace: string | undefined): readonly Candidate[] {
  return distinct(
    podsIn(workspace, namespace).flatMap(({ owner, labels }) =>
      [...labels]
        .filter(([, value]) => !isPattern(value))
        .map(([key, value]) => ({
          label: `${key}=${value}`,
          kind: 'label' as const,
          detail: owner.title,
          rank: 0 as const,
        })),
    ),
  );
}

function typesFor(verb: string, action: string | undefined): readonly string[] {
  switch (verb) {
    case 'rollout':
      return ['deployment', 'statefulset', 'daemonset'];
    case 'scale':
      return action === undefined ? ['deployment', 'statefulset'] : usualTypes;
    case 'wait':
      return ['job', 'deployment', 'statefulset', 'pod', 'cluster', 'certificate'];
    case 'logs':
    case 'exec':
      return ['deployment', 'statefulset', 'daemonset', 'job'];
    case 'port-forward':
      return ['service', 'deployment', 'statefulset'];
    default:
      return usualTypes;
  }
}

const usualTypes = [
  ...['deployment', 'statefulset', 'daemonset', 'job', 'cronjob', 'pod', 'service', 'ingress', 'configmap', 'secret'],
  ...[
    'serviceaccount',
    'networkpolicy',
    'persistentvolumeclaim',
    'namespace',
    'cluster',
    'certificate',
    'clusterissuer',
  ],
];

/** Options that name files. */
const filesOf = table<Wanted>({
  '-f': 'manifests',
  '--filename': 'manifests',
  '-k': 'kustomization',
  '--kustomize': 'kustomization',
  '--from-file': 'file',
  '--from-env-file': 'file',
});

/** Types that are often written before a slash. */
const slashedTypes: ReadonlySet<string> = new Set(usualTypes);

const verbs =
  'get apply wait rollout logs exec describe create delete scale patch label annotate port-forward top run cp'.split(
    ' ',
  );
const rollouts = 'status restart undo history pause resume'.split(' ');
const created =
  'secret configmap namespace serviceaccount job cronjob deployment service ingress role rolebinding clusterrole clusterrolebinding'.split(
    ' ',
  );

/** Conditions that `kubectl wait` can wait for, with the objects that have them. */
const conditions: readonly Candidate[] = (
  [
    ['condition=complete', 'of a Job'],
    ['condition=failed', 'of a Job'],
    ['condition=ready', 'of a Pod, a Certificate or a Cluster'],
    ['condition=available', 'of a Deployment'],
    ['condition=established', 'of a CustomResourceDefinition'],
    ['delete', 'until it is gone'],
    ['create', 'until it is there'],
    ['jsonpath=', 'a field that has a value'],
  ] as const
).map(([label, detail]) => ({ label, kind: 'enum', detail, rank: 0 }));

function named(labels: readonly string[], kind: 'enum' | 'directive'): readonly Candidate[] {
  return labels.map(label => ({ label, kind, rank: 0 }));
}
