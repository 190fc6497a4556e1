import { extensions } from 'vscode';

/**
 * What is used of the Kubernetes extension when it is installed: the kubeconfig it works with, its current context as a
 * suggestion, and the context behind a line of its Clusters view. Its `invokeCommand` goes through a shell, so nothing
 * is deployed with it.
 */
export interface KubernetesExtension {
  /** The kubeconfig chosen in the extension; undefined without one of this machine. */
  kubeconfig(): Promise<string | undefined>;
  /** The context that is current in the extension. It is offered first, and never taken unasked. */
  currentContext(): Promise<string | undefined>;
  /** The context that a line of the Clusters view stands for. */
  contextOf(node: unknown): Promise<string | undefined>;
}

// The shapes of the API's versions 1, as far as they are used:
// https://github.com/vscode-kubernetes-tools/vscode-kubernetes-tools-api
interface ApiBroker {
  get(
    component: string,
    version: string,
  ): { readonly available: true; readonly api: unknown } | { readonly available: false };
}
interface Configuration {
  getKubeconfigPath(): { readonly pathType: string; readonly hostPath?: string };
}
interface Kubectl {
  invokeCommand(command: string): Promise<{ readonly code: number; readonly stdout: string } | undefined>;
}
interface ClusterExplorer {
  resolveCommandTarget(target?: unknown): { readonly nodeType: string; readonly name?: string } | undefined;
}

export function kubernetesExtension(): KubernetesExtension {
  const api = async <T>(component: string): Promise<T | undefined> => {
    const extension = extensions.getExtension<ApiBroker>('ms-kubernetes-tools.vscode-kubernetes-tools');
    if (!extension) return undefined;
    try {
      const answer = (await extension.activate())?.get(component, 'v1');
      return answer?.available ? (answer.api as T) : undefined;
    } catch {
      // Another extension that fails is no reason for ours to fail.
      return undefined;
    }
  };
  return {
    kubeconfig: async () => {
      const path = (await api<Configuration>('configuration'))?.getKubeconfigPath();
      return path?.pathType === 'host' && path.hostPath ? path.hostPath : undefined;
    },
    currentContext: async () => {
      const answer = await (await api<Kubectl>('kubectl'))
        ?.invokeCommand('config current-context')
        .catch(() => undefined);
      return answer?.code === 0 ? answer.stdout.trim() || undefined : undefined;
    },
    contextOf: async node => {
      const target = (await api<ClusterExplorer>('clusterexplorer'))?.resolveCommandTarget(node);
      return target?.nodeType === 'context' ? target.name : undefined;
    },
  };
}
