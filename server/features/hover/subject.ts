import { declarationsOf } from '../../../analysis/declarations';
import { connectionText, unknownHostText } from '../../../analysis/describe/connection';
import { describeCustom, generatedText } from '../../../analysis/describe/generated';
import { describeLabel } from '../../../analysis/describe/label';
import { code, headline, linkTo, paragraphs, titleOf } from '../../../analysis/describe/markdown';
import { describeMonitor } from '../../../analysis/describe/monitor';
import { describeWorkload } from '../../../analysis/describe/pods';
import { describePolicy } from '../../../analysis/describe/policy';
import {
  declaredText,
  describeConfigMapKey,
  describeDataObject,
  describeSecretKey,
} from '../../../analysis/describe/secret';
import { describeService, portText } from '../../../analysis/describe/service';
import { describeClaim, describeStorageClass } from '../../../analysis/describe/storage';
import { describeUses, usesOf } from '../../../analysis/describe/uses';
import { describeVariable } from '../../../analysis/describe/variable';
import { describeVolume } from '../../../analysis/describe/volume';
import { environmentOf } from '../../../analysis/environment';
import { definitionsOf } from '../../../analysis/occurrences/definitions';
import { occurrencesOf } from '../../../analysis/occurrences/find';
import type { Occurrence, Subject } from '../../../analysis/occurrences/occurrence';
import { containersOf, podsIn, podsOf, podTemplate } from '../../../analysis/pods';
import { findService, podsBehind, targetOf } from '../../../analysis/services';
import { count, few } from '../../../analysis/wording';
import type { Resource } from '../../../manifests/resource';
import type { Workspace } from '../../../manifests/workspace';
import type { PointedAt } from '../../at';

/** What the name at a position stands for, as Markdown; undefined where there is nothing to say of it. */
export function subjectText(pointed: PointedAt, occurrence: Occurrence): string | undefined {
  const { workspace } = pointed;
  const { subject, role } = occurrence;
  switch (subject.kind) {
    case 'object':
      return objectText(pointed, subject);
    case 'key':
      return keyText(workspace, subject);
    case 'port':
      return namedPortText(workspace, subject);
    case 'variable':
      return variableText(workspace, subject, role === 'definition');
    case 'volume':
      return volumeText(workspace, subject);
    case 'label':
      return role === 'definition' ? labelText(workspace, subject) : undefined;
    case 'worker':
      return partText(workspace, 'Synapse process', occurrence);
    case 'haproxy':
      return partText(workspace, 'HAProxy', occurrence);
    default:
      return undefined;
  }
}

/** An object of any kind as Markdown, by what it does for others. */
export function resourceText(workspace: Workspace, resource: Resource): string {
  const { namespace, name } = resource;
  switch (resource.qualifiedKind) {
    case 'Secret':
    case 'ConfigMap':
      return describeDataObject(workspace, resource.qualifiedKind, namespace, name);
    case 'NetworkPolicy':
      return describePolicy(workspace, resource);
    case 'PersistentVolumeClaim':
      return describeClaim(workspace, namespace, name);
    case 'StorageClass':
      return describeStorageClass(workspace, name);
    case 'Namespace':
      return namespaceText(workspace, name);
    case 'Service': {
      const service = findService(workspace, namespace, name);
      return service ? describeService(workspace, service) : headline('Service', name, namespace);
    }
  }
  const monitor = describeMonitor(workspace, resource);
  if (monitor !== undefined) return monitor;
  if (podTemplate(resource))
    return paragraphs(describeWorkload(workspace, resource, podsOf(resource)), generatedText(workspace, resource));
  return paragraphs(describeCustom(workspace, resource), usedText(workspace, resource));
}

function objectText(pointed: PointedAt, { id, namespace, name }: Subject): string | undefined {
  const { workspace, file, offset } = pointed;
  const kind = id.slice(0, -name.length - 1);
  if (kind === 'Service') {
    const service = findService(workspace, namespace, name);
    return paragraphs(
      service
        ? describeService(workspace, service)
        : paragraphs(headline('Service', name, namespace), unknownHostText(name)),
      connectionText(workspace, file, offset),
    );
  }
  if (kind === 'Secret' || kind === 'ConfigMap') return describeDataObject(workspace, kind, namespace, name);
  if (kind === 'PersistentVolumeClaim') return describeClaim(workspace, namespace, name);
  if (kind === 'StorageClass') return describeStorageClass(workspace, name);
  if (kind === 'Namespace') return namespaceText(workspace, name);
  const resource = workspace.find(kind, namespace, name);
  if (resource) return paragraphs(resourceText(workspace, resource), writtenText(workspace, resource, pointed));
  const [plainKind = kind] = kind.split('.');
  return paragraphs(
    headline(plainKind, name, namespace),
    declaredText(workspace, declarationsOf(workspace, plainKind, namespace, name)),
  );
}

