import { settingsFileName, settingsOf } from '../analysis/settings';
import { signOffsPath } from '../checklist/sign-offs';
import { matchesGlob } from '../manifests/glob';
import { Workspace } from '../manifests/workspace';
import { rules } from '../rules/catalogue';
import type { CheckOptions, Finding } from '../rules/findings';
import { LiveFindings } from '../rules/live';
import type { FolderReader } from './folder-reader';

export interface DeploymentOptions extends CheckOptions {
  /** Glob patterns of paths that are not read, from the editor's settings. */
  readonly exclude?: readonly string[];
}

/**
 * One deployment tree that the server watches: its workspace, its findings, and which of its files are open.
 * An open buffer wins over the file on disk.
 */
export class Deployment {
  readonly rootUri: string;
  readonly workspace = new Workspace();
  readonly #reader: FolderReader;
  readonly #open = new Map<string, string>();
  readonly #changed: (uri: string) => void;
  readonly #whenScanned: (() => void)[] = [];
  #options: DeploymentOptions;
  #live: LiveFindings;
  #isScanned = false;

  constructor(rootUri: string, reader: FolderReader, options: DeploymentOptions, changed: (uri: string) => void) {
    this.rootUri = rootUri.replace(/\/$/, '');
    this.#reader = reader;
    this.#changed = uri => {
      changed(uri);
      // Whether a waiver is used depends on what is found elsewhere.
      const signOffs = `${this.rootUri}/${signOffsPath}`;
      if (uri !== signOffs && this.workspace.file(signOffs)) changed(signOffs);
    };
    this.#options = { today, ...options };
    this.#live = new LiveFindings(this.workspace, rules, this.#options, this.#changed);
  }

  get isScanned(): boolean {
    return this.#isScanned;
  }

  /** Resolves when the tree has been read for the first time. */
  get scanned(): Promise<void> {
    return this.#isScanned ? Promise.resolve() : new Promise(resolve => this.#whenScanned.push(resolve));
  }

  /** Whether a file belongs to this tree. */
  holds(uri: string): boolean {
    return uri.startsWith(`${this.rootUri}/`);
  }

  /**
   * Reads the whole tree, then looks at all of it. Findings come only afterwards: a rule that ran on half a tree would
   * call things missing that are merely not read yet.
   */
  async scan(progress: (done: number) => void, isCancelled: () => boolean): Promise<void> {
    let done = 0;
    for await (const batch of this.#reader.read(this.rootUri)) {
      if (isCancelled()) return;
      for (const { uri, text, unread } of batch) {
        if (!this.#open.has(uri)) this.workspace.update(uri, this.#pathOf(uri), text, unread);
      }
      done += batch.length;
      progress(done);
    }
    for (const [uri, text] of this.#open) this.workspace.update(uri, this.#pathOf(uri), text);
    this.#leaveOutExcluded();
    this.#isScanned = true;
    this.#watchAll();
    for (const resolve of this.#whenScanned.splice(0)) resolve();
  }

  /** Takes the text of an open buffer. */
  edit(uri: string, text: string): void {
    this.#open.set(uri, text);
    this.#update(uri, text);
  }

  async close(uri: string): Promise<void> {
    this.#open.delete(uri);
    await this.reload(uri);
  }

  /**
   * Reads again what changed, appeared or vanished on disk: a file or a folder, as an editor may tell only of the folder
   * when one comes or goes with all that is in it. What an editor has open counts more than the disk, unless the file is
   * gone: nobody can apply it, and editors keep what they have shown for minutes.
   */
  async reload(uri: string): Promise<void> {
    const there = new Set<string>();
    for await (const batch of this.#reader.read(this.rootUri, uri)) {
      for (const file of batch) {
        there.add(file.uri);
        const open = this.#open.get(file.uri);
        if (open === undefined) this.#update(file.uri, file.text, file.unread);
        else if (!this.workspace.file(file.uri)) this.#update(file.uri, open);
      }
    }
    const isGone = (known: string) => (known === uri || known.startsWith(`${uri}/`)) && !there.has(known);
    for (const file of this.workspace.files) if (isGone(file.uri)) this.#remove(file.uri);
  }

  /** Findings of one file, without those that a comment suppresses. */
  findings(uri: string): readonly Finding[] {
    return this.#live.of(uri).filter(finding => !finding.suppressed);
  }

  hasFindings(uri: string): boolean {
    return this.findings(uri).length > 0;
  }

  /** All findings, with those that a comment or a waiver takes out. */
  judgedFindings(): readonly Finding[] {
    return this.#live.all();
  }

  allFindings(): readonly Finding[] {
    return this.#live.all().filter(finding => !finding.suppressed);
  }

  /** Starts over with other severities or another profile. */
  configure(options: DeploymentOptions): void {
    this.#options = { today, ...options };
    this.#live.dispose();
    this.#live = new LiveFindings(this.workspace, rules, this.#options, this.#changed);
    if (this.#isScanned) this.#watchAll();
  }

  dispose(): void {
    this.#live.dispose();
  }

  #watchAll(): void {
    for (const file of this.workspace.files) this.#live.apply({ file, removed: [], added: file.documents });
    this.#live.start();
  }

  #update(uri: string, text: string, unread?: string): void {
    const path = this.#pathOf(uri);
    if (this.#isScanned && this.#isExcluded(path)) return;
    const change = this.workspace.update(uri, path, text, unread);
    if (!this.#isScanned) return;
    this.#live.apply(change);
    // Waivers take findings of any file out.
    if (path === signOffsPath) this.#changed('');
    // The settings decide which rules run at all.
    if (path === settingsFileName) this.configure(this.#options);
  }

  #remove(uri: string): void {
    const change = this.workspace.remove(uri);
    if (change && this.#isScanned) this.#live.apply(change);
    if (change) this.#changed(this.#pathOf(uri) === signOffsPath ? '' : uri);
  }

  #isExcluded(path: string): boolean {
    return [...settingsOf(this.workspace).exclude, ...(this.#options.exclude ?? [])].some(glob =>
      matchesGlob(glob, path),
    );
  }

  #leaveOutExcluded(): void {
    for (const file of this.workspace.files) if (this.#isExcluded(file.path)) this.workspace.remove(file.uri);
  }

  #pathOf(uri: string): string {
    return decodeURIComponent(uri.slice(this.rootUri.length + 1));
  }
}

/** The day in UTC; whoever asks later gets a later one, as an editor may stay open for weeks. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
