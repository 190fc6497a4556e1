import { liveAnswers } from '../../deploy/verify/live-items';
import { type LiveResultsParams, liveResultsNotification } from '../../protocol/deployment';
import type { Feature } from './feature';

/** Takes what a cluster has answered to the checks; the checklist's live items are decided by it. */
export const liveResults: Feature = {
  offer(session) {
    session.connection.onNotification(liveResultsNotification, ({ results }: LiveResultsParams) =>
      session.takeLiveAnswers(liveAnswers(results ?? undefined)),
    );
  },
};
