import { baseName } from '../../manifests/paths';
import { type Options, type OptionTable, readOptions } from './shell-options';
import { isSilent } from './shell-output';
import { plainWord, type RunWord, wordAfter } from './shell-values';

/** Whether what a program does to files is known: it makes none, or the files that its arguments name. */
export function isKnownProgram(name: string | undefined): boolean {
  return name !== undefined && (handled.has(name) || writers.has(name) || isSilent(name));
}

/** Programs that are read above, and some that only look at things or make files that are no configuration. */
const handled: ReadonlySet<string> = new Set(
  (
    'sed perl envsubst python python3 tee rsync cat echo printf awk tr grep find nc ncat ping nslookup dig getent ' +
    'ls id pg_isready psql redis-cli mysqladmin head tail cut wc nl rev seq expr date hostname uname stat ' +
    'basename dirname md5sum sha1sum sha256sum sha512sum base64 jq whoami nproc printenv redis-server ' +
    'redis-sentinel valkey-server valkey-sentinel haproxy livekit-server turnserver rclone mc aws s3cmd sysctl ' +
    'kubectl update_synapse_database wait-for-it.sh dockerize-wait'
  ).split(' '),
);

/** Programs that fill in templates which their own configuration or command line names, by their manuals. */
export const renderers: ReadonlySet<string> = new Set(
  (
    'confd dockerize consul-template vault vault-agent gomplate j2 jinja2 jinjanate esh mustache mo envtpl tmpl ' +
    'sops helm ytt m4 ansible-playbook node ruby php lua deno bun ex ed vim vi patch augtool remarshal envplate ' +
    'ep sigil renderizer'
  ).split(' '),
);

/** A program that writes the files, or into the folders, that its arguments name. */
interface Writer {
  readonly options?: OptionTable;
  readonly isFolder?: boolean;
  files(options: Options, args: readonly RunWord[]): readonly RunWord[];
}

export const pipOptions: OptionTable = {
  short: 'trc',
  long: ['target', 'prefix', 'root', 'requirement', 'index-url', 'constraint'],
};

/** Programs that write files named by their arguments, by their manual pages. */
export const writers: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  [
    'wget',
    {
      options: { short: 'OPotTUe', long: ['output-document', 'timeout', 'tries', 'header'] },
      files: options => options.values('O', 'output-document'),
    },
  ],
  [
    'curl',
    {
      options: { short: 'oHdXuAemTwrbcFK', long: ['output', 'header', 'data', 'request', 'max-time', 'retry'] },
      files: options => options.values('o', 'output'),
    },
  ],
  ['yq', { options: { short: 'i', attached: '' }, files: (_, args) => filesOfYq(args) }],
  ['dasel', { options: { short: 'frw' }, files: options => options.values('f', 'file') }],
  ['crudini', { files: options => options.operands.slice(0, 1) }],
  ['sponge', { files: options => options.operands }],
  ['dd', { files: (_, args) => args.filter(arg => arg.value.startsWith('of=')).map(withoutName) }],
  ['openssl', { files: (_, args) => after(args, /^-out$/) }],
  ['ssh-keygen', { files: (_, args) => after(args, /^-f$/) }],
  ['htpasswd', { options: { short: 'Cr' }, files: options => (options.has('n') ? [] : options.operands.slice(0, 1)) }],
  [
    'generate_signing_key',
    { options: { short: 'o', long: ['output_file'] }, files: options => options.values('o', 'output_file') },
  ],
  [
    'generate_signing_key.py',
    { options: { short: 'o', long: ['output_file'] }, files: options => options.values('o', 'output_file') },
  ],
  [
    'gomplate',
    { options: { short: 'fod', long: ['file', 'out', 'datasource'] }, files: options => options.values('o', 'out') },
  ],
  [
    'git',
    {
      isFolder: true,
      options: { short: 'bCc', long: ['branch', 'depth'] },
      files: options => clonedFolder(options.operands),
    },
  ],
  [
    'tar',
    {
      isFolder: true,
      options: { short: 'fC', long: ['file', 'directory'] },
      files: (options, args) => (isExtraction(options, args) ? options.values('C', 'directory') : []),
    },
  ],
  ['unzip', { isFolder: true, options: { short: 'd' }, files: options => options.values('d') }],
  ['pip', { isFolder: true, options: pipOptions, files: pipFolders }],
  ['pip3', { isFolder: true, options: pipOptions, files: pipFolders }],
  ['django-admin', { isFolder: true, files: (_, args) => djangoFolders(args) }],
]);

/** Where pip installs to, if that is said. */
export function pipFolders(options: Options): readonly RunWord[] {
  return options.operands[0]?.value === 'install' ? options.values('t', 'target', 'prefix', 'root') : [];
}

/** `startproject NAME [FOLDER]` and `startapp NAME [FOLDER]` (https://docs.djangoproject.com/en/stable/ref/django-admin/). */
export function djangoFolders(args: readonly RunWord[]): readonly RunWord[] {
  const { operands } = readOptions(args, { long: ['template', 'extension', 'name', 'settings'] });
  const [command, name, folder] = operands;
  const target = folder ?? name;
  return target && /^start(project|app)$/.test(command?.value ?? '') ? [target] : [];
}

/** `yq -i EXPRESSION FILE` and `yq eval -i EXPRESSION FILE`. */
function filesOfYq(args: readonly RunWord[]): readonly RunWord[] {
  if (!args.some(arg => /^-\w*i\w*$/.test(arg.value) || arg.value === '--inplace')) return [];
  const operands = args.filter(arg => !/^-/.test(arg.value) && !/^(e|eval|ea|eval-all)$/.test(arg.value));
  return operands.slice(1);
}

function clonedFolder([command, source, folder]: readonly RunWord[]): readonly RunWord[] {
  if (command?.value !== 'clone' || !source) return [];
  if (folder) return [folder];
  return [plainWord(baseName(source.value).replace(/\.git$/, ''), source.span)];
}

function isExtraction(options: Options, args: readonly RunWord[]): boolean {
  return options.has('x', 'extract') || /^\w*x/.test(args[0]?.value ?? '');
}

function after(args: readonly RunWord[], option: RegExp): readonly RunWord[] {
  return args.filter((_, index) => option.test(args[index - 1]?.value ?? ''));
}

function withoutName(word: RunWord): RunWord {
  return wordAfter(word, 'of='.length);
}
