/**
 * A run in a process of its own, so that a test can really kill it. Its one argument is a JSON object, see
 * {@link ChildOrder}.
 */
import { childEnvironment } from '../../../deploy/kubectl/environment';
import { createKubectl } from '../../../deploy/kubectl/kubectl';
import { planDeployment } from '../../../deploy/plan/plan';
import { deploy } from '../../../deploy/run/run';
import { sourcesOf } from '../sources';
import { quickPace, willing } from './bench';

export interface ChildOrder {
  readonly kubectl: string;
  readonly directory: string;
  readonly kubeconfig: string;
  readonly state: string;
  readonly files: { readonly [path: string]: string };
  readonly steps: readonly string[];
  /** Kill this very process with SIGKILL once an entry whose JSON matches this is on the disk. */
  readonly dieAt?: string;
}

async function main(order: ChildOrder): Promise<void> {
  const sources = sourcesOf(order.files);
  const environment = childEnvironment(
    { PATH: process.env.PATH },
    { HOME: order.directory, KUBECONFIG: order.kubeconfig },
  );
  const dieAt = order.dieAt === undefined ? undefined : new RegExp(order.dieAt);
  const result = await deploy({
    current: () => ({ plan: planDeployment(sources, [], { steps: order.steps }), sources }),
    kubectl: createKubectl({ path: order.kubectl, context: 'test', environment, directory: order.directory }),
    context: 'test',
    interaction: willing,
    stateDirectory: order.state,
    pace: quickPace,
    record: { tool: 'test', user: 'tester', root: '/tree', kubectl: { path: order.kubectl, version: 'v1' } },
    afterWrite: entry => {
      if (dieAt?.test(JSON.stringify(entry))) process.kill(process.pid, 'SIGKILL');
    },
  });
  process.stdout.write(JSON.stringify(result));
}

void main(JSON.parse(process.argv[2] ?? '{}') as ChildOrder);
