import { baseName } from '../../manifests/paths';
import { table } from '../../manifests/table';
import type {
  ClusterCommand,
  ClusterCommandContext,
  CreatedKey,
  KubectlApply,
  KubectlCreate,
  KubectlLabel,
  KubectlQuery,
  KubectlTarget,
  ManifestPath,
} from './cluster-commands';
import { fromBase, manifestPath, separated } from './manifest-paths';
import { type Options, readOptions } from './shell-options';
import type { RunStep } from './shell-run';
import { type ContentPiece, type RunWord, wordAfter, wordPart } from './shell-values';

/** Reads a call of kubectl; `isApplied` tells whether what it prints goes to another kubectl that applies it. */
export function readKubectl(
  step: RunStep,
  context: ClusterCommandContext,
  isApplied: boolean,
): ClusterCommand | undefined {
  const dashes = step.args.findIndex(arg => arg.value === '--');
  const args = dashes === -1 ? step.args : step.args.slice(0, dashes);
  const first = readOptions(args, { short: 'ns', long: kubectlOptions }).operands[0];
  const verb = first?.value;
  if (!first || verb === undefined) return undefined;
  const rest = args.filter(arg => arg !== first);
  // `-f` follows the log in `logs -f` and names a file elsewhere; `-p` is the previous container or a patch.
  const short = `nslokcL${verb === 'logs' ? '' : 'f'}${verb === 'patch' ? 'p' : ''}`;
  const options = readOptions(rest, { short, long: kubectlOptions });
  const isDryRun = options.has('dry-run') && options.value('dry-run')?.value !== 'none';
  return readVerb({
    ...{ step, context, verb, options, isDryRun },
    happens: !isDryRun || isApplied,
    namespace: options.value('n', 'namespace'),
    selector: options.value('l', 'selector'),
    allNamespaces: options.has('A', 'all-namespaces'),
  });
}

/** A call of kubectl with what all of its commands have in common. */
interface Call {
  readonly step: RunStep;
  readonly context: ClusterCommandContext;
  readonly verb: string;
  readonly options: Options;
  readonly isDryRun: boolean;
  /** Whether something is made in the end, by this call or by the one that takes what it prints. */
  readonly happens: boolean;
  readonly namespace: RunWord | undefined;
  readonly selector: RunWord | undefined;
  readonly allNamespaces: boolean;
}

function readVerb(call: Call): ClusterCommand | undefined {
  const { step, context, verb, options, isDryRun, happens, namespace, selector, allNamespaces } = call;
  const { operands } = options;
  const hasFiles = options.has('f', 'filename', 'k', 'kustomize');
  if (hasFiles && (verb === 'apply' || verb === 'create' || verb === 'replace' || verb === 'delete'))
    return { kind: 'apply', ...context, verb, ...filesOf(options, step), isDryRun, namespace, selector };
  switch (verb) {
    case 'expose':
      return readExposed(call, targetsOf(operands)[0]?.name) ?? readQuery(call);
    case 'run':
      return (options.has('expose') ? readExposed(call, operands[0]) : undefined) ?? readQuery(call);
    case 'create':
      return readCreate(operands, options, step, { ...context, namespace, happens });
    case 'wait':
      return readWait(call, 'wait', operands);
    case 'rollout':
      return readRollout(call);
    case 'label':
    case 'annotate':
      return readLabels(call, verb);
    case 'patch': {
      const type = options.value('type')?.value ?? 'strategic';
      const patch = options.value('p', 'patch');
      return { kind: 'patch', ...context, targets: targetsOf(operands), namespace, type, patch };
    }
    case 'cp':
      return readCopy(operands, options, { ...context, selector, allNamespaces });
    case 'cnpg':
      return readCnpg(operands, { ...context, selector, namespace, allNamespaces });
    default:
      return readQuery(call);
  }
}

/** The Service that is made (kubernetes.io/docs/reference/kubectl/generated/kubectl_expose and kubectl_run). */
function readExposed(
  { context, options, namespace, happens }: Call,
  target: RunWord | undefined,
): ClusterCommand | undefined {
  const name = options.value('name') ?? target;
  if (!name) return undefined;
  const made = { resource: 'Service', type: undefined, keys: [], hasAllKeys: true, from: undefined };
  return { kind: 'create', ...context, ...made, name, namespace, happens };
}

function readWait(
  { context, options, namespace, selector, allNamespaces }: Call,
  verb: 'wait' | 'rollout',
  objects: readonly RunWord[],
): ClusterCommand {
  return {
    ...{ kind: 'wait', ...context, verb, selector, namespace, allNamespaces },
    for: options.value('for'),
    targets: targetsOf(objects),
    timeout: options.value('timeout'),
  };
}

