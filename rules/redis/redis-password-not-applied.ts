import { type Configuration, commandLine, configurationOf } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import { environmentOf } from '../../analysis/environment';
import { isReplacedByScript } from '../../analysis/filled-in';
import { homeserverOf } from '../../analysis/homeserver';
import { containersOf, replicasOf } from '../../analysis/pods';
import { familiesOf, isLi, synapseLis } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { findService, podsBehind } from '../../analysis/services';
import { parseClusterHost } from '../../analysis/text/hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { defineVariable, passAsArguments, useDoubleQuotes } from './apply-password';
import { takesFromSecret } from './password';

export default {
  id: 'redis-password-not-applied',
  items: ['1.2.b.1'],
  severity: 'error',
  summary: 'Redis starts without the password that its clients use.',
  why: 'Redis takes every line of its configuration literally. With a token left in `requirepass` the password is the token; without the line there is no password. Clients fail, or everyone in the cluster gets in.',
  remedy:
    'Let an init container copy the configuration to a writable volume and put `requirepass` and `masterauth` into it from the Secret, or pass `--requirepass $(REDIS_PASSWORD)`.',
  traps: [
    'Both ways are right: replacing a placeholder with `sed`, and appending the lines. What counts is the file that Redis is started with.',
    'With more than one replica, `masterauth` is needed as well, or the followers cannot log in.',
    'Kubernetes replaces `$(VAR)` in arguments and nothing else; Redis does not replace `${VAR}` in its file.',
    'A Redis of the LI instance alone is looked at only where its Synapse presents a password.',
    'A Redis that has no Secret at all is reported once, by redis-password-secret-missing.',
    'Arguments count more than the file, so the fix that passes them leaves the line in the file as it is.',
  ],
  sources: ['Redis documentation, ACL and "requirepass"; redis.conf has no variables'],
  examples: {
    bad: `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis-config
        namespace: matrix
      data:
        redis.conf: |
          port 6379
          requirepass \${REDIS_PASSWORD}
      #               ^^^^^^^^^^^^^^^^^ 💡 error: \${REDIS_PASSWORD} is still there when Redis reads /conf/redis.conf
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 1
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf]
                volumeMounts:
                  - name: config
                    mountPath: /conf
            volumes:
              - name: config
                configMap:
                  name: redis-config
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: CHANGEME_REDIS_PASSWORD
    `,
    good: `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis-config
        namespace: matrix
      data:
        redis.conf: |
          port 6379
          requirepass \${REDIS_PASSWORD}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 1
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf, "--requirepass", "$(REDIS_PASSWORD)"]
                env:
                  - name: REDIS_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: redis-password
                        key: password
                volumeMounts:
                  - name: config
                    mountPath: /conf
            volumes:
              - name: config
                configMap:
                  name: redis-config
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: CHANGEME_REDIS_PASSWORD
    `,
  },
  kinds: ['StatefulSet', 'Deployment', 'Pod'],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('redis')) return;
    const configuration = configurationOf(workspace, resource, 'redis');
    if (!configuration) return;
    // The checklist asks nothing of the LI instance's own Redis, but what its Synapse presents has to be asked for.
    if (isLi(workspace, resource) && !isPasswordPresented(workspace, resource)) return;
    for (const directive of neededBy(resource)) {
      const problem = problemWith(directive, configuration, resource, workspace);
      // Without requirepass there is nothing that masterauth could be missing for.
      if (problem) {
        yield problem;
        return;
      }
    }
  },
} satisfies Rule;

/** Followers need the password to log in to the master. */
function neededBy(resource: Resource): readonly ('requirepass' | 'masterauth')[] {
  return replicasOf(resource) > 1 ? ['requirepass', 'masterauth'] : ['requirepass'];
}

