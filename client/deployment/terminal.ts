import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CustomExecution,
  type Disposable,
  EventEmitter,
  Position,
  type Pseudoterminal,
  Range,
  Task,
  type TaskDefinition,
  TaskPanelKind,
  TaskRevealKind,
  TaskScope,
  type TerminalLink,
  type TerminalLinkProvider,
  tasks,
  Uri,
  window,
} from 'vscode';

export const taskType = 'matrix-preflight';
const source = 'Matrix Preflight';

/** The log of an operation, while it goes on. All lines are redacted by whoever writes them. */
export interface OperationLog {
  write(...lines: readonly string[]): void;
  /** From now on the lines, and those so far, are kept in a file of this directory too. */
  keepIn(directory: string): void;
}

/** What a task does; gives the exit code. Aborting the signal is asking it to end. */
export type Operation = (log: OperationLog, signal: AbortSignal) => Promise<number>;

/** The name of the file in a run's directory that holds its log. */
export const logFile = 'log.txt';

/** Makes a task whose terminal shows the log of an operation; closing the terminal asks the operation to end. */
export function operationTask(name: string, definition: TaskDefinition, operation: Operation): Task {
  const task = new Task(
    definition,
    TaskScope.Workspace,
    name,
    source,
    new CustomExecution(async () => operationTerminal(asked.get(keyOf(definition)) ?? operation)),
  );
  task.presentationOptions = {
    reveal: TaskRevealKind.Always,
    // A terminal that another operation is just leaving is not waited for, and the log in it stays.
    panel: TaskPanelKind.Dedicated,
    clear: true,
    showReuseMessage: false,
  };
  return task;
}

/** Runs an operation as a task; settles as the operation does. */
export function runAsTask(name: string, definition: TaskDefinition, operation: Operation): Promise<number> {
  return new Promise((resolve, reject) => {
    const key = keyOf(definition);
    const observed: Operation = (log, signal) => {
      if (asked.get(key) === observed) asked.delete(key);
      const outcome = operation(log, signal);
      outcome.then(resolve, reject);
      return outcome;
    };
    asked.set(key, observed);
    tasks.executeTask(operationTask(name, definition, observed)).then(undefined, reject);
  });
}

/**
 * What a command has started and waits for. VS Code knows a task by its definition alone, so it may well run the one of
 * the same definition that the task provider has made meanwhile, and nobody would learn of its end.
 */
const asked = new Map<string, Operation>();

function keyOf({ operation, phases, run }: TaskDefinition): string {
  return JSON.stringify([operation, phases, run]);
}

/** Makes `path:line` of a deployment's files in the log open the file. */
export function registerFileLinks(root: () => string | undefined): Disposable {
  const provider: TerminalLinkProvider<FileLink> = {
    provideTerminalLinks: ({ line, terminal }) => {
      const directory = root();
      if (directory === undefined || !terminal.name.includes(terminalName)) return [];
      return [...line.matchAll(/(?:^|[\s(])([\w./-]+\.(?:ya?ml|json)):(\d+)/g)].map(match => {
        const [, file = '', number = '1'] = match;
        const startIndex = match.index + match[0].length - file.length - number.length - 1;
        return {
          startIndex,
          length: file.length + number.length + 1,
          file: join(directory, file),
          line: Number(number),
        };
      });
    },
    handleTerminalLink: async ({ file, line }) => openAt(Uri.file(file), line),
  };
  return window.registerTerminalLinkProvider(provider);
}

/** Shows a file at a one-based line. */
export async function openAt(uri: Uri, line: number): Promise<void> {
  const at = new Position(Math.max(0, line - 1), 0);
  await window.showTextDocument(uri, { selection: new Range(at, at), preview: false });
}

interface FileLink extends TerminalLink {
  readonly file: string;
  readonly line: number;
}

/** What the names of all our tasks have in common. */
export const terminalName = 'Matrix';

function operationTerminal(operation: Operation): Pseudoterminal {
  const written = new EventEmitter<string>();
  const closed = new EventEmitter<number>();
  const stop = new AbortController();
  let file: string | undefined;
  let kept = '';
  const keep = (text: string) => {
    kept += text;
    if (file === undefined) return;
    try {
      appendFileSync(file, withoutColors(kept), { mode: 0o600 });
      kept = '';
    } catch {
      // A full disk must not end a deployment; the lines are still on the screen.
    }
  };
  const log: OperationLog = {
    write: (...lines) => {
      for (const line of lines) {
        written.fire(`${line.replaceAll('\n', '\r\n')}\r\n`);
        keep(`${line}\n`);
      }
    },
    keepIn: directory => {
      file = join(directory, logFile);
      keep('');
    },
  };
  return {
    onDidWrite: written.event,
    onDidClose: closed.event,
    open: () => {
      operation(log, stop.signal).then(
        code => closed.fire(code),
        error => {
          log.write(error instanceof Error ? error.message : String(error));
          closed.fire(1);
        },
      );
    },
    close: () => stop.abort(),
  };
}

function withoutColors(text: string): string {
  return text.replace(/\x1b\[\d*m/g, '');
}
