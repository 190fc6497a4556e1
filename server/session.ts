import type {
  ClientCapabilities,
  Connection,
  InitializeParams,
  InitializeResult,
  TextDocumentContentChangeEvent,
} from 'vscode-languageserver';
import { DidChangeWatchedFilesNotification, type FileChangeType, TextDocumentSyncKind } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type FieldDocs, noFieldDocs, readFieldDocs } from '../analysis/schema/field-docs';
import type { LiveAnswer } from '../checklist/live';
import type { ChecklistItemId } from '../checklist/types';
import { type ClientFacts, clientFactsNotification, type SchemaHelp } from '../protocol/client-facts';
import { type StatusParams, statusNotification } from '../protocol/messages';
import { takeCrashes } from '../rules/findings';
import type { Severity } from '../rules/rule';
import { type TextsOf, textsFrom } from '../rules/texts';
import { Deployment, type DeploymentOptions } from './deployment';
import type { Feature } from './features/feature';
import type { FolderReader } from './folder-reader';

/** Everything the server remembers: the folders, the open documents and what the client can do. */
export class Session {
  readonly connection: Connection;
  /** Read when somebody first asks. */
  readonly textsOf: TextsOf;
  readonly #reader: FolderReader;
  readonly #deployments: Deployment[] = [];
  readonly #documents = new Map<string, TextDocument>();
  readonly #listeners: ((uris: ReadonlySet<string>) => void)[] = [];
  readonly #stopListeners: (() => void)[] = [];
  readonly #touched = new Set<string>();
  readonly #revisions = new Map<string, number>();
  #liveAnswers: ReadonlyMap<ChecklistItemId, LiveAnswer> = new Map();
  #revision = 0;
  #options: DeploymentOptions = {};
  #settings: unknown;
  #facts: ClientFacts = {};
  #params: InitializeParams | undefined;
  #fieldDocs: Promise<FieldDocs> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #isFlushing = false;
  #isStopped = false;

  constructor(connection: Connection, reader: FolderReader) {
    this.connection = connection;
    this.#reader = reader;
    this.textsOf = textsFrom(() => reader.ruleTexts?.() ?? '{}');
  }

