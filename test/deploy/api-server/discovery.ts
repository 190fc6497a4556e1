import { groupVersion, type ResourceType, root } from './resources';

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

/** The media type by which kubectl asks for all groups at once, and by which it recognizes the answer. */
export const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Answer to `/api` or `/apis` for a client that accepts aggregated discovery. */
export function aggregatedDiscovery(types: readonly ResourceType[], core: boolean): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groupNames(types)
      .filter(name => (name === '') === core)
      .map(name => ({
        metadata: { name: name === '' ? undefined : name },
        versions: versions(types, name).map(version => ({
          version,
          freshness: 'Current',
          resources: types
            .filter(type => type.group === name && type.version === version)
            .map(type => ({
              resource: type.plural,
              responseKind: { group: type.group, version: type.version, kind: type.kind },
              scope: type.namespaced ? 'Namespaced' : 'Cluster',
              singularResource: type.kind.toLowerCase(),
              verbs,
              shortNames: type.shortNames,
            })),
        })),
      })),
  };
}

/** Answer to `/api`, `/apis`, `/api/v1` and `/apis/GROUP/VERSION` in their old forms; undefined for other paths. */
export function plainDiscovery(types: readonly ResourceType[], path: string): object | undefined {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groupNames(types)
        .filter(name => name !== '')
        .map(name => {
          const served = versions(types, name).map(version => ({ groupVersion: `${name}/${version}`, version }));
          return { name, versions: served, preferredVersion: served[0] };
        }),
    };
  const inside = types.filter(type => root(type) === path);
  if (inside[0] === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(inside[0]),
    resources: inside.map(type => ({
      name: type.plural,
      singularName: type.kind.toLowerCase(),
      namespaced: type.namespaced,
      kind: type.kind,
      verbs,
      shortNames: type.shortNames,
    })),
  };
}

/**
 * Answer to `/openapi/v3` and below. Without schemas; kubectl only wants to see that the server itself validates
 * fields (`fieldValidation`) and takes server-side apply.
 */
export function openApi(types: readonly ResourceType[], path: string): object | undefined {
  if (path === '/openapi/v3') {
    const roots = [...new Set(types.map(root))];
    return { paths: Object.fromEntries(roots.map(r => [r.slice(1), { serverRelativeURL: `/openapi/v3${r}?hash=1` }])) };
  }
  const inside = types.filter(type => path === `/openapi/v3${root(type)}`);
  if (inside.length === 0) return undefined;
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map(name => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string' },
  }));
  const paths = inside.map(type => [
    `${root(type)}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.plural}/{name}`,
    {
      patch: {
        'x-kubernetes-action': 'patch',
        'x-kubernetes-group-version-kind': { group: type.group, version: type.version, kind: type.kind },
        parameters,
        responses: {},
      },
    },
  ]);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'test' },
    paths: Object.fromEntries(paths),
    components: { schemas: {} },
  };
}

/** Media type of {@link openApiV2}; the form that kubectl itself asks for, with `@v1.0`, is one it cannot parse. */
export const openApiV2Type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/**
 * Answer to `/openapi/v2`, which kubectl reads for kinds that version 3 does not describe: a protocol buffer with the
 * fields swagger (1), info (2) and paths (8), and nothing in them.
 */
export const openApiV2 = Buffer.concat([
  Buffer.from([0x0a, 3]),
  Buffer.from('2.0'),
  Buffer.from([0x12, 10, 0x0a, 4]),
  Buffer.from('test'),
  Buffer.from([0x12, 2]),
  Buffer.from('v1'),
  Buffer.from([0x42, 0]),
]);

function groupNames(types: readonly ResourceType[]): string[] {
  return [...new Set(types.map(type => type.group))];
}

function versions(types: readonly ResourceType[], group: string): string[] {
  return [...new Set(types.filter(type => type.group === group).map(type => type.version))];
}
