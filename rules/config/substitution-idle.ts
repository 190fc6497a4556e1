import { type EffectiveFile, effectiveFile, writtenPaths } from '../../analysis/effective';
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
    'It is reported where something of nearly that name is left in the file; a placeholder that was taken out with what it stood for needs no finding.',
  ],
  sources: ['POSIX.1-2017, sed: a substitution that matches nothing changes nothing and is no error'],
  examples: { bad: example('API_KEY_PLACEHOLDER', true), good: example('KEY_PLACEHOLDER', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const asked = new Map<string, Asked>();
    for (const { container, path } of writtenPaths(workspace, resource)) {
      const file = effectiveFile(workspace, resource, container, path);
      if (!file) continue;
      for (const { text, at, isFound } of file.replacements()) {
        const key = `${at.uri} ${at.span.start}`;
        const known = asked.get(key) ?? { at, text, files: [], isFound: false };
        asked.set(key, { ...known, files: [...known.files, file], isFound: known.isFound || isFound || file.isOpaque });
      }
    }
    for (const { at, text, files, isFound } of asked.values()) {
      if (isFound || !isPlaceholder.test(text) || !isOwn(resource, at)) continue;
      const meant = files.flatMap(file => leftIn(file)).find(left => areAlike(left, text));
      const names = [...new Set(files.map(({ path }) => baseName(path)))];
      if (meant !== undefined)
        yield {
          at,
          message: `${names.join(' and ')} ${names.length === 1 ? 'has' : 'have'} no ${text}, so this replaces nothing — did you mean ${meant}?`,
          fixes: () => [{ title: `Replace ${meant}`, safe: false, edits: [{ at, newText: meant }] }],
        };
    }
  },
} satisfies Rule;

interface Asked {
  readonly at: Place;
  readonly text: string;
  readonly files: readonly EffectiveFile[];
  readonly isFound: boolean;
}

/** What looks like a placeholder in a file, outside comments, and nothing replaces. */
function leftIn(file: EffectiveFile): readonly string[] {
  const text = file.content.text.replace(/^[ \t]*(?:#|;|\/\/).*$/gm, line => ' '.repeat(line.length));
  return [...text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|__\w+__|@\w+@|\$\{\w+\}|%%\w+%%/g)].flatMap(
    ({ index, 0: token }) => (file.resolve({ start: index, end: index + token.length }).kind === 'left' ? [token] : []),
  );
}

/** Whether one name is the other with more or fewer words around it. */
function areAlike(one: string, other: string): boolean {
  const [first, second] = [one, other].map(text => text.replace(/_PLACEHOLDER$|[^A-Za-z0-9_]/g, '').toUpperCase());
  return first !== undefined && second !== undefined && (first.includes(second) || second.includes(first));
}

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
${isMarked ? '      #                ^^^^^^^^^^^^^^^^^^^ 💡 warning: app.yaml has no API_KEY_PLACEHOLDER, so this replaces nothing — did you mean KEY_PLACEHOLDER?\n' : ''}            env:
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
