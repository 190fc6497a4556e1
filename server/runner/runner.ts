import { userInfo } from 'node:os';
import { type MessageConnection, ResponseError } from 'vscode-languageserver/node';
import { postDeploymentChecks } from '../../checklist/validation';
import { identifyCluster } from '../../deploy/cluster/identity';
import { isProtected } from '../../deploy/cluster/protection';
import type { ClusterIdentity } from '../../deploy/journal/entries';
import type { Kubectl } from '../../deploy/kubectl/kubectl';
import { KubectlRefused } from '../../deploy/kubectl/locate';
import { createRedactor } from '../../deploy/redact/redact';
import { secretValues } from '../../deploy/redact/secrets';
import { connect, type LocalKubectl, servedGroups } from '../../deploy/run/connect';
import { defaultPace, systemClock } from '../../deploy/run/context';
import type { Interaction } from '../../deploy/run/interaction';
import { saveResults } from '../../deploy/run/results';
import { deploy } from '../../deploy/run/run';
import { runFiles } from '../../deploy/run/store';
import { prerequisiteIds, verify } from '../../deploy/verify/verify';
import {
  askRequest,
  type ContextParams,
  type DeployParams,
  type DeployResult,
  deployRequest,
  eventNotification,
  type IdentifyAnswer,
  identifyRequest,
  openRequest,
  type PlanAnswer,
  type PlanParams,
  planRequest,
  type RunnerEvent,
  type RunnerTarget,
  type RunnerTools,
  type Selection,
  type StopParams,
  stopNotification,
  type VerifyAnswer,
  type VerifyParams,
  verifyRequest,
} from '../../protocol/deployment';
import { type Tree, treeOnDisk } from './tree';

/**
 * Carries deployments out for an editor, in a process of its own: it ends cleanly between two objects when the editor
 * goes away, and the contents of Secrets never reach the process in which other extensions run.
 */
export function serveRunner(connection: MessageConnection): void {
  const stop = new AbortController();
  const kill = new AbortController();
  let opened: Opened | undefined;
  const target = (): Opened => {
    if (opened === undefined) throw new Error('The runner has not been opened.');
    return opened;
  };
  const tell = (event: RunnerEvent) => void connection.sendNotification(eventNotification, event).catch(() => {});
  const bound = async ({ context }: ContextParams): Promise<Bound> => {
    const { local, current, protection } = target();
    const kubectl = await sayingWhy(async () => local.bind(context));
    const identity = await identifyCluster(kubectl, context);
    if (!identity.ok) {
      const reason = createRedactor(secretValues(current({}).sources))(identity.message);
      throw new ResponseError(refused, `The context ${context} cannot be used: ${reason}`);
    }
    const cluster = identity.value;
    return { kubectl, cluster, isProtected: isProtected(context, cluster.server, protection) };
  };

  connection.onRequest(openRequest, async (params: RunnerTarget): Promise<RunnerTools> => {
    const environment = {
      ...process.env,
      ...(params.kubeconfig === undefined ? {} : { KUBECONFIG: params.kubeconfig }),
    };
    const local = await sayingWhy(() => connect({ ...params, environment }));
    const current = treeOnDisk(params.root, params.settings);
    opened = { ...params, local, current };
    return { kubectl: { path: local.path, version: local.version }, contexts: local.contexts };
  });
  connection.onRequest(identifyRequest, async (params: ContextParams): Promise<IdentifyAnswer> => {
    const { cluster, isProtected: guarded } = await bound(params);
    return { cluster, isProtected: guarded };
  });
  connection.onRequest(planRequest, async ({ context, selection }: PlanParams): Promise<PlanAnswer> => {
    const answer = await bound({ context });
    const { plan } = await planned(target(), answer.kubectl, selection);
    return { plan: plan().plan, cluster: answer.cluster, isProtected: answer.isProtected };
  });
  connection.onRequest(deployRequest, async (params: DeployParams): Promise<DeployResult> => {
    const { context, selection, resume, waivers } = params;
    const { root, stateDirectory, protection, pace, local } = target();
    const kubectl = await sayingWhy(async () => local.bind(context));
    const { plan } = await planned(target(), kubectl, selection);
    const user = userInfo().username;
    return deploy({
      current: plan,
      kubectl,
      context,
      interaction: remoteInteraction(connection),
      stateDirectory,
      ...(resume === undefined ? {} : { resume }),
      waivers: waivers.map(waiver => ({ ...waiver, by: user })),
      protection,
      pace,
      signal: stop.signal,
      killSignal: kill.signal,
      onRun: run => tell({ type: 'run', run, directory: runFiles(stateDirectory, run).directory }),
      onEvent: tell,
      record: { tool, user, root, kubectl: { path: local.path, version: local.version } },
    });
  });
  connection.onRequest(verifyRequest, async ({ context, checks: which }: VerifyParams): Promise<VerifyAnswer> => {
    const answer = await bound({ context });
    const { root, stateDirectory, pace, current } = target();
    const { plan, sources } = current({});
    const checkContext = {
      kubectl: answer.kubectl,
      plan,
      sources,
      now: systemClock.now,
      sleep: (milliseconds: number) => systemClock.sleep(milliseconds, stop.signal),
      // Long enough for a container that keeps crashing to be started once more.
      sampleMilliseconds: which === 'all' ? 10 * (pace.poll ?? defaultPace.poll) : 0,
    };
    const ids = which === 'all' ? [...prerequisiteIds, ...afterwards] : prerequisiteIds;
    const checks = [];
    for (const id of ids) {
      if (stop.signal.aborted) break;
      checks.push(...(await verify(checkContext, createRedactor(secretValues(sources)), [id])));
      tell({ type: 'verified', check: checks.at(-1)! });
    }
    saveResults(stateDirectory, { root, cluster: answer.cluster, checks }, systemClock.now());
    return { cluster: answer.cluster, checks };
  });
  connection.onNotification(stopNotification, ({ atOnce }: StopParams) => {
    stop.abort();
    if (atOnce) kill.abort();
  });
  // Nobody is there anymore to answer questions: the object under way is finished, and the run can be resumed.
  connection.onClose(() => stop.abort());
  connection.listen();
}

