import { configFilesOf } from '../../analysis/config-files';
import { podWrites } from '../../analysis/effective';
import { environmentOf, textOfVariable } from '../../analysis/environment';
import { publishedProgramOf } from '../../analysis/images';
import { type Container, containersOf } from '../../analysis/pods';
import { commandAsScript, scriptOf } from '../../analysis/scripts';
import { readIni } from '../../analysis/text/ini';
import { readShell } from '../../analysis/text/shell';
import { readOptions } from '../../analysis/text/shell-options';
import { runShell } from '../../analysis/text/shell-run';
import { type RunWord, wordPart } from '../../analysis/text/shell-values';
import { concatenate, type MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';

/** A copy by rclone or mc; a side is undefined where it is no bucket, or the tree does not tell which. */
interface Transfer {
  readonly program: 'rclone' | 'mc';
  readonly from: StoredAt | undefined;
  readonly to: StoredAt | undefined;
}

interface StoredAt {
  /** The URL of the store. */
  readonly endpoint: string;
  readonly bucket: string;
  /** The name of the bucket in the command. */
  readonly at: Place;
  /** The folder in the bucket, without slashes around it. */
  readonly folder: string;
  /** What it signs in with, as far as the tree shows that. Never to be shown. */
  readonly accessKey: { readonly text: string; readonly at: Place } | undefined;
  readonly secretKey: { readonly text: string; readonly at: Place } | undefined;
  /** Whether the program lists what is in the bucket. */
  readonly isListed: boolean;
}

/** Where an alias of mc or a remote of rclone leads, and what it signs in with. */
interface Remote {
  readonly endpoint: string;
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
}

/** What rclone and mc copy in the pods of a workload, as far as the tree tells the store and the bucket. */
export function transfersOf(workspace: Workspace, resource: Resource): readonly Transfer[] {
  return workspace.derive(readScripts, resource).transfers;
}

/** A bucket that `mc mb` makes; what the script or the tree does not tell is undefined. */
export interface MadeBucket {
  readonly endpoint: string | undefined;
  readonly bucket: string | undefined;
  readonly at: Place;
}

/** The buckets that the pods of a workload make by `mc mb`. */
export function bucketsMadeBy(workspace: Workspace, resource: Resource): readonly MadeBucket[] {
  return workspace.derive(readScripts, resource).made;
}

interface Scripts {
  readonly transfers: readonly Transfer[];
  readonly made: readonly MadeBucket[];
}

function readScripts(resource: Resource, workspace: Workspace): Scripts {
  const made: MadeBucket[] = [];
  const transfers = containersOf(resource).flatMap(container => {
    const script = commandsOf(workspace, resource, container);
    if (!script || !/\b(?:rclone|mc|mcli)\b/.test(script.text)) return [];
    const { variables } = environmentOf(workspace, resource, container);
    const expand = (text: string): string =>
      text.replace(
        /\$\{(\w+)\}/g,
        (all, name: string) => textOfVariable(workspace, resource, variables.get(name)) ?? all,
      );
    const remotes = remotesOf(workspace, resource, container);
    const aliases = new Map<string, Remote>();
    for (const { name, value } of variables.values()) {
      const alias = /^MC_HOST_(\w+)$/.exec(name)?.[1];
      if (alias !== undefined) aliases.set(alias, { endpoint: (value?.text ?? '').replace(/\/\/[^/@]*@/, '//') });
    }
    const found: Transfer[] = [];
    const stored = (
      program: Transfer['program'],
      word: RunWord | undefined,
      command: RunWord | undefined,
    ): StoredAt | undefined => {
      const pattern = program === 'rclone' ? /^([\w-]+):\/?([^/:]+)/ : /^([\w-]+)\/([^/]+)/;
      const [whole = '', store = '', bucket = ''] = pattern.exec(word?.value ?? '') ?? [];
      const remote = (program === 'rclone' ? remotes : aliases).get(store);
      if (!word || !remote || word.certainty !== 'known' || word.hasGlob) return undefined;
      const { span } = wordPart(word, whole.length - bucket.length, whole.length);
      const folder = word.value.slice(whole.length).replace(/^\/+|\/+$/g, '');
      const at = script.place(span.start, span.end);
      const credential = (text: string | undefined): StoredAt['accessKey'] =>
        text === undefined ? undefined : { text, at };
      const isListed = program === 'rclone' || command?.value === 'mirror';
      const [accessKey, secretKey] = [credential(remote.accessKey), credential(remote.secretKey)];
      return { endpoint: remote.endpoint, bucket, at, folder, accessKey, secretKey, isListed };
    };
    runShell(readShell(script.text), ({ name, args, remote }) => {
      if (remote) return;
      if (name === 'rclone') {
        const { operands } = readOptions(args, { long: rcloneValues });
        const [command, from, to] = operands;
        if (operands.length !== 3 || !/^(?:copy|sync|move|bisync)$/.test(command?.value ?? '')) return;
        found.push({ program: 'rclone', from: stored('rclone', from, command), to: stored('rclone', to, command) });
      } else if (name === 'mc' || name === 'mcli') {
        const { operands } = readOptions(args, { long: mcValues });
        const [command, second, third] = operands;
        const set = aliasSetBy(operands);
        if (set)
          aliases.set(set.alias.value, {
            endpoint: expand(set.url.value),
            accessKey: set.accessKey && knownText(expand(set.accessKey.value)),
            secretKey: set.secretKey && knownText(expand(set.secretKey.value)),
          });
        if (command?.value === 'mb')
          for (const word of operands.slice(1)) {
            const text = expand(word.value);
            const [, store = '', bucket] = /^([\w-]+)\/([^/]+)\/?$/.exec(text) ?? [];
            const isKnown = !/[$`*?]/.test(text) && !word.hasGlob && bucket !== undefined;
            const at = script.place(word.span.start, word.span.end);
            made.push({ endpoint: aliases.get(store)?.endpoint, bucket: isKnown ? bucket : undefined, at });
          }
        if (operands.length !== 3 || !/^(?:mirror|cp|mv)$/.test(command?.value ?? '')) return;
        found.push({ program: 'mc', from: stored('mc', second, command), to: stored('mc', third, command) });
      }
    });
    return found;
  });
  return { transfers, made };
}

/** The words of `mc alias set` or of `mc config host add`, its older name. */
export function aliasSetBy(operands: readonly RunWord[]):
  | {
      readonly alias: RunWord;
      readonly url: RunWord;
      readonly accessKey: RunWord | undefined;
      readonly secretKey: RunWord | undefined;
    }
  | undefined {
  const command = operands.slice(0, 3).map(word => word.value);
  const isAlias = command[0] === 'alias' && (command[1] === 'set' || command[1] === 's');
  const isHost = command[0] === 'config' && command[1] === 'host' && command[2] === 'add';
  const [alias, url, accessKey, secretKey] = operands.slice(isAlias ? 2 : 3);
  return (isAlias || isHost) && alias && url ? { alias, url, accessKey, secretKey } : undefined;
}

/** A text of a script without anything that the tree does not show. */
export function knownText(text: string): string | undefined {
  return text === '' || /[$`]/.test(text) ? undefined : text;
}

/** A remote that a command of rclone names and that its configuration does not have. */
export interface UndefinedRemote {
  readonly name: string;
  readonly at: Place;
  readonly container: Container;
  /** The remotes that there are. */
  readonly known: readonly string[];
}

/** The remotes that rclone does not find, where the tree shows all that configures it. */
export function undefinedRemotes(workspace: Workspace, resource: Resource): readonly UndefinedRemote[] {
  return containersOf(resource).flatMap(container => {
    const script = commandsOf(workspace, resource, container);
    if (!script || !/\brclone\b/.test(script.text) || /\brclone\s+config\b/.test(script.text)) return [];
    const known = namesOfRemotes(workspace, resource, container);
    if (!known || readsOtherFile(workspace, resource, script.text)) return [];
    const found: UndefinedRemote[] = [];
    runShell(readShell(script.text), ({ name: program, args, remote, variable }) => {
      if (program !== 'rclone' || remote || variable('RCLONE_CONFIG') !== undefined) return;
      for (const word of readOptions(args, { long: rcloneValues }).operands.slice(1)) {
        const name = /^([A-Za-z_][\w-]+)(?:,[^:/]*)?:(?!\/\/)/.exec(word.value)?.[1];
        if (name === undefined || word.certainty !== 'known') continue;
        if (known.sections.includes(name) || known.variables.includes(envName(name))) continue;
        if (new RegExp(`\\bRCLONE_CONFIG_${envName(name)}_TYPE=`).test(script.text)) continue;
        const { span } = wordPart(word, 0, name.length);
        found.push({
          name,
          at: script.place(span.start, span.end),
          container,
          known: [...known.sections, ...known.variables],
        });
      }
    });
    return found;
  });
}

/** The aliases under which mc is told to make buckets, users and policies, and that its script does not set. */
export function undefinedAliases(
  workspace: Workspace,
  resource: Resource,
): readonly (UndefinedRemote & { readonly isAdmin: boolean })[] {
  return containersOf(resource).flatMap(container => {
    const script = commandsOf(workspace, resource, container);
    if (!script || !/\b(?:mc|mcli)\b[^\n]*\b(?:mb|admin)\b/.test(script.text)) return [];
    const { variables, isOpen } = environmentOf(workspace, resource, container);
    const known = [...variables.keys()].flatMap(name => /^MC_HOST_(\w+)$/.exec(name)?.[1] ?? []);
    const made: { readonly name: string; readonly at: Place; readonly isAdmin: boolean }[] = [];
    let isUnknown = isOpen;
    runShell(readShell(script.text), ({ name: program, args, remote }) => {
      if ((program !== 'mc' && program !== 'mcli') || remote) return;
      const { operands } = readOptions(args, { long: mcValues });
      const alias = aliasSetBy(operands)?.alias;
      if (alias) {
        if (alias.certainty === 'known') known.push(alias.value);
        else isUnknown = true;
      }
      // `mc admin user add ALIAS …` has the alias by itself.
      const isAdmin = adminCommands.test(
        operands
          .slice(0, 3)
          .map(word => word.value)
          .join(' '),
      );
      if (!isAdmin && operands[0]?.value !== 'mb') return;
      for (const word of isAdmin ? operands.slice(3, 4) : operands.slice(1)) {
        const name = (isAdmin ? /^([A-Za-z][\w-]*)$/ : /^([A-Za-z][\w-]*)\/[^/]/).exec(word.value)?.[1];
        if (name === undefined || word.certainty !== 'known') continue;
        const { span } = wordPart(word, 0, name.length);
        made.push({ name, at: script.place(span.start, span.end), isAdmin });
      }
    });
    if (isUnknown || known.length === 0) return [];
    return made.filter(({ name }) => !known.includes(name)).map(one => ({ ...one, container, known }));
  });
}

/** An rclone that looks for its file where it is not. */
export interface UnreadFile {
  readonly at: Place;
  readonly container: Container;
  /** The file that the tree mounts, and the one that rclone reads without being told another. */
  readonly path: string;
  readonly wanted: string;
}

/**
 * Calls of rclone in the image rclone/rclone for a file that is not there, while the one that is mounted lies elsewhere:
 * the one that `--config` says, or else `/config/rclone/rclone.conf` (the image's Dockerfile sets XDG_CONFIG_HOME).
 */
export function unreadFiles(workspace: Workspace, resource: Resource): readonly UnreadFile[] {
  return containersOf(resource).flatMap(container => {
    if (publishedProgramOf(container.image) !== 'rclone') return [];
    const { variables, isOpen } = environmentOf(workspace, resource, container);
    const isTold = [...variables.keys()].some(name => /^(?:RCLONE_CONFIG|XDG_CONFIG_HOME|HOME$)/.test(name));
    const files = configFilesOf(workspace, resource).filter(({ program }) => program === 'rclone');
    const [first] = files;
    const script = commandsOf(workspace, resource, container);
    if (isOpen || isTold || !first || !script || files.some(({ file }) => file.isOpaque)) return [];
    const found: UnreadFile[] = [];
    const add = (wanted: string, { start, end }: Span): void => {
      if (files.some(({ file }) => file.path === wanted)) return;
      found.push({ at: script.place(start, end), container, path: first.file.path, wanted });
    };
    // A script that puts the usual file into place, or says where it is, names one of these.
    const isUsual = !/--config\b|RCLONE_CONFIG|XDG_CONFIG_HOME|rclone\/rclone\.conf|\.rclone\.conf/.test(script.text);
    runShell(readShell(script.text), ({ name: program, args, remote, command }) => {
      const { operands, values } = readOptions(args, { long: rcloneValues });
      const names = operands.slice(1).some(word => /^[A-Za-z_][\w-]+:(?!\/\/)/.test(word.value));
      if (program !== 'rclone' || remote || !names) return;
      const told = values('config')[0];
      if (isUsual && command.nameWord) add(rcloneFile, command.nameWord.span);
      else if (told?.certainty === 'known' && !podWrites(workspace, resource).mayExist(container, told.value))
        add(told.value, told.use);
    });
    return found.slice(0, 1);
  });
}

/** Commands whose fourth word is an alias. */
const adminCommands = /^admin (?:user (?:add|info|enable)|policy (?:create|add|attach|set)|group add)$/;

const rcloneFile = '/config/rclone/rclone.conf';

/**
 * What the remotes of a container are called, as in names of variables: a remote is there if its type is. Undefined
 * where it may have others, or none that the tree shows.
 */
function namesOfRemotes(
  workspace: Workspace,
  resource: Resource,
  container: Container,
): { readonly sections: readonly string[]; readonly variables: readonly string[] } | undefined {
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  const files = configFilesOf(workspace, resource).filter(({ program }) => program === 'rclone');
  const isGiven = files.length > 0 || [...variables.keys()].some(name => name.startsWith('RCLONE_CONFIG_'));
  if (isOpen || !isGiven || files.some(({ file }) => file.isOpaque)) return undefined;
  // A file that is named, and that the tree does not show.
  if (variables.has('RCLONE_CONFIG') && files.length === 0) return undefined;
  return {
    sections: files.flatMap(({ file }) => readIni(file.content.text).flatMap(({ name }) => name?.value ?? [])),
    variables: [...variables.keys()].flatMap(name => /^RCLONE_CONFIG_(\w+)_TYPE$/.exec(name)?.[1] ?? []),
  };
}

/** Whether `--config` may name another file than those that are known to be rclone's. */
function readsOtherFile(workspace: Workspace, resource: Resource, script: string): boolean {
  const files = configFilesOf(workspace, resource).filter(({ program }) => program === 'rclone');
  return [...script.matchAll(/--config(?:[ =]+["']?([^\s"']+))?/g)].some(
    ([, path]) => !files.some(({ file }) => file.path === path),
  );
}

/** rclone.org/docs, Environment Variables: in upper case, with `_` for `-`. */
function envName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

/** What a container runs, as a script. */
function commandsOf(workspace: Workspace, resource: Resource, container: Container): MappedText | undefined {
  return scriptOf(workspace, resource, container)?.text ?? commandAsScript(container) ?? argsOfRclone(container);
}

/** Options of rclone and mc whose value is the next word; a command with another one is not understood. */
const rcloneValues = (
  'config transfers checkers stats log-level log-file log-format retries retries-sleep low-level-retries bwlimit ' +
  'exclude exclude-from include include-from filter filter-from min-age max-age min-size max-size buffer-size ' +
  'multi-thread-streams max-delete max-transfer max-duration backup-dir suffix contimeout timeout tpslimit ' +
  's3-chunk-size s3-upload-concurrency s3-region s3-acl s3-provider s3-storage-class'
).split(' ');
export const mcValues = (
  'user group access-key secret-key policy name description expiry-duration config-dir exclude exclude-bucket older-than newer-than storage-class attr limit-upload limit-download tags ' +
  'max-workers region monitoring-address encrypt-key retry'
).split(' ');

/** What a container with the image of rclone is given, which starts rclone itself. */
function argsOfRclone({ image, value }: Container): MappedText | undefined {
  const words = value.at('args').items();
  if (publishedProgramOf(image) !== 'rclone' || words.some(word => word.text?.includes("'") !== false))
    return undefined;
  const sign = (text: string): MappedText => ({
    text,
    place: () => value.at('args').mapped.place(0, 0),
    linePrefix: undefined,
  });
  return concatenate([sign('rclone '), ...words.flatMap(word => [sign("'"), word.mapped, sign("' ")])]);
}

/** rclone’s remotes: in its environment (rclone.org/docs, Environment Variables) and in rclone.conf. */
function remotesOf(workspace: Workspace, resource: Resource, container: Container): ReadonlyMap<string, Remote> {
  const remotes = new Map<string, Remote>();
  for (const { file, program } of configFilesOf(workspace, resource)) {
    if (program !== 'rclone' || file.isOpaque) continue;
    for (const { name, entries } of readIni(file.content.text)) {
      const endpoint = entries.find(({ key }) => key.value === 'endpoint')?.value;
      if (name && endpoint) remotes.set(name.value, { endpoint: endpoint.value });
    }
  }
  const { variables } = environmentOf(workspace, resource, container);
  for (const { name, value } of variables.values()) {
    const remote = /^RCLONE_CONFIG_(\w+)_ENDPOINT$/.exec(name)?.[1];
    if (remote === undefined || value?.text === undefined) continue;
    const text = (key: string): string | undefined =>
      textOfVariable(workspace, resource, variables.get(`RCLONE_CONFIG_${remote}_${key}`));
    remotes.set(remote.toLowerCase(), {
      endpoint: value.text,
      accessKey: text('ACCESS_KEY_ID'),
      secretKey: text('SECRET_ACCESS_KEY'),
    });
  }
  return remotes;
}
