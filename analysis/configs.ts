import type { EmbeddedDocument } from '../manifests/embedded';
import { readEmbedded } from '../manifests/embedded';
import type { Resource } from '../manifests/resource';
import { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { type EffectiveFile, effectiveFile, podWrites } from './effective';
import { environmentOf, scalarOfVariable } from './environment';
import { programOf } from './images';
import { type Container, isExporter, mainContainersOf } from './pods';
import { scriptOf } from './scripts';
import { maskComments } from './text/comments';
import { runsSentinel } from './text/redis-conf';

/** The container of a workload that runs its program, and the configuration files that the program reads. */
export interface Configuration {
  readonly container: Container;
  /** The words of its command line; of a script, those of all its commands. */
  readonly words: readonly string[];
  /** The paths as the command line, the environment or the image's default name them, in the order of reading. */
  readonly paths: readonly string[];
  /** The files among them that the tree shows. */
  readonly files: readonly EffectiveFile[];
}

export type ConfiguredProgram =
  | 'synapse'
  | 'redis'
  | 'sentinel'
  | 'haproxy'
  | 'livekit'
  | 'coturn'
  | 'element'
  | 'nginx'
  | 'scanner'
  | 'sygnal';

/** The configuration of the container of a workload that an image or a command says runs a program. */
export function configurationOf(
  workspace: Workspace,
  resource: Resource,
  program: ConfiguredProgram,
): Configuration | undefined {
  return workspace.derive(configurations[program], resource);
}

/** The YAML or JSON that an effective file holds, with places where a person edits it. */
export function parsed(file: EffectiveFile): EmbeddedDocument {
  const [source] = file.sources;
  // What no step has changed is read once for all who mount it.
  if (source?.mapped === file.content) return source.embedded();
  let known = documents.get(file);
  if (!known) {
    known = readEmbedded(file.content, source ?? file.container.value.at('name'));
    documents.set(file, known);
  }
  return known();
}

const documents = new WeakMap<EffectiveFile, () => EmbeddedDocument>();

/** The words of a container's command line, `command` and `args` together, without `sh -c` scripts' inside. */
export function commandLine(container: Container): readonly Value[] {
  return [...container.value.at('command').items(), ...container.value.at('args').items()];
}

/** A container's command line as one text, its words separated by a space each. */
export function commandText(container: Container): string {
  return commandLine(container)
    .map(word => word.text ?? '')
    .join(' ');
}

/** The values of an option: `--name=value`, `--name value`, and the same for each of its other names. */
export function optionValues(words: readonly string[], names: readonly string[]): readonly string[] {
  const values: string[] = [];
  words.forEach((word, index) => {
    for (const name of names) {
      if (word === name && words[index + 1] !== undefined) values.push(words[index + 1] ?? '');
      else if (word.startsWith(`${name}=`)) values.push(word.slice(name.length + 1));
    }
  });
  return values;
}

interface Program {
  /** Which container runs it. */
  isRunBy(container: Container, words: readonly string[]): boolean;
  paths(words: readonly string[], environment: (name: string) => string | undefined): readonly string[];
  /** The variable that holds the configuration itself, in place of all files. */
  readonly body?: string;
  /** How the files end that it reads of a folder, in the order of their names; undefined where it takes none. */
  readonly inFolders?: string;
}

const programs: Readonly<Record<ConfiguredProgram, Program>> = {
  // element-hq/synapse docker/README.md: SYNAPSE_CONFIG_PATH, default /data/homeserver.yaml. Later files win.
  synapse: {
    inFolders: '.yaml',
    isRunBy: (container, words) =>
      programOf(container.image) === 'synapse' ||
      words.some(word => word.includes('synapse.app.')) ||
      (container.image.includes('synapse') && container.value.at('env').items().some(isForSynapse)),
    paths: (words, environment) => {
      const given = optionValues(words, ['--config-path', '-c']).filter(path => path.startsWith('/'));
      return given.length > 0
        ? given
        : [environment('SYNAPSE_CONFIG_PATH') ?? `${environment('SYNAPSE_CONFIG_DIR') ?? '/data'}/homeserver.yaml`];
    },
  },
  redis: {
    isRunBy: (container, words) =>
      !isSentinel(words) &&
      (/(?:redis|valkey)[^/]*$/.test(container.image.replace(/[:@].*/, '')) ||
        words.some(word => /(?:redis|valkey)-server$/.test(word))),
    paths: words => confPaths(words, /(?:redis|valkey)-server$/),
  },
  sentinel: {
    isRunBy: (_, words) => isSentinel(words),
    paths: words => confPaths(words, /(?:redis|valkey)-(?:sentinel|server)$/),
  },
  // The official image's command reads this file unless told otherwise (docker-library/haproxy).
  haproxy: {
    inFolders: '.cfg',
    isRunBy: container => /(?:^|\/)haproxy[^/]*(?::|@|$)/.test(container.image),
    paths: words => {
      const given = optionValues(words, ['-f']);
      return given.length > 0 ? given : ['/usr/local/etc/haproxy/haproxy.cfg'];
    },
  },
  // livekit cmd/server/main.go, getConfigString: the body in LIVEKIT_CONFIG wins over --config FILE.
  livekit: {
    body: 'LIVEKIT_CONFIG',
    isRunBy: (container, words) =>
      /livekit-server/.test(container.image) || words.some(word => /livekit-server$/.test(word)),
    paths: words => optionValues(words, ['--config']),
  },
  coturn: {
    isRunBy: (container, words) => /coturn/.test(container.image) || words.some(word => /turnserver$/.test(word)),
    paths: words => {
      const given = optionValues(words, ['-c', '--c', '--config']);
      return given.length > 0 ? given : ['/etc/coturn/turnserver.conf', '/etc/turnserver.conf'];
    },
  },
  element: { isRunBy: container => /element-web/.test(container.image), paths: () => ['/app/config.json'] },
  nginx: {
    isRunBy: container => /(?:^|\/)nginx[^/]*(?::|@|$)/.test(container.image),
    paths: () => ['/etc/nginx/nginx.conf', '/etc/nginx/conf.d/default.conf'],
  },
  // sygnal/sygnal.py, parse_config: SYGNAL_CONF, else sygnal.yaml where it is started, which is / in the image.
  sygnal: {
    isRunBy: (container, words) =>
      programOf(container.image) === 'sygnal' || words.some(word => word === 'sygnal.sygnal'),
    paths: (_, environment) => [environment('SYGNAL_CONF') ?? '/sygnal.yaml'],
  },
  scanner: {
    isRunBy: container => /content-scanner/.test(container.image),
    paths: words => {
      const given = optionValues(words, ['-c', '--config']);
      return given.length > 0 ? given : ['/data/config.yaml'];
    },
  },
};

/** Whether a variable is one of those that the start script of Synapse's image takes; images made from it keep it. */
function isForSynapse(variable: Value): boolean {
  return /^SYNAPSE_(?:CONFIG_PATH|CONFIG_DIR|WORKER)$/.test(variable.at('name').text ?? '');
}

/** One function for each program, because the workspace keeps what a function derived by the function itself. */
const configurations = Object.fromEntries(
  Object.entries(programs).map(([name, program]) => [
    name,
    (resource: Resource, workspace: Workspace) => configure(program, resource, workspace),
  ]),
) as Readonly<Record<ConfiguredProgram, (resource: Resource, workspace: Workspace) => Configuration | undefined>>;

function configure(program: Program, resource: Resource, workspace: Workspace): Configuration | undefined {
  for (const container of mainContainersOf(resource)) {
    const words = wordsOf(workspace, resource, container);
    if (isExporter(container) || !program.isRunBy(container, words)) continue;
    const body = program.body === undefined ? undefined : bodyIn(workspace, resource, container, program.body);
    if (body) return { container, words, paths: [], files: [body] };
    const environment = (name: string): string | undefined =>
      container.value
        .at('env')
        .items()
        .find(variable => variable.at('name').text === name)
        ?.at('value').text;
    const paths = program
      .paths(words, environment)
      .flatMap(path => filesOfFolder(workspace, resource, container, path, program) ?? [path]);
    const files = paths.flatMap(path => effectiveFile(workspace, resource, container, path) ?? []);
    return { container, words, paths, files };
  }
  return undefined;
}

/** The configuration that a variable holds, with the variable's name for a path; undefined if the tree does not show it. */
function bodyIn(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  name: string,
): EffectiveFile | undefined {
  const variable = environmentOf(workspace, resource, container).variables.get(name);
  const value = variable && scalarOfVariable(workspace, resource, variable);
  // A path is no configuration, which is told where it stands.
  if (!value || !/^\s*[^\s/][^\n]*:(?:\s|$)/m.test(value.text ?? '')) return undefined;
  const { mapped: content } = value;
  return {
    resource,
    container,
    path: name,
    content,
    isOpaque: false,
    isVerbatim: true,
    sources: [value],
    replacements: () => [],
    resolve(at, part) {
      const { start, end } = at instanceof Value ? at.sourceSpan : at;
      const [from, to] = part ? [start + part.start, start + part.end] : [start, end];
      // Kubernetes puts other variables in place of $(NAME).
      const isFilledIn = [...content.text.matchAll(/\$\(\w+\)/g)].some(
        ({ index, 0: token }) => index < to && from < index + token.length,
      );
      return { kind: isFilledIn ? 'unknown' : 'left' };
    },
  };
}

/** The files of a folder that a program reads; undefined if the path is none. */
function filesOfFolder(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
  { inFolders }: Program,
): readonly string[] | undefined {
  if (inFolders === undefined || path.endsWith(inFolders)) return undefined;
  const folder = path.length > 1 ? path.replace(/\/+$/, '') : path;
  const names = podWrites(workspace, resource)
    .filesIn(container, folder)
    .filter(file => file.endsWith(inFolders) && !file.slice(folder.length + 1).includes('/'));
  return names.length > 0 ? [...names].sort() : undefined;
}

/**
 * All words of a command line; a script, after `sh -c` or in a file that is mounted, is split at blanks, which is enough
 * to find its options.
 */
function wordsOf(workspace: Workspace, resource: Resource, container: Container): readonly string[] {
  const line = commandLine(container);
  const script = scriptOf(workspace, resource, container);
  const at = script ? line.findIndex(word => word.span.start === script.value.span.start) : 0;
  const isElsewhere = at === -1;
  // What stands before a script is for the shell, as `-c` is, which means a file to other programs.
  const texts = line.slice(Math.max(at, 0)).map(word => word.text ?? '');
  return [...texts, ...(isElsewhere && script ? [maskComments(script.text.text, 'shell')] : [])].flatMap(text => {
    return /\s/.test(text)
      ? text
          .split(/[\s;]+/)
          .map(part => part.replace(/^["']|["'\\]$/g, ''))
          .filter(part => part !== '')
      : [text];
  });
}

/** The `.conf` that follows a program; a script may name others before it starts the program. */
function confPaths(words: readonly string[], program: RegExp): readonly string[] {
  const isConf = (word: string): boolean => /^\/\S+\.conf$/.test(word);
  const at = words.findLastIndex((word, index) => program.test(word) && isConf(words[index + 1] ?? ''));
  return at === -1 ? [...new Set(words.filter(isConf))] : [words[at + 1] ?? ''];
}

function isSentinel(words: readonly string[]): boolean {
  return runsSentinel(words.join(' '));
}
