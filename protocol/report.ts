/*
 * The report of a deployment: what those who sign for it read, keep and pass on. The server writes it; what only the
 * client can know, such as the commit, goes with the request.
 */

/** Request, {@link ReportParams} → {@link ReportResult}. Changes nothing. */
export const reportRequest = 'matrixPreflight/report';

export type ReportFormat = 'markdown' | 'html' | 'json' | 'sarif' | 'junit';

export interface ReportParams {
  readonly format: ReportFormat;
  readonly facts: ReportFacts;
}

export interface ReportResult {
  /** The whole file; undefined while no deployment has been read. */
  readonly text: string | undefined;
  /** Uri of the deployment's root. */
  readonly root: string | undefined;
}

/** What manifests do not say. */
export interface ReportFacts {
  /** Of the tool. */
  readonly version: string;
  /** When the report was asked for, ISO 8601. */
  readonly generatedAt?: string;
  /** Absent outside of a repository, and where programs may not be run. */
  readonly git?: GitState;
  /** Deployments of this tree, the newest first. */
  readonly runs?: readonly RunSummary[];
}

export interface GitState {
  /** The whole hash. */
  readonly commit: string;
  readonly branch?: string;
  /** Whether files of the tree differ from the commit, or are not in it. */
  readonly dirty: boolean;
}

/** What the journal of a deployment says, in short. */
export interface RunSummary {
  readonly run: string;
  /** The context of the cluster. */
  readonly cluster?: string;
  /** ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  readonly outcome: string;
  readonly steps: readonly { readonly title: string; readonly state: string; readonly reason?: string }[];
  readonly waivers: readonly { readonly rule: string; readonly by: string; readonly reason: string }[];
}
