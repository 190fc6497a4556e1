/**
 * Requests about sign-offs, waivers and suppressions. None of them changes a file: each answers with an edit that the
 * client makes, or with a sentence that says why there is none.
 */
import type { WireRange } from './messages';

/** Request, {@link SignOffParams} → {@link EditAnswer}. */
export const signOffEditRequest = 'matrixPreflight/signOffEdit';
/** Request, {@link ItemParams}: of the sign-off of an item → {@link EditAnswer}. */
export const withdrawEditRequest = 'matrixPreflight/withdrawEdit';
/** Request, {@link WaiveParams} → {@link EditAnswer}. */
export const waiveEditRequest = 'matrixPreflight/waiveEdit';
/** Request, {@link SuppressParams} → {@link EditAnswer}: a comment at the finding. */
export const suppressEditRequest = 'matrixPreflight/suppressEdit';
/** Request, {@link ItemParams} → {@link WireFinding}[]: what stands against an item. */
export const itemFindingsRequest = 'matrixPreflight/itemFindings';
/** Request, {@link ItemParams} → {@link EditAnswer} with every safe fix of the findings against an item. */
export const fixItemRequest = 'matrixPreflight/fixItem';
/** Request, no parameters → {@link EditAnswer}: ticks and unticks the boxes of the tree's Markdown checklists. */
export const markdownStatesRequest = 'matrixPreflight/markdownStates';

export interface ItemParams {
  readonly item: string;
}

export interface SignOffParams extends ItemParams {
  /** As git names the person: `Name <address>`. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly note: string;
  readonly evidence?: string;
  /** The last day, `YYYY-MM-DD`. */
  readonly expires?: string;
}

/** Names a finding by its rule and where it begins. */
export interface FindingParams {
  readonly uri: string;
  readonly rule: string;
  readonly range: WireRange;
}

export interface SuppressParams extends FindingParams {
  readonly reason: string;
}

export interface WaiveParams extends SuppressParams {
  readonly by: string;
  readonly at: string;
  readonly expires?: string;
}

export interface WireFinding extends FindingParams {
  readonly message: string;
  /** Whether there is a fix, and whether it needs no choice and no value. */
  readonly fix: 'none' | 'choice' | 'safe';
}

/** `edit` is an LSP WorkspaceEdit. */
export interface EditAnswer<Edit = unknown> {
  readonly edit?: Edit;
  readonly problem?: string;
}
