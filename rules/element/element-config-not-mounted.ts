import { imageTag } from '../../analysis/images';
import { type Mount, mountAt, mountsOf, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { type Container, containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { insertEntry, insertItem, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { type ElementConfig, elementConfig, elementFolders, isStockElement } from './config';

export default {
  id: 'element-config-not-mounted',
  items: ['4.2.a.1'],
  severity: 'error',
  summary: 'Element Web does not get a config.json of this deployment.',
  why: 'Without one it offers the image’s default homeserver, matrix.org; with a whole volume over `/app` it serves nothing at all. Since 1.11.93 its start script copies `config.json` to `/tmp/element-web-config`, from where it is served, and ends the container where it cannot.',
  remedy:
    'Mount the key `config.json` of a ConfigMap as the single file `/app/config.json`, with `subPath: config.json`. With a read-only root file system mount an `emptyDir` at `/tmp`.',
  traps: [
    'A ConfigMap from outside the tree is taken to have the key.',
    'Images that are not the published ones may have a configuration built in and are not judged.',
    '`/usr/share/nginx/html` is a link to `/app` and accepted as well.',
  ],
  sources: [
    'element-hq/element-web, Dockerfile, docker/docker-entrypoint.d/18-load-element-modules.sh and docs/install.md, "Docker"; Kubernetes documentation, "Using subPath"',
  ],
  examples: {
    bad: `
      #- /element.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: element-web-config
        namespace: matrix
      data:
        config.json: |
          {
            "default_server_config": {
              "m.homeserver": {
                "base_url": "https://matrix.tessera.test",
                "server_name": "tessera.test"
              }
            }
          }
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: element-web
                image: vectorim/element-web:v1.11.96
                volumeMounts:
                  - name: config
                    mountPath: /app
      #                        ^^^^ 💡 error: This mount hides all of Element Web
            volumes:
              - name: config
                configMap:
                  name: element-web-config
    `,
    good: `
      #- /element.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: element-web-config
        namespace: matrix
      data:
        config.json: |
          {
            "default_server_config": {
              "m.homeserver": {
                "base_url": "https://matrix.tessera.test",
                "server_name": "tessera.test"
              }
            }
          }
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: element-web
                image: vectorim/element-web:v1.11.96
                volumeMounts:
                  - name: config
                    mountPath: /app/config.json
                    subPath: config.json
            volumes:
              - name: config
                configMap:
                  name: element-web-config
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    const element = elementConfig(workspace, resource);
    if (!element || !isStockElement(element.container.image)) return;
    const { container } = element;
    yield* readOnlyTmp(resource, container);
    for (const folder of elementFolders) {
      const whole = mountsOf(container).find(mount => mount.mountPath === folder);
      if (!whole) continue;
      yield {
        at: whole.value.at('mountPath'),
        message: `This mount hides all of Element Web in ${folder} — mount the single file ${folder}/config.json with subPath.`,
        fixes: () => {
          const path = replaceScalar(whole.value.at('mountPath'), `${folder}/config.json`);
          const below = insertEntry(whole.value, 'subPath: config.json', { after: 'mountPath' });
          return path && below && whole.subPath === undefined
            ? [{ title: 'Mount config.json only', safe: true, edits: [path, below] }]
            : [];
        },
      };
      return;
    }
    const folderMount = mountsOf(container).find(
      mount =>
        elementFolders.some(folder => mount.mountPath === `${folder}/config.json`) &&
        mount.subPath === undefined &&
        isFolder(volumeOf(resource, mount.volume)),
    );
    if (folderMount) {
      yield {
        at: folderMount.value.at('mountPath'),
        message:
          'This mounts a folder where Element Web has a file, so the container does not start — add subPath: config.json.',
        fixes: () => {
          const edit = insertEntry(folderMount.value, 'subPath: config.json', { after: 'mountPath' });
          return edit ? [{ title: 'Mount config.json only', safe: true, edits: [edit] }] : [];
        },
      };
      return;
    }
    const mount = elementFolders.flatMap(folder => mountAt(container, `${folder}/config.json`) ?? [])[0];
    if (!element.file && mount && isNeverWritten(resource, mount)) {
      yield {
        at: mount.value.at('name'),
        message: `The volume ${mount.volume} is empty and nothing writes config.json to it, so Element Web offers matrix.org — mount config.json of a ConfigMap.`,
      };
      return;
    }
    if (element.file || mount || mountsOf(container).some(({ mountPath }) => ofOneHost.test(mountPath))) return;
    const mounts = container.value.at('volumeMounts');
    yield {
      at: mounts.exists ? mounts.key : container.value.at('name'),
      message: `Nothing is mounted at /app/config.json in container ${container.name}, so Element Web offers matrix.org — mount config.json of a ConfigMap there.`,
      fixes: () => mountIt(workspace, resource, element),
    };
  },
} satisfies Rule;

/** A read-only root file system without a volume for what the start script writes before nginx starts. */
function* readOnlyTmp(resource: Resource, container: Container): Iterable<Problem> {
  const readOnly = container.value.at('securityContext', 'readOnlyRootFilesystem');
  const version = /^v?1\.(\d+)\.(\d+)/.exec(imageTag(container.image) ?? '');
  const isOlder = !version || Number(version[1]) < 11 || (Number(version[1]) === 11 && Number(version[2]) < 93);
  if (readOnly.boolean !== true || isOlder || container.value.at('command').exists) return;
  if (mountAt(container, '/tmp/element-web-config')) return;
  yield {
    at: readOnly,
    message: `The start script of Element Web writes to /tmp/element-web-config, which it cannot here, so container ${container.name} does not start — mount an emptyDir at /tmp.`,
    fixes: () => {
      const volumes = podTemplate(resource)?.at('spec', 'volumes');
      const mount = insertItem(container.value.at('volumeMounts'), 'name: tmp\nmountPath: /tmp');
      const isTaken = volumes?.items().some(volume => volume.at('name').text === 'tmp');
      const volume = volumes && !isTaken ? insertItem(volumes, 'name: tmp\nemptyDir: {}') : undefined;
      return mount && volume ? [{ title: 'Mount an emptyDir at /tmp', safe: true, edits: [mount, volume] }] : [];
    },
  };
}

/** Element Web prefers the file of its own host name to config.json (element-web, docs/config.md). */
const ofOneHost = /\/config\.[\w.-]+\.json$/;

/** Whether a volume is a folder for sure: a path of the node may be a file. */
function isFolder(volume: Value | undefined): boolean {
  return ['configMap', 'secret', 'projected', 'emptyDir', 'persistentVolumeClaim'].some(
    type => volume?.at(type).exists,
  );
}

/** Whether a volume begins empty and no container but this one has it. */
function isNeverWritten(resource: Resource, { volume }: Mount): boolean {
  const isMounted = containersOf(resource).filter(one => mountsOf(one).some(mount => mount.volume === volume));
  return volumeOf(resource, volume)?.at('emptyDir').exists === true && isMounted.length === 1;
}

/** Mounts the file, if a volume of the pod has it. */
function mountIt(workspace: Workspace, resource: Resource, { container }: ElementConfig): readonly Fix[] {
  const volumes = container.template
    .at('spec', 'volumes')
    .items()
    .flatMap(volume => volume.at('name').text ?? [])
    .filter(name => {
      const volume = volumeOf(resource, name);
      return volume && textsOfVolume(workspace, resource, volume).some(text => text.path === 'config.json');
    });
  const [volume] = volumes;
  if (volume === undefined || volumes.length > 1) return [];
  const yaml = `name: ${volume}\nmountPath: /app/config.json\nsubPath: config.json\nreadOnly: true`;
  const mounts = container.value.at('volumeMounts');
  const edit = mounts.exists
    ? insertItem(mounts, yaml)
    : insertEntry(container.value, `volumeMounts:\n  - ${yaml.replaceAll('\n', '\n    ')}`);
  return edit ? [{ title: 'Mount config.json', safe: true, edits: [edit] }] : [];
}
