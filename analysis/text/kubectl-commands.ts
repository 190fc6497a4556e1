import { baseName } from '../../manifests/paths';
import type { Span } from '../../manifests/span';
import type { ShellScript } from './shell';
import { type Options, readOptions } from './shell-options';

import { type RunStep, runShell } from './shell-run';
import { type ContentPiece, type RunWord, type ShellPath, scriptDirectory, wordAfter, wordPart } from './shell-values';

/** A command that makes, applies or asks for objects of a cluster. */
export type ClusterCommand =
  | KubectlCreate
  | KubectlApply
  | KubectlWait
  | KubectlLabel
  | KubectlPatch
  | KubectlQuery
  | HelmInstall
  | HelmRepository
  | PasswordFile;

interface ClusterCommandContext {
  /** The command. */
  readonly span: Span;
  readonly conditional: boolean;
  readonly looped: boolean;
  readonly errorsIgnored: boolean;
}

/** `kubectl create secret|configmap|namespace|job …`. */
export interface KubectlCreate extends ClusterCommandContext {
  readonly kind: 'create';
  /** The kind as Kubernetes spells it, where it is a common one: `Secret`, `ConfigMap`, `Namespace`. */
  readonly resource: string;
  /** `generic`, `tls` or `docker-registry`, for a Secret. */
  readonly type: string | undefined;
  readonly name: RunWord;
  readonly namespace: RunWord | undefined;
  /** The keys, never the values. */
  readonly keys: readonly CreatedKey[];
  /** All keys are in `keys`: nothing comes from a folder or from an env file. */
  readonly hasAllKeys: boolean;
  /** `--from=cronjob/x`. */
  readonly from: KubectlTarget | undefined;
  /** False for a `--dry-run` whose output nobody applies. */
  readonly happens: boolean;
}

export interface CreatedKey {
  readonly key: string;
  readonly span: Span;
  readonly from: 'literal' | 'file' | 'option';
  /** The file whose content it gets. */
  readonly path: ManifestPath | undefined;
}

/** `kubectl apply|create|replace|delete -f …`. */
export interface KubectlApply extends ClusterCommandContext {
  readonly kind: 'apply';
  readonly verb: 'apply' | 'create' | 'replace' | 'delete';
  /** The files and folders of `-f`, and those that are piped in. */
  readonly files: readonly ManifestPath[];
  /** The folders of `-k`. */
  readonly kustomizations: readonly ManifestPath[];
  /** What is piped in for `-f -`. */
  readonly manifest: readonly ContentPiece[] | undefined;
  readonly recursive: boolean;
  /** Nothing is changed: `--dry-run`. */
  readonly isDryRun: boolean;
  readonly namespace: RunWord | undefined;
  readonly selector: RunWord | undefined;
}

/** A path in a deployment tree. */
export interface ManifestPath {
  readonly path: string;
  /**
   * What it is relative to: the folder of the script, the folder in which the script is started, a folder that the
   * script does not tell (`"$DIR/x"` with `path` being `x`), or nothing (`/x`, a URL).
   */
  readonly base: 'script' | 'working-directory' | 'unknown' | 'absolute' | 'url';
  readonly certainty: ShellPath['certainty'];
  readonly hasGlob: boolean;
  readonly span: Span;
}

/** `kubectl wait` and `kubectl rollout status`. */
export interface KubectlWait extends ClusterCommandContext {
  readonly kind: 'wait';
  readonly verb: 'wait' | 'rollout';
  /** `--for`, such as `condition=complete`. */
  readonly for: RunWord | undefined;
  readonly targets: readonly KubectlTarget[];
  readonly selector: RunWord | undefined;
  readonly namespace: RunWord | undefined;
  readonly allNamespaces: boolean;
  readonly timeout: RunWord | undefined;
}

/** `job/name`, `job name`, or all of a kind. */
export interface KubectlTarget {
  /** As typed, in lower case: `job`, `deploy`, `pods`. A name alone is of kind `pod`, where kubectl takes it so. */
  readonly resource: string;
  readonly name: RunWord | undefined;
  readonly span: Span;
}

