import { fileURLToPath } from 'node:url';
import type { CredentialPlace } from '../../analysis/credentials/places';
import { type CredentialPlan, planCredentials } from '../../analysis/credentials/plan';
import { count } from '../../analysis/wording';
import { type FillPlace, fillEdits } from '../../credentials/fill';
import { writeTreeFile } from '../../files/write';
import type { Workspace } from '../../manifests/workspace';
import { loadWorkspace } from '../load';
import { parse, treeRoot } from '../usage';

/**
 * Writes a new credential to every placeholder of the tree that stands for one, the same one to all places that have
 * to agree. Prints what was filled and what a person still has to supply, never a value. What holds something else
 * than a placeholder is not touched, so a second run changes nothing.
 */
export async function fill(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv, { 'dry-run': { type: 'boolean' }, config: { type: 'string' } });
  const workspace = loadWorkspace(treeRoot(positionals), values.config);
  const plan = planCredentials(workspace);
  const { edits, unfit } = await fillEdits(
    plan.credentials.map(({ kind, places, source }) => ({
      kind,
      places: places.map(toFillPlace),
      source: source && toFillPlace(source),
    })),
    uri => workspace.file(uri)?.text ?? '',
  );
  process.stdout.write(summary(workspace, plan, new Set(unfit.map(key))));
  const files = new Set(edits.map(({ uri }) => uri));
  if (!values['dry-run']) {
    for (const uri of files) {
      let text = workspace.file(uri)?.text ?? '';
      const own = edits.filter(edit => edit.uri === uri).sort((a, b) => b.start - a.start);
      for (const { start, end, newText } of own) text = text.slice(0, start) + newText + text.slice(end);
      writeTreeFile(fileURLToPath(uri), text);
    }
  }
  process.stderr.write(
    `${count(edits.length, 'place')} in ${count(files.size, 'file')}${values['dry-run'] ? ', nothing written' : ''}\n`,
  );
  return 0;
}

function toFillPlace({ at, form, label }: CredentialPlace): FillPlace {
  const { start, end } = at.span;
  return { uri: at.uri, start, end, form, label };
}

/** One line for each credential, with its places below, and then what is left. */
function summary(workspace: Workspace, plan: CredentialPlan, unfit: ReadonlySet<string>): string {
  const where = (place: CredentialPlace): string => {
    const file = workspace.file(place.at.uri);
    return `${file?.path}:${(file?.lines.position(place.at.span.start).line ?? 0) + 1}`;
  };
  const lines: string[] = [];
  for (const { title, kind, places, source } of plan.credentials) {
    const fitting = places.filter(place => !unfit.has(key(toFillPlace(place))));
    if (fitting.length === 0) continue;
    lines.push(`${title}: ${source ? `copied from ${source.label}` : `new, ${kind}`}`);
    lines.push(...fitting.map(place => `  ${where(place)}  ${place.label}`));
  }
  const left = [
    ...plan.left,
    ...plan.credentials
      .flatMap(({ places }) => places)
      .filter(place => unfit.has(key(toFillPlace(place))))
      .map(place => ({ place, reason: 'The value cannot be written in this form.' })),
  ];
  if (left.length > 0) lines.push('', 'Left to you:');
  for (const { place, reason } of left) lines.push(`  ${where(place)}  ${place.label}  ${reason}`);
  return lines.length === 0 ? 'No credential is left to be filled in.\n' : `${lines.join('\n')}\n`;
}

function key({ uri, start, form }: FillPlace): string {
  return `${uri} ${start} ${form.part?.start ?? ''}`;
}
