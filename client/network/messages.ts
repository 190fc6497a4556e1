import type { NetworkReport } from '../../protocol/network';

/* What the page of the network and the extension tell each other. */

/** Extension → page. */
export interface NetworkShown {
  readonly type: 'network';
  readonly report: NetworkReport;
}

/** Page → extension. What is to be opened is named, never addressed: the extension knows the places. */
export type FromPage =
  | { readonly type: 'ready' }
  | { readonly type: 'open'; readonly what: 'component' | 'flow'; readonly id: string }
  | { readonly type: 'export'; readonly svg: string };
