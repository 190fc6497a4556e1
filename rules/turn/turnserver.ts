import { commandLine, configurationOf } from '../../analysis/configs';
import type { EffectiveFile, Resolution } from '../../analysis/effective';
import { mayFillFromVariables } from '../../analysis/entrypoints';
import { type EnvironmentVariable, environmentOf } from '../../analysis/environment';
import type { HomeserverReader } from '../../analysis/homeserver';
import { publishedProgramOf } from '../../analysis/images';
import { mountAt } from '../../analysis/mounts';
import type { Container } from '../../analysis/pods';
import { isLi, workloads } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { readShell } from '../../analysis/text/shell';
import { runShell } from '../../analysis/text/shell-run';
import type { RunWord } from '../../analysis/text/shell-values';
import { readTurnserverArguments, readTurnserverConf, turnserverFlag } from '../../analysis/text/turnserver-conf';
import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** How a coturn workload is configured: its file first, then its command line, which wins. */
export interface Turnserver {
  readonly resource: Resource;
  readonly container: Container;
  readonly options: readonly TurnOption[];
  /** Whether there may be options that the tree does not show; an absent one then proves nothing. */
  readonly isPartial: boolean;
  /** The file that it reads, if the tree shows it. */
  readonly file: EffectiveFile | undefined;
}

export interface TurnOption {
  readonly name: string;
  /** Undefined for a flag. */
  readonly value: string | undefined;
  /** The value, or the option if it has none. */
  readonly at: Place;
  readonly from: 'file' | 'arguments' | 'script';
  /** The arguments that hold the option; empty where a file or a script does. */
  readonly words: readonly Value[];
  /** What becomes of a value of the file; of an argument, `undefined`. */
  readonly resolution: Resolution | undefined;
}

/** What coturn runs with; undefined for other workloads. */
export function turnserverOf(workspace: Workspace, resource: Resource): Turnserver | undefined {
  return workspace.derive(readTurnserver, resource);
}

/** The TURN servers of the main instance. */
export function turnservers(workspace: Workspace): readonly Turnserver[] {
  return workloads(workspace, 'coturn')
    .filter(resource => !isLi(workspace, resource))
    .flatMap(resource => turnserverOf(workspace, resource) ?? []);
}

/**
 * Whether an address may be one of a server: it is a number, or a name below a domain of the server or of the homeserver.
 * Others are those of a provider, which is often named besides.
 */
export function mayBeOf(server: Turnserver, homeserver: HomeserverReader, host: string): boolean {
  const name = homeserver.at('server_name').text?.replace(/:\d+$/, '');
  const url = /^https?:\/\/([^/:]+)/.exec(homeserver.at('public_baseurl').text ?? '')?.[1];
  const known = [optionOf(server, 'realm')?.value, name, url].flatMap(one => domainOf(one ?? '') ?? []);
  const domain = domainOf(host);
  return domain === undefined || known.length === 0 || known.includes(domain);
}

/** The last two parts of a name; undefined for anything else. */
function domainOf(host: string): string | undefined {
  return /[\w-]+\.[a-z][a-z\d-]*$/.exec(host.toLowerCase())?.[0];
}

/** The option of a name that counts: the last one, and those of the command line after those of the file. */
export function optionOf(server: Turnserver, name: string): TurnOption | undefined {
  return server.options.findLast(option => option.name === name);
}

/** Whether a flag is switched on; flags are off by default. */
export function isOn(server: Turnserver, name: string): boolean {
  const option = optionOf(server, name);
  return option !== undefined && turnserverFlag(option.value);
}

/** A port or other number; the default where the option is absent, undefined where it is no number. */
export function numberOf(server: Turnserver, name: string, byDefault: number): number | undefined {
  const option = optionOf(server, name);
  if (!option) return byDefault;
  return /^\d+$/.test(option.value ?? '') ? Number(option.value) : undefined;
}

/** Where something that the configuration lacks is reported: at its file, else at the container. */
export function placeOf({ file, container }: Turnserver): Place {
  return file?.sources[0]?.key ?? container.value.at('name');
}

/**
 * The variable that an argument takes its value from. Kubernetes expands `$(NAME)`; the entrypoint of coturn's image
 * also expands `$NAME` and `${NAME}`, as long as `command` does not replace it (coturn docker-entrypoint.sh).
 */
export function variableOf(server: Turnserver, option: TurnOption): string | undefined {
  const { value } = option;
  if (option.from === 'file' || value === undefined) return undefined;
  const byKubernetes = /^\$\((\w+)\)$/.exec(value)?.[1];
  if (byKubernetes !== undefined) return byKubernetes;
  return expandsArguments(server.container) ? /^"?\$\{?(\w+)\}?"?$/.exec(value)?.[1] : undefined;
}

/** A variable of the container, and whether others may be set that the tree does not show. */
export function environmentVariable(
  workspace: Workspace,
  { resource, container }: Turnserver,
  name: string,
): { readonly definition: EnvironmentVariable | undefined; readonly isOpen: boolean } {
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  return { definition: variables.get(name), isOpen };
}

