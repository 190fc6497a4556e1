import { mountsOf, volumeOf } from '../../analysis/mounts';
import { type PackageInstall, sitePackages } from '../../analysis/python-packages';
import { processKinds, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { endOfLine } from '../../manifests/lines';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { s3Installs, s3Package, s3Version, searchPath } from './packages';

export default {
  id: 'synapse-s3-provider-lost',
  items: ['2.1.a'],
  severity: 'warning',
  summary: 'The S3 storage provider is installed in an init container, but never reaches Synapse’s container.',
  why: 'What an init container writes beside its volumes is gone when it ends. `pip install --user` writes below the home folder, which is on no volume, and a copy from a folder that does not exist copies nothing; `|| true` hides it.',
  remedy: `Install straight into the shared volume: \`pip install --no-cache-dir --target=<where the volume is mounted> ${s3Package}==${s3Version}\`.`,
  traps: [
    'The published image has no user `synapse` and no `/home/synapse`; for user 991 the home folder is `/`.',
    '`--user` is fine where `HOME` or `PYTHONUSERBASE` points to a volume, or where a later command copies from the home folder that the container really has.',
    'What Synapse’s own container installs before it starts is not lost.',
  ],
  sources: ['pip documentation, "User Installs"; element-hq/synapse, docker/Dockerfile'],
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
            securityContext:
              runAsUser: 991
            initContainers:
              - name: install-s3-provider
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - sh
                  - -c
                  - |
                    pip install --user synapse-s3-storage-provider==1.4.0
      #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: What this installs in /.local does not reach the volume packages
                    cp -r /home/synapse/.local/lib/python*/site-packages/* /packages/ || true
                    echo "done"
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                env:
                  - name: PYTHONPATH
                    value: /packages
                volumeMounts:
                  - name: packages
                    mountPath: /packages
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
            securityContext:
              runAsUser: 991
            initContainers:
              - name: install-s3-provider
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - sh
                  - -c
                  - |
                    pip install --no-cache-dir --target=/packages synapse-s3-storage-provider==1.4.0
                    echo "done"
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                env:
                  - name: PYTHONPATH
                    value: /packages
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            volumes:
              - name: packages
                emptyDir: {}
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process) return;
    for (const install of s3Installs(workspace, process)) {
      if (!install.container.isInit || install.reached.length > 0) continue;
      const shared = sharedFolder(workspace, process, install);
      const folder = install.how === 'user' ? install.directory.replace(/\/lib\/.*$/, '') : install.directory;
      yield {
        at: install.at,
        message: shared
          ? `What this installs in ${folder} does not reach the volume ${shared.volume} — install it there with --target=${shared.folder}.`
          : `What this installs in ${folder} is lost when the init container ends — install it into a volume that Synapse’s container mounts, with --target.`,
        fixes: () => (shared ? installThere(install, shared) : []),
      };
    }
  },
} satisfies Rule;

interface SharedFolder {
  readonly volume: string;
  /** The folder as the init container sees it: where Python looks in the volume, if it looks there at all. */
  readonly folder: string;
  readonly isFound: boolean;
}

/** The one volume that both the init container and Synapse mount for files that are made at the start of the pod. */
function sharedFolder(
  workspace: Workspace,
  process: SynapseProcess,
  install: PackageInstall,
): SharedFolder | undefined {
  const { resource, container } = process;
  const shared = mountsOf(install.container).filter(
    mount =>
      !mount.isReadOnly &&
      volumeOf(resource, mount.volume)?.at('emptyDir').exists &&
      mountsOf(container).some(other => other.volume === mount.volume),
  );
  const named = shared.filter(({ volume }) => /python|package|module|site|s3/.test(volume));
  const [mount] = named.length === 1 ? named : shared.length === 1 ? shared : [];
  if (!mount) return undefined;
  const { volume, mountPath } = mount;
  for (const other of mountsOf(container).filter(one => one.volume === volume)) {
    if (sitePackages(other.mountPath) !== undefined) return { volume, folder: mountPath, isFound: true };
    for (const { path } of searchPath(workspace, process).entries)
      if (path === other.mountPath || path.startsWith(`${other.mountPath}/`))
        return { volume, folder: mountPath + path.slice(other.mountPath.length), isFound: true };
  }
  return { volume, folder: mountPath, isFound: false };
}

/** Replaces the command, and takes the copies away that copy nothing. */
function installThere(
  { written, requirements, isOpen, copies }: PackageInstall,
  { folder, isFound }: SharedFolder,
): readonly Fix[] {
  if (!written || isOpen) return [];
  const { script, span } = written;
  const { text } = script.text;
  if (text.slice(span.start, span.end).includes('\n')) return [];
  const names = requirements.map(({ name, text }) =>
    name === s3Package ? `${s3Package}==${s3Version}` : quoted(text),
  );
  const edits: TextEdit[] = [
    {
      at: script.text.place(span.start, span.end),
      newText: `pip install --no-cache-dir --target=${folder} ${names.join(' ')}`,
    },
  ];
  for (const copy of copies) {
    if (!copy.to.path.startsWith(folder)) continue;
    const start = text.lastIndexOf('\n', copy.span.start);
    const end = endOfLine(text, copy.span.end);
    // Only a line that does nothing else can go.
    if (start === -1 || !/^\s*cp [^;&|]*(?:\|\|\s*(?:true|:))?\s*$/.test(text.slice(start + 1, end))) return [];
    edits.push({ at: script.text.place(start, end), newText: '' });
  }
  // Where Python does not look there yet, that is left to do.
  return [{ title: `Install into ${folder}`, safe: isFound, edits }];
}

function quoted(requirement: string): string {
  return /^[\w.=+-]+$/.test(requirement) ? requirement : `'${requirement}'`;
}
