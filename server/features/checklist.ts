import { checklistPhases } from '../../checklist/phases';
import type { ChecklistReport, WireLocation } from '../../protocol/messages';
import { rules } from '../../rules/catalogue';
import { itemReports } from '../../rules/checklist';
import type { Session } from '../session';
import { toRange } from '../to-lsp';

/** The checklist with the state of each item, over the first deployment that has been read. */
export function checklistReport(session: Session): ChecklistReport {
  const deployment = session.deployments.find(one => one.isScanned);
  if (!deployment) return { phases: checklistPhases, items: [] };
  const { workspace } = deployment;
  const reports = itemReports(workspace, deployment.allFindings(), rules, session.liveAnswers);
  return {
    phases: checklistPhases,
    items: reports.map(({ item, state, reason, rules: ids, findings, evidence }) => ({
      id: item.id,
      phase: item.phase,
      section: item.section,
      title: item.title,
      kind: item.kind,
      state,
      rules: ids,
      findings,
      reason,
      evidence: evidence.flatMap((place): WireLocation[] => {
        const file = workspace.file(place.uri);
        return file ? [{ uri: place.uri, range: toRange(file, place.span) }] : [];
      }),
    })),
  };
}
