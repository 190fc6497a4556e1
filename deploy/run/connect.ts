import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../cluster/read';
import { childEnvironment } from '../kubectl/environment';
import { createKubectl, type Kubectl } from '../kubectl/kubectl';
import { KubectlRefused, kubeconfigsInside, locateKubectl } from '../kubectl/locate';
import { at, items, type Json, text } from '../plan/source';

export interface ConnectOptions {
  /** Where kubectl is, from the user's own settings only; looked up in PATH when absent. */
  readonly kubectlPath?: string;
  readonly environment: { readonly [name: string]: string | undefined };
  /** Directories of the workspace; nothing that lies in them is executed or used as a kubeconfig. */
  readonly roots: readonly string[];
  readonly stateDirectory: string;
  /** Contexts that settings of the workspace allow; all when absent, for a workspace may only narrow. */
  readonly allowedContexts?: readonly string[];
}

/** The kubectl of this machine, ready to be bound to a context. */
export interface LocalKubectl {
  readonly path: string;
  /** Such as `v1.32.4`. */
  readonly version: string;
  /** The contexts of the kubeconfig that may be used, in its order. */
  readonly contexts: readonly string[];
  /** @throws {KubectlRefused} for a context that is not among them */
  bind(context: string): Kubectl;
}

/**
 * Finds kubectl and reads which contexts there are, without speaking to any cluster.
 *
 * @throws {KubectlRefused} with a sentence for the user
 */
export async function connect(options: ConnectOptions): Promise<LocalKubectl> {
  const path = locateKubectl(options.kubectlPath, options.environment, options.roots);
  const [inside] = kubeconfigsInside(options.environment, options.roots);
  if (inside !== undefined)
    throw new KubectlRefused(`${inside} lies in the workspace; a kubeconfig can start any program, so it is not used.`);
  const environment = childEnvironment(options.environment);
  // kubectl starts where no file of the workspace can be taken for a program or a configuration.
  const directory = join(options.stateDirectory, 'work');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const call = (...args: string[]) => plain(path, args, environment, directory);
  const version = parse(await call('version', '--client', '--output=json'));
  const known = (await call('config', 'get-contexts', '--output=name')).split('\n').filter(name => name !== '');
  const contexts = known.filter(name => options.allowedContexts?.includes(name) ?? true);
  return {
    path,
    version: text(at(version, 'clientVersion', 'gitVersion')) ?? '',
    contexts,
    bind(context) {
      if (!contexts.includes(context))
        throw new KubectlRefused(`There is no context ${JSON.stringify(context)} that may be used.`);
      return createKubectl({ path, context, environment, directory });
    },
  };
}

/**
 * The API groups a cluster serves, for `PlanOptions.servedGroups`; undefined if it does not say, and then the plan
 * is made as if all were there.
 */
export async function servedGroups(kubectl: Kubectl): Promise<ReadonlySet<string> | undefined> {
  const answer = await readJson(kubectl, ['get', '--raw', '/apis']);
  if (!answer.ok) return undefined;
  return new Set(items(at(answer.value, 'groups')).flatMap(group => text(at(group, 'name')) ?? []));
}

/** A call that concerns no cluster and so has no context. */
function plain(
  path: string,
  args: readonly string[],
  environment: { readonly [name: string]: string },
  directory: string,
): Promise<string> {
  return new Promise((done, refuse) => {
    const limits = { cwd: directory, env: environment, timeout: 15_000, windowsHide: true, shell: false };
    execFile(path, args, limits, (error, stdout) => {
      if (error === null) done(stdout);
      else refuse(new KubectlRefused(`${path} cannot be used: kubectl ${args[0]} failed.`));
    });
  });
}

function parse(output: string): Json {
  try {
    return JSON.parse(output) as Json;
  } catch {
    return null;
  }
}
