import type { ServerCapabilities } from 'vscode-languageserver';
import type { Session } from '../session';

/** One thing the server does for editors: a file of this folder each, named in the list of `serve.ts`. */
export interface Feature {
  /** What the answer to `initialize` says of it. The client's own capabilities are known by then. */
  capabilities?(session: Session): ServerCapabilities;
  /** Registers its handlers; called once, before the connection listens. */
  offer(session: Session): void;
}
