import { type Configuration, configurationOf, parsed } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import { type EnvironmentVariable, environmentOf } from '../../analysis/environment';
import { isReplacedByScript } from '../../analysis/filled-in';
import { publishedProgramOf } from '../../analysis/images';
import { isPatch } from '../../analysis/kustomization';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { type Container, podTemplate, workloadKinds } from '../../analysis/pods';
import { insertEntry, insertItem, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { type ConfigToken, tokensOf, unexpandedMessage } from '../config/tokens';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'livekit-config-not-substituted',
  items: ['2.4.a'],
  severity: 'error',
  summary: 'LiveKit’s configuration still holds a placeholder when LiveKit reads it.',
  why: 'LiveKit expands nothing in its configuration file. It starts with `${API_KEY}` or `API_KEY_PLACEHOLDER` as its key, so every call is refused, or it cannot log in to Redis.',
  remedy:
    'Let an init container copy the ConfigMap to an `emptyDir`, replace the tokens with `sed` from environment variables, and start LiveKit with the copy.',
  traps: [
    'A placeholder in the ConfigMap is right as long as an init container replaces it in the file that `--config` names. What scripts do is followed step by step.',
    'Keys from the environment variable `LIVEKIT_KEYS` or from a `key_file` are accepted.',
    'The key stands on both sides: its name and its secret have to be replaced.',
  ],
  sources: [
    'livekit/livekit cmd/server/main.go and pkg/config/config.go: the file is read as YAML without any expansion',
  ],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: livekit-secrets
        namespace: matrix
      stringData:
        API_KEY: APIx7Kq2mVb9sLd4
        API_SECRET: kT8vRzW3nYq6BdJ1fHs5XpLm0aCe9GuN2iOt7wKx
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit-config
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          keys:
            \${API_KEY}: \${API_SECRET}
      #     ^^^^^^^^^^ 💡 error: \${API_KEY} is still there when LiveKit reads /etc/livekit/livekit.yaml
      #                 ^^^^^^^^^^^^^ 💡 error: \${API_SECRET} is still there
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: livekit}
        template:
          metadata:
            labels: {app: livekit}
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: ["--config", "/etc/livekit/livekit.yaml"]
                env:
                  - name: API_KEY
                    valueFrom:
                      secretKeyRef: {name: livekit-secrets, key: API_KEY}
                  - name: API_SECRET
                    valueFrom:
                      secretKeyRef: {name: livekit-secrets, key: API_SECRET}
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config
                configMap:
                  name: livekit-config
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: livekit-secrets
        namespace: matrix
      stringData:
        API_KEY: APIx7Kq2mVb9sLd4
        API_SECRET: kT8vRzW3nYq6BdJ1fHs5XpLm0aCe9GuN2iOt7wKx
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit-config
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          keys:
            \${API_KEY}: \${API_SECRET}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: livekit}
        template:
          metadata:
            labels: {app: livekit}
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: ["--config", "/etc/livekit/livekit.yaml"]
                env:
                  - name: API_KEY
                    valueFrom:
                      secretKeyRef: {name: livekit-secrets, key: API_KEY}
                  - name: API_SECRET
                    valueFrom:
                      secretKeyRef: {name: livekit-secrets, key: API_SECRET}
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config-template
                configMap:
                  name: livekit-config
              - name: config
                emptyDir: {}
            initContainers:
              - name: generate-config
                image: busybox:1.36
                command:
                  - sh
                  - -c
                  - |
                    set -e
                    cp /config-template/livekit.yaml /etc/livekit/livekit.yaml
                    sed -i "s|\\\${API_KEY}|\${API_KEY}|g" /etc/livekit/livekit.yaml
                    sed -i "s|\\\${API_SECRET}|\${API_SECRET}|g" /etc/livekit/livekit.yaml
                env:
                  - name: API_KEY
                    valueFrom:
                      secretKeyRef:
                        name: livekit-secrets
                        key: API_KEY
                  - name: API_SECRET
                    valueFrom:
                      secretKeyRef:
                        name: livekit-secrets
                        key: API_SECRET
                volumeMounts:
                  - name: config-template
                    mountPath: /config-template
                  - name: config
                    mountPath: /etc/livekit
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const configuration = configurationOf(workspace, resource, 'livekit');
    if (configuration) yield* keysProblems(workspace, resource, configuration);
    for (const file of configuration?.files ?? []) {
      if (file.isOpaque) continue;
      const tokens = tokensOf({ file, program: 'livekit', isIntermediate: false });
      for (const { at, placeholder, resolution } of tokens) {
        if (resolution.kind === 'left') {
          if (isReplacedByScript(workspace, at, placeholder.text)) continue;
          yield {
            at,
            message: `${placeholder.text} is still there when LiveKit reads ${file.path} — replace it in an init container.`,
            related: [
              { at: file.container.value.at('name'), message: `Container ${file.container.name} reads the file` },
            ],
            fixes: () => generateConfig(workspace, resource, file, tokens),
          };
        } else if (resolution.kind === 'unexpanded') {
          yield {
            at: resolution.by,
            message: unexpandedMessage(placeholder.text, resolution),
            related: [{ at, message: placeholder.text }],
          };
        }
      }
    }
  },
} satisfies Rule;

/**
 * Keys that nothing gives LiveKit, or that are still names of variables in `LIVEKIT_KEYS`: LiveKit expands nothing, and
 * Kubernetes only `$(NAME)` (livekit pkg/config/config.go, updateFromCLI; pkg/service, "one of key-file or keys must be
 * provided").
 */
