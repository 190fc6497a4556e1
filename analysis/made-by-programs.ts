import type { Resource } from '../manifests/resource';
import type { Index, Workspace } from '../manifests/workspace';
import { permissionsOf } from './permissions';
import { containersOf, podTemplate, workloadKinds } from './pods';

/**
 * Whether a program of the tree makes an object: it is told the name by its command, its arguments or a variable, and its
 * ServiceAccount may create objects of the kind there. RBAC cannot limit that to names (Kubernetes documentation, "Using
 * RBAC Authorization", "Referring to resources").
 */
export function isMadeByProgram(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): boolean {
  const resource = plurals.get(kind);
  if (resource === undefined || namespace === undefined) return false;
  if (workspace.lookup(creatingRoles, resource).length === 0) return false;
  return workloadKinds.some(one =>
    workspace.resources(one).some(workload => {
      const own = workload.namespace ?? namespace;
      if (!names(workload, name)) return false;
      const spec = podTemplate(workload)?.at('spec');
      const account = spec?.at('serviceAccountName').text ?? spec?.at('serviceAccount').text ?? 'default';
      const request = { verb: 'create', group: '', resource, name: undefined, namespace };
      return permissionsOf(workspace, own, account).allows(request) === 'yes';
    }),
  );
}

const plurals: ReadonlyMap<string, string> = new Map([
  ['Secret', 'secrets'],
  ['ConfigMap', 'configmaps'],
]);

/** Whether a container is told a name as a word of its own: `--config-map-name=config`. */
function names(workload: Resource, name: string): boolean {
  return containersOf(workload).some(({ value }) =>
    [
      ...value.at('command').items(),
      ...value.at('args').items(),
      ...value
        .at('env')
        .items()
        .map(one => one.at('value')),
    ].some(({ text }) => text?.includes(name) && text.split(/[^\w.-]+/).includes(name)),
  );
}

const creatingRoles: Index<true> = {
  name: 'roles that let somebody create Secrets or ConfigMaps',
  *resource({ group, kind, root }) {
    if (group !== 'rbac.authorization.k8s.io' || (kind !== 'Role' && kind !== 'ClusterRole')) return;
    for (const rule of root.at('rules').items()) {
      const texts = (field: string): readonly string[] =>
        rule
          .at(field)
          .items()
          .flatMap(one => one.text ?? []);
      if (!texts('verbs').some(verb => verb === 'create' || verb === '*')) continue;
      const resources = texts('resources');
      for (const resource of plurals.values())
        if (resources.includes(resource) || resources.includes('*')) yield [resource, true];
    }
  },
};
