import type { Session } from '../session';

/**
 * Has a client ask again for what it shows beside the text, once changes have come to rest: what stands in one file
 * depends on others, and a client asks by itself only about the file that was edited.
 */
export function refreshAfterChanges(session: Session, isSupported: () => boolean, refresh: () => Promise<void>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  session.onChange(() => {
    if (!isSupported()) return;
    clearTimeout(timer);
    // A client that is about to go does not answer, and needs nothing any more.
    timer = setTimeout(() => void refresh().catch(() => {}), quietMilliseconds);
  });
  session.onStop(() => clearTimeout(timer));
}

const quietMilliseconds = 700;
