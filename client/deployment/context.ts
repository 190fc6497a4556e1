import {
  type Event,
  EventEmitter,
  type Memento,
  ProgressLocation,
  type QuickPickItem,
  QuickPickItemKind,
  window,
} from 'vscode';
import { inform, warn } from '../notices';
import type { KubernetesExtension } from './kubernetes-extension';
import type { Runner } from './runner';

/** The context a person has chosen for this workspace, and what was found behind it then. */
export interface ChosenContext {
  readonly name: string;
  /** True if changes need the name typed; also as long as the cluster has not been reached. */
  readonly isProtected: boolean;
  /** Address and version of the API server; empty if it could not be reached. */
  readonly server: string;
  readonly version: string;
}

/** Which context is deployed to. kubectl's current context is never taken. */
export interface ContextChoice {
  readonly chosen: ChosenContext | undefined;
  readonly onDidChange: Event<void>;
  /** Lets the person choose; `given` is a name, or a line of the Kubernetes extension's Clusters view. */
  choose(open: () => Promise<Runner>, given?: unknown): Promise<ChosenContext | undefined>;
  /** Takes note of what was found out on another occasion. */
  learn(context: ChosenContext): void;
}

const key = 'matrixPreflight.context';

export function contextChoice(memory: Memento, kubernetes: KubernetesExtension): ContextChoice {
  const changed = new EventEmitter<void>();
  const learn = (context: ChosenContext) => {
    void memory.update(key, context);
    changed.fire();
  };
  return {
    get chosen() {
      return memory.get<ChosenContext>(key);
    },
    onDidChange: changed.event,
    learn,
    choose: async (open, given) => {
      const runner = await open();
      try {
        const { contexts } = runner.tools;
        const named =
          typeof given === 'string' ? given : given === undefined ? undefined : await kubernetes.contextOf(given);
        const name = named ?? (await pick(contexts, memory.get<ChosenContext>(key)?.name, kubernetes));
        if (name === undefined) return undefined;
        if (!contexts.includes(name)) {
          warn(`There is no context ${name} that may be used.`);
          return undefined;
        }
        const context = await lookAt(runner, name);
        learn(context);
        return context;
      } finally {
        runner.dispose();
      }
    },
  };
}

async function pick(
  contexts: readonly string[],
  before: string | undefined,
  kubernetes: KubernetesExtension,
): Promise<string | undefined> {
  if (contexts.length === 0) {
    inform('The kubeconfig has no context that may be used.');
    return undefined;
  }
  const suggested = await kubernetes.currentContext();
  const first = contexts.filter(name => name === before || name === suggested);
  const item = (name: string): QuickPickItem => ({
    label: name,
    description: [
      ...(name === before ? ['chosen before'] : []),
      ...(name === suggested ? ['current in the Kubernetes extension'] : []),
    ].join(', '),
  });
  const others = contexts.filter(name => !first.includes(name)).map(item);
  const separator: QuickPickItem = { label: 'all', kind: QuickPickItemKind.Separator };
  const items = first.length === 0 ? others : [...first.map(item), separator, ...others];
  const options = {
    title: 'Select Context',
    placeHolder: 'The context of the cluster to deploy to',
    ignoreFocusOut: true,
  };
  return (await window.showQuickPick(items, options))?.label;
}

async function lookAt(runner: Runner, name: string): Promise<ChosenContext> {
  const progress = { location: ProgressLocation.Window, title: `Looking at ${name}` };
  try {
    const { cluster, isProtected } = await window.withProgress(progress, () => runner.identify({ context: name }));
    return { name, isProtected, server: cluster.server, version: cluster.serverVersion };
  } catch (error) {
    warn(error instanceof Error ? error.message : String(error));
    return { name, isProtected: true, server: '', version: '' };
  }
}