  initialize(params: InitializeParams, features: readonly Feature[]): InitializeResult {
    this.#params = params;
    this.#settings = params.initializationOptions;
    this.#options = optionsFrom(this.#settings);
    this.#facts = factsFrom(this.setting('client'));
    this.connection.onNotification(clientFactsNotification, (facts: ClientFacts) => {
      this.#facts = factsFrom(facts);
    });
    const folders = params.workspaceFolders?.map(folder => folder.uri) ?? (params.rootUri ? [params.rootUri] : []);
    for (const uri of folders) this.#add(uri);
    return {
      serverInfo: { name: 'matrix-preflight' },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: false },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        ...Object.assign({}, ...features.map(feature => feature.capabilities?.(this))),
      },
    };
  }

  /** Whether the client asks for diagnostics; others get them pushed. */
  get pulls(): boolean {
    return this.#params?.capabilities.textDocument?.diagnostic !== undefined;
  }

  get canRefresh(): boolean {
    return this.#params?.capabilities.workspace?.diagnostics?.refreshSupport === true;
  }

  /** Whether edits may state a document version and ask for confirmation. */
  get canAnnotateChanges(): boolean {
    return this.#params?.capabilities.workspace?.workspaceEdit?.changeAnnotationSupport !== undefined;
  }

  /** What the editor can do and show, as it said when it connected. */
  get capabilities(): ClientCapabilities {
    return this.#params?.capabilities ?? {};
  }

  /** The editor's present value of the setting `matrixPreflight.<name>`; undefined where it sends none. */
  setting(name: string): unknown {
    let value = this.#settings;
    for (const key of name.split('.')) value = isMapping(value) ? value[key] : undefined;
    return value;
  }

  /** Whether a part that the setting `matrixPreflight.<name>` turns off is on; it is, where the editor sends nothing. */
  isOn(name: string): boolean {
    return this.setting(name) !== false;
  }

  /**
   * Whether this help is given from schemas here. The setting `matrixPreflight.schemaHelp` decides; `auto` leaves that to
   * another extension that the client has found active.
   */
  givesSchemaHelp(help: SchemaHelp): boolean {
    const chosen = this.setting('schemaHelp');
    return chosen === 'on' || (chosen !== 'off' && this.#facts.schemaHelpElsewhere?.includes(help) !== true);
  }

  /** Whether links and lenses may name a command of the client: only a client that has it says so. */
  canRun(command: string): boolean {
    return this.#facts.commands?.includes(command) === true;
  }

  /** What the fields of Kubernetes objects are; read when somebody first asks. */
  fieldDocs(): Promise<FieldDocs> {
    this.#fieldDocs ??= (this.#reader.fieldDocs?.() ?? Promise.resolve(undefined)).then(text =>
      text === undefined ? noFieldDocs : readFieldDocs(text),
    );
    return this.#fieldDocs;
  }

  get deployments(): readonly Deployment[] {
    return this.#deployments;
  }

  deploymentOf(uri: string): Deployment | undefined {
    return this.#deployments.find(deployment => deployment.holds(uri));
  }

  /** The version of an open document; null for a file that is not open. */
  versionOf(uri: string): number | null {
    return this.#documents.get(uri)?.version ?? null;
  }

  /**
   * A number that is another as soon as the findings of a file may be others; without a uri, those of any file.
   * It has changed before the next message is read: an editor asks for diagnostics right behind an edit.
   */
  revision(uri?: string): number {
    return uri === undefined ? this.#revision : Math.max(this.#revisions.get(uri) ?? 0, this.#revisions.get('') ?? 0);
  }

  /** Is told, soon after a change, which files may have other findings. */
  onChange(listener: (uris: ReadonlySet<string>) => void): void {
    this.#listeners.push(listener);
  }

  async start(): Promise<void> {
    if (this.#params?.capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration) {
      await this.connection.client.register(DidChangeWatchedFilesNotification.type, {
        // Folders too: of what comes or goes with its folder, VS Code tells nothing more.
        watchers: [{ globPattern: '**/*' }],
      });
    }
    if (this.#params?.capabilities.workspace?.workspaceFolders) {
      this.connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) this.#drop(uri);
        for (const { uri } of added) this.#add(uri);
        void this.#scan();
      });
    }
    await this.#scan();
  }

  onStop(listener: () => void): void {
    this.#stopListeners.push(listener);
  }

  stop(): void {
    this.#isStopped = true;
    for (const listener of this.#stopListeners) listener();
    for (const deployment of this.#deployments) deployment.dispose();
  }

  open(uri: string, languageId: string, version: number, text: string): void {
    const document = TextDocument.create(uri, languageId, version, text);
    this.#documents.set(uri, document);
    this.deploymentOf(uri)?.edit(uri, text);
  }

  change(uri: string, changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    const document = this.#documents.get(uri);
    if (!document) return;
    const updated = TextDocument.update(document, [...changes], version);
    this.#documents.set(uri, updated);
    this.deploymentOf(uri)?.edit(uri, updated.getText());
  }

  async close(uri: string): Promise<void> {
    this.#documents.delete(uri);
    await this.#inTurn(async () => this.deploymentOf(uri)?.close(uri));
  }

  async watched(changes: readonly { readonly uri: string; readonly type: FileChangeType }[]): Promise<void> {
    const uris = new Set(changes.map(({ uri }) => uri));
    await this.#inTurn(async () => {
      for (const uri of uris) await this.deploymentOf(uri)?.reload(uri);
    });
  }

  /** What a cluster has said about live items of the checklist; empty until the client has told. */
  get liveAnswers(): ReadonlyMap<ChecklistItemId, LiveAnswer> {
    return this.#liveAnswers;
  }

  takeLiveAnswers(answers: ReadonlyMap<ChecklistItemId, LiveAnswer>): void {
    this.#liveAnswers = answers;
    this.#touch('');
  }

  configure(settings: unknown): void {
    this.#settings = settings;
    this.#options = optionsFrom(settings);
    for (const deployment of this.#deployments) deployment.configure(this.#options);
    this.#touch('');
  }

  sendStatus(state: StatusParams['state']): void {
    const findings = { error: 0, warning: 0, info: 0, hint: 0 };
    let files = 0;
    let resources = 0;
    for (const deployment of this.#deployments) {
      for (const { severity } of state === 'ready' ? deployment.allFindings() : []) findings[severity]++;
      for (const file of deployment.workspace.files) {
        files++;
        for (const document of file.documents) resources += document.resources.length;
      }
    }
    void this.connection.sendNotification(statusNotification, {
      state,
      findings,
      files,
      resources,
    } satisfies StatusParams);
  }

  #add(uri: string): void {
    this.#deployments.push(new Deployment(uri, this.#reader, this.#options, changed => this.#touch(changed)));
  }

  #drop(uri: string): void {
    const at = this.#deployments.findIndex(deployment => deployment.rootUri === uri.replace(/\/$/, ''));
    if (at !== -1) this.#deployments.splice(at, 1)[0]?.dispose();
  }

  #scan(): Promise<void> {
    return this.#inTurn(() => this.#readFolders());
  }

  /** Reads from disk one after the other, so that what was read earlier never replaces what was read later. */
  #inTurn(read: () => Promise<void>): Promise<void> {
    this.#reading = this.#reading.then(read, read);
    return this.#reading;
  }

  async #readFolders(): Promise<void> {
    const waiting = this.#deployments.filter(deployment => !deployment.isScanned);
    if (waiting.length === 0) return;
    this.sendStatus('scanning');
    const progress = await this.connection.window.createWorkDoneProgress();
    progress.begin('Matrix Preflight', undefined, 'reading manifests', true);
    for (const deployment of waiting) {
      try {
        await deployment.scan(
          done => progress.report(`${done} files`),
          () => progress.token.isCancellationRequested || this.#isStopped,
        );
      } catch (error) {
        this.connection.window.showErrorMessage(
          `Matrix Preflight could not read ${decodeURIComponent(deployment.rootUri)}: ${messageOf(error)}`,
        );
      }
    }
    progress.done();
    this.#touch('');
  }

  /** Collects changed files until the current message is dealt with, then tells the listeners once. */
  #touch(uri: string): void {
    this.#revisions.set(uri, ++this.#revision);
    this.#touched.add(uri);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      const uris = new Set(this.#touched);
      this.#touched.clear();
      for (const listener of this.#listeners) listener(uris);
      this.#reportCrashes();
    });
  }

  #reportCrashes(): void {
    for (const deployment of this.#deployments) {
      for (const { rule, error } of takeCrashes(deployment.workspace)) {
        const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.connection.console.error(`The rule ${rule} failed. This is a bug in Matrix Preflight. ${detail}`);
      }
    }
  }
}

