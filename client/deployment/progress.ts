import { type CancellationToken, type Progress, ProgressLocation, window } from 'vscode';

/** A notification for the step under way, with a button that stops the run after the object under way. */
export interface StepProgress {
  /** Shows a notification for a step, or goes on with the one that is there. */
  begin(step: string, title: string): void;
  report(message: string, increment?: number): void;
  end(): void;
}

export function stepProgress(onCancel: () => void): StepProgress {
  let current:
    | { readonly step: string; readonly end: () => void; readonly progress: Promise<Progress<Report>> }
    | undefined;
  const end = () => {
    current?.end();
    current = undefined;
  };
  return {
    begin: (step, title) => {
      if (current?.step === step) return;
      end();
      let finish: () => void = () => {};
      const over = new Promise<void>(resolve => {
        finish = resolve;
      });
      const progress = new Promise<Progress<Report>>(started => {
        const work = (shown: Progress<Report>, token: CancellationToken) => {
          token.onCancellationRequested(onCancel);
          started(shown);
          return over;
        };
        void window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, work);
      });
      current = { step, end: finish, progress };
    },
    report: (message, increment) => {
      const report = increment === undefined ? { message } : { message, increment };
      void current?.progress.then(progress => progress.report(report));
    },
    end,
  };
}

interface Report {
  readonly message?: string;
  readonly increment?: number;
}
