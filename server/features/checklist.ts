import { componentOf } from '../../checklist/components';
import { checklistPhases } from '../../checklist/phases';
import type { ChecklistReport, WireLocation } from '../../protocol/messages';
import { rules } from '../../rules/catalogue';
import { type ItemReport, itemReports } from '../../rules/checklist';
import { phasesOf } from '../../rules/items';
import { type Deployment, today } from '../deployment';
import type { Session } from '../session';
import { toRange } from '../to-lsp';

/** The checklist with the state of each item, over the first deployment that has been read. */
export function checklistReport(session: Session): ChecklistReport {
  const deployment = session.deployments.find(one => one.isScanned);
  if (!deployment) return { phases: checklistPhases, items: [] };
  const { workspace } = deployment;
  return {
    phases: phasesOf(workspace),
    items: itemReportsOf(session, deployment).map(
      ({ item, state, reason, rules: ids, findings, evidence, signOff, waivers, assigned }) => ({
        id: item.id,
        phase: item.phase,
        section: item.section,
        title: item.title,
        kind: item.kind,
        state,
        rules: ids,
        findings,
        reason,
        component: componentOf(item.at ? item.section : item.id),
        waived: waivers.length,
        evidence: evidence.flatMap((place): WireLocation[] => {
          const file = workspace.file(place.uri);
          return file ? [{ uri: place.uri, range: toRange(file, place.span) }] : [];
        }),
        ...(signOff
          ? {
              signOff: {
                by: signOff.by,
                at: signOff.at,
                note: signOff.note,
                ...(signOff.evidence ? { evidence: signOff.evidence } : {}),
                ...(signOff.expires ? { until: signOff.expires } : {}),
              },
            }
          : {}),
        ...(assigned ? { assigned } : {}),
      }),
    ),
  };
}

/** The states of a deployment's items, today and with what its cluster has answered. */
export function itemReportsOf(session: Session, deployment: Deployment): readonly ItemReport[] {
  return itemReports(deployment.workspace, deployment.judgedFindings(), rules, session.liveAnswers, today());
}