/** `kubectl label` and `kubectl annotate`. */
export interface KubectlLabel extends ClusterCommandContext {
  readonly kind: 'label';
  readonly verb: 'label' | 'annotate';
  readonly targets: readonly KubectlTarget[];
  readonly selector: RunWord | undefined;
  readonly namespace: RunWord | undefined;
  /** `value` is undefined for `key-`, which removes. */
  readonly labels: readonly { readonly key: string; readonly value: string | undefined; readonly span: Span }[];
}

export interface KubectlPatch extends ClusterCommandContext {
  readonly kind: 'patch';
  readonly targets: readonly KubectlTarget[];
  readonly namespace: RunWord | undefined;
  /** `merge`, `json` or `strategic`. */
  readonly type: string;
  readonly patch: RunWord | undefined;
}

/** Any other kubectl command that names objects: `get`, `logs`, `exec`, `delete job/x`, `scale`, `rollout restart`. */
export interface KubectlQuery extends ClusterCommandContext {
  readonly kind: 'query';
  readonly verb: string;
  /** `-c`, for the commands about a container. */
  readonly container: RunWord | undefined;
  readonly targets: readonly KubectlTarget[];
  readonly selector: RunWord | undefined;
  readonly namespace: RunWord | undefined;
  readonly allNamespaces: boolean;
}

/** `helm install` and `helm upgrade --install`. */
export interface HelmInstall extends ClusterCommandContext {
  readonly kind: 'helm';
  readonly verb: 'install' | 'upgrade' | 'template';
  readonly release: RunWord | undefined;
  readonly chart: RunWord;
  /** `--repo`. */
  readonly repository: RunWord | undefined;
  readonly version: RunWord | undefined;
  readonly namespace: RunWord | undefined;
  readonly createNamespace: boolean;
  readonly values: readonly ManifestPath[];
  readonly sets: readonly { readonly key: string; readonly value: string; readonly span: Span }[];
}

/** `helm repo add NAME URL`. */
export interface HelmRepository extends ClusterCommandContext {
  readonly kind: 'helm-repository';
  readonly name: RunWord;
  readonly url: RunWord | undefined;
}

/** `htpasswd FILE USER`. */
export interface PasswordFile extends ClusterCommandContext {
  readonly kind: 'htpasswd';
  readonly file: ManifestPath;
  readonly user: RunWord | undefined;
  /** `-c`: an existing file is written anew. */
  readonly creates: boolean;
}

/**
 * The kubectl, helm and htpasswd commands of a script, in the order in which they run, with wrapper functions entered
 * (https://kubernetes.io/docs/reference/kubectl/generated/, https://helm.sh/docs/helm/).
 */
export function kubectlCommands(script: ShellScript): readonly ClusterCommand[] {
  const found: ClusterCommand[] = [];
  const appliedPipelines = new Set<number>();
  for (const { name, args, pipeline } of script.commands) {
    if ((name === 'kubectl' || name === 'oc') && args.some(arg => /^(apply|create|replace)$/.test(arg.value))) {
      if (pipeline.position > 0) appliedPipelines.add(pipeline.index);
    }
  }
  runShell(script, step => {
    const { command, conditional, looped, errorsIgnored } = step;
    const context = { span: command.span, conditional, looped, errorsIgnored };
    const isApplied = appliedPipelines.has(command.pipeline.index) && step.piped !== undefined;
    const read = readCommand(step, context, isApplied);
    if (read) found.push(read);
  });
  return found;
}

function readCommand(step: RunStep, context: ClusterCommandContext, isApplied: boolean): ClusterCommand | undefined {
  switch (step.name) {
    case 'kubectl':
    case 'oc':
    case 'k':
      return readKubectl(step, context, isApplied);
    case 'helm':
    case 'helm3':
      return readHelm(step, context);
    case 'htpasswd': {
      const options = readOptions(step.args, { short: 'Cr' });
      const [file, user] = options.operands;
      if (!file || options.has('n')) return undefined;
      return { kind: 'htpasswd', ...context, file: manifestPath(file, step), user, creates: options.has('c') };
    }
    default:
      return undefined;
  }
}

