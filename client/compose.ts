import { commands, Disposable, type ExtensionContext, window } from 'vscode';
import { applyWithValuesCommand, type EditWithValues } from '../protocol/values';
import { checkDeployment } from './check';
import { registerChecklist } from './checklist/view';
import { registerCommandFixes } from './command-fixes';
import { type FillOptions, fillCredentials } from './credentials/fill';
import { generateCredential } from './credentials/generate';
import { applyWithValues } from './credentials/values';
import { registerPlan } from './deploy/plan';
import { replaceDomain } from './domain';
import { registerExplain } from './explain';
import { answerFileRequests } from './files';
import { type FixAllOptions, fixAllSafeProblems } from './fix-all';
import { registerNetwork } from './network/network';
import { newMissingResource } from './new-resource';
import { registerReferencesPeek } from './references-peek';
import { exportReport, type ReportSources } from './report/report';
import type { RunProgram } from './run-program';
import { openSample } from './sample';
import { type CreateClient, type Server, startServer } from './server';
import { registerStatusBar } from './status-bar';
import { registerVirtualDocuments, type VirtualDocuments } from './virtual-documents';

/** The parts of the extension that need Node, such as those that start programs. */
export type RegisterNodeParts = (context: ExtensionContext, server: Server, documents: VirtualDocuments) => Disposable;

/** Puts the parts of the extension together; what differs between Node and a browser is given to it. */
export function compose(
  context: ExtensionContext,
  createClient: CreateClient,
  registerNodeParts: RegisterNodeParts = () => Disposable.from(),
  runProgram?: RunProgram,
  runsOf?: ReportSources['runsOf'],
): void {
  const log = window.createOutputChannel('Matrix Preflight', { log: true });
  const server = startServer(createClient, log);
  const documents = registerVirtualDocuments();
  answerFileRequests(server.client, context.extensionUri);
  const command = (name: string, run: (...args: never[]) => unknown) =>
    commands.registerCommand(`matrixPreflight.${name}`, run);
  context.subscriptions.push(
    log,
    server,
    documents,
    registerStatusBar(server),
    registerChecklist(context, server),
    registerPlan(server, documents),
    registerExplain(server, documents),
    registerCommandFixes(server),
    registerReferencesPeek(server),
    registerNetwork(context, server),
    registerNodeParts(context, server, documents),
    command('check', () => checkDeployment(server)),
    command('fixAll', (options?: FixAllOptions) => fixAllSafeProblems(server, options)),
    command('generateCredential', () => generateCredential(server)),
    command('fillCredentials', (options?: FillOptions) => fillCredentials(server, runProgram, options)),
    commands.registerCommand(applyWithValuesCommand, (edit: EditWithValues) => applyWithValues(server, edit)),
    command('replaceDomain', () => replaceDomain(server)),
    command('newMissingResource', () => newMissingResource(server)),
    command('exportReport', () =>
      exportReport(server, { version: String(context.extension.packageJSON.version), runProgram, runsOf }),
    ),
    command('openSample', () => openSample(context)),
    command('restartServer', () => server.restart()),
    command('showLog', () => log.show()),
  );
  // Not waited for: the commands that show the log or restart the server have to work when it does not come up.
  void server.start();
  // The views stay out of sight in workspaces that hold no deployment.
  void commands.executeCommand('setContext', 'matrixPreflight.active', true);
}