function problemWith(
  directive: 'requirepass' | 'masterauth',
  configuration: Configuration,
  resource: Resource,
  workspace: Workspace,
): Problem | undefined {
  const { container, files, paths, words } = configuration;
  const argument = argumentProblem(directive, configuration, resource, workspace);
  if (argument || words.some(word => new RegExp(`--${directive}\\b`).test(word))) return argument;
  // A script that the tree does not show, and the entrypoint of Bitnami's image, may set it themselves.
  if (words.some(word => word.endsWith('.sh')) && !scriptOf(workspace, resource, container)) return undefined;
  if (/bitnami/.test(container.image) && environmentOf(workspace, resource, container).variables.has('REDIS_PASSWORD'))
    return undefined;
  // A file that the tree does not show, or that a tool writes which is not understood, may well have the line.
  if (files.some(file => file.isOpaque || /^[ \t]*aclfile[ \t]/im.test(file.content.text))) return undefined;
  if (files.length < paths.length) return undefined;
  const line = files.flatMap(file => directiveIn(file, directive)).at(-1);
  if (!line) {
    // That it has no password at all is said once, by redis-password-secret-missing.
    // The Redis of another application needs none.
    const isSaid = !takesFromSecret(resource) && !isLi(workspace, resource);
    return isSaid ? undefined : notThere(workspace, directive, configuration, resource);
  }
  const { file, span, text } = line;
  const at = file.content.place(span.start, span.end);
  const resolution = file.resolve(span);
  switch (resolution.kind) {
    case 'unknown':
      return undefined;
    case 'unexpanded':
      return {
        at: resolution.by,
        message: `This does not expand its variable, because the shell leaves single quotes alone, so the password of Redis becomes that text — use double quotes.`,
        fixes: () => useDoubleQuotes(workspace, resource, resolution.by),
        related: [{ at, message: directive }],
      };
    case 'replaced': {
      const undefinedOne = resolution.variables.find(variable => !variable.definition && !variable.mayBeDefined);
      return (
        undefinedOne &&
        variableMissing(
          directive,
          undefinedOne.name,
          undefinedOne.container.value.at('name'),
          undefinedOne.container.name,
          () => defineVariable(workspace, resource, undefinedOne.container, undefinedOne.name),
        )
      );
    }
    case 'left': {
      if (text === '')
        return {
          at: file.content.place(span.start - 1, span.end + 1),
          message: `${directive} is empty, ${effectOf(directive)} — put the Secret’s value in.`,
          fixes: () => passAsArguments(workspace, resource, configuration, neededBy(resource)),
        };
      const token = findPlaceholders(text, 'value').find(({ class: kind }) => kind === 'token' || kind === 'env');
      if (!token || isReplacedByScript(workspace, at, token.text)) return undefined;
      return {
        at,
        message: `${token.text} is still there when Redis reads ${file.path}, so that text is the password — let an init container put the Secret’s value in.`,
        fixes: () => passAsArguments(workspace, resource, configuration, neededBy(resource)),
        related:
          environmentOf(workspace, resource, container).variables.size > 0
            ? [{ at: container.value.at('name'), message: `Container ${container.name}` }]
            : [],
      };
    }
  }
}

function notThere(workspace: Workspace, directive: string, configuration: Configuration, resource: Resource): Problem {
  const { files, container } = configuration;
  const [file] = files;
  const init = containersOf(resource).find(one => one.isInit);
  const at: Place = file?.sources[0]?.key ?? init?.value.at('name') ?? container.value.at('name');
  return {
    at,
    message: `Nothing sets ${directive} in what container ${container.name} reads, ${effectOf(directive)} — add it from the Secret in an init container or as an argument.`,
    fixes: () =>
      passAsArguments(
        workspace,
        resource,
        configuration,
        directive === 'masterauth' ? [directive] : neededBy(resource),
      ),
    related: [{ at: container.value.at('name'), message: `Container ${container.name}` }],
  };
}

function effectOf(directive: string): string {
  return directive === 'requirepass'
    ? 'so Redis asks nobody for a password'
    : 'so its followers cannot log in to the master';
}

