import { parsed } from '../../analysis/configs';
import { type EffectiveFile, effectiveFile } from '../../analysis/effective';
import { environmentOf, textOfVariable } from '../../analysis/environment';
import { programOf } from '../../analysis/images';
import { type Container, containerRunning, containersOf, workloadKinds } from '../../analysis/pods';
import { commandAsScript, scriptOf } from '../../analysis/scripts';
import { readShell } from '../../analysis/text/shell';
import type { ShellScript } from '../../analysis/text/shell-nodes';
import { readOptions } from '../../analysis/text/shell-options';
import { type RunStep, runShell } from '../../analysis/text/shell-run';
import type { RunWord } from '../../analysis/text/shell-values';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import { aliasSetBy, knownText, mcValues } from './transfers';

/** A word of a command of mc: what it is in the end, if the tree shows it. It may be a secret. */
export interface McWord {
  readonly text: string | undefined;
  readonly at: Place;
  /** Whether it stands in the script as it is, so that it may be shown. */
  readonly isWritten: boolean;
}

/** A command by which mc changes users and policies of MinIO (min.io documentation, mc admin). */
export type McCommand = McContext &
  (
    | { readonly kind: 'user'; readonly accessKey: McWord; readonly secretKey: McWord }
    /** A service account, which may do what its user may. */
    | { readonly kind: 'account'; readonly user: McWord; readonly accessKey: McWord; readonly secretKey: McWord }
    | { readonly kind: 'group'; readonly name: McWord; readonly members: readonly McWord[] }
    | { readonly kind: 'policy'; readonly name: McWord; readonly policy: McPolicy | undefined }
    | {
        readonly kind: 'attach';
        readonly policies: readonly McWord[];
        readonly to: 'user' | 'group';
        readonly name: McWord;
      }
  );

interface McContext {
  readonly resource: Resource;
  readonly container: Container;
  readonly at: Place;
  /** The URL and the access key of its alias, where the script says them. */
  readonly endpoint: string | undefined;
  readonly signsInAs: McWord | undefined;
  /** The words by which releases up to 2023 did it: `policy add`, `policy set`. */
  readonly isOld: boolean;
  readonly errorsIgnored: boolean;
}

export interface McPolicy {
  readonly file: EffectiveFile;
  readonly root: Value;
}

/** What the scripts of a tree do to MinIO’s users. */
export interface McSetup {
  readonly commands: readonly McCommand[];
  /** Whether something else, or something that cannot be read, may make users and policies as well. */
  readonly isOpen: boolean;
}

/** What the scripts of a tree tell MinIO by `mc admin`. */
export function setupOf(workspace: Workspace): McSetup {
  return workspace.shared(readSetup);
}

/** The user with all rights that the servers of a plain workload make (minio/minio, docs/config). */
export function rootUserOf(workspace: Workspace, store: Resource): string | undefined {
  const container = containerRunning(store, 'minio');
  if (!container) return undefined;
  const { variables, isOpen } = environmentOf(workspace, store, container);
  if (isOpen || ['MINIO_ROOT_USER_FILE', 'MINIO_CONFIG_ENV_FILE'].some(name => variables.has(name))) return undefined;
  const variable = variables.get('MINIO_ROOT_USER') ?? variables.get('MINIO_ACCESS_KEY');
  return variable ? textOfVariable(workspace, store, variable) : 'minioadmin';
}

function readSetup(workspace: Workspace): McSetup {
  const read = workloadKinds
    .flatMap(kind => workspace.resources(kind))
    .map(resource => workspace.derive(readWorkload, resource));
  return {
    commands: read.flatMap(one => one.commands),
    isOpen: workspace.lookup(adminScripts, '').length > 0 || read.some(one => one.isOpen),
  };
}

/** Scripts and runbooks in which mc changes users, which somebody runs by hand. */
const adminScripts: Index<true> = {
  name: 'scripts that change users of MinIO',
  *textFile(file) {
    if (/\b(?:mc|mcli)\b[^\n]*\badmin\b[^\n]*\b(?:user|policy|group|accesskey|idp|import)\b/.test(file.text))
      yield ['', true];
  },
  equal: () => true,
};