function* keysProblems(
  workspace: Workspace,
  resource: Resource,
  { container, files, paths, words }: Configuration,
): Iterable<Problem> {
  const environment = environmentOf(workspace, resource, container);
  const variable = environment.variables.get('LIVEKIT_KEYS');
  const token = /\$\{?[A-Za-z_]\w*\}?|\b\w+_PLACEHOLDER\b/.exec(variable?.value?.text ?? '');
  if (variable?.value && token) {
    yield {
      at: variable.value.part(token.index, token.index + token[0].length),
      message: `${token[0]} is still there when LiveKit reads LIVEKIT_KEYS, because Kubernetes expands only $(NAME) — write $(${token[0].replace(/\W|_PLACEHOLDER$/g, '')}).`,
    };
  }
  const isGiven =
    variable !== undefined ||
    environment.isOpen ||
    ['LIVEKIT_CONFIG', 'LIVEKIT_KEY_FILE'].some(name => environment.variables.has(name)) ||
    words.some(word => /^--(?:keys|key-file|dev|config-body)\b/.test(word));
  if (isGiven || files.length < paths.length || files.some(file => file.isOpaque)) return;
  // Without --config there is no file at all, whatever is mounted.
  const isBare = publishedProgramOf(container.image) === 'livekit-server' && !container.value.at('command').exists;
  if (files.length === 0 && (!isBare || isPatch(workspace, resource.document.file))) return;
  const roots = files.map(file => parsed(file));
  if (roots.some(({ root, problem }) => problem || root.kind !== 'mapping')) return;
  if (roots.some(({ root }) => ['keys', 'key_file', 'development'].some(key => root.at(key).exists))) return;
  yield {
    at: container.value.at('name'),
    message: `Nothing gives LiveKit the keys that clients are let in with, and it does not start without — ${
      files.length === 0 ? 'name its configuration with --config, or write them' : 'write them under keys, or'
    } into LIVEKIT_KEYS.`,
  };
}

/** An init container that writes the file, if every token has a Secret or ConfigMap key to come from. */
function generateConfig(
  workspace: Workspace,
  resource: Resource,
  file: EffectiveFile,
  tokens: readonly ConfigToken[],
): readonly Fix[] {
  const open = tokens.filter(({ resolution }) => resolution.kind === 'left').map(({ placeholder }) => placeholder);
  const mount = mountAt(file.container, file.path);
  const volume = mount && volumeOf(resource, mount.volume);
  const spec = podTemplate(resource)?.at('spec');
  const known = environmentOf(workspace, resource, file.container).variables;
  const variables = new Map<string, EnvironmentVariable>();
  for (const { variable } of open) {
    const definition = variable === undefined ? undefined : known.get(variable);
    if (!definition?.source) return [];
    variables.set(definition.name, definition);
  }
  if (!mount || mount.subPath !== undefined || !volume?.at('configMap').exists || !spec || !file.isVerbatim) return [];
  const name = file.path.slice(mount.mountPath.length + 1);
  const template = `${mount.volume}-template`;
  const init = initContainer(
    file.container,
    { name, mountPath: mount.mountPath, volume: mount.volume, template },
    [...new Set(open.map(one => one.text))],
    [...variables.values()],
  );
  const initContainers = spec.at('initContainers');
  const edits = [
    replaceScalar(volume.at('name'), template),
    insertItem(spec.at('volumes'), `name: ${mount.volume}\nemptyDir: {}`),
    initContainers.exists
      ? insertItem(initContainers, init)
      : insertEntry(spec, `initContainers:\n  - ${init.replaceAll('\n', '\n    ')}`),
  ];
  if (edits.some(edit => edit === undefined)) return [];
  return [{ title: 'Replace the placeholders in an init container', safe: false, edits: merged(edits as TextEdit[]) }];
}

interface Copied {
  readonly name: string;
  readonly mountPath: string;
  readonly volume: string;
  readonly template: string;
}

function initContainer(
  _: Container,
  { name, mountPath, volume, template }: Copied,
  tokens: readonly string[],
  variables: readonly EnvironmentVariable[],
): string {
  const seds = tokens.map(token => {
    const variable = /(\w+?)(?:_PLACEHOLDER)?\}?$/.exec(token)?.[1] ?? '';
    return `sed -i "s|${token.replaceAll('$', '\\$')}|\${${variable}}|g" ${mountPath}/${name}`;
  });
  const script = ['set -e', `cp /${template}/${name} ${mountPath}/${name}`, ...seds];
  return [
    'name: generate-config',
    'image: busybox:1.36',
    'command:',
    '  - sh',
    '  - -c',
    '  - |',
    ...script.map(line => `    ${line}`),
    'env:',
    ...variables.flatMap(({ name: variable, source }) => [
      `  - name: ${variable}`,
      '    valueFrom:',
      `      ${source?.kind === 'ConfigMap' ? 'configMapKeyRef' : 'secretKeyRef'}:`,
      `        name: ${source?.name}`,
      `        key: ${source?.key}`,
    ]),
    'volumeMounts:',
    `  - name: ${template}`,
    `    mountPath: /${template}`,
    `  - name: ${volume}`,
    `    mountPath: ${mountPath}`,
  ].join('\n');
}

/** Insertions at the same place become one, in order, because editors do not promise an order among them. */
function merged(edits: readonly TextEdit[]): readonly TextEdit[] {
  const result: TextEdit[] = [];
  for (const edit of edits) {
    const same = result.findIndex(
      ({ at }) => at.uri === edit.at.uri && at.span.start === edit.at.span.start && at.span.end === edit.at.span.end,
    );
    const known = result[same];
    if (known) result[same] = { at: known.at, newText: known.newText + edit.newText };
    else result.push(edit);
  }
  return result;
}
