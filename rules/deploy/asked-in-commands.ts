import type { FoundCommand } from '../../analysis/commands';
import { declarationsOf, knownKeys } from '../../analysis/declarations';
import { resolveHost, servicePort } from '../../analysis/flows/destinations';
import { findService, type Service, servicesIn } from '../../analysis/services';
import { listed } from '../../analysis/wording';
import type { Workspace } from '../../manifests/workspace';
import type { Problem } from '../rule';
import { whyUnknown } from './known-names';
import { meantName, rewrite } from './replacements';

/**
 * What a command asks for beside the objects that it names: keys of a Secret or ConfigMap, a port of a Service, and hosts
 * that a program in a pod is told to ask.
 */
export function* unknownDetails(workspace: Workspace, found: FoundCommand): Iterable<Problem> {
  const { command, file, place } = found;
  if (command.kind !== 'query' || command.namespace?.certainty !== 'known' || command.errorsIgnored) return;
  const { span } = place(command.span);
  const text = file.text.slice(span.start, span.end);
  const asked: Asked = { found, text, start: command.span.start, namespace: command.namespace.value };
  if (command.verb === 'get') yield* unknownKeys(workspace, asked);
  else if (command.verb === 'port-forward') yield* unknownPorts(workspace, asked);
  else if (command.verb === 'exec') yield* unknownHosts(workspace, asked);
}

interface Asked {
  readonly found: FoundCommand;
  /** The command as it is written. */
  readonly text: string;
  /** Where it starts in its script. */
  readonly start: number;
  readonly namespace: string;
}

/** `-o jsonpath='{.data.key}'`, where a dot in the key is escaped. */
function* unknownKeys(workspace: Workspace, { found, text, start, namespace }: Asked): Iterable<Problem> {
  const { command, place } = found;
  const [target, ...others] = command.kind === 'query' ? command.targets : [];
  const kind = target && keyedKinds.get(target.resource);
  if (!kind || !target.name || target.name.certainty !== 'known' || others.length > 0) return;
  const declared = declarationsOf(workspace, kind, namespace, target.name.value);
  if (declared.length === 0 || declared.some(one => one.keys === 'any')) return;
  const known = knownKeys(declared);
  for (const match of text.matchAll(/(\{\.data\.)((?:[\w-]|\\+\.)+)\}/g)) {
    const [, before = '', written = ''] = match;
    const key = written.replace(/\\+\./g, '.');
    if (known.size === 0 || known.has(key)) continue;
    const at = start + match.index + before.length;
    const close = meantName(key, [...known]) ?? (known.size === 1 ? [...known][0] : undefined);
    yield {
      at: place({ start: at, end: at + written.length }),
      message: `${kind} ${target.name.value} has no key ${key} — ${close ? `did you mean ${close}?` : `it has ${[...known].sort().join(', ')}.`}`,
      fixes: () =>
        close ? rewrite(found, { start: at, end: at + written.length }, written, close.replaceAll('.', '\\.')) : [],
    };
  }
}

const keyedKinds: ReadonlyMap<string, 'Secret' | 'ConfigMap'> = new Map([
  ['secret', 'Secret'],
  ['secrets', 'Secret'],
  ['configmap', 'ConfigMap'],
  ['configmaps', 'ConfigMap'],
  ['cm', 'ConfigMap'],
]);

/** `port-forward svc/x 8080:80`: the second number is a port of the Service, and kubectl stops where it has none. */
function* unknownPorts(workspace: Workspace, { found, text, start, namespace }: Asked): Iterable<Problem> {
  const [target] = found.command.kind === 'query' ? found.command.targets : [];
  if (!target?.name || !/^(?:svc|services?)$/.test(target.resource)) return;
  const service = findService(workspace, namespace, target.name.value);
  if (!service || service.ports.length === 0) return;
  const after = target.name.span.end - start;
  for (const match of text.slice(after).matchAll(/(\s(?:\d*:)?)(\d{1,5})(?=\s|$)/g)) {
    const [, before = '', written = ''] = match;
    if (/(?:timeout|-n)$/.test(text.slice(0, after + match.index)) || servicePort(service, Number(written))) continue;
    const at = start + after + match.index + before.length;
    yield {
      at: found.place({ start: at, end: at + written.length }),
      message: `Service ${service.name} has no port ${written} — ${portsOf(service)}.`,
    };
  }
}

/** The addresses in what runs in a pod, seen from its namespace. */
function* unknownHosts(workspace: Workspace, { found, text, start, namespace }: Asked): Iterable<Problem> {
  const dashes = text.indexOf(' -- ');
  if (dashes === -1 || servicesIn(workspace, namespace).length === 0) return;
  for (const match of text.matchAll(
    /(\b(?:https?|rediss?|postgres(?:ql)?):\/\/(?:[^\s/@]*@)?)([a-z][\w.-]*)(?::(\d+))?/g,
  )) {
    const [, scheme = '', host = '', port] = match;
    if (match.index < dashes || host === 'localhost') continue;
    const destination = resolveHost(workspace, namespace, host);
    const at = start + match.index + scheme.length;
    if (destination.kind === 'no-service') {
      const unknown = whyUnknown(workspace, { kind: 'Service', group: '' }, destination.namespace, destination.name);
      if (unknown)
        yield {
          at: found.place({ start: at, end: at + host.length }),
          message: `There is no Service ${destination.name}${destination.namespace ? ` in namespace ${destination.namespace}` : ''} — ${unknown.help}`,
        };
    } else if (destination.kind === 'service' && port !== undefined) {
      const { service, pods } = destination;
      const isPodPort =
        service.isHeadless &&
        (pods.length === 0 ||
          pods.some(one => one.ports.length === 0 || one.ports.some(known => known.port === Number(port))));
      if (service.ports.length === 0 || isPodPort || servicePort(service, Number(port))) continue;
      const from = at + host.length + 1;
      yield {
        at: found.place({ start: from, end: from + port.length }),
        message: `Service ${service.name} has no port ${port} — ${portsOf(service)}.`,
      };
    }
  }
}

function portsOf({ ports }: Service): string {
  return `it has ${listed([...new Set(ports.map(({ port }) => String(port)))])}`;
}