function readWorkload(resource: Resource, workspace: Workspace): McSetup {
  const commands: McCommand[] = [];
  let isOpen = false;
  for (const container of containersOf(resource)) {
    const script = scriptOf(workspace, resource, container)?.text ?? commandAsScript(container);
    if (!script || !/\b(?:mc|mcli)\b/.test(script.text)) {
      if (['mc', 'aws-cli'].includes(programOf(container.image) ?? '')) isOpen = true;
      continue;
    }
    const { variables } = environmentOf(workspace, resource, container);
    const word = (word: RunWord): McWord => ({
      text: knownText(
        word.value.replace(
          /\$\{(\w+)\}/g,
          (all, name: string) => textOfVariable(workspace, resource, variables.get(name)) ?? all,
        ),
      ),
      at: script.place(word.use.start, word.use.end),
      isWritten: word.certainty === 'known',
    });
    const aliases = new Map<
      string,
      { readonly endpoint: string | undefined; readonly accessKey: McWord | undefined }
    >();
    const shell = readShell(script.text);
    const rewritten = rewrittenPaths(shell);
    runShell(shell, step => {
      if ((step.name !== 'mc' && step.name !== 'mcli') || step.remote) return;
      const { operands, value } = readOptions(step.args, { short: 'ug', long: mcValues });
      const set = aliasSetBy(operands);
      if (set)
        aliases.set(set.alias.value, {
          endpoint: word(set.url).text,
          accessKey: set.accessKey && word(set.accessKey),
        });
      if (operands[0]?.value !== 'admin') return;
      const read = readCommand(operands.slice(1), value, word, path =>
        rewritten.has(path) ? undefined : policyAt(workspace, resource, container, path),
      );
      if (read === 'unknown') isOpen = true;
      if (typeof read !== 'object') return;
      const alias = aliases.get(read.alias);
      const { nameWord } = step.command;
      const at = nameWord ? script.place(nameWord.span.start, nameWord.span.end) : script.place(0, 0);
      commands.push({ ...read.command, ...contextOf(resource, container, at, alias, operands, step) });
    });
  }
  return { commands, isOpen };
}

/** The files that a script writes anew; what they held when a command read them is not known. */
function rewrittenPaths(shell: ShellScript): ReadonlySet<string> {
  const [once, again] = [new Set<string>(), new Set<string>()];
  runShell(shell, ({ output }) => {
    if (!output || output.append) return;
    (once.has(output.to.path) ? again : once).add(output.to.path);
  });
  return again;
}

function contextOf(
  resource: Resource,
  container: Container,
  at: Place,
  alias: { readonly endpoint: string | undefined; readonly accessKey: McWord | undefined } | undefined,
  operands: readonly RunWord[],
  { errorsIgnored }: RunStep,
): McContext {
  return {
    resource,
    container,
    at,
    endpoint: alias?.endpoint,
    signsInAs: alias?.accessKey,
    isOld: operands[1]?.value === 'policy' && /^(?:add|set)$/.test(operands[2]?.value ?? ''),
    errorsIgnored,
  };
}

type OwnPart<T> = T extends unknown ? Omit<T, keyof McContext> : never;

interface ReadCommand {
  readonly alias: string;
  readonly command: OwnPart<McCommand>;
}

/** Reads the words after `mc admin`; `unknown` for a command that may make or change users in a way that is not read. */
function readCommand(
  [group, verb, ...rest]: readonly RunWord[],
  option: (...names: readonly string[]) => RunWord | undefined,
  word: (word: RunWord) => McWord,
  policy: (path: string) => McPolicy | undefined,
): ReadCommand | 'unknown' | undefined {
  const what = `${group?.value ?? ''} ${verb?.value ?? ''}`;
  const [alias, first, second] = rest;
  if (/ (?:info|list|ls|entities)$/.test(what)) return undefined;
  if (!/^(?:user|policy|group|accesskey|idp|cluster) /.test(what)) return undefined;
  if (alias?.certainty !== 'known' || !first) return 'unknown';
  const of = (command: OwnPart<McCommand>): ReadCommand => ({ alias: alias.value, command });
  switch (what) {
    case 'user add':
      return second ? of({ kind: 'user', accessKey: word(first), secretKey: word(second) }) : 'unknown';
    case 'group add':
      return of({ kind: 'group', name: word(first), members: rest.slice(2).map(word) });
    case 'policy create':
    case 'policy add':
      return second
        ? of({
            kind: 'policy',
            name: word(first),
            policy: second.certainty === 'known' ? policy(second.value) : undefined,
          })
        : 'unknown';
    case 'policy attach': {
      const [user, members] = [option('user', 'u'), option('group', 'g')];
      const name = user ?? members;
      return name
        ? of({ kind: 'attach', policies: rest.slice(1).map(word), to: user ? 'user' : 'group', name: word(name) })
        : 'unknown';
    }
    case 'user svcacct':
    case 'accesskey create': {
      const [accessKey, secretKey] = [option('access-key'), option('secret-key')];
      const user = what === 'user svcacct' ? rest[2] : first;
      return user && accessKey && secretKey && (what === 'accesskey create' || alias.value === 'add')
        ? {
            alias: what === 'user svcacct' ? first.value : alias.value,
            command: { kind: 'account', user: word(user), accessKey: word(accessKey), secretKey: word(secretKey) },
          }
        : 'unknown';
    }
    case 'policy set': {
      const [, to, name] = /^(user|group)=([\s\S]+)$/.exec(second ? (word(second).text ?? '') : '') ?? [];
      const policies = (word(first).text ?? '').split(',');
      if (!second || name === undefined || word(first).text === undefined) return 'unknown';
      return of({
        kind: 'attach',
        policies: policies.map(text => ({ ...word(first), text })),
        to: to === 'user' ? 'user' : 'group',
        name: { ...word(second), text: name },
      });
    }
    default:
      return 'unknown';
  }
}

function policyAt(workspace: Workspace, resource: Resource, container: Container, path: string): McPolicy | undefined {
  const file = effectiveFile(workspace, resource, container, path);
  return file && !file.isOpaque ? { file, root: parsed(file).root } : undefined;
}
