import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { declarationsOf, declaredNames } from '../declarations';
import { servicesOf } from '../services';
import { objectSubject, type Subject } from './occurrence';

/** The objects that an operator or controller makes from an object and names after it: Services, Secrets, claims. */
export function namedAfter(workspace: Workspace, resource: Resource): readonly Subject[] {
  const services = servicesOf(resource).filter(service => service.isGenerated);
  const declared = ['Secret', 'ServiceAccount', 'PersistentVolumeClaim'].flatMap(kind =>
    declaredNames(workspace, kind, resource.namespace).flatMap(name =>
      declarationsOf(workspace, kind, resource.namespace, name).some(
        one => one.origin === 'operator' && one.resource === resource && isAfter(name, resource.name),
      )
        ? [objectSubject(kind, resource.namespace, name)]
        : [],
    ),
  );
  return [...services.map(({ namespace, name }) => objectSubject('Service', namespace, name)), ...declared];
}

function isAfter(name: string, owner: string): boolean {
  return name === owner || name.startsWith(`${owner}-`) || name.includes(`-${owner}-`);
}
