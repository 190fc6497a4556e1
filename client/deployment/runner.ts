import { fork } from 'node:child_process';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-languageclient/node';
import type { Interaction } from '../../deploy/run/interaction';
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
  type RunnerQuestion,
  type RunnerTarget,
  type RunnerTools,
  runnerArgument,
  stopNotification,
  type VerifyAnswer,
  type VerifyParams,
  verifyRequest,
} from '../../protocol/deployment';

/** A process that speaks to clusters. Its methods reject with a sentence for the user. */
export interface Runner {
  readonly tools: RunnerTools;
  identify(params: ContextParams): Promise<IdentifyAnswer>;
  plan(params: PlanParams): Promise<PlanAnswer>;
  deploy(params: DeployParams, interaction: Interaction): Promise<DeployResult>;
  verify(params: VerifyParams): Promise<VerifyAnswer>;
  /** Ends a deployment after the object under way; at once when insisted on. */
  stop(atOnce: boolean): void;
  dispose(): void;
}

/**
 * Starts a runner for a deployment tree.
 *
 * @param program absolute path of the server's program
 * @throws with a sentence for the user if kubectl cannot be used
 */
export async function openRunner(
  program: string,
  target: RunnerTarget,
  onEvent: (event: RunnerEvent) => void = () => {},
): Promise<Runner> {
  const child = fork(program, [runnerArgument], {
    execArgv: [],
    // On a desktop the program that runs extensions is Electron, which has to be told to be Node.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'json',
  });
  const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  let interaction: Interaction | undefined;
  connection.onNotification(eventNotification, onEvent);
  connection.onRequest(askRequest, async ({ about, question }: RunnerQuestion) => {
    // The two belong together by their type, which TypeScript does not follow through the look-up.
    const ask = interaction?.[about] as ((question: unknown) => Promise<unknown>) | undefined;
    return (await ask?.(question)) ?? null;
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', error => reject(new Error(`The runner could not be started: ${error.message}`)));
    child.once('exit', (code, signal) => reject(new Error(`The runner has ended unexpectedly (${signal ?? code}).`)));
  });
  // Nobody may be waiting when it ends in the ordinary way.
  ended.catch(() => {});
  connection.listen();
  const request = <Answer>(method: string, params: object): Promise<Answer> =>
    Promise.race([connection.sendRequest<Answer>(method, params), ended]);
  const dispose = () => {
    connection.dispose();
    if (child.connected) child.disconnect();
  };
  try {
    const tools = await request<RunnerTools>(openRequest, target);
    return {
      tools,
      identify: params => request(identifyRequest, params),
      plan: params => request(planRequest, params),
      deploy: (params, answers) => {
        interaction = answers;
        return request(deployRequest, params);
      },
      verify: params => request(verifyRequest, params),
      stop: atOnce => void connection.sendNotification(stopNotification, { atOnce }).catch(() => {}),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
