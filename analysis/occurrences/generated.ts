import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { declarationsOf, declaredNames } from '../declarations';
import { servicesOf } from '../services';
import { objectSubject, type Subject } from './occurrence';

/** The objects that an operator or controller makes from an object under names of its own: Services, Secrets, claims. */
export function madeFrom(workspace: Workspace, resource: Resource): readonly Subject[] {
  const { uri, span } = resource.root.at('metadata', 'name');
  const services = servicesOf(resource).filter(service => service.isGenerated);
  const declared = ['Secret', 'ServiceAccount', 'PersistentVolumeClaim'].flatMap(kind =>
    declaredNames(workspace, kind, resource.namespace).flatMap(name =>
      declarationsOf(workspace, kind, resource.namespace, name).some(
        // What is declared at another place than the object's name has the name that stands there.
        ({ origin, resource: maker, at }) =>
          origin === 'operator' && maker === resource && at.uri === uri && at.span.start === span.start,
      )
        ? [objectSubject(kind, resource.namespace, name)]
        : [],
    ),
  );
  return [...services.map(({ namespace, name }) => objectSubject('Service', namespace, name)), ...declared];
}

/** Those of {@link madeFrom} whose names are made of the object's, and would change with it. */
export function namedAfter(workspace: Workspace, resource: Resource): readonly Subject[] {
  return madeFrom(workspace, resource).filter(
    ({ name }) => name === resource.name || name.startsWith(`${resource.name}-`) || name.includes(`-${resource.name}-`),
  );
}
