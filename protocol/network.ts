import type { WireRange } from './messages';

/*
 * The network of a deployment on the wire, and in files: who is there, what their configurations need, and what the
 * NetworkPolicies say about it. The shape is the same as that of `network --format json` of the command line tool.
 */

/** Request, no parameters → {@link NetworkReport}. Safe to repeat. */
export const networkRequest = 'matrixPreflight/network';

export interface NetworkReport {
  readonly version: 1;
  /** Uri of the directory that the paths start from; absent where the report is not about an open workspace. */
  readonly root?: string;
  /** In the order of their ids; those outside of the tree come last. */
  readonly components: readonly NetworkComponent[];
  /** What configurations need, one for each pair of components and port. */
  readonly flows: readonly NetworkFlow[];
  /** What policies allow and nothing is known to need, one for each port of a destination. */
  readonly unneeded: readonly NetworkOpening[];
  /** Pairs of components between which something is needed or open; between all others nothing is. */
  readonly reach: readonly NetworkReach[];
  readonly summary: NetworkSummary;
}

export interface NetworkPlace {
  /** Relative to the root of the tree, with forward slashes. */
  readonly file: string;
  readonly range: WireRange;
}

export interface NetworkComponent {
  readonly id: string;
  readonly name: string;
  /** `Deployment`, `Cluster`, …; absent for what no manifest of the tree declares. */
  readonly kind?: string;
  readonly namespace?: string;
  /** `li`: the lawful-intercept instance; `outside`: no manifest of the tree declares it. */
  readonly instance: 'main' | 'li' | 'outside';
  /** Names of the Services that lead to it. */
  readonly services: readonly string[];
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly protocol: string }[];
  /** In which directions NetworkPolicies isolate it: `Ingress`, `Egress`. */
  readonly isolated: readonly string[];
  readonly place?: NetworkPlace;
}

export type NetworkVerdict = 'allowed' | 'blocked' | 'unknown';

export interface NetworkFlow {
  /** Stays the same from report to report while the ends and the port do. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Of the destination's pods. */
  readonly port: number;
  readonly protocol: string;
  readonly verdict: NetworkVerdict;
  /** What suffers without it. */
  readonly importance: 'required' | 'metrics' | 'backup' | 'federation' | 'push';
  /** What needs it, such as `redis.host in homeserver.yaml`. */
  readonly why: readonly string[];
  /** Why it is not allowed, or not certainly. */
  readonly reasons: readonly string[];
  /** True for a blocked one that the separation of the instances forbids: a person has to decide, not a policy. */
  readonly forbidden?: true;
  /** What asks for it. */
  readonly place?: NetworkPlace;
  /** The finding that a blocked one is reported by. */
  readonly finding?: {
    readonly rule: string;
    readonly severity: string;
    readonly message: string;
    readonly place: NetworkPlace;
  };
}

export interface NetworkOpening {
  readonly to: string;
  readonly port: number;
  readonly protocol: string;
  /** Components that may connect. */
  readonly from: readonly string[];
  /** True where no policy isolates the destination at all. */
  readonly unprotected?: true;
}

export interface NetworkReach {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly {
    readonly port: number;
    readonly protocol: string;
    /** `needed`: allowed and needed; `open`: allowed, and nothing is known to need it. */
    readonly state: 'needed' | 'blocked' | 'unknown' | 'open';
  }[];
}

/** Numbers of flows by verdict, of openings that nothing needs, and of components. */
export interface NetworkSummary {
  readonly components: number;
  readonly allowed: number;
  readonly blocked: number;
  readonly unknown: number;
  readonly unneeded: number;
}