/** `rollout status` waits; the other commands of `rollout` only ask or restart. */
function readRollout(call: Call): ClusterCommand {
  const { context, options, namespace, selector, allNamespaces } = call;
  const [action, ...objects] = options.operands;
  if (action?.value === 'status') return readWait(call, 'rollout', objects);
  const targets = targetsOf(objects);
  const verb = `rollout ${action?.value}`;
  return { kind: 'query', ...context, verb, container: undefined, targets, selector, namespace, allNamespaces };
}

function readLabels(
  { context, options, namespace, selector }: Call,
  verb: 'label' | 'annotate',
): ClusterCommand | undefined {
  const { operands } = options;
  const isLabel = (word: RunWord): boolean => /^[^=/]*(?:\/[^=]*)?=|^[\w./-]+-$/.test(word.value);
  const at = operands.findIndex((word, index) => index > 0 && isLabel(word));
  if (at === -1) return undefined;
  const targets = targetsOf(operands.slice(0, at));
  return { kind: 'label', ...context, verb, targets, selector, namespace, labels: operands.slice(at).map(labelOf) };
}

function readQuery({ context, verb, options, namespace, selector, allNamespaces }: Call): ClusterCommand {
  const { operands } = options;
  const targets =
    verb === 'logs' || verb === 'exec' || verb === 'port-forward' ? podTargets(operands) : targetsOf(operands);
  const container = options.value('c', 'container');
  const errorsIgnored = context.errorsIgnored || options.has('ignore-not-found');
  return { kind: 'query', ...context, errorsIgnored, verb, container, targets, selector, namespace, allNamespaces };
}

/** Options of kubectl whose value may be the next word, by its reference. */
const kubectlOptions: readonly string[] = (
  'namespace kubeconfig context cluster user server token request-timeout as field-selector filename kustomize ' +
  'selector output timeout for from-literal from-file from-env-file from type patch patch-file container tail ' +
  'since docker-server docker-username docker-password docker-email cert key image replicas field-manager ' +
  'sort-by template grace-period schedule port target-port name tcp labels env overrides restart revision ' +
  'to-revision limit certificate-authority client-key client-certificate resource-version serviceaccount role ' +
  'verb'
).split(' ');

/** `kubectl cp NAMESPACE/POD:PATH PATH`, or the other way round (kubectl reference, cp). */
function readCopy(
  operands: readonly RunWord[],
  options: Options,
  context: Pick<KubectlQuery, 'selector' | 'allNamespaces'> & ClusterCommandContext,
): ClusterCommand {
  const container = options.value('c', 'container');
  let namespace = options.value('n', 'namespace');
  const targets: KubectlTarget[] = [];
  for (const word of operands) {
    const [, place, pod] = /^(?:([^/:]+)\/)?([^/:]+):/.exec(word.value) ?? [];
    if (pod === undefined) continue;
    const start = place === undefined ? 0 : place.length + 1;
    const name = wordPart(word, start, start + pod.length);
    targets.push({ resource: 'pod', name, span: name.span });
    if (place !== undefined) namespace = wordPart(word, 0, place.length);
  }
  return { kind: 'query', ...context, verb: 'cp', container, targets, namespace };
}

/** The plugin of CloudNativePG, whose commands are about a cluster (cloudnative-pg docs/src/kubectl-plugin.md). */
function readCnpg(
  [action, ...operands]: readonly RunWord[],
  context: Pick<KubectlQuery, 'selector' | 'namespace' | 'allNamespaces'> & ClusterCommandContext,
): ClusterCommand | undefined {
  const at = clusterOperand[action?.value ?? ''];
  const name = at === undefined ? undefined : operands[at];
  if (!name) return undefined;
  const targets = [{ resource: 'cluster.postgresql.cnpg.io', name, span: name.span }];
  return { kind: 'query', ...context, verb: 'get', container: undefined, targets };
}

/** Which operand of its commands is the name of a cluster. */
const clusterOperand = table<number>({
  status: 0,
  psql: 0,
  promote: 0,
  restart: 0,
  reload: 0,
  backup: 0,
  destroy: 0,
  pgbench: 0,
  fencing: 1,
  hibernate: 1,
  logs: 1,
  report: 1,
});

/** Kinds that `kubectl create` knows, as their objects spell them. */
const createdKinds = table<string>({
  secret: 'Secret',
  configmap: 'ConfigMap',
  cm: 'ConfigMap',
  namespace: 'Namespace',
  ns: 'Namespace',
  serviceaccount: 'ServiceAccount',
  sa: 'ServiceAccount',
  job: 'Job',
  cronjob: 'CronJob',
  cj: 'CronJob',
  deployment: 'Deployment',
  deploy: 'Deployment',
  service: 'Service',
  svc: 'Service',
  ingress: 'Ingress',
  ing: 'Ingress',
  role: 'Role',
  rolebinding: 'RoleBinding',
  clusterrole: 'ClusterRole',
  clusterrolebinding: 'ClusterRoleBinding',
  poddisruptionbudget: 'PodDisruptionBudget',
  pdb: 'PodDisruptionBudget',
});

