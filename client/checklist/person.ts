import { extensions, type Memento, type Uri, window, workspace } from 'vscode';

/** Who sits in front of the screen, as git names them. */
export interface Person {
  /** What is known without asking; undefined as long as nobody has said. */
  known(): Promise<string | undefined>;
  /** Asks if need be; undefined if the user gives up. */
  asked(): Promise<string | undefined>;
}

/**
 * The name and address that git would put on a commit: asked of the built-in Git extension, which knows the repository's
 * own settings and runs only in trusted workspaces. Where it does not answer, the user is asked once per workspace.
 */
export function createPerson(state: Memento): Person {
  const known = async () => (await fromGit()) ?? state.get<string>(key);
  return {
    known,
    asked: async () => {
      const name = await known();
      if (name !== undefined) return name;
      const given = await window.showInputBox({
        title: 'Who Signs?',
        prompt: 'Git has no user.name for this workspace. The name is kept with each sign-off and waiver.',
        placeHolder: 'Name <address>',
        ignoreFocusOut: true,
        validateInput: text => (text.trim() === '' ? 'A sign-off needs a name.' : undefined),
      });
      const trimmed = given?.trim();
      if (trimmed) await state.update(key, trimmed);
      return trimmed;
    },
  };
}

const key = 'checklist.person';

/** The part of the API of the built-in Git extension that is used here (its `git.d.ts`, version 1). */
interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): {
    readonly repositories: readonly Repository[];
    getRepository(uri: Uri): Repository | null;
  };
}
interface Repository {
  getConfig(key: string): Promise<string>;
  getGlobalConfig(key: string): Promise<string>;
}

async function fromGit(): Promise<string | undefined> {
  try {
    const git = extensions.getExtension<GitExtension>('vscode.git');
    const exported = git && (await git.activate());
    if (!exported?.enabled) return undefined;
    const api = exported.getAPI(1);
    const [folder] = workspace.workspaceFolders ?? [];
    const repository = (folder && api.getRepository(folder.uri)) ?? api.repositories[0];
    if (!repository) return undefined;
    const name = await configured(repository, 'user.name');
    const address = await configured(repository, 'user.email');
    return name === undefined ? undefined : address === undefined ? name : `${name} <${address}>`;
  } catch {
    // Another version of the extension, or one that is switched off: the user is asked instead.
    return undefined;
  }
}

async function configured(repository: Repository, name: string): Promise<string | undefined> {
  const own = await repository.getConfig(name).catch(() => '');
  const text = own !== '' ? own : await repository.getGlobalConfig(name).catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}
