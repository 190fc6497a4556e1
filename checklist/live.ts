/** What a cluster's answers make of a live item. */
export interface LiveAnswer {
  readonly state: 'passed' | 'failed' | 'unknown' | 'not-applicable';
  /** One line that says what was answered, by which cluster and when. */
  readonly reason: string;
}
