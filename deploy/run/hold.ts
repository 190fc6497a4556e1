import { type Lease, renewMilliseconds } from '../cluster/lease';

/** The Lease for as long as a run goes on. It is renewed also while a person thinks about a question. */
export interface Hold {
  start(lease: Lease): void;
  /** False once somebody else has the Lease; true where there is none to hold. */
  isHeld(): boolean;
  end(): Promise<void>;
}

/** A hold of no Lease yet. */
export function createHold(): Hold {
  let held: Lease | undefined;
  let isHeld = true;
  let timer: NodeJS.Timeout | undefined;
  let renewing: Promise<void> = Promise.resolve();
  return {
    start(lease) {
      held = lease;
      timer = setInterval(() => {
        renewing = lease.renew().then(still => {
          isHeld &&= still;
        });
      }, renewMilliseconds);
      timer.unref();
    },
    isHeld: () => isHeld,
    async end() {
      clearInterval(timer);
      await renewing;
      if (isHeld) await held?.release();
    },
  };
}
