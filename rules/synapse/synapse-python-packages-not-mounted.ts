import { mountsOf } from '../../analysis/mounts';
import type { Container } from '../../analysis/pods';
import { isSamePath, seenAs, sitePackages, type VolumeDirectory } from '../../analysis/python-packages';
import { processKinds, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import type { Place, TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { addToList, addToPythonPath, packagesFolder, s3Installs, s3Package, searchPath } from './packages';

export default {
  id: 'synapse-python-packages-not-mounted',
  items: ['2.1.b'],
  severity: 'error',
  summary: 'An init container installs Python packages into a volume where Synapse’s Python does not look.',
  why: 'The packages are there, but "No module named \'s3_storage_provider\'" stops Synapse all the same.',
  remedy:
    'Mount the volume in Synapse’s container and name the folder in `PYTHONPATH`. The checklist’s way, a mount over `/usr/local/lib/python3.x/site-packages`, is accepted as well.',
  traps: [
    'A mount of single packages below the image’s site-packages by `subPath` is accepted.',
    'A `PYTHONPATH` that comes from somewhere else, or that a script sets, is taken to be right.',
    'A folder for another Python version is the business of synapse-python-version-mismatch.',
  ],
  sources: ['Python documentation, "PYTHONPATH" and sys.path; pip documentation, `--target`'],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            initContainers:
              - name: install-s3-provider
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - sh
                  - -c
                  - pip install --target=/packages synapse-s3-storage-provider==1.4.0
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                volumeMounts:
      #         ^^^^^^^^^^^^ 💡 error: Container synapse does not mount the volume packages
                  - name: data
                    mountPath: /data
            volumes:
              - name: packages
                emptyDir: {}
              - name: data
                emptyDir: {}
    `,
    good: `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            initContainers:
              - name: install-s3-provider
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - sh
                  - -c
                  - pip install --target=/packages synapse-s3-storage-provider==1.4.0
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                env:
                  - name: PYTHONPATH
                    value: /python-packages
                volumeMounts:
                  - name: data
                    mountPath: /data
                  - name: packages
                    mountPath: /python-packages
                    readOnly: true
            volumes:
              - name: packages
                emptyDir: {}
              - name: data
                emptyDir: {}
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process) return;
    const path = searchPath(workspace, process);
    if (path.isOpen) return;
    for (const install of s3Installs(workspace, process)) {
      if (!install.container.isInit || install.reached.length === 0) continue;
      const folders = install.reached.flatMap(directory => seenAs(process.container, directory));
      const isFound = folders.some(
        folder =>
          sitePackages(folder) !== undefined ||
          path.entries.some(entry => isSamePath(withoutPython(entry.path), withoutPython(folder))),
      );
      const [directory] = install.reached;
      if (isFound || !directory) continue;
      const [folder] = folders;
      const mounts = process.container.value.at('volumeMounts');
      yield {
        at:
          folder === undefined
            ? mounts.exists
              ? mounts.key
              : process.container.value.at('name')
            : placeOf(process, directory),
        message:
          folder === undefined
            ? `Container ${process.container.name} does not mount the volume ${directory.volume}, into which ${install.container.name} installs ${s3Package} — mount it and name it in PYTHONPATH.`
            : `${s3Package} is in ${folder} for container ${process.container.name}, where Python does not look — name that folder in PYTHONPATH.`,
        related: [{ at: install.at, message: 'The installation' }],
        fixes: () => mountAndName(workspace, process, directory, folder),
      };
    }
  },
} satisfies Rule;

function placeOf({ container }: SynapseProcess, { volume }: VolumeDirectory): Place {
  const mount = container.value
    .at('volumeMounts')
    .items()
    .find(one => one.at('name').text === volume);
  return mount ? mount.at('mountPath') : container.value.at('volumeMounts').key;
}

/** A path without the number of a Python version. */
function withoutPython(path: string): string {
  return path.replace(/\/python(?:\d+\.\d+|\*)(?=\/)/, '/python*');
}

function mountAndName(
  workspace: Workspace,
  process: SynapseProcess,
  { volume, path: below }: VolumeDirectory,
  folder: string | undefined,
): readonly Fix[] {
  if (below.includes('*')) return [];
  const { container } = process;
  const mountPath = freePath(container);
  const target = folder ?? (below === '' ? mountPath : `${mountPath}/${below}`);
  const edits: (TextEdit | undefined)[] = [addToPythonPath(container.value, searchPath(workspace, process), target)];
  if (folder === undefined)
    edits.push(addToList(container.value, 'volumeMounts', `name: ${volume}\nmountPath: ${mountPath}\nreadOnly: true`));
  const all = edits.flatMap(edit => edit ?? []);
  return all.length === edits.length
    ? [{ title: `Let Python find the packages in ${target}`, safe: true, edits: all }]
    : [];
}

/** The usual folder for packages, or the next one where nothing is mounted yet. */
function freePath(container: Container): string {
  const taken = new Set(mountsOf(container).map(mount => mount.mountPath));
  for (let index = 1; ; index++) {
    const path = index === 1 ? packagesFolder : `${packagesFolder}-${index}`;
    if (!taken.has(path)) return path;
  }
}