/**
 * What is wrong with `--requirepass VALUE` among the arguments. Without a shell only `$(NAME)` is expanded, and that only
 * if the container has the variable (Kubernetes API reference, Container: args).
 */
function argumentProblem(
  directive: string,
  { container }: Configuration,
  resource: Resource,
  workspace: Workspace,
): Problem | undefined {
  const words = commandLine(container);
  const at = words.findLastIndex(word => word.text === `--${directive}`);
  const value = at === -1 ? undefined : words[at + 1];
  if (value?.text === undefined || scriptOf(workspace, resource, container)) return undefined;
  if (value.text === '')
    return { at: value, message: `--${directive} is empty, ${effectOf(directive)} — pass the Secret’s value.` };
  const shell = /^\$(?:\{(\w+)\}|(\w+))$/.exec(value.text);
  const named = shell?.[1] ?? shell?.[2];
  if (named !== undefined)
    return {
      at: value,
      message: `No shell expands ${value.text} here, so that text is the password of Redis — write $(${named}), which Kubernetes expands.`,
      fixes: () => {
        const edit = replaceScalar(value, `$(${named})`);
        return edit ? [{ title: `Write $(${named})`, safe: true, edits: [edit] }] : [];
      },
    };
  const name = /^\$\((\w+)\)$/.exec(value.text)?.[1];
  const environment = environmentOf(workspace, resource, container);
  if (name === undefined || environment.isOpen || environment.variables.has(name)) return undefined;
  return {
    at: value,
    message: `Container ${container.name} has no variable ${name}, so ${value.text} itself is the password of Redis — define the variable under env.`,
    fixes: () => defineVariable(workspace, resource, container, name),
  };
}

/** Whether a Synapse presents a password to this Redis, which answers with an error if it asks for none. */
function isPasswordPresented(workspace: Workspace, redis: Resource): boolean {
  return synapseLis(workspace).some(synapse => {
    const homeserver = homeserverOf(workspace, synapse);
    const host = parseClusterHost(homeserver?.at('redis', 'host').text ?? '', synapse.namespace);
    const service = host && findService(workspace, host.namespace ?? synapse.namespace, host.service);
    return (
      homeserver?.at('redis', 'password').exists === true &&
      service !== undefined &&
      podsBehind(workspace, service).some(({ owner }) => owner === redis)
    );
  });
}

function variableMissing(
  directive: string,
  name: string,
  at: Place,
  container: string,
  fixes: () => readonly Fix[],
): Problem {
  return {
    at,
    message: `Container ${container} writes ${directive} from the variable ${name}, which it does not have, so the password is empty — define the variable under env.`,
    fixes,
  };
}

interface DirectiveLine {
  readonly file: EffectiveFile;
  /** The value of the directive. */
  readonly span: Span;
  readonly text: string;
}

/** The values of a directive; Redis reads one directive a line, and `#` starts a comment only at the start of a line. */
function directiveIn(file: EffectiveFile, directive: string): readonly DirectiveLine[] {
  const lines = [
    ...file.content.text.matchAll(new RegExp(`^[ \\t]*${directive}[ \\t]+(?:"([^"\\n]*)"|'([^'\\n]*)'|(\\S+))`, 'gim')),
  ].map(match => {
    const text = match[1] ?? match[2] ?? match[3] ?? '';
    const start = match.index + match[0].length - text.length - (match[3] === undefined ? 1 : 0);
    return { file, span: { start, end: start + text.length }, text };
  });
  return lines.length > 0 || directive !== 'requirepass' ? lines : defaultUserIn(file);
}

/** The password of the user `default`, which is what `requirepass` sets (Redis documentation, ACL). */
function defaultUserIn(file: EffectiveFile): readonly DirectiveLine[] {
  return [...file.content.text.matchAll(/^[ \t]*user[ \t]+default[ \t][^\n]*?>(\S+)/gim)].map(match => {
    const [whole, text = ''] = match;
    const end = match.index + whole.length;
    return { file, span: { start: end - text.length, end }, text };
  });
}
