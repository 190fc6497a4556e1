import { effectiveFile, writtenPaths } from '../../analysis/effective';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Rule } from '../rule';

export default {
  id: 'substitution-idle',
  items: [],
  severity: 'warning',
  summary: 'A script replaces a placeholder that the file does not have.',
  why: 'One of the two was renamed: what the script was to fill in stays as it is, mostly a password or a key, and the program takes the placeholder for the value or ends.',
  remedy: 'Write the same placeholder in the script and in the template, or delete the command.',
  traps: [
    'Judged are `sed` commands in the script of a container itself, for texts that look like placeholders, in files of which the tree shows all. A command that runs over several files needs to find its text in one of them.',
  ],
  sources: ['POSIX.1-2017, sed: a substitution that matches nothing changes nothing and is no error'],
  examples: { bad: example('API_KEY_PLACEHOLDER', true), good: example('KEY_PLACEHOLDER', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const asked = new Map<string, { at: Place; text: string; files: Set<string>; isFound: boolean }>();
    for (const { container, path } of writtenPaths(workspace, resource)) {
      const file = effectiveFile(workspace, resource, container, path);
      if (!file) continue;
      for (const { text, at, isFound } of file.replacements()) {
        const key = `${at.uri} ${at.span.start}`;
        const known = asked.get(key) ?? { at, text, files: new Set(), isFound: false };
        known.files.add(baseName(path));
        known.isFound ||= isFound || file.isOpaque;
        asked.set(key, known);
      }
    }
    for (const { at, text, files, isFound } of asked.values()) {
      if (isFound || !isPlaceholder.test(text) || !isOwn(resource, at)) continue;
      yield {
        at,
        message: `${[...files].join(' and ')} ${files.size === 1 ? 'has' : 'have'} no ${text}, so this replaces nothing — write the placeholder that stands there.`,
      };
    }
  },
} satisfies Rule;

const isPlaceholder = /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|__\w+__|@\w+@|\$\{\w+\}|\{\{ ?\w+ ?\}\}|%%?\w+%%?|<[A-Z_]+>)$/;

/** Whether a place is in the command of one of the containers: a script that several workloads share is for all of them. */
function isOwn(resource: Resource, { uri, span }: Place): boolean {
  return containersOf(resource).some(({ value }) =>
    [...value.at('command').items(), ...value.at('args').items()].some(
      word => word.uri === uri && word.span.start <= span.start && span.end <= word.span.end,
    ),
  );
}

function example(token: string, isMarked: boolean): string {
  return `
      #- /app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: app
        namespace: matrix
      data:
        app.yaml: |
          key: KEY_PLACEHOLDER
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        initContainers:
          - name: fill
            image: busybox:1.36
            command:
              - sh
              - -c
              - |
                sed "s|${token}|\${API_KEY}|" /template/app.yaml > /config/app.yaml
${isMarked ? '      #                ^^^^^^^^^^^^^^^^^^^ warning: app.yaml has no API_KEY_PLACEHOLDER, so this replaces nothing\n' : ''}            env:
              - name: API_KEY
                value: a
            volumeMounts:
              - {name: template, mountPath: /template}
              - {name: config, mountPath: /config}
        containers:
          - name: app
            image: registry.test/app:1
            volumeMounts:
              - {name: config, mountPath: /config}
        volumes:
          - name: template
            configMap:
              name: app
          - name: config
            emptyDir: {}
    `;
}
