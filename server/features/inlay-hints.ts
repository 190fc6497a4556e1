import { type InlayHint, InlayHintKind } from 'vscode-languageserver';
import { decodedSize, sizeText } from '../../analysis/describe/size';
import { containersOf, podsOf, podTemplate } from '../../analysis/pods';
import { routesOf } from '../../analysis/routes';
import { findService, podsBehind, servicesOf, targetOf } from '../../analysis/services';
import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Session } from '../session';
import type { Feature } from './feature';
import { refreshAfterChanges } from './refresh';

/** What the text means but does not say: the size of an encoded value, the number of a named port. */
export const inlayHints: Feature = {
  capabilities: () => ({ inlayHintProvider: { resolveProvider: false } }),
  offer,
};

function offer(session: Session): void {
  const { connection } = session;
  connection.languages.inlayHint.on(({ textDocument: { uri }, range }): InlayHint[] => {
    const deployment = session.isOn('inlayHints.enable') ? session.deploymentOf(uri) : undefined;
    const file = deployment?.isScanned ? deployment.workspace.file(uri) : undefined;
    if (!deployment || !file) return [];
    const [from, to] = [file.lines.offset(range.start), file.lines.offset(range.end)];
    return file.documents
      .filter(({ span }) => span.start <= to && from <= span.end)
      .flatMap(document => document.resources)
      .flatMap(resource => [...hintsOf(deployment.workspace, resource)])
      .map(({ value, text }) => ({ offset: endOf(file, value), text }))
      .filter(({ offset }) => from <= offset && offset <= to)
      .map(({ offset, text }) => ({
        position: file.lines.position(offset),
        label: text,
        kind: InlayHintKind.Type,
        paddingLeft: true,
      }));
  });
  refreshAfterChanges(
    session,
    () => session.capabilities.workspace?.inlayHint?.refreshSupport === true,
    () => connection.languages.inlayHint.refresh(),
  );
}

/** A text that stands behind a value. */
interface Hint {
  readonly value: Value;
  readonly text: string;
}

function* hintsOf(workspace: Workspace, resource: Resource): Iterable<Hint> {
  switch (resource.qualifiedKind) {
    case 'Secret':
      return yield* sizes(resource);
    case 'Service':
      return yield* targetPorts(workspace, resource);
    case 'Ingress':
      return yield* backendPorts(workspace, resource);
    default:
      if (podTemplate(resource)) yield* handlerPorts(resource);
  }
}

function* sizes(secret: Resource): Iterable<Hint> {
  for (const [, value] of secret.root.at('data').entries()) {
    const size = decodedSize(value);
    if (size !== undefined) yield { value, text: sizeText(size) };
  }
}

/** `targetPort: http` → the numbers that the pods behind the Service have under that name. */
function* targetPorts(workspace: Workspace, resource: Resource): Iterable<Hint> {
  const [service] = servicesOf(resource);
  if (!service) return;
  const pods = podsBehind(workspace, service);
  for (const port of service.ports) {
    const value = port.at?.at('targetPort');
    if (value?.string !== undefined)
      yield* portNumbers(
        value,
        pods.flatMap(one => targetOf(port, one)?.port ?? []),
      );
  }
}

function* backendPorts(workspace: Workspace, ingress: Resource): Iterable<Hint> {
  for (const { service, port } of routesOf(ingress)) {
    if (port.string === undefined || service.text === undefined) continue;
    const ports = findService(workspace, ingress.namespace, service.text)?.ports ?? [];
    yield* portNumbers(
      port,
      ports.filter(({ name }) => name === port.string).map(one => one.port),
    );
  }
}

/** Ports of probes and hooks, which are those of the same container. */
function* handlerPorts(resource: Resource): Iterable<Hint> {
  const ports = podsOf(resource).flatMap(pods => pods.ports);
  for (const { value } of containersOf(resource)) {
    const handlers = [
      ...['livenessProbe', 'readinessProbe', 'startupProbe'].map(field => value.at(field)),
      ...['postStart', 'preStop'].map(field => value.at('lifecycle', field)),
    ];
    for (const handler of handlers) {
      for (const field of ['httpGet', 'tcpSocket']) {
        const port = handler.at(field, 'port');
        if (port.string !== undefined)
          yield* portNumbers(
            port,
            ports.filter(({ name }) => name === port.string).map(one => one.port),
          );
      }
    }
  }
}

function* portNumbers(value: Value, numbers: readonly number[]): Iterable<Hint> {
  const distinct = [...new Set(numbers)];
  if (distinct.length > 0) yield { value, text: `→ ${distinct.join(' or ')}` };
}

/** Behind a value on one line; a block begins on the line of its key, and its hint stands there. */
function endOf(file: SourceFile, value: Value): number {
  const { start, end } = value.span;
  const lineEnd = file.text.indexOf('\n', start);
  const stop = lineEnd === -1 || end <= lineEnd ? end : lineEnd;
  return file.text[stop - 1] === '\r' ? stop - 1 : stop;
}
