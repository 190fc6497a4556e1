import { commandText } from '../../analysis/configs';
import { type WrittenPath, writtenPaths } from '../../analysis/effective';
import { mountAt, mountsOf, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { containersOf, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { packagesOf } from '../../analysis/python-packages';
import { familiesOf } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { isPlainImage } from './django';

export default {
  id: 'key-vault-django-app-missing',
  items: ['2.3.a.1', '2.3.a.2', '2.3.a.3'],
  severity: 'error',
  summary: 'The container starts a Django application that nothing puts there.',
  why: 'The image is plain Python. Without an init container that writes the application, `manage.py` is not found and the pod never starts.',
  remedy:
    'Write the application in an init container to a volume that the main container mounts, or use an image that holds it. What the application does is yours to say, so there is no template for it.',
  traps: [
    'An image that is not plain Python is taken to hold the application.',
    'What a script of the pod writes, copies or clones counts.',
  ],
  examples: {
    bad: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: python:3.11-slim
      #                ^^^^^^^^^^^^^^^^ error: python:3.11-slim holds no application
                command: [sh, -c, "cd /app && python manage.py runserver"]
                env:
                  - name: DB_NAME
                    value: key_vault
    `,
    good: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_NAME
                    value: key_vault
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('key_vault')) return;
    const starts = /\bmanage\.py\b|\b(?:gunicorn|uvicorn|uwsgi)\b/;
    const creates = /startproject|git\s+clone|\bcurl\b|\bwget\b|\btar\b|\bcp\b|\bunzip\b/;
    const texts = containersOf(resource).map(container => {
      const script = scriptOf(workspace, resource, container);
      return script ? maskComments(script.text.text, 'shell') : container.isInit ? commandText(container) : '';
    });
    if (texts.some(text => creates.test(text)) || isFilledByImage(workspace, resource)) return;
    // What of a written application is missing is the business of key-vault-django-file-missing.
    const written = writtenPaths(workspace, resource).filter(({ path }) => isOfProject(path));
    if (written.some(one => reachesServer(resource, one))) return;
    if (written.length === 0 && texts.some(text => />\s*\S*manage\.py/.test(text))) return;
    // A ConfigMap may have the project as its keys, and `items` may put them into folders.
    const mounted = mainContainersOf(resource)
      .flatMap(container => mountsOf(container))
      .flatMap(mount => volumeOf(resource, mount.volume) ?? [])
      .flatMap(volume => textsOfVolume(workspace, resource, volume));
    // Settings alone are no project: they may be mounted over those that nobody writes.
    if (mounted.some(({ path }) => /^(?:.*\/)?(?:manage|wsgi|asgi|urls)\.py$/.test(path))) return;
    // An init container that migrates the database needs the application no less; once is enough.
    const main = mainContainersOf(resource);
    for (const container of [...main, ...containersOf(resource).filter(one => !main.includes(one))]) {
      const command = commandText(container);
      if (!isPlainImage(container)) continue;
      if (!starts.test(command)) continue;
      // A ConfigMap or claim mounted as a file or folder may hold it.
      if (
        container.value
          .at('volumeMounts')
          .items()
          .some(mount => /manage\.py$/.test(mount.at('mountPath').text ?? ''))
      )
        continue;
      yield {
        at: container.value.at('image'),
        message: written[0]
          ? `${container.image} holds no application, and ${written[0].container.name} writes one where container ${container.name} does not look for it — write it into the volume that it mounts there.`
          : `${container.image} holds no application, and nothing in the pod writes one — write it in an init container, or use an image that holds it.`,
        related: written.slice(0, 1).map(one => ({ at: one.at, message: `What is written to ${one.path}` })),
      };
      return;
    }
  },
} satisfies Rule;

/** Whether an init container of an image that is not known, such as one of git, writes where the server works. */
function isFilledByImage(workspace: Workspace, resource: Resource): boolean {
  const { openVolumes } = packagesOf(workspace, resource);
  const mounted = mainContainersOf(resource).flatMap(container => {
    const folder =
      container.value.at('workingDir').text ?? /(\/[\w./-]+)\/manage\.py\b/.exec(commandText(container))?.[1];
    return (folder && mountAt(container, folder)?.volume) ?? [];
  });
  return containersOf(resource).some(
    container =>
      container.isInit &&
      !isPlainImage(container) &&
      !scriptOf(workspace, resource, container) &&
      mountsOf(container).some(({ volume }) => openVolumes.has(volume) && mounted.includes(volume)),
  );
}

/** Whether what an init container writes lies in a volume that a server mounts, and where it is started, if that is said. */
function reachesServer(resource: Resource, { container, path }: WrittenPath): boolean {
  if (!container.isInit) return true;
  const volume = mountAt(container, path)?.volume;
  return mainContainersOf(resource).some(main => {
    if (volume === undefined || !mountsOf(main).some(mount => mount.volume === volume)) return false;
    const folder = main.value.at('workingDir').text;
    const isNamed = /--chdir|--pythonpath|PYTHONPATH/.test(commandText(main));
    const started = folder === undefined || isNamed ? undefined : mountAt(main, folder);
    return started === undefined || started.volume === volume;
  });
}

function isOfProject(path: string): boolean {
  return /\/(?:manage|settings|wsgi|urls)\.py$/.test(path);
}