function readCreate(
  operands: readonly RunWord[],
  options: Options,
  step: RunStep,
  context: ClusterCommandContext & Pick<KubectlCreate, 'namespace' | 'happens'>,
): ClusterCommand | undefined {
  const [typed, ...rest] = operands;
  const resource = createdKinds[typed?.value ?? ''] ?? typed?.value;
  if (!typed || resource === undefined) return undefined;
  const hasType = resource === 'Secret' || resource === 'Service';
  const type = hasType ? rest[0]?.value : undefined;
  const name = rest[hasType ? 1 : 0];
  if (!name) return undefined;
  const keys: CreatedKey[] = [];
  let hasAllKeys = !options.has('from-env-file');
  for (const literal of options.values('from-literal')) {
    const end = literal.value.indexOf('=');
    if (end > 0)
      keys.push({
        key: literal.value.slice(0, end),
        span: wordPart(literal, 0, end).span,
        from: 'literal',
        path: undefined,
      });
  }
  for (const file of options.values('from-file')) {
    const equals = file.value.indexOf('=');
    const source = equals > 0 ? wordAfter(file, equals + 1) : file;
    const path = manifestPath(source, step);
    const key = equals > 0 ? file.value.slice(0, equals) : baseName(path.path);
    // A folder gives a key per file. By its name alone a folder cannot be told from a file; a trailing slash or a
    // last part without a dot is taken for one.
    const mayBeFolder = equals <= 0 && (/\/\.?$/.test(source.value) || !/[.*?]/.test(key) || source.hasGlob);
    if (mayBeFolder) hasAllKeys = false;
    if (!/\/\.?$/.test(source.value))
      keys.push({ key, span: equals > 0 ? wordPart(file, 0, equals).span : source.span, from: 'file', path });
  }
  if (type === 'tls') {
    for (const [key, option] of [
      ['tls.crt', 'cert'],
      ['tls.key', 'key'],
    ] as const) {
      const value = options.value(option);
      if (value) keys.push({ key, span: value.span, from: 'option', path: manifestPath(value, step) });
    }
  } else if (type === 'docker-registry' && keys.length === 0) {
    keys.push({ key: '.dockerconfigjson', span: name.span, from: 'option', path: undefined });
  }
  const from = options.value('from');
  const [fromTarget] = from ? targetsOf([from]) : [];
  return { kind: 'create', ...context, resource, type, name, keys, hasAllKeys, from: fromTarget };
}

function filesOf(
  options: Options,
  step: RunStep,
): Pick<KubectlApply, 'files' | 'kustomizations' | 'manifest' | 'recursive'> {
  const words = options.values('f', 'filename');
  const readsInput = words.some(word => word.value === '-' || word.value === '/dev/stdin');
  const named = words.filter(word => word.value !== '-' && word.value !== '/dev/stdin').flatMap(separated);
  const manifest = readsInput ? (step.stdin ?? []) : undefined;
  return {
    files: [...named.map(word => manifestPath(word, step)), ...filesIn(manifest ?? [])],
    kustomizations: options.values('k', 'kustomize').map(word => manifestPath(word, step)),
    manifest,
    recursive: options.has('R', 'recursive'),
  };
}

function filesIn(content: readonly ContentPiece[]): readonly ManifestPath[] {
  return content.flatMap(piece => {
    if (piece.kind === 'filtered') return filesIn(piece.content);
    return piece.kind === 'file' ? [fromBase(piece.path)] : [];
  });
}

/** `job/a deploy/b`, `job a b`, `pods`, `sts,deploy`. */
function targetsOf(operands: readonly RunWord[]): readonly KubectlTarget[] {
  const [first, ...names] = operands;
  if (!first) return [];
  if (operands.every(word => word.value.includes('/'))) return operands.map(slashed);
  const resources = first.value.toLowerCase().split(',');
  if (names.length === 0) return resources.map(resource => ({ resource, name: undefined, span: first.span }));
  return resources.flatMap(resource => names.map(name => ({ resource, name, span: name.span })));
}

/** `logs x`, `exec x` and `port-forward x` mean a pod. */
function podTargets([first]: readonly RunWord[]): readonly KubectlTarget[] {
  if (!first) return [];
  return [first.value.includes('/') ? slashed(first) : { resource: 'pod', name: first, span: first.span }];
}

function slashed(word: RunWord): KubectlTarget {
  const slash = word.value.indexOf('/');
  const name = slash + 1 < word.value.length ? wordAfter(word, slash + 1) : undefined;
  return { resource: word.value.slice(0, slash).toLowerCase(), name, span: word.span };
}

function labelOf({ value, span }: RunWord): KubectlLabel['labels'][number] {
  const equals = value.indexOf('=');
  if (equals === -1) return { key: value.replace(/-$/, ''), value: undefined, span };
  return { key: value.slice(0, equals), value: value.slice(equals + 1), span };
}