interface Opened extends RunnerTarget {
  readonly local: LocalKubectl;
  readonly current: ReturnType<typeof treeOnDisk>;
}

interface Bound {
  readonly kubectl: Kubectl;
  readonly cluster: ClusterIdentity;
  readonly isProtected: boolean;
}

const tool = `matrix-preflight ${process.env.MATRIX_PREFLIGHT_VERSION ?? '0.0.0'}`;

const afterwards = postDeploymentChecks.filter(check => check.optIn !== true).map(check => check.id);

/** The plan for a cluster: what its API does not serve yet comes later. */
async function planned(
  { current }: Opened,
  kubectl: Kubectl,
  selection: Selection,
): Promise<{ readonly plan: () => Tree }> {
  const groups = await servedGroups(kubectl);
  const options = { ...selection, ...(groups === undefined ? {} : { servedGroups: groups }) };
  return { plan: () => current(options) };
}

/** Asks the person at the other end; without an answer the run stops where it is. */
function remoteInteraction(connection: MessageConnection): Interaction {
  const ask =
    <Answer>(about: keyof Interaction, otherwise: Answer) =>
    (question: unknown): Promise<Answer> =>
      connection.sendRequest<Answer | null>(askRequest, { about, question }).then(
        answer => answer ?? otherwise,
        () => otherwise,
      );
  return {
    confirmContext: ask('confirmContext', undefined as string | undefined),
    confirmTakeOver: ask('confirmTakeOver', false),
    confirmStep: ask('confirmStep', { decision: 'stop' }),
    confirmRunOnce: ask('confirmRunOnce', 'stop'),
    skipAbsent: ask('skipAbsent', { decision: 'stop' }),
    afterFailure: ask('afterFailure', { decision: 'stop' }),
  };
}

/** A refusal is a sentence for the user; without this it would be wrapped into one about requests. */
async function sayingWhy<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KubectlRefused) throw new ResponseError(refused, error.message);
    throw error;
  }
}

/** A code of our own for a refusal; those of JSON-RPC and LSP are negative. */
const refused = 1;
