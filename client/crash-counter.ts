/** More crashes than this within the window, and another start would most likely end the same way. */
const toleratedCrashes = 4;
const windowMilliseconds = 3 * 60 * 1000;

export interface CrashCounter {
  /** Notes a crash at a time in milliseconds; false if there have been too many of late. */
  mayRestart(at: number): boolean;
  forget(): void;
}

export function createCrashCounter(): CrashCounter {
  let crashes: readonly number[] = [];
  return {
    mayRestart: at => {
      crashes = [...crashes.filter(crash => at - crash < windowMilliseconds), at];
      return crashes.length <= toleratedCrashes;
    },
    forget: () => {
      crashes = [];
    },
  };
}
