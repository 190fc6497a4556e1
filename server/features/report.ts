import { baseName } from '../../manifests/paths';
import { type ReportParams, type ReportResult, reportRequest } from '../../protocol/report';
import { fullReport, reportText } from '../../reports/full';
import type { Session } from '../session';
import { itemReportsOf } from './checklist';
import type { Feature } from './feature';

/** Writes the report of the first deployment that has been read. */
export const report: Feature = { offer };

function offer(session: Session): void {
  session.connection.onRequest(reportRequest, ({ format, facts }: ReportParams): ReportResult => {
    const deployment = session.deployments.find(one => one.isScanned);
    if (!deployment) return { text: undefined, root: undefined };
    const { workspace, rootUri } = deployment;
    const text = reportText(
      fullReport(workspace, {
        root: decodeURIComponent(baseName(rootUri)),
        facts,
        items: itemReportsOf(session, deployment),
        findings: deployment.judgedFindings(),
      }),
      format,
      session.textsOf,
    );
    return { text, root: rootUri };
  });
}