/** The variable that is meant to hold the shared secret: `TURN_SHARED_SECRET` and the like, from a Secret. */
export function secretVariable(workspace: Workspace, server: Turnserver): EnvironmentVariable | undefined {
  const { variables } = environmentOf(workspace, server.resource, server.container);
  const named = [...variables.values()].filter(
    ({ name, source }) => source?.kind === 'Secret' && /(?:turn|shared|static|auth)\w*secret/i.test(name),
  );
  return named.length === 1 ? named[0] : undefined;
}

/** Whether a shell works the arguments out once more: `exec $(eval "echo $@")` (coturn, docker-entrypoint.sh). */
export function expandsArguments(container: Container): boolean {
  return !container.value.at('command').exists && publishedProgramOf(container.image) === 'coturn';
}

function readTurnserver(resource: Resource, workspace: Workspace): Turnserver | undefined {
  const configuration = configurationOf(workspace, resource, 'coturn');
  if (!configuration) return undefined;
  const { container, files, paths } = configuration;
  const argumentsRead = readArguments(workspace, resource, container);
  const namesFile = argumentsRead?.some(({ name }) => name === 'config') ?? true;
  const fromFile = files.flatMap(file => (file.isOpaque ? [] : optionsIn(file)));
  return {
    resource,
    container,
    options: [...fromFile, ...(argumentsRead ?? [])],
    isPartial:
      argumentsRead === undefined ||
      files.some(file => file.isOpaque) ||
      // What is mounted where coturn looks for its file is read without being named.
      (files.length === 0 && paths.some(path => mountAt(container, path) !== undefined)) ||
      (!container.value.at('args').exists && mayFillFromVariables(container)) ||
      // The file of the official image sets nothing; another image's may.
      (files.length === 0 && (namesFile || publishedProgramOf(container.image) !== 'coturn')),
    file: files.find(file => !file.isOpaque),
  };
}

function optionsIn(file: EffectiveFile): readonly TurnOption[] {
  return readTurnserverConf(file.content.text).map(({ name, value, span }) => {
    const at = value?.span ?? span;
    return {
      name,
      value: value?.value,
      at: file.content.place(at.start, at.end),
      from: 'file' as const,
      words: [],
      resolution: file.resolve(at),
    };
  });
}

/** The options of the command line; undefined if a script that starts coturn does not tell them. */
function readArguments(
  workspace: Workspace,
  resource: Resource,
  container: Container,
): readonly TurnOption[] | undefined {
  const script = scriptOf(workspace, resource, container);
  if (script) {
    let args: readonly RunWord[] | undefined;
    runShell(readShell(script.text.text), step => {
      if (step.name === 'turnserver') args = step.args;
    });
    return args && fromScript(args, script.text);
  }
  const words = commandLine(container);
  const start = words.findIndex(word => /(?:^|\/)turnserver$/.test(word.text ?? '')) + 1;
  const rest = words
    .slice(start)
    .flatMap(word => argumentsIn(container, word.text ?? '').map(text => ({ word, text })));
  return readTurnserverArguments(rest.map(({ text }) => text)).map(option => {
    const word = rest[option.valueIndex]?.word;
    const own = rest[option.index]?.word;
    const text = word?.text ?? '';
    const value = option.value ?? '';
    const at =
      word && value !== '' && text.endsWith(value)
        ? word.part(text.length - value.length, text.length)
        : (word ?? container.value.at('name'));
    return {
      name: option.name,
      value: option.value,
      at,
      from: 'arguments' as const,
      words: [...(own ? [own] : []), ...(word && word !== own ? [word] : [])],
      resolution: undefined,
    };
  });
}

/** The arguments that one word of `args` becomes: the entrypoint of coturn's image has a shell split it once more at blanks. */
function argumentsIn(container: Container, word: string): readonly string[] {
  return /\S\s/.test(word) && expandsArguments(container) ? word.replace(/["']/g, '').trim().split(/\s+/) : [word];
}

/** The shell has expanded the variables, which is then as good as what Kubernetes expands. */
function fromScript(args: readonly RunWord[], script: MappedText): readonly TurnOption[] {
  const texts = args.map(({ value, certainty }) =>
    certainty === 'unknown' ? value.replace(/\$\{(\w+)\}/g, '$($1)') : value,
  );
  return readTurnserverArguments(texts).flatMap(({ name, value, valueIndex }) => {
    const use = args[valueIndex]?.use;
    return use
      ? [
          {
            name,
            value,
            at: script.place(use.start, use.end),
            from: 'script' as const,
            words: [],
            resolution: undefined,
          },
        ]
      : [];
  });
}

/** Whether coturn may find users and secrets in a database (README.turnserver: `userdb` and those of each kind). */
export function hasUserDatabase(server: Turnserver): boolean {
  return ['userdb', 'psql-userdb', 'mysql-userdb', 'mongo-userdb', 'redis-userdb'].some(name => optionOf(server, name));
}
