/**
 * A run in a process of its own that is killed at a given write of its journal. It is bundled by the test, because
 * dozens of processes are started. The product has no place where it could be told to die: the writing of files is
 * replaced here, before the run begins.
 */
import fs from 'node:fs';
import { childEnvironment } from '../../../deploy/kubectl/environment';
import { createKubectl, type Kubectl } from '../../../deploy/kubectl/kubectl';
import { planDeployment } from '../../../deploy/plan/plan';
import { deploy } from '../../../deploy/run/run';
import { inProcessKubectl } from '../api-server/in-process';
import type { ApiServer } from '../api-server/server';
import { sourcesOf } from '../sources';
import { quickPace, willing } from './bench';

export interface CrashOrder {
  readonly kubectl: string;
  readonly url: string;
  readonly directory: string;
  readonly kubeconfig: string;
  readonly state: string;
  readonly files: { readonly [path: string]: string };
  readonly steps: readonly string[];
  /** The one-based write of the journal at which the process kills itself. */
  readonly write: number;
  /** `torn` leaves half of the line on the disk, `after` all of it. */
  readonly when: 'torn' | 'after';
}

/**
 * The real kubectl for everything that changes the cluster and for logs; what is only read or tried out comes over
 * HTTP, which makes a run ten times shorter.
 */
export function mostlyReal(real: Kubectl, quick: Kubectl): Kubectl {
  return call => {
    const isRead = ['get', 'config', 'create', 'replace'].includes(call.args[0] ?? '');
    return isRead || call.args.includes('--dry-run=server') ? quick(call) : real(call);
  };
}

function dieAt(order: CrashOrder): void {
  const write = fs.writeSync;
  let writes = 0;
  fs.writeSync = ((file: number, text: string) => {
    if (!/^\{.*"seq":/.test(text) || ++writes !== order.write) return write(file, text);
    write(file, order.when === 'torn' ? text.slice(0, text.length >> 1) : text);
    return process.kill(process.pid, 'SIGKILL');
  }) as typeof fs.writeSync;
}

async function main(order: CrashOrder): Promise<void> {
  dieAt(order);
  const sources = sourcesOf(order.files);
  const environment = childEnvironment(
    { PATH: process.env.PATH },
    { HOME: order.directory, KUBECONFIG: order.kubeconfig },
  );
  const server = { url: order.url, contexts: ['test'] } as unknown as ApiServer;
  await deploy({
    current: () => ({ plan: planDeployment(sources, [], { steps: order.steps }), sources }),
    kubectl: mostlyReal(
      createKubectl({ path: order.kubectl, context: 'test', environment, directory: order.directory }),
      inProcessKubectl(server, 'test'),
    ),
    context: 'test',
    interaction: willing,
    stateDirectory: order.state,
    pace: quickPace,
    record: { tool: 'test', user: 'tester', root: '/tree', kubectl: { path: order.kubectl, version: 'v1' } },
  });
}

if (process.argv[2]?.startsWith('{')) void main(JSON.parse(process.argv[2]) as CrashOrder);
