import { escapeRegExp } from '../../manifests/escape-reg-exp';
import type { SourceFile } from '../../manifests/file';
import type { Place, Span } from '../../manifests/span';
import { commandsIn, type FoundCommand } from '../commands';
import type { RunWord } from '../text/shell-values';
import { keySubject, type Occurrence, objectSubject } from './occurrence';

/** The objects that the kubectl commands of a script or of a Markdown file name. */
export function* commandsNaming(file: SourceFile): Iterable<Occurrence> {
  for (const found of commandsIn(file)) {
    const { command } = found;
    if (!('namespace' in command)) continue;
    const namespace = nameIn(command.namespace);
    if (namespace !== undefined) yield* ofWord(found, command.namespace, 'Namespace', undefined, 'reference');
    if (command.kind === 'create') {
      yield* ofWord(
        found,
        command.name,
        command.resource,
        namespace,
        found.isShown || !command.happens ? 'reference' : 'definition',
      );
      const name = nameIn(command.name);
      for (const { key, span } of name === undefined ? [] : command.keys) {
        const at = letters(found, span, key);
        if (at) yield { subject: keySubject(command.resource, namespace, name ?? '', key), at, role: 'reference' };
      }
    } else if ('targets' in command) {
      for (const target of command.targets) {
        const kind = kubectlKind(target.resource);
        if (kind) yield* ofWord(found, target.name, kind, namespace, 'reference');
      }
    }
  }
}

function* ofWord(
  found: FoundCommand,
  word: RunWord | undefined,
  kind: string,
  namespace: string | undefined,
  role: Occurrence['role'],
): Iterable<Occurrence> {
  const name = nameIn(word);
  const at = word && name !== undefined ? letters(found, writtenAt(word), name) : undefined;
  if (at && name !== undefined) yield { subject: objectSubject(kind, namespace, name), at, role };
}

/** A name that the script says, also as a default; what only the environment tells, or a pattern, is none. */
function nameIn(word: RunWord | undefined): string | undefined {
  return word && word.certainty !== 'unknown' && !word.hasGlob && /^[a-z0-9][a-z0-9.-]*$/.test(word.value)
    ? word.value
    : undefined;
}

/** Where the value of a word is written: of `$NAMESPACE` the default in `NAMESPACE=${NAMESPACE:-matrix}`. */
function writtenAt({ pieces, span }: RunWord): Span {
  const [piece, ...others] = pieces;
  if (piece?.kind !== 'variable' || others.length > 0) return span;
  const [fallback, ...more] = piece.fallback ?? [];
  return fallback?.kind === 'text' && more.length === 0 ? fallback.span : span;
}

/** The letters of a name inside a word such as `secret/name` or `--from-literal=name=value`. */
function letters({ file, place }: FoundCommand, span: Span, name: string): Place | undefined {
  const whole = place(span);
  const text = file.text.slice(whole.span.start, whole.span.end);
  const at = text.search(new RegExp(`(?<![\\w-])${escapeRegExp(name)}(?![\\w-])`));
  if (at === -1) return undefined;
  const start = whole.span.start + at;
  return { uri: whole.uri, span: { start, end: start + name.length } };
}

/** The kind that kubectl means by a name of a resource type (https://kubernetes.io/docs/reference/kubectl/#resource-types). */
export function kubectlKind(resource: string): string | undefined {
  const [name = '', ...group] = resource.split('.');
  const kind = kinds.get(name) ?? kinds.get(name.replace(/s$/, ''));
  return kind === undefined || group.length === 0 || kind.includes('.') ? kind : undefined;
}

const kinds: ReadonlyMap<string, string> = new Map([
  ['secret', 'Secret'],
  ['configmap', 'ConfigMap'],
  ['cm', 'ConfigMap'],
  ['service', 'Service'],
  ['svc', 'Service'],
  ['deployment', 'Deployment'],
  ['deploy', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['sts', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['ds', 'DaemonSet'],
  ['job', 'Job'],
  ['cronjob', 'CronJob'],
  ['cj', 'CronJob'],
  ['namespace', 'Namespace'],
  ['ns', 'Namespace'],
  ['serviceaccount', 'ServiceAccount'],
  ['sa', 'ServiceAccount'],
  ['ingress', 'Ingress'],
  ['ing', 'Ingress'],
  ['networkpolicy', 'NetworkPolicy'],
  ['networkpolicies', 'NetworkPolicy'],
  ['netpol', 'NetworkPolicy'],
  ['persistentvolumeclaim', 'PersistentVolumeClaim'],
  ['pvc', 'PersistentVolumeClaim'],
  ['storageclass', 'StorageClass'],
  ['storageclasses', 'StorageClass'],
  ['cluster', 'Cluster.postgresql.cnpg.io'],
  ['certificate', 'Certificate.cert-manager.io'],
  ['clusterissuer', 'ClusterIssuer.cert-manager.io'],
  ['tenant', 'Tenant.minio.min.io'],
]);
