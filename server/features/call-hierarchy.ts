import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CallHierarchyOutgoingCall,
  Range,
} from 'vscode-languageserver';
import {
  type FlowEnd,
  flowSourceKinds,
  flowsFrom,
  flowsOf,
  isExternal,
  type RequiredFlow,
  verdictOf,
} from '../../analysis/flows';
import { occurrencesAt } from '../../analysis/occurrences/find';
import { podsOf } from '../../analysis/pods';
import { findService, podsBehind, servicesOf, targetOf } from '../../analysis/services';
import { groupedBy } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { pointedAt } from '../at';
import { resourceAt, resourceNamed } from '../resources';
import type { Session } from '../session';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';
import { symbolKindOf } from './symbols';

/** Who connects to a workload or Service, and what it needs itself, shown as a call hierarchy. */
export const callHierarchy: Feature = {
  capabilities: () => ({ callHierarchyProvider: true }),
  offer(session) {
    const { languages } = session.connection;
    languages.callHierarchy.onPrepare((params): CallHierarchyItem[] | null => {
      const at = pointedAt(session, params);
      if (!at) return null;
      const named = occurrencesAt(at.workspace, at.file, at.offset)
        .filter(({ subject }) => subject.kind === 'object')
        .flatMap(
          ({ subject }) =>
            resourceNamed(at.workspace, subject) ?? makerOf(at.workspace, subject.id, subject.namespace) ?? [],
        );
      const around = resourceAt(at.file, at.offset);
      const connected = [...named, ...(around ? [around] : [])].find(
        one => flowSourceKinds.includes(one.qualifiedKind) || ownersBehind(at.workspace, one).length > 0,
      );
      return connected ? [itemOf(at.workspace, connected)] : null;
    });
    languages.callHierarchy.onIncomingCalls(({ item }): CallHierarchyIncomingCall[] => {
      const found = itemResource(session, item);
      return found ? incoming(found.workspace, found.resource) : [];
    });
    languages.callHierarchy.onOutgoingCalls(({ item }): CallHierarchyOutgoingCall[] => {
      const found = itemResource(session, item);
      return found ? outgoing(found.workspace, found.resource) : [];
    });
  },
};

function incoming(workspace: Workspace, resource: Resource): CallHierarchyIncomingCall[] {
  const flows = flowsOf(workspace).filter(flow => leadsTo(workspace, flow, resource));
  const callers = groupedBy(flows, ({ from, source }) => endKey(from, source));
  return [...callers.values()].map(group => {
    const [first] = group;
    const from = itemOfEnd(workspace, first.from, first.source, group);
    const caller = isExternal(first.from) ? first.source : first.from.owner;
    return { from, fromRanges: rangesIn(workspace, group, caller.uri) };
  });
}

function outgoing(workspace: Workspace, resource: Resource): CallHierarchyOutgoingCall[] {
  const owners = ownersBehind(workspace, resource);
  const flows = [...new Set([resource, ...owners])]
    .flatMap(owner => flowsFrom(workspace, owner))
    .filter(({ from, source }) => source === resource || isExternal(from) || owners.includes(from.owner));
  const called = groupedBy(flows, ({ to, source }) => endKey(to, source));
  return [...called.values()].map(group => ({
    to: itemOfEnd(workspace, group[0].to, group[0].source, group),
    fromRanges: rangesIn(workspace, group, resource.uri),
  }));
}

/** Whether a connection ends at the pods of a workload, or at a port that a Service has of its pods. */
function leadsTo(workspace: Workspace, { to, port, alternativePorts }: RequiredFlow, resource: Resource): boolean {
  if (isExternal(to)) return false;
  if (resource.qualifiedKind !== 'Service') return podsOf(resource).some(pods => pods.owner === to.owner);
  const [service] = servicesOf(resource);
  if (!service || !podsBehind(workspace, service).some(pods => pods.owner === to.owner)) return false;
  // A headless Service gives the addresses of its pods, whatever the port.
  const ports = service.ports.map(one => targetOf(one, to)?.port);
  return service.isHeadless || [port, ...alternativePorts].some(one => ports.includes(one));
}

/** The objects whose pods a workload or Service stands for. */
function ownersBehind(workspace: Workspace, resource: Resource): readonly Resource[] {
  if (resource.qualifiedKind !== 'Service') return podsOf(resource).map(pods => pods.owner);
  const [service] = servicesOf(resource);
  return service ? [...new Set(podsBehind(workspace, service).map(pods => pods.owner))] : [];
}

/** What makes a Service that is not written. */
function makerOf(workspace: Workspace, id: string, namespace: string | undefined): Resource | undefined {
  const name = /^Service\/(.+)$/.exec(id)?.[1];
  return name === undefined ? undefined : findService(workspace, namespace, name)?.resource;
}

function itemOf(workspace: Workspace, resource: Resource, detail?: string): CallHierarchyItem {
  const { file } = resource.document;
  const selection = resource.root.at('metadata', 'name').span;
  const whole = resource.root.span;
  return {
    name: `${resource.kind} ${resource.name}`,
    kind: symbolKindOf(resource.kind),
    detail: detail ?? resource.namespace ?? '',
    uri: workspace.file(resource.uri)?.uri ?? resource.uri,
    range: toRange(file, { start: Math.min(whole.start, selection.start), end: Math.max(whole.end, selection.end) }),
    selectionRange: toRange(file, selection),
    data: { kind: resource.qualifiedKind, namespace: resource.namespace, name: resource.name } satisfies ItemData,
  };
}

/** An end outside of the tree has no manifest; it stands for what the object that needs the connection says. */
function itemOfEnd(
  workspace: Workspace,
  end: FlowEnd,
  source: Resource,
  flows: readonly RequiredFlow[],
): CallHierarchyItem {
  const detail = [...new Set(flows.map(flow => describe(workspace, flow)))].join('; ');
  if (!isExternal(end)) return itemOf(workspace, end.owner, detail);
  return { ...itemOf(workspace, source, detail), name: end.name };
}

/** `5432/TCP: database.args.host in homeserver.yaml`, and what NetworkPolicies say if they forbid it. */
function describe(workspace: Workspace, flow: RequiredFlow): string {
  const blocked = verdictOf(workspace, flow).result === 'denied' ? ', blocked by a NetworkPolicy' : '';
  return `${flow.port}/${flow.protocol}: ${flow.why}${blocked}`;
}

/** The places in one file that say so; editors show them only there. */
function rangesIn(workspace: Workspace, flows: readonly RequiredFlow[], uri: string): Range[] {
  const file = workspace.file(uri);
  return file ? flows.filter(({ at }) => at.uri === uri).map(({ at }) => toRange(file, at.span)) : [];
}

function endKey(end: FlowEnd, source: Resource): string {
  return isExternal(end)
    ? `external ${end.name} ${source.uri} ${source.title}`
    : `${end.owner.uri} ${end.owner.qualifiedKind}/${end.owner.name}`;
}

interface ItemData {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** The object that an item stands for, found anew, because the tree may have changed since. */
function itemResource(
  session: Session,
  { uri, data }: CallHierarchyItem,
): { readonly workspace: Workspace; readonly resource: Resource } | undefined {
  const workspace = session.deploymentOf(uri)?.workspace;
  const { kind, namespace, name } = (data ?? {}) as Partial<ItemData>;
  const resource = kind && name ? workspace?.find(kind, namespace, name) : undefined;
  return workspace && resource ? { workspace, resource } : undefined;
}