/** Options of kubectl whose value may be the next word, by its reference. */
const kubectlOptions: readonly string[] = [
  ...[
    'namespace',
    'kubeconfig',
    'context',
    'cluster',
    'user',
    'server',
    'token',
    'request-timeout',
    'as',
    'field-selector',
  ],
  ...[
    'filename',
    'kustomize',
    'selector',
    'output',
    'timeout',
    'for',
    'from-literal',
    'from-file',
    'from-env-file',
    'from',
  ],
  ...[
    'type',
    'patch',
    'patch-file',
    'container',
    'tail',
    'since',
    'docker-server',
    'docker-username',
    'docker-password',
  ],
  ...[
    'docker-email',
    'cert',
    'key',
    'image',
    'replicas',
    'field-manager',
    'sort-by',
    'template',
    'grace-period',
    'schedule',
  ],
  ...[
    'port',
    'target-port',
    'name',
    'tcp',
    'labels',
    'env',
    'overrides',
    'restart',
    'revision',
    'to-revision',
    'limit',
  ],
  ...[
    'certificate-authority',
    'client-key',
    'client-certificate',
    'resource-version',
    'serviceaccount',
    'role',
    'verb',
  ],
];

function readKubectl(step: RunStep, context: ClusterCommandContext, isApplied: boolean): ClusterCommand | undefined {
  const dashes = step.args.findIndex(arg => arg.value === '--');
  const args = dashes === -1 ? step.args : step.args.slice(0, dashes);
  const first = readOptions(args, { short: 'ns', long: kubectlOptions }).operands[0];
  const verb = first?.value;
  if (!first || verb === undefined) return undefined;
  const rest = args.filter(arg => arg !== first);
  // `-f` follows the log in `logs -f` and names a file elsewhere; `-p` is the previous container or a patch.
  const short = `nslokcL${verb === 'logs' ? '' : 'f'}${verb === 'patch' ? 'p' : ''}`;
  const options = readOptions(rest, { short, long: kubectlOptions });
  const namespace = options.value('n', 'namespace');
  const selector = options.value('l', 'selector');
  const allNamespaces = options.has('A', 'all-namespaces');
  const isDryRun = options.has('dry-run') && options.value('dry-run')?.value !== 'none';
  const { operands } = options;

  const hasFiles = options.has('f', 'filename', 'k', 'kustomize') && verb !== 'logs';
  if (hasFiles && (verb === 'apply' || verb === 'create' || verb === 'replace' || verb === 'delete')) {
    return { kind: 'apply', ...context, verb, ...filesOf(options, step), isDryRun, namespace, selector };
  }
  switch (verb) {
    case 'create':
      return readCreate(operands, options, step, { ...context, namespace, happens: !isDryRun || isApplied });
    case 'wait':
    case 'rollout': {
      const targets = targetsOf(verb === 'rollout' ? operands.slice(1) : operands);
      const action = operands[0]?.value;
      if (verb === 'rollout' && action !== 'status')
        return {
          kind: 'query',
          ...context,
          verb: `rollout ${action}`,
          container: undefined,
          targets,
          selector,
          namespace,
          allNamespaces,
        };
      const timeout = options.value('timeout');
      return {
        kind: 'wait',
        ...context,
        verb,
        for: options.value('for'),
        targets,
        selector,
        namespace,
        allNamespaces,
        timeout,
      };
    }
    case 'label':
    case 'annotate': {
      const isLabel = (word: RunWord): boolean => /^[^=/]*(?:\/[^=]*)?=|^[\w./-]+-$/.test(word.value);
      const at = operands.findIndex((word, index) => index > 0 && isLabel(word));
      if (at === -1) return undefined;
      const targets = targetsOf(operands.slice(0, at));
      return { kind: 'label', ...context, verb, targets, selector, namespace, labels: operands.slice(at).map(labelOf) };
    }
    case 'patch': {
      const type = options.value('type')?.value ?? 'strategic';
      const patch = options.value('p', 'patch');
      return { kind: 'patch', ...context, targets: targetsOf(operands), namespace, type, patch };
    }
    default:
  }
  if (verb === 'cnpg') return readCnpg(operands, { ...context, selector, namespace, allNamespaces });
  const targets =
    verb === 'logs' || verb === 'exec' || verb === 'port-forward' ? podTargets(operands) : targetsOf(operands);
  const container = options.value('c', 'container');
  return { kind: 'query', ...context, verb, container, targets, selector, namespace, allNamespaces };
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
const clusterOperand: Readonly<Record<string, number>> = {
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
};

/** Kinds that `kubectl create` knows, as their objects spell them. */
const createdKinds: Readonly<Record<string, string>> = {
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
};

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

/** `-f a,b`. */
function separated(word: RunWord): readonly RunWord[] {
  if (!word.value.includes(',')) return [word];
  return [...word.value.matchAll(/[^,]+/g)].map(({ index, 0: part }) => wordPart(word, index, index + part.length));
}

function manifestPath(word: RunWord, step: RunStep): ManifestPath {
  if (/^[a-z][a-z+]*:\/\//.test(word.value) || isRepository(word.value)) {
    const { value, certainty, hasGlob, span } = word;
    return { path: value, base: 'url', certainty, hasGlob, span };
  }
  return fromBase(step.path(word));
}

/** A kustomization in a repository, which may be written without a scheme (kustomize documentation, "Remote targets"). */
function isRepository(text: string): boolean {
  return (
    /^(?:git@|git::|(?:github|gitlab)\.com[/:]|bitbucket\.org[/:])/.test(text) ||
    /\?(?:ref|version|timeout|submodules)=|\.git(?:\/|\?|$)/.test(text)
  );
}

function fromBase({ path, certainty, hasGlob, span }: ShellPath): ManifestPath {
  const script = `\${${scriptDirectory}}`;
  if (path === script || path.startsWith(`${script}/`)) {
    const rest = path.slice(script.length + 1) || '.';
    return { path: rest, base: 'script', certainty: rest.includes('$') ? certainty : 'known', hasGlob, span };
  }
  const unknownFolder = /^\$\{\w+\}\/(?!.*\$)/.exec(path);
  if (unknownFolder) return { path: path.slice(unknownFolder[0].length), base: 'unknown', certainty, hasGlob, span };
  const base = certainty === 'unknown' ? 'unknown' : path.startsWith('/') ? 'absolute' : 'working-directory';
  return { path, base, certainty, hasGlob, span };
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

const helmOptions: readonly string[] = [
  ...[
    'namespace',
    'values',
    'set',
    'set-string',
    'set-file',
    'set-json',
    'version',
    'repo',
    'timeout',
    'kube-context',
    'kubeconfig',
  ],
  ...[
    'username',
    'password',
    'ca-file',
    'cert-file',
    'key-file',
    'description',
    'history-max',
    'post-renderer',
    'output',
    'name-template',
  ],
];

function readHelm(step: RunStep, context: ClusterCommandContext): ClusterCommand | undefined {
  const options = readOptions(step.args, { short: 'nfo', long: helmOptions });
  const [verb, ...operands] = options.operands;
  if (verb?.value === 'repo') {
    const [add, name, url] = operands;
    return add?.value === 'add' && name ? { kind: 'helm-repository', ...context, name, url } : undefined;
  }
  if (verb?.value !== 'install' && verb?.value !== 'upgrade' && verb?.value !== 'template') return undefined;
  const isUnnamed = operands.length === 1;
  const chart = operands[isUnnamed ? 0 : 1];
  if (!chart) return undefined;
  const sets = options.values('set', 'set-string', 'set-json', 'set-file').flatMap(settings);
  return {
    kind: 'helm',
    ...context,
    verb: verb.value,
    release: isUnnamed ? undefined : operands[0],
    chart,
    repository: options.value('repo'),
    version: options.value('version'),
    namespace: options.value('n', 'namespace'),
    createNamespace: options.has('create-namespace'),
    values: options
      .values('f', 'values')
      .flatMap(separated)
      .map(word => manifestPath(word, step)),
    sets,
  };
}

/** `--set a=b,c.d={e,f}`: several settings in one word, at commas that are not escaped or in braces. */
function settings(word: RunWord): HelmInstall['sets'] {
  return [...word.value.matchAll(/([^=,]+)=(\{[^}]*\}|(?:\\.|[^,\\])*)/g)].map(
    ({ index, 0: all, 1: key = '', 2: value = '' }) => ({
      key,
      value,
      span: wordPart(word, index, index + all.length).span,
    }),
  );
}
