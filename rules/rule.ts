import type { ChecklistItemId } from '../checklist/types';
import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { Resource } from '../manifests/resource';
import type { Place, TextEdit } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import type { Finding } from './findings';

export type Severity = 'error' | 'warning' | 'info' | 'hint';

/**
 * One rule: what it says of itself, and one check.
 *
 * A check is pure: it reads anything through the workspace, changes nothing, and yields problems. Which of the five
 * checks a rule has tells what it looks at: each resource of some kinds, each document, each file, the whole, or what
 * the other rules have found.
 */
export type Rule = RuleHead &
  (RuleTexts | NoTexts) &
  (ResourceCheck | DocumentCheck | FileCheck | WorkspaceCheck | FindingsCheck);

export interface RuleHead {
  /** Kebab case; also the name of the file, of the page under docs/rules and of the diagnostic's code. */
  readonly id: string;
  /** The checklist items the rule decides; empty for rules in the spirit of the list. */
  readonly items: readonly ChecklistItemId[];
  /** The usual severity; a problem may state another. */
  readonly severity: Severity;
  /** Rules of the strict profile are opinions that the checklist does not hold; they are off by default. */
  readonly profile?: 'strict';
  /** One sentence that says what is wrong, as a headline. */
  readonly summary: string;
}

/** The rest of what a rule says, for its page and for those who ask. Every rule's file has it. */
export interface RuleTexts {
  /** What happens to the deployment if nothing is done. Markdown. */
  readonly why: string;
  /** What to do. Markdown. */
  readonly remedy: string;
  /** What the rule deliberately accepts, and what could surprise. Markdown list items. */
  readonly traps?: readonly string[];
  /** Where the facts come from: upstream documentation or source files, in words or as links. */
  readonly sources?: readonly string[];
  /**
   * A tree with the violation, marked as test fixtures are, and the same tree without it. If the problems have fixes,
   * applying the first of each to `bad` gives `good`.
   */
  readonly examples: { readonly bad: string; readonly good: string };
}

/** The build takes the texts out of the programs, as most runs show none of them; `TextsOf` gives them back. */
type NoTexts = { readonly [Text in keyof RuleTexts]?: never };

export interface ResourceCheck {
  /** Qualified kinds (`Secret`, `Cluster.postgresql.cnpg.io`), or `*` for all. */
  readonly kinds: readonly string[];
  check(resource: Resource, workspace: Workspace): Iterable<Problem>;
}
export interface DocumentCheck {
  checkDocument(document: ManifestDocument, workspace: Workspace): Iterable<Problem>;
}
export interface FileCheck {
  checkFile(file: SourceFile, workspace: Workspace): Iterable<Problem>;
}
export interface WorkspaceCheck {
  checkWorkspace(workspace: Workspace): Iterable<Problem>;
}
/** For rules about what takes findings out of the report. It runs when the findings are known, for each file. */
export interface FindingsCheck {
  checkFindings(file: SourceFile, found: Found, workspace: Workspace): Iterable<Problem>;
}

/** What the other rules have found. */
export interface Found {
  /** The findings of a file, with those that a comment or a waiver takes out. */
  of(uri: string): readonly Finding[];
  /** Whether a rule has been run. */
  ran(rule: string): boolean;
  /** The day, as an ISO date; undefined where there is no clock. */
  readonly today: string | undefined;
}

export interface Problem {
  readonly at: Place;
  /** One sentence: what is, with the actual name and value, and what to do. Never a Secret's value. */
  readonly message: string;
  /** Replaces the rule's severity for this problem. */
  readonly severity?: Severity;
  /** Those of the rule's items that the problem stands against; without it, all of them. */
  readonly items?: readonly ChecklistItemId[];
  readonly related?: readonly Related[];
  /** Whether a secret stands at the place although it is in no Secret: no report shows the text of it. */
  readonly isSecret?: true;
  /**
   * The ways out, best first. Worked out when a person asks for them and not on every keystroke, so that they are
   * made for the text as it is then.
   */
  readonly fixes?: () => readonly Fix[];
}

export interface Related {
  readonly at: Place;
  readonly message: string;
}

export interface Fix {
  readonly title: string;
  /** Safe fixes need no choice and no value, and are the only ones that run unasked. */
  readonly safe: boolean;
  readonly edits: readonly TextEdit[];
  readonly creates?: readonly NewFile[];
}

export interface NewFile {
  /** Relative to the root of the tree. */
  readonly path: string;
  readonly text: string;
}
