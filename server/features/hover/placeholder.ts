import type { ConfigFile } from '../../../analysis/config-files';
import { configFilesOf } from '../../../analysis/config-files';
import { describePlaceholder, holds, type Replacement } from '../../../analysis/describe/placeholder';
import { podsIn } from '../../../analysis/pods';
import type { SourceFile } from '../../../manifests/file';
import type { Resource } from '../../../manifests/resource';
import type { Place } from '../../../manifests/span';
import type { Workspace } from '../../../manifests/workspace';
import { type ConfigToken, tokensOf } from '../../../rules/config/tokens';

/** A token of a file of the tree, with what becomes of it in every configuration that it ends up in. */
export interface FileToken {
  readonly at: Place;
  readonly text: string;
  readonly replacements: readonly Replacement[];
}

/** The placeholders that stand in a file, each once, in the order of the file. */
export function tokensIn(workspace: Workspace, file: SourceFile): readonly FileToken[] {
  const found = new Map<number, { at: Place; text: string; replacements: Replacement[] }>();
  for (const resource of new Set(podsIn(workspace).map(({ owner }) => owner))) {
    for (const { config, tokens } of workspace.derive(tokensOfResource, resource)) {
      for (const { at, placeholder, resolution } of tokens) {
        if (at.uri !== file.uri) continue;
        const { start } = at.span;
        const replacement = { file: config.file, resolution };
        const known = found.get(start);
        if (known) known.replacements.push(replacement);
        else found.set(start, { at, text: placeholder.text, replacements: [replacement] });
      }
    }
  }
  return [...found.values()].sort((one, other) => one.at.span.start - other.at.span.start);
}

/** The placeholder at an offset as Markdown. Where its text is a part of a Secret's value, it is not repeated. */
export function placeholderText(
  workspace: Workspace,
  file: SourceFile,
  offset: number,
  isSecret: boolean,
): { readonly text: string; readonly at: Place } | undefined {
  const token = tokensIn(workspace, file).find(({ at }) => holds(at, file, offset));
  return (
    token && {
      text: describePlaceholder(workspace, isSecret ? undefined : token.text, token.replacements),
      at: token.at,
    }
  );
}

interface ConfigTokens {
  readonly config: ConfigFile;
  readonly tokens: readonly ConfigToken[];
}

function tokensOfResource(resource: Resource, workspace: Workspace): readonly ConfigTokens[] {
  return configFilesOf(workspace, resource).flatMap(config => {
    const tokens = tokensOf(config);
    return tokens.length > 0 ? [{ config, tokens }] : [];
  });
}