/** The editor's settings as they bear on findings; whatever has the wrong shape is left out. */
export function optionsFrom(settings: unknown): DeploymentOptions {
  const given = (settings ?? {}) as {
    readonly profile?: unknown;
    readonly rules?: unknown;
    readonly exclude?: unknown;
  };
  const rules = (typeof given.rules === 'object' && given.rules !== null ? given.rules : {}) as Record<string, unknown>;
  const severities: Record<string, Severity | 'off'> = {};
  for (const [id, severity] of Object.entries(rules)) {
    if (
      severity === 'error' ||
      severity === 'warning' ||
      severity === 'info' ||
      severity === 'hint' ||
      severity === 'off'
    )
      severities[id] = severity;
  }
  const exclude = Array.isArray(given.exclude) ? given.exclude.filter(glob => typeof glob === 'string') : [];
  return { severities, exclude, ...(given.profile === 'strict' ? { profile: 'strict' } : {}) };
}

const schemaHelps: readonly SchemaHelp[] = ['completion', 'hover', 'settings'];

function factsFrom(given: unknown): ClientFacts {
  if (!isMapping(given)) return {};
  const commands = Array.isArray(given.commands) ? given.commands.filter(one => typeof one === 'string') : [];
  const elsewhere: readonly unknown[] = Array.isArray(given.schemaHelpElsewhere) ? given.schemaHelpElsewhere : [];
  return { commands, schemaHelpElsewhere: schemaHelps.filter(one => elsewhere.includes(one)) };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
