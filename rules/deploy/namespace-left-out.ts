import type { FoundCommand } from '../../analysis/commands';
import { podsIn } from '../../analysis/pods';
import type { KubectlQuery, KubectlWait } from '../../analysis/text/cluster-commands';
import type { Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem } from '../rule';
import { isPlainName, kindNamed, podMakers } from './known-names';

/**
 * A command that names no namespace, about an object that the tree has in one. It is certain only where the other
 * commands of its file name that namespace, so that whoever runs them is not taken to have it as the default.
 */
export function* namespaceLeftOut(
  workspace: Workspace,
  found: FoundCommand,
  command: KubectlWait | KubectlQuery,
  commands: readonly FoundCommand[],
): Iterable<Problem> {
  if (command.namespace || command.allNamespaces || command.errorsIgnored) return;
  for (const { resource, name, span } of command.targets) {
    const kind = kindNamed(resource);
    if (!kind || kind.kind === 'ClusterIssuer') continue;
    const what = name
      ? isPlainName(name)
        ? `${kind.kind === 'Pod' ? 'pod' : kind.kind} ${name.value}`
        : undefined
      : undefined;
    const namespaces = name
      ? namespacesOf(workspace, kind, name.value)
      : kind.kind === 'Pod' && command.selector?.certainty === 'known'
        ? namespacesSelected(workspace, command.selector.value)
        : [];
    const [namespace, ...others] = new Set(namespaces);
    const whole = what ?? (name || !command.selector ? undefined : `pod with ${command.selector.value}`);
    if (namespace === undefined || namespace === 'default' || others.length > 0 || whole === undefined) continue;
    if (!isNamedElsewhere(found, commands, namespace)) continue;
    yield {
      at: found.place(span),
      severity: found.isShown ? 'info' : 'warning',
      message: `This names no namespace, so kubectl looks for the ${whole} where it points by itself, and it is in ${namespace} — add -n ${namespace}.`,
      fixes: () => addNamespace(found, span, namespace),
    };
    return;
  }
}

/** The namespaces of the objects of a name; one of them is undefined where an object names none. */
function namespacesOf(
  workspace: Workspace,
  { kind, group }: { readonly kind: string; readonly group: string },
  name: string,
): readonly (string | undefined)[] {
  if (kind === 'Pod') return podMakers(workspace, name).map(one => one.namespace);
  return workspace
    .resources(group === '' ? kind : `${kind}.${group}`)
    .filter(one => one.name === name)
    .map(one => one.namespace);
}

/** The namespaces of the pods that a selector of equalities finds. */
function namespacesSelected(workspace: Workspace, selector: string): readonly (string | undefined)[] {
  const pairs = selector.split(',').map(pair => /^([\w./-]+)==?([\w.-]+)$/.exec(pair));
  if (pairs.some(pair => pair === null)) return [];
  return podsIn(workspace)
    .filter(({ labels }) => pairs.every(pair => labels.get(pair?.[1] ?? '') === pair?.[2]))
    .map(one => one.namespace);
}

/** Whether other commands of the file name the namespace, and nothing of the tree makes it the default. */
function isNamedElsewhere(found: FoundCommand, commands: readonly FoundCommand[], namespace: string): boolean {
  const isNamed = commands.some(
    ({ command, file }) =>
      file === found.file &&
      'namespace' in command &&
      command.namespace?.certainty === 'known' &&
      command.namespace.value === namespace,
  );
  return isNamed && ![...new Set(commands.map(({ file }) => file))].some(({ text }) => setsDefault.test(text));
}

/** Ways to say once where kubectl is to look. */
const setsDefault =
  /\bset-context\b|\buse-context\b|\bkubens\b|\bkubectl ns\b|\balias k\w*=|\bkubectl\s*\(\)|\bfunction kubectl\b|\bKUBECTL_NAMESPACE\b/;

function addNamespace(found: FoundCommand, target: Span, namespace: string): readonly Fix[] {
  const { start, end } = found.place(target).span;
  const written = found.file.text.slice(start, end);
  if (!/^[\w./-]+(?: +[\w.-]+)?$/.test(written)) return [];
  return [
    {
      title: `Add -n ${namespace}`,
      safe: false,
      edits: [{ at: { uri: found.file.uri, span: { start: end, end } }, newText: ` -n ${namespace}` }],
    },
  ];
}
