import { isBelow, type Mount, mountsOf, volumeOf } from '../../analysis/mounts';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { deleteEntry, insertItem, quoted, replaceEntry } from '../../manifests/edit';
import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Fix, Rule } from '../rule';

export default {
  id: 'volume-mount-nested',
  items: [],
  severity: 'error',
  summary: 'A single file is mounted into the folder of another ConfigMap or Secret volume.',
  why: 'The kubelet makes a mount point in the outer volume, and it always makes a folder. The container runtime then has to put a file on a folder and gives up with "not a directory": the container never starts.',
  remedy:
    'Make one `projected` volume of both sources, or mount the file at a path outside of the other volume’s folder and let scripts read it there.',
  traps: [
    'A whole volume, without `subPath`, may be mounted below another one.',
    'Below an emptyDir or a claim a file may be mounted; the runtime makes its mount point there.',
    'Files below a folder of the image are what `subPath` is for.',
  ],
  sources: [
    'kubernetes/kubernetes, pkg/volume/util/nested_volumes.go: MakeNestedMountpoints; issue 61545 "not a directory. When mounting Configmaps and a subpath in the same directory"',
  ],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        log.yaml: "version: 1"
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-key
        namespace: matrix
      stringData:
        signing.key: ed25519 a_kT4d 0f3l1hJq2c9mXw7sVbN5zR8yGpKe6uTaLdOiQxYhSjM
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: registry.tessera.test/synapse:1
            volumeMounts:
              - name: config
                mountPath: /templates
              - name: key
                mountPath: /templates/signing.key
      #                    ^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Container synapse does not start, because the file signing.key is mounted into the folder of volume config
                subPath: signing.key
        volumes:
          - name: config
            configMap:
              name: synapse-config
          - name: key
            secret:
              secretName: synapse-key
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        log.yaml: "version: 1"
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-key
        namespace: matrix
      stringData:
        signing.key: ed25519 a_kT4d 0f3l1hJq2c9mXw7sVbN5zR8yGpKe6uTaLdOiQxYhSjM
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: registry.tessera.test/synapse:1
            volumeMounts:
              - name: config
                mountPath: /templates
        volumes:
          - name: config
            projected:
              sources:
                - configMap:
                    name: synapse-config
                - secret:
                    name: synapse-key
                    items:
                      - key: signing.key
                        path: signing.key
    `,
  },
  kinds: [...workloadKinds],
  *check(resource) {
    for (const container of containersOf(resource)) {
      const mounts = mountsOf(container);
      for (const inner of mounts) {
        const { subPath, mountPath } = inner;
        if (subPath === undefined || subPath === '' || !isFile(resource, inner.volume, subPath)) continue;
        const outer = closestAbove(mounts, inner);
        if (!outer || !isWrittenByKubelet(volumeOf(resource, outer.volume))) continue;
        yield {
          at: inner.value.at('mountPath'),
          message: `Container ${container.name} does not start, because the file ${subPath} is mounted into the folder of volume ${outer.volume}, where the kubelet makes a folder for it — put both into one projected volume, or mount ${baseName(mountPath)} outside of ${outer.mountPath}.`,
          related: [{ at: outer.value.at('mountPath'), message: `Volume ${outer.volume} is mounted here` }],
          fixes: () => project(resource, outer, inner, subPath),
        };
      }
    }
  },
} satisfies Rule;

/** Makes one projected volume of both sources, in place of the outer one, for all containers that have the file there. */
function project(resource: Resource, outer: Mount, inner: Mount, subPath: string): readonly Fix[] {
  const volume = volumeOf(resource, outer.volume);
  const file = volumeOf(resource, inner.volume);
  if (!volume || !file) return [];
  const path = inner.mountPath.slice(outer.mountPath.length).replace(/^\/+/, '');
  const own = sourceOf(volume, undefined);
  const added = sourceOf(file, { subPath, path });
  if (!added) return [];
  const isProjected = volume.at('projected').exists;
  const kind = volume.at('secret').exists ? 'secret' : 'configMap';
  const mode = volume.at(kind, 'defaultMode').text;
  const edit = isProjected
    ? insertItem(volume.at('projected', 'sources'), added)
    : own === undefined
      ? undefined
      : replaceEntry(
          volume.at(kind),
          [
            'projected:',
            ...(mode === undefined ? [] : [`  defaultMode: ${mode}`]),
            '  sources:',
            listItem(own),
            listItem(added),
          ].join('\n'),
        );
  const all = containersOf(resource).flatMap(mountsOf);
  const nested = containersOf(resource).flatMap(container => {
    const mounts = mountsOf(container);
    return mounts.filter(
      one =>
        one.volume === inner.volume &&
        one.subPath === subPath &&
        mounts.some(
          other =>
            other.volume === outer.volume &&
            other.subPath === undefined &&
            one.mountPath === `${other.mountPath}/${path}`,
        ),
    );
  });
  const isLast = all.every(one => one.volume !== inner.volume || nested.some(({ value }) => value.isAt(one.value)));
  const deleted = [...nested.map(({ value }) => value), ...(isLast ? [file] : [])].map(deleteEntry);
  const edits = [edit, ...deleted].filter(one => one !== undefined);
  return edits.length === deleted.length + 1
    ? [{ title: `Put ${path} into volume ${outer.volume}`, safe: false, edits }]
    : [];
}

/** A ConfigMap or Secret of a volume as a source of a projected one; with a file of it, that file at another path. */
function sourceOf(
  volume: Value,
  file: { readonly subPath: string; readonly path: string } | undefined,
): string | undefined {
  for (const kind of ['configMap', 'secret'] as const) {
    const source = volume.at(kind);
    const name = source.at(kind === 'secret' ? 'secretName' : 'name').text;
    if (name === undefined || source.keys().some(key => !/^(?:name|secretName|items|optional|defaultMode)$/.test(key)))
      continue;
    const items = source
      .at('items')
      .items()
      .map(item => ({ key: item.at('key').text ?? '', path: item.at('path').text ?? '', mode: item.at('mode').text }));
    const chosen = file
      ? [
          {
            key: items.find(item => item.path === file.subPath)?.key ?? file.subPath,
            path: file.path,
            mode: items.find(item => item.path === file.subPath)?.mode,
          },
        ]
      : items;
    const optional = source.at('optional').text;
    return [
      `${kind}:`,
      `  name: ${quoted(name, 'plain')}`,
      ...(optional === undefined ? [] : [`  optional: ${optional}`]),
      ...(chosen.length === 0 ? [] : ['  items:']),
      ...chosen.flatMap(({ key, path, mode }) => [
        `    - key: ${quoted(key, 'plain')}`,
        `      path: ${quoted(path, 'plain')}`,
        ...(mode === undefined ? [] : [`      mode: ${mode}`]),
      ]),
    ].join('\n');
  }
  return undefined;
}

function listItem(yaml: string): string {
  return `    - ${yaml.replaceAll('\n', '\n      ')}`;
}

/** The mount that a mount lies in; what is mounted on a single file of it is no folder. */
function closestAbove(mounts: readonly Mount[], inner: Mount): Mount | undefined {
  const above = mounts.filter(
    one => one !== inner && one.mountPath !== inner.mountPath && isBelow(inner.mountPath, one.mountPath),
  );
  const [closest] = above.sort((one, other) => other.mountPath.length - one.mountPath.length);
  return closest?.subPath === undefined ? closest : undefined;
}

/** The kinds of volumes whose files the kubelet writes anew at every change, and whose mount points it makes. */
function isWrittenByKubelet(volume: Value | undefined): boolean {
  return (
    volume !== undefined && ['configMap', 'secret', 'projected', 'downwardAPI'].some(kind => volume.at(kind).exists)
  );
}

/** Whether a path of a volume is a file for sure: one of the keys, not a folder that `items` makes. */
function isFile(resource: Resource, name: string, path: string): boolean {
  const volume = volumeOf(resource, name);
  if (!volume || !isWrittenByKubelet(volume)) return false;
  const sources = volume.at('projected').exists ? volume.at('projected', 'sources').items() : [volume];
  const paths = sources.flatMap(source =>
    ['configMap', 'secret', 'downwardAPI'].flatMap(kind =>
      source
        .at(kind, 'items')
        .items()
        .flatMap(item => item.at('path').text ?? []),
    ),
  );
  return !paths.some(one => one.startsWith(`${path}/`));
}
