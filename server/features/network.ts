import { type NetworkReport, networkRequest } from '../../protocol/network';
import { networkReport } from '../../reports/network';
import type { Session } from '../session';
import type { Feature } from './feature';

/** Tells who has to connect to whom in the first deployment that has been read, and what the policies say. */
export const network: Feature = { offer };

function offer(session: Session): void {
  session.connection.onRequest(networkRequest, (): NetworkReport => {
    const deployment = session.deployments.find(one => one.isScanned);
    return deployment
      ? networkReport(deployment.workspace, deployment.allFindings(), deployment.rootUri)
      : {
          version: 1,
          components: [],
          flows: [],
          unneeded: [],
          reach: [],
          summary: { components: 0, allowed: 0, blocked: 0, unknown: 0, unneeded: 0 },
        };
  });
}
