import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { childEnvironment } from '../../deploy/kubectl/environment';
import { createKubectl, type Kubectl } from '../../deploy/kubectl/kubectl';
import { locateKubectl } from '../../deploy/kubectl/locate';
import type { ApiServer } from './api-server/server';

/**
 * The kubectl these tests run: the one of PATH, else the one that `provision.ts` puts into
 * `.vscode-test/`. Behind a dispatcher that picks a client by the server's version, its newest client is taken
 * directly, which saves a request and a process for every call.
 */
export function testKubectl(): string {
  // The tests inside an editor are bundled, and do not know where they are.
  if (process.env.TEST_KUBECTL) return process.env.TEST_KUBECTL;
  const provisioned = join(__dirname, '../../.vscode-test/kubectl/kubectl');
  let found: string;
  try {
    found = locateKubectl(undefined, process.env, []);
  } catch (error) {
    if (!existsSync(provisioned)) throw error;
    return provisioned;
  }
  const directory = dirname(realpathSync(found));
  for (const minor of [32, 33, 31]) {
    const client = join(directory, `kubectl.1.${minor}`);
    if (existsSync(client)) return client;
  }
  return found;
}

/** A scratch directory with its own HOME, cache and kubeconfig; nothing of the user's setup is touched. */
export interface Sandbox {
  readonly directory: string;
  readonly kubeconfig: string;
  readonly environment: { readonly [name: string]: string };
  kubectl(context?: string): Kubectl;
  remove(): void;
}

export function createSandbox(server: ApiServer, ...contexts: string[]): Sandbox {
  const directory = mkdtempSync(join(tmpdir(), 'preflight-deploy-'));
  const home = join(directory, 'home');
  mkdirSync(home);
  const kubeconfig = server.kubeconfig(directory, ...(contexts.length === 0 ? ['test'] : contexts));
  const environment = childEnvironment({ PATH: process.env.PATH }, { HOME: home, KUBECONFIG: kubeconfig });
  return {
    directory,
    kubeconfig,
    environment,
    kubectl: (context = 'test') =>
      createKubectl({ path: testKubectl(), context, environment, directory, cacheDirectory: join(directory, 'cache') }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
