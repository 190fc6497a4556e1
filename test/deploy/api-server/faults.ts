/** Makes the server misbehave on some requests. */
export interface FaultRule {
  /** Any method when absent; `mutation` means every one that changes something. */
  readonly method?: string | 'mutation';
  readonly path?: RegExp;
  /** Begins with the nth matching request, counted from 1. */
  readonly nth?: number;
  /** For how many matching requests; for all when absent. */
  readonly times?: number;
  readonly status?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
  readonly delayMilliseconds?: number;
  /** Cuts the connection before the request is carried out. */
  readonly reset?: true;
  /** Carries the request out and cuts the connection instead of answering. */
  readonly cut?: true;
}

/** Counts requests and says which rule strikes. */
export function createFaults(): {
  add(rule: FaultRule): void;
  clear(): void;
  strike(method: string, path: string): FaultRule | undefined;
} {
  const rules: { readonly rule: FaultRule; seen: number }[] = [];
  return {
    add(rule) {
      rules.push({ rule, seen: 0 });
    },
    clear() {
      rules.length = 0;
    },
    strike(method, path) {
      for (const entry of rules) {
        const { rule } = entry;
        // Neither a review of rights nor the tool's own Lease changes the deployment.
        const isMutation = method !== 'GET' && method !== 'HEAD' && !/selfsubjectaccessreviews|\/leases\b/.test(path);
        if (rule.method === 'mutation' ? !isMutation : rule.method !== undefined && rule.method !== method) continue;
        if (rule.path !== undefined && !rule.path.test(path)) continue;
        entry.seen++;
        const first = rule.nth ?? 1;
        if (entry.seen >= first && entry.seen < first + (rule.times ?? Number.POSITIVE_INFINITY)) return rule;
      }
      return undefined;
    },
  };
}
