import { commandText } from '../../analysis/configs';
import { writtenPaths } from '../../analysis/effective';
import { mountsOf, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { containersOf, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
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
    const creates = /startproject|git\s+clone|\bcurl\b|\bwget\b|\btar\b|\bcp\b|\bunzip\b|>\s*\S*manage\.py/;
    const texts = containersOf(resource).map(container => {
      const script = scriptOf(workspace, resource, container);
      return script ? maskComments(script.text.text, 'shell') : '';
    });
    if (texts.some(text => creates.test(text))) return;
    // What of a written application is missing is the business of key-vault-django-file-missing.
    const written = writtenPaths(workspace, resource);
    if (written.some(({ path }) => isOfProject(path))) return;
    // A ConfigMap may have the project as its keys, and `items` may put them into folders.
    const mounted = mainContainersOf(resource)
      .flatMap(container => mountsOf(container))
      .flatMap(mount => volumeOf(resource, mount.volume) ?? [])
      .flatMap(volume => textsOfVolume(workspace, resource, volume));
    // Settings alone are no project: they may be mounted over those that nobody writes.
    if (mounted.some(({ path }) => /^(?:.*\/)?(?:manage|wsgi|asgi|urls)\.py$/.test(path))) return;
    for (const container of mainContainersOf(resource)) {
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
        message: `${container.image} holds no application, and nothing in the pod writes one — write it in an init container, or use an image that holds it.`,
      };
    }
  },
} satisfies Rule;

function isOfProject(path: string): boolean {
  return /\/(?:manage|settings|wsgi|urls)\.py$/.test(path);
}
