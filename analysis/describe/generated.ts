import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { declaredBy } from '../declarations';
import { podsOf } from '../pods';
import { servicesOf } from '../services';
import { count, few } from '../wording';
import { bullets, code, headline, paragraphs } from './markdown';
import { isolatingPolicies, namesOf } from './pods';
import { portText } from './service';

/** What a controller makes from an object, such as the Services and Secrets of a database cluster; undefined if nothing. */
export function generatedText(workspace: Workspace, resource: Resource): string | undefined {
  const declared = declaredBy(resource);
  const made = [...declared].filter(({ origin }) => origin === 'operator');
  const services = servicesOf(resource).filter(({ isGenerated }) => isGenerated);
  const pods = podsOf(resource).filter(({ template }) => template === undefined);
  const kinds = [...new Set(made.map(({ kind }) => kind))];
  const lines = [
    ...services.map(
      service => `Service ${code(service.name)}: ${few(service.ports.map(port => portText(workspace, service, port)))}`,
    ),
    ...kinds.flatMap(kind => {
      const names = made.filter(one => one.kind === kind);
      return kind === 'Secret'
        ? names.map(
            ({ name, keys }) => `Secret ${code(name)}${keys === 'any' ? '' : ` with ${few([...keys].map(code), 5)}`}`,
          )
        : [`${kind} ${few([...new Set(names.map(({ name }) => code(name)))])}`];
    }),
    ...pods.map(
      ({ replicas, labels }) =>
        `${count(replicas, 'pod')} with ${few([...labels].map(([key, value]) => code(`${key}=${value}`)))}`,
    ),
  ];
  return lines.length === 0 ? undefined : `Its controller makes\n\n${bullets(lines)}`;
}

/** An object of an operator: what is made from it and which policies isolate its pods. */
export function describeCustom(workspace: Workspace, resource: Resource): string {
  const pods = podsOf(resource);
  const policies = namesOf(isolatingPolicies(workspace, pods)).map(code);
  return paragraphs(
    headline(resource.kind, resource.name, resource.namespace),
    generatedText(workspace, resource),
    pods.length === 0
      ? undefined
      : policies.length > 0
        ? `Isolated by ${count(policies.length, 'NetworkPolicy', 'NetworkPolicies')}: ${few(policies, 8)}.`
        : 'No NetworkPolicy of the tree isolates its pods.',
  );
}
