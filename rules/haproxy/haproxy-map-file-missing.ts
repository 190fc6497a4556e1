import { declarationsOf, mayHaveKey } from '../../analysis/declarations';
import { effectiveFile } from '../../analysis/effective';
import { backendNamed, type Haproxy, type HaproxyPart, haproxyOf, mapLines } from '../../analysis/haproxy-config';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import { packagesOf } from '../../analysis/python-packages';
import type { HaproxyMap } from '../../analysis/text/haproxy-directives';
import { insertEntry } from '../../manifests/edit';
import { baseName } from '../../manifests/paths';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'haproxy-map-file-missing',
  items: ['2.2.b.1'],
  severity: 'error',
  summary: 'haproxy.cfg reads a map file that is not there, or that names a backend that is not there.',
  why: 'Without the file HAProxy does not start. With a wrong backend in it the requests of that line are answered with 503.',
  remedy: 'Put the file into the ConfigMap that is mounted beside haproxy.cfg, and correct the names in it.',
  traps: [
    'A file on a volume that the tree does not fill, or from a ConfigMap from elsewhere, is taken to be there.',
    'Values are compared with backends only where the map chooses a backend.',
  ],
  sources: ['HAProxy configuration manual, section 7.3.1, "map"'],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            use_backend %[path,map_beg(/usr/local/etc/haproxy/routes.map,main)]
      #                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Nothing puts /usr/local/etc/haproxy/routes.map into container haproxy
          backend main
            mode http
            server main synapse-main:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            use_backend %[path,map_beg(/usr/local/etc/haproxy/routes.map,main)]
          backend main
            mode http
            server main synapse-main:8008 check
        routes.map: |
          # Each line is what to look for and its value, such as: /_matrix/client/ backend
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy) return;
    for (const part of haproxy.parts) {
      for (const map of part.section.maps) {
        if (!map.file.startsWith('/') || mayExist(workspace, haproxy, map.file)) continue;
        yield {
          at: part.place(map.fileSpan),
          message: `Nothing puts ${map.file} into container ${haproxy.container.name}, so HAProxy does not start — add it to the ConfigMap that is mounted there.`,
          fixes: () => provide(workspace, haproxy, part, map),
        };
      }
      if (!haproxy.isPartial) yield* unknownBackends(workspace, haproxy, part);
    }
  },
} satisfies Rule;

/** Reads the file of the mounted ConfigMap that the name most likely means, else adds one without a line that counts. */
function provide(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart, map: HaproxyMap): readonly Fix[] {
  const mount = mountAt(haproxy.container, map.file);
  const source = mount && volumeOf(haproxy.resource, mount.volume)?.at('configMap');
  const name = source?.at('name').string;
  if (!mount || mount.subPath !== undefined || !source || name === undefined || source.at('items').exists) return [];
  const file = map.file.slice(mount.mountPath.length + 1);
  const configMap = workspace.find('ConfigMap', haproxy.resource.namespace, name);
  const data = configMap?.root.at('data');
  if (!data || !/^[\w.-]+$/.test(file)) return [];
  const close = nearest(
    file,
    data.entries().flatMap(([key]) => (typeof key === 'string' ? key : [])),
  );
  const fixes: Fix[] = [];
  if (close !== undefined) {
    const newText = `${mount.mountPath}/${close}`;
    fixes.push({ title: `Read ${newText}`, safe: false, edits: [{ at: part.place(map.fileSpan), newText }] });
  }
  const edit = insertEntry(
    data,
    `${file}: |\n  # Each line is what to look for and its value, such as: /_matrix/client/ backend`,
  );
  if (edit) fixes.push({ title: `Add ${file} to ConfigMap ${name}`, safe: false, edits: [edit] });
  return fixes;
}

/** Values of the maps that choose a backend, which no backend is called. */
function* unknownBackends(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  for (const { backend, isDynamic, maps } of part.section.useBackends) {
    // Text around the expression makes up a part of the name.
    if (!isDynamic || !/^%\[[^\]]*\]$/.test(backend.value)) continue;
    for (const map of maps) {
      for (const { value, at } of chosen(workspace, haproxy, part, map)) {
        if (backendNamed(haproxy, value)) continue;
        const close = nearest(
          value,
          haproxy.parts.flatMap(({ section }) => (section.kind === 'backend' ? (section.name?.value ?? []) : [])),
        );
        yield {
          at,
          message: `There is no backend ${value}, so its requests are answered with 503 — ${close ? `did you mean ${close}?` : 'add it, or correct the name.'}`,
          fixes: () => (close ? [{ title: `Use ${close}`, safe: false, edits: [{ at, newText: close }] }] : []),
        };
      }
    }
  }
}

function chosen(
  workspace: Workspace,
  haproxy: Haproxy,
  part: HaproxyPart,
  map: HaproxyMap,
): readonly { readonly value: string; readonly at: Place }[] {
  const fallback =
    map.default !== undefined && map.defaultSpan ? [{ value: map.default, at: part.place(map.defaultSpan) }] : [];
  return [...(mapLines(workspace, haproxy, map) ?? []), ...fallback];
}

function mayExist(workspace: Workspace, { resource, container }: Haproxy, path: string): boolean {
  if (effectiveFile(workspace, resource, container, path)) return true;
  const mount = mountAt(container, path);
  if (!mount) return false;
  const volume = volumeOf(resource, mount.volume);
  const name = volume?.at('configMap', 'name').string ?? volume?.at('secret', 'secretName').string;
  if (!volume || name === undefined) {
    return !volume?.at('emptyDir').exists || packagesOf(workspace, resource).openVolumes.has(mount.volume);
  }
  const kind = volume.at('configMap').exists ? 'ConfigMap' : 'Secret';
  const declared = declarationsOf(workspace, kind, resource.namespace, name);
  const file = baseName(path);
  return declared.length === 0 || declared.some(one => mayHaveKey(one, file));
}
