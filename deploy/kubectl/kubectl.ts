import { spawn } from 'node:child_process';
import { isAbsolute } from 'node:path';

/** One call of kubectl. */
export interface KubectlCall {
  /** Arguments after `--context`; no shell ever sees them. */
  readonly args: readonly string[];
  /** Text for standard input. */
  readonly input?: string;
  /** After this the process is ended; an object that was being changed is then in an unknown state. */
  readonly timeoutMilliseconds?: number;
  /** Ends the process when aborted; pass it only where an unknown state is acceptable. */
  readonly signal?: AbortSignal;
}

/**
 * What kubectl answered. `stdout` and `stderr` are raw: they may hold secrets and must pass a redactor before they
 * are shown, logged or stored.
 */
export interface KubectlResult {
  /** Exit code; undefined if the process was ended by a signal or could not be started. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** True if the process was ended before it was through, or if its output was too long to keep. */
  readonly interrupted: boolean;
}

/** Calls kubectl against one context. Never rejects: what goes wrong is in the result. */
export type Kubectl = (call: KubectlCall) => Promise<KubectlResult>;

export interface KubectlOptions {
  /** Absolute, see `locateKubectl`. */
  readonly path: string;
  readonly context: string;
  /** Only what `childEnvironment` lets through. */
  readonly environment: { readonly [name: string]: string };
  /** Where the process starts; never a directory of the workspace. */
  readonly directory: string;
  readonly kubeconfig?: string;
  readonly cacheDirectory?: string;
  /** Default for `--request-timeout`, in seconds. */
  readonly requestTimeoutSeconds?: number;
}

/** Kubernetes names as RFC 1123 writes them, and the few characters more that contexts have. */
const contextName = /^[A-Za-z0-9][A-Za-z0-9._:@/+-]*$/;
const objectName = /^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/;

/** Whether a text may stand as the name of an object, namespace or label value on a command line. */
export function isObjectName(name: string): boolean {
  return name.length <= 253 && objectName.test(name);
}

/**
 * Makes a caller for one context. The context stands in every call, so that a change of the current context in
 * another terminal never redirects a deployment.
 */
export function createKubectl(options: KubectlOptions): Kubectl {
  if (!isAbsolute(options.path)) throw new RangeError('The path of kubectl must be absolute.');
  if (!contextName.test(options.context))
    throw new RangeError(`${JSON.stringify(options.context)} cannot be a context.`);
  const fixed = [
    `--context=${options.context}`,
    `--request-timeout=${options.requestTimeoutSeconds ?? 30}s`,
    ...(options.kubeconfig === undefined ? [] : [`--kubeconfig=${options.kubeconfig}`]),
    ...(options.cacheDirectory === undefined ? [] : [`--cache-dir=${options.cacheDirectory}`]),
  ];
  return call => run(options, [...fixed, ...call.args], call);
}

const outputLimit = 32 * 1024 * 1024;

function run(options: KubectlOptions, args: readonly string[], call: KubectlCall): Promise<KubectlResult> {
  return new Promise(done => {
    if (call.signal?.aborted) {
      done({ code: undefined, stdout: '', stderr: 'cancelled before it was started', interrupted: true });
      return;
    }
    const child = spawn(options.path, args, {
      cwd: options.directory,
      env: { ...options.environment },
      shell: false,
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;
    let interrupted = false;
    let failure = '';
    const end = () => {
      interrupted = true;
      child.kill('SIGTERM');
    };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > outputLimit) end();
        else output[stream].push(chunk);
      });
    const timer = setTimeout(end, call.timeoutMilliseconds ?? 120_000);
    call.signal?.addEventListener('abort', end, { once: true });
    child.on('error', error => {
      failure = error.message;
    });
    child.on('close', code => {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', end);
      done({
        code: failure === '' ? (code ?? undefined) : undefined,
        stdout: Buffer.concat(output.stdout).toString('utf8'),
        stderr: failure === '' ? Buffer.concat(output.stderr).toString('utf8') : failure,
        interrupted: interrupted || (failure === '' && code === null),
      });
    });
    // A process that has ended does not read its input; its exit code says what happened.
    child.stdin.on('error', () => {});
    child.stdin.end(call.input ?? '');
  });
}
