import type { WorkspaceEdit } from 'vscode-languageserver';
import { planDeployment } from '../../deploy/plan/plan';
import {
  checklistRequest,
  type ExplainParams,
  explainRequest,
  type FixAllParams,
  type FixAllValues,
  fixAllRequest,
  planRequest,
  type RuleSummary,
  rulesRequest,
} from '../../protocol/messages';
import { applyWithValuesCommand, type WireValue } from '../../protocol/values';
import { rules } from '../../rules/catalogue';
import { chosenFixes } from '../../rules/fix-all';
import { rulePage } from '../../rules/page';
import type { Fix } from '../../rules/rule';
import { deploymentPlan } from '../plan';
import type { Session } from '../session';
import { checklistReport } from './checklist';
import { editOf, editWithValuesOf } from './code-actions';
import type { Feature } from './feature';

/** Answers the project's own requests and tells the client when it is worth asking again. */
export const ownRequests: Feature = { offer };

function offer(session: Session): void {
  const { connection } = session;
  connection.onRequest(checklistRequest, () => checklistReport(session));
  connection.onRequest(planRequest, () => {
    const deployment = session.deployments.find(one => one.isScanned);
    if (!deployment) return planDeployment([]);
    return { ...deploymentPlan(session, deployment), root: deployment.rootUri };
  });
  connection.onRequest(rulesRequest, (): RuleSummary[] =>
    rules.map(({ id, summary, severity }) => ({ id, summary, severity })),
  );
  connection.onRequest(explainRequest, ({ rule }: ExplainParams) => {
    const known = rules.find(one => one.id === rule);
    return { markdown: known ? rulePage(known, session.textsOf(known)) : undefined };
  });
  connection.onRequest(fixAllRequest, ({ uri, rule, preview = false }: FixAllParams): WorkspaceEdit & FixAllValues => {
    // Their numbers go on from one deployment to the next.
    const values: WireValue[] = [];
    const edits = session.deployments.flatMap(deployment => {
      const findings = deployment
        .allFindings()
        .filter(finding => (!uri || finding.problem.at.uri === uri) && (!rule || finding.rule.id === rule));
      const headings = new Map(
        chosenFixes(findings, deployment.workspace).map(({ fix, finding }) => [fix, finding.rule.id]),
      );
      const heading = (fix: Fix): string | undefined => (preview ? headings.get(fix) : undefined);
      const fixes = [...headings.keys()];
      if (!session.canRun(applyWithValuesCommand)) return editOf(session, deployment, fixes, heading) ?? [];
      const answer = editWithValuesOf(session, deployment, fixes, heading, values.length);
      values.push(...(answer?.values ?? []));
      return answer?.edit ?? [];
    });
    return {
      documentChanges: edits.flatMap(edit => edit.documentChanges ?? []),
      changeAnnotations: Object.assign({}, ...edits.map(edit => edit.changeAnnotations)),
      values,
    };
  });
  session.onChange(() =>
    session.sendStatus(session.deployments.every(deployment => deployment.isScanned) ? 'ready' : 'scanning'),
  );
}
