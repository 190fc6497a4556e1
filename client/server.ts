import { Disposable, type Event, EventEmitter, extensions, type LogOutputChannel, workspace } from 'vscode';
import {
  type BaseLanguageClient,
  CloseAction,
  type CloseHandlerResult,
  ErrorAction,
  type LanguageClientOptions,
  State,
} from 'vscode-languageclient';
import {
  type ClientFacts,
  clientFactsNotification,
  explainRuleCommand,
  showPlanCommand,
  showReferencesCommand,
  triggerSuggestCommand,
} from '../protocol/client-facts';
import { type StatusParams, statusNotification } from '../protocol/messages';
import { applyWithValuesCommand } from '../protocol/values';
import { createCrashCounter } from './crash-counter';
import { collectionsBeside } from './diagnostics-beside';
import { documentSelector } from './documents';
import { alarm, restartServer, showLog, warn } from './notices';
import { schemaHelpElsewhere } from './schema-help';

/** Makes a client that is not started yet. */
export type CreateClient = (id: string, name: string, options: LanguageClientOptions) => BaseLanguageClient;

const settingsSection = 'matrixPreflight';

/** What is known of the language server: `stopped` means that it will not come back by itself. */
export type ServerState = { readonly state: 'starting' | 'stopped' } | StatusParams;

/** The language server as the parts of the extension see it. */
export interface Server extends Disposable {
  readonly client: BaseLanguageClient;
  readonly state: ServerState;
  readonly onDidChangeState: Event<ServerState>;
  /** Settles when the server answers requests or has failed to start; a failure has been shown to the user by then. */
  start(): Promise<void>;
  /** Stops the server if it runs, starts it, and forgets earlier crashes. */
  restart(): Promise<void>;
  /** Resolves when every manifest has been read and checked; rejects if the server stops. */
  ready(): Promise<StatusParams>;
}

/** Makes the client for the server, and starts the server anew when it ends unexpectedly, until that looks hopeless. */
export function startServer(createClient: CreateClient, log: LogOutputChannel): Server {
  const changed = new EventEmitter<ServerState>();
  const crashes = createCrashCounter();
  let state: ServerState = { state: 'starting' };
  const become = (next: ServerState) => {
    state = next;
    changed.fire(state);
  };

  const client = createClient(settingsSection, 'Matrix Preflight', {
    documentSelector,
    outputChannel: log,
    traceOutputChannel: log,
    diagnosticCollectionName: 'matrix-preflight',
    diagnosticCollectionProvider: collectionsBeside,
    // Editors open many files that nobody looks at, among them the user's own settings; those are not sent.
    textSynchronization: { delayOpenNotifications: true },
    // The server asks for the file events it needs by itself.
    initializationOptions: () => ({ ...settings(), client: facts() }),
    // Nothing else in the server's Markdown may run: names in it come from files that anybody may have written.
    markdown: { isTrusted: { enabledCommands: [explainRuleCommand] } },
    synchronize: { configurationSection: settingsSection },
    errorHandler: {
      // A server that dies fails several writes before its end is told; shut down for them, it would never come back.
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => closed(crashes.mayRestart(Date.now())),
    },
  });
  client.onNotification(statusNotification, (status: StatusParams) => become(status));
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Starting) become({ state: 'starting' });
    if (newState === State.Stopped || newState === State.StartFailed) become({ state: 'stopped' });
    // What has changed while the server was starting could not be told then.
    if (newState === State.Running) tellFacts();
  });

  const tellFacts = () => {
    if (client.isRunning()) void client.sendNotification(clientFactsNotification, facts());
  };
  const subscriptions = Disposable.from(
    extensions.onDidChange(tellFacts),
    workspace.onDidChangeConfiguration(change => change.affectsConfiguration('yaml') && tellFacts()),
  );

  const start = async () => {
    try {
      await client.start();
    } catch (error) {
      log.error('The language server could not be started.', error instanceof Error ? error : String(error));
      become({ state: 'stopped' });
    }
  };
  const server: Server = {
    client,
    get state() {
      return state;
    },
    onDidChangeState: changed.event,
    start,
    restart: async () => {
      crashes.forget();
      // A client that is starting can't be stopped.
      if (client.state === State.Starting) await start();
      try {
        if (client.needsStop()) await client.stop();
      } catch (error) {
        log.warn('The language server did not end as it was asked to.', error instanceof Error ? error : String(error));
      }
      await start();
    },
    ready: () => whenReady(server),
    dispose: () => {
      changed.dispose();
      subscriptions.dispose();
      // Nobody waits for a deactivating extension for long, and the server ends by itself when its parent is gone.
      client.dispose().catch(() => {});
    },
  };
  return server;
}

/** The settings alone: a configuration has functions too, and no function can be sent to a worker. */
function settings(): object {
  return JSON.parse(JSON.stringify(workspace.getConfiguration(settingsSection))) as object;
}

/** What the server cannot learn from the capabilities: commands that it may name, and which extensions run beside. */
function facts(): ClientFacts {
  return {
    commands: [
      showReferencesCommand,
      explainRuleCommand,
      showPlanCommand,
      triggerSuggestCommand,
      applyWithValuesCommand,
    ],
    schemaHelpElsewhere: schemaHelpElsewhere(),
  };
}

/** What to do about a connection that closed unasked; tells the user in either case. */
function closed(restart: boolean): CloseHandlerResult {
  if (restart) {
    const message = 'The Matrix Preflight language server stopped unexpectedly and has been started again.';
    warn(message, showLog);
    return { action: CloseAction.Restart, message, handled: true };
  }
  const message = 'The Matrix Preflight language server keeps stopping. It stays off: the deployment is not checked.';
  alarm(message, restartServer, showLog);
  return { action: CloseAction.DoNotRestart, message, handled: true };
}

function whenReady(server: Server): Promise<StatusParams> {
  return new Promise((resolve, reject) => {
    const settle = (state: ServerState) => {
      if (state.state === 'ready') resolve(state);
      else if (state.state === 'stopped') reject(new Error('The Matrix Preflight language server is not running.'));
      else return false;
      return true;
    };
    if (settle(server.state)) return;
    const subscription = server.onDidChangeState(state => {
      if (settle(state)) subscription.dispose();
    });
  });
}
