/** What users may say about their contexts; a workspace may only add to `protectedPatterns`. */
export interface ProtectionSettings {
  /** Regular expressions of contexts and server addresses that are always protected. */
  readonly protectedPatterns?: readonly string[];
  /** Contexts the user has declared to be harmless, by their full name. */
  readonly unprotectedContexts?: readonly string[];
}

/**
 * Whether changes to a context need its name typed. A cluster counts as harmless only if it looks like one on the
 * user's own machine or the user has said so; an unknown one is protected.
 */
export function isProtected(context: string, server: string, settings: ProtectionSettings = {}): boolean {
  const own = (settings.protectedPatterns ?? []).map(compile);
  if ([...own, production].some(pattern => pattern.test(context) || pattern.test(server))) return true;
  if (settings.unprotectedContexts?.includes(context)) return false;
  return !(localContext.test(context) || localServer.test(server));
}

const production = /(^|[^a-z])(prod|production|prd|live)([^a-z]|$)/i;
const localContext = /^(kind-|k3d-|minikube$|docker-desktop$|rancher-desktop$|orbstack$|colima)/;
const localServer = /^https?:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(\/|$)/;

/** A pattern that is no regular expression protects nothing by itself, so it is taken as plain text. */
function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'i');
  } catch {
    return new RegExp(pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'i');
  }
}
