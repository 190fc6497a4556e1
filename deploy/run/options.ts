import type { ProtectionSettings } from '../cluster/protection';
import type { Waiver } from '../journal/entries';
import type { openJournal } from '../journal/journal';
import type { Kubectl } from '../kubectl/kubectl';
import type { DeployPlan } from '../plan/plan';
import type { PlanSource } from '../plan/source';
import type { Clock, Pace, RunEvent } from './context';
import type { Interaction } from './interaction';

export interface DeployOptions {
  /**
   * Works out the plan from the files as they are now. Asked again before each step, so that an edit under way is
   * noticed and never applied without a new look.
   */
  readonly current: () => { readonly plan: DeployPlan; readonly sources: readonly PlanSource[] };
  readonly kubectl: Kubectl;
  readonly context: string;
  readonly interaction: Interaction;
  /** Where runs are kept, see `defaultStateDirectory`. */
  readonly stateDirectory: string;
  /** Id of a run to go on with; a new run is begun when absent. */
  readonly resume?: string;
  readonly waivers?: readonly Waiver[];
  readonly protection?: ProtectionSettings;
  readonly signal?: AbortSignal;
  readonly killSignal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** Called with the run's id as soon as it has a journal. */
  readonly onRun?: (run: string) => void;
  readonly clock?: Clock;
  readonly pace?: Partial<Pace>;
  /** For the record: who, with what, of which tree. */
  readonly record: {
    readonly tool: string;
    readonly user: string;
    readonly root: string;
    readonly git?: { readonly commit: string; readonly dirty: boolean };
    readonly kubectl: { readonly path: string; readonly version: string };
  };
  /** Called when a journal entry is on the disk; only tests need it. */
  readonly afterWrite?: Parameters<typeof openJournal>[2];
}
