import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kubectl } from '../../../deploy/kubectl/kubectl';
import { type PlanOptions, planDeployment } from '../../../deploy/plan/plan';
import type { PlanBlocker } from '../../../deploy/plan/source';
import type { RunEvent } from '../../../deploy/run/context';
import type { Interaction } from '../../../deploy/run/interaction';
import type { DeployOptions } from '../../../deploy/run/options';
import type { DeployResult } from '../../../deploy/run/result';
import { deploy } from '../../../deploy/run/run';
import { inProcessKubectl } from '../api-server/in-process';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../api-server/server';
import { createSandbox, type Sandbox } from '../kubectl';
import { sourcesOf } from '../sources';
import { tree } from '../tree';

/** A server, a sandbox and a tree that a test may change while a run goes on. */
export interface Bench {
  readonly server: ApiServer;
  readonly sandbox: Sandbox;
  files: { [path: string]: string };
  planOptions: PlanOptions;
  blockers: PlanBlocker[];
  readonly events: RunEvent[];
  /** Every text the run has shown or stored so far. */
  readonly shown: string[];
  /** Calls are made without processes unless a test asks for the real kubectl. */
  kubectl: (context: string) => Kubectl;
  deploy(answers?: Partial<Interaction>, more?: Partial<DeployOptions>): Promise<DeployResult>;
  current(): ReturnType<DeployOptions['current']>;
  journal(run: string): string;
  close(): Promise<void>;
}

/** Short times, so that a run takes seconds; faults are tried again at once. */
export const quickPace: NonNullable<DeployOptions['pace']> = {
  poll: 30,
  grace: 0,
  backoff: [20, 20, 20],
  verify: 0,
  secondThoughts: 0,
};

export async function openBench(options: ApiServerOptions = {}, ...contexts: string[]): Promise<Bench> {
  const server = await startApiServer(options);
  answerLikeServices(server);
  const sandbox = createSandbox(server, ...contexts);
  const bench: Bench = {
    server,
    sandbox,
    files: { ...tree },
    planOptions: {},
    blockers: [],
    events: [],
    shown: [],
    kubectl: context => inProcessKubectl(server, context),
    current() {
      const sources = sourcesOf(bench.files);
      return { plan: planDeployment(sources, bench.blockers, bench.planOptions), sources };
    },
    async deploy(answers = {}, more = {}) {
      const context = more.context ?? contexts[0] ?? 'test';
      const result = await deploy({
        current: bench.current,
        kubectl: bench.kubectl(context),
        context,
        interaction: watched({ ...willing, ...answers }, bench.shown),
        stateDirectory: join(sandbox.directory, 'state'),
        pace: quickPace,
        onEvent: event => {
          bench.events.push(event);
          bench.shown.push(JSON.stringify(event));
        },
        record: { tool: 'test', user: 'tester', root: '/tree', kubectl: { path: 'kubectl', version: 'v1.32.4' } },
        ...more,
      });
      bench.shown.push(JSON.stringify(result));
      return result;
    },
    journal: run => readFileSync(join(sandbox.directory, 'state', 'runs', run, 'journal.jsonl'), 'utf8'),
    async close() {
      await server.close();
      sandbox.remove();
    },
  };
  return bench;
}

/** Says yes to everything that is safe. */
export const willing: Interaction = {
  confirmContext: async question => question.cluster.context,
  confirmStep: async () => ({ decision: 'apply' }),
  confirmTakeOver: async () => false,
  confirmRunOnce: async () => 'keep',
  skipAbsent: async step => ({ decision: 'skip', reason: step.reason }),
  afterFailure: async () => ({ decision: 'stop' }),
};

/** PostgreSQL, Redis and Synapse that are well, as far as the checks ask them. */
export function answerLikeServices(server: ApiServer, databases: readonly string[] = []): void {
  server.onExec((pod, _container, command) => {
    const text = command.join(' ');
    if (text.includes('redis-cli ping')) return { stdout: 'PONG\n' };
    if (text.includes('info replication'))
      return { stdout: pod === 'redis-0' ? 'role:master\r\nconnected_slaves:2\r\n' : 'role:slave\r\n' };
    if (text.includes('sentinel ckquorum')) return { stdout: 'OK 3 usable Sentinels. Quorum can be reached\n' };
    const ran = (job: string) => server.get('Job', 'matrix', job) !== undefined;
    if (text.includes("rolname = 'key_vault'")) return { stdout: ran('key-vault-init-db') ? 'database\nrole\n' : '' };
    if (text.includes('pg_subscription')) return { stdout: ran('sync-system-setup-replication') ? 'li_sub|t|t\n' : '' };
    if (text.includes('pg_replication_slots')) return { stdout: 'li_sub|t|1024\n' };
    if (text.includes('pg_database')) return { stdout: ['postgres', 'template1', ...databases, ''].join('\n') };
    return { stderr: `unexpected command: ${text}\n`, code: 127 };
  });
}

function watched(interaction: Interaction, shown: string[]): Interaction {
  const noted =
    <Q, A>(ask: (question: Q) => Promise<A>) =>
    (question: Q) => {
      shown.push(JSON.stringify(question));
      return ask(question);
    };
  return {
    confirmContext: noted(interaction.confirmContext),
    confirmStep: noted(interaction.confirmStep),
    confirmTakeOver: noted(interaction.confirmTakeOver),
    confirmRunOnce: noted(interaction.confirmRunOnce),
    skipAbsent: noted(interaction.skipAbsent),
    afterFailure: noted(interaction.afterFailure),
  };
}
