/**
 * Notification client → server, {@link ClientFacts}: what the client can do beyond the standard, and what else runs
 * beside it. A client sends it first as `client` in its initialization options, and again when something has changed.
 * Clients that send nothing get plain text where others get links, and schema help from this server.
 */
export const clientFactsNotification = 'matrixPreflight/clientFacts';

export interface ClientFacts {
  /** Commands that links in hovers and code lenses may run in the client. */
  readonly commands?: readonly string[];
  /** What another extension does from schemas. */
  readonly schemaHelpElsewhere?: readonly SchemaHelp[];
}

/**
 * The help that schemas give: `completion` and `hover` of the fields of Kubernetes objects, and `settings`, the completion
 * of `matrix-preflight.yaml`.
 */
export type SchemaHelp = 'completion' | 'hover' | 'settings';

/** Client command: `(uri: string, position: LSP Position, locations: LSP Location[])`, shows the locations there. */
export const showReferencesCommand = 'matrixPreflight.showReferences';
/** Client command: `(rule: string)`, shows the page of a rule. */
export const explainRuleCommand = 'matrixPreflight.explainRule';
/** VS Code's own command that offers completions again, which a written key asks for so that its values come up. */
export const triggerSuggestCommand = 'editor.action.triggerSuggest';
/** Client command without arguments: shows the deployment plan. */
export const showPlanCommand = 'matrixPreflight.showPlan';