/** Where an object is written, unless the position is there. */
function writtenText(workspace: Workspace, resource: Resource, { file, offset }: PointedAt): string | undefined {
  const at = resource.root.at('metadata', 'name');
  const isHere = at.uri === file.uri && at.span.start <= offset && offset <= at.span.end;
  return isHere ? undefined : `Written in ${linkTo(workspace, at)}.`;
}

function keyText(workspace: Workspace, { id, namespace, name: key }: Subject): string {
  const object = id.slice(0, -key.length - 1);
  const name = object.slice(object.indexOf('/') + 1);
  return object.startsWith('Secret/')
    ? describeSecretKey(workspace, namespace, name, key)
    : describeConfigMapKey(workspace, namespace, name, key);
}

function namedPortText(workspace: Workspace, { id, namespace, name }: Subject): string | undefined {
  const [, kind = '', owner = ''] = /^([^/]+)\/([^/:]+):/.exec(id) ?? [];
  if (kind === 'Service') {
    const service = findService(workspace, namespace, owner);
    const port = service?.ports.find(one => one.name === name);
    if (!service || !port) return undefined;
    const pods = podsBehind(workspace, service).filter(one => targetOf(port, one));
    return paragraphs(
      `**Port** ${portText(workspace, service, port)} of Service ${code(owner)}`,
      pods.length > 0 ? `Of ${few(pods.map(one => titleOf(one.owner)))}.` : undefined,
    );
  }
  const resource = workspace.find(kind, namespace, owner);
  const port = resource && podsOf(resource).flatMap(({ ports }) => ports.filter(one => one.name === name))[0];
  return resource && port
    ? `**Port** ${code(name)} of ${titleOf(resource)}: ${port.port}${port.protocol === 'TCP' ? '' : `/${port.protocol}`}`
    : undefined;
}

function variableText(
  workspace: Workspace,
  { id, namespace, name }: Subject,
  isDefinition: boolean,
): string | undefined {
  const [, kind = '', owner = '', container = ''] = /^([^/]+)\/([^/]+)\/([^/$]+)\$/.exec(id) ?? [];
  const resource = workspace.find(kind, namespace, owner);
  const found = resource && containersOf(resource).find(one => one.name === container);
  const variable = found && environmentOf(workspace, resource, found).variables.get(name);
  return variable && describeVariable(workspace, resource, variable, isDefinition);
}

function labelText(workspace: Workspace, subject: Subject): string {
  const references = occurrencesOf(workspace, subject).filter(({ role }) => role === 'reference');
  return describeLabel(
    workspace,
    subject.id,
    references.map(({ at }) => at),
  );
}

/** A name inside a configuration: where it is defined, and how often it is named. */
function partText(workspace: Workspace, what: string, occurrence: Occurrence): string | undefined {
  const { subject } = occurrence;
  const definitions = definitionsOf(workspace, occurrence);
  const references = occurrencesOf(workspace, subject).filter(({ role }) => role === 'reference');
  return paragraphs(
    `**${what}** ${code(subject.name)}`,
    definitions.length > 0
      ? `Defined in ${few(
          definitions.map(place => linkTo(workspace, place)),
          3,
        )}.`
      : 'Nothing in the tree defines it.',
    `Named in ${count(references.length, 'other place')}.`,
  );
}

function volumeText(workspace: Workspace, { id, namespace, name }: Subject): string | undefined {
  const [, kind = '', owner = ''] = /^([^/]+)\/([^/]+)\/volume\//.exec(id) ?? [];
  const resource = workspace.find(kind, namespace, owner);
  return resource && describeVolume(resource, name);
}

function namespaceText(workspace: Workspace, name: string): string {
  const workloads = new Set(podsIn(workspace, name).map(({ owner }) => owner));
  const policies = workspace.resources('NetworkPolicy').filter(({ namespace }) => namespace === name);
  const declared = declarationsOf(workspace, 'Namespace', undefined, name);
  return paragraphs(
    headline('Namespace', name, undefined),
    declared.length > 0 ? declaredText(workspace, declared) : 'The tree does not make it.',
    `${count(workloads.size, 'workload')} and ${count(policies.length, 'NetworkPolicy', 'NetworkPolicies')} of the tree are in it.`,
  );
}

/** Who uses an issuer or a ServiceAccount. */
function usedText(workspace: Workspace, { kind, namespace, name }: Resource): string | undefined {
  return kind === 'Issuer' || kind === 'ClusterIssuer' || kind === 'ServiceAccount'
    ? describeUses(usesOf(workspace, kind, kind === 'ClusterIssuer' ? undefined : namespace, name))
    : undefined;
}
