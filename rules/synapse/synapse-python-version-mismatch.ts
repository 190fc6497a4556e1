import { imageTag } from '../../analysis/images';
import { type Mount, mountsOf, volumeOf } from '../../analysis/mounts';
import { packagesOf, pythonOf, type SearchPath, seenAs, sitePackages } from '../../analysis/python-packages';
import { settingsOf } from '../../analysis/settings';
import { processKinds, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { replaceScalar } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { addToPythonPath, packagesFolder, searchPath } from './packages';

export default {
  id: 'synapse-python-version-mismatch',
  items: ['2.1.b'],
  severity: 'error',
  summary: 'Python packages are mounted for another Python version than the one in the image.',
  why: 'Python 3.12 does not look into `python3.11/site-packages`, so the mounted packages are not found and Synapse stops with "No module named \'s3_storage_provider\'".',
  remedy:
    'Mount the packages into a folder of their own and name it in `PYTHONPATH`, which works for every version; or name the version that the image has.',
  traps: [
    'The checklist says `python3.11`. That fits the images of Synapse 1.80 to 1.118; those of 1.119 to 1.140 have Python 3.12, later ones 3.13.',
    'Tags that do not say a version, and images that are not the published ones, are not judged.',
    'A mount over the site-packages that the image really has hides Synapse itself; the first fix therefore mounts elsewhere.',
  ],
  sources: [
    'element-hq/synapse, docker/Dockerfile, PYTHON_VERSION, at the tags v1.118.0, v1.119.0, v1.140.0 and v1.141.0',
  ],
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
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                volumeMounts:
                  - name: packages
                    mountPath: /usr/local/lib/python3.11/site-packages
      #                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Synapse v1.139.2 has Python 3.12
            volumes:
              - name: packages
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
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                env:
                  - name: PYTHONPATH
                    value: /python-packages
                volumeMounts:
                  - name: packages
                    mountPath: /python-packages
            volumes:
              - name: packages
                emptyDir: {}
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const python = process && pythonOf(process.container.image);
    if (!process || python === undefined) return;
    const tag = imageTag(process.container.image) ?? '';
    for (const mount of mountsOf(process.container)) {
      const site = sitePackages(mount.mountPath);
      if (!site || site.python === python) continue;
      const path = mount.value.at('mountPath');
      yield {
        at: path,
        message: `Synapse ${tag} has Python ${python}, which does not look into ${mount.mountPath} — mount the packages elsewhere and name the folder in PYTHONPATH. The checklist’s 3.11 fits images up to v1.118.`,
        fixes: () => fixesFor(workspace, process, mount, python, site.isWhole),
      };
    }
    yield* wrongEntry(process, searchPath(workspace, process), packagesOf(workspace, resource).installs, python);
  },
} satisfies Rule;

/** A folder in PYTHONPATH that would hold the packages but for the version in its name. */
function* wrongEntry(
  { container }: SynapseProcess,
  path: SearchPath,
  installs: ReturnType<typeof packagesOf>['installs'],
  python: string,
): Iterable<Problem> {
  const value = path.variable?.at('value');
  const folders = installs.flatMap(one => one.reached.flatMap(directory => seenAs(container, directory)));
  for (const { path: entry, span } of path.entries) {
    if (!span || !value || folders.includes(entry)) continue;
    const meant = folders.find(folder => withoutPython(folder) === withoutPython(entry) && folder !== entry);
    if (meant === undefined || meant.includes('*')) continue;
    const at = value.part(span.start, span.end);
    yield {
      at,
      message: `PYTHONPATH names ${entry}, but pip of Python ${python} installs into ${meant} — name that folder.`,
      fixes: () => {
        const text = value.text ?? '';
        const edit = replaceScalar(value, text.slice(0, span.start) + meant + text.slice(span.end));
        return edit ? [{ title: `Use ${meant}`, safe: true, edits: [edit] }] : [];
      },
    };
  }
}

function fixesFor(
  workspace: Workspace,
  process: SynapseProcess,
  mount: Mount,
  python: string,
  isWhole: boolean,
): readonly Fix[] {
  const value = mount.value.at('mountPath');
  const moved = mount.mountPath.replace(/python\d+\.\d+/, `python${python}`);
  const rename = replaceScalar(value, moved);
  const renamed: readonly Fix[] = rename
    ? [{ title: `Mount them at ${moved}`, safe: !isWhole || !isMade(process, mount), edits: [rename] }]
    : [];
  if (!isWhole || mount.subPath !== undefined) return renamed;
  const below = packagesOf(workspace, process.resource).installs.flatMap(one =>
    one.reached.filter(({ volume, path }) => volume === mount.volume && !path.includes('*')),
  )[0]?.path;
  const path = searchPath(workspace, process);
  const isFree = mountsOf(process.container).every(other => other.mountPath !== packagesFolder);
  const named = addToPythonPath(process.container.value, path, below ? `${packagesFolder}/${below}` : packagesFolder);
  const move = replaceScalar(value, packagesFolder);
  const elsewhere: readonly Fix[] =
    named && move && isFree
      ? [{ title: `Mount them at ${packagesFolder} and name it in PYTHONPATH`, safe: true, edits: [named, move] }]
      : [];
  return settingsOf(workspace).pythonMount === 'checklist' ? [...renamed, ...elsewhere] : [...elsewhere, ...renamed];
}

/** Whether the volume begins empty, so that it hides what the image has at the place. */
function isMade({ resource }: SynapseProcess, { volume }: Mount): boolean {
  return volumeOf(resource, volume)?.at('configMap').exists !== true;
}

/** A path without the number of a Python version. */
function withoutPython(path: string): string {
  return path.replace(/\/python\d+\.\d+(?=\/)/, '/python*');
}
