import { nearest } from '../../analysis/nearest';
import { isDate, signOffsPath } from '../../checklist/sign-offs';
import type { Workspace } from '../../manifests/workspace';
import { coveredFiles } from '../../rules/evidence';
import { itemsOf, type TreeItem } from '../../rules/items';
import { type SignOffChange, withdraw, writeSignOff } from '../../rules/sign-off-edits';
import { hashOfFile, signOffsOf } from '../../rules/sign-offs';
import { writeChange } from '../change';
import { person } from '../identity';
import { loadWorkspace } from '../load';
import { parse, treeRoot, UsageError } from '../usage';

/** Signs an item off that no manifest can decide, or takes the sign-off back. */
export function sign(argv: readonly string[]): number {
  const { values, positionals } = parse(
    argv,
    {
      note: { type: 'string' },
      by: { type: 'string' },
      evidence: { type: 'string' },
      expires: { type: 'string' },
      covers: { type: 'string', multiple: true },
      withdraw: { type: 'boolean' },
    },
    2,
  );
  const [id, ...path] = positionals;
  if (id === undefined) throw new UsageError('say which item to sign, such as F.8');
  const root = treeRoot(path);
  const workspace = loadWorkspace(root);
  const item = signable(workspace, id);
  if (values.withdraw) {
    const entry = signOffsOf(workspace).signOffs.find(one => one.item === id)?.entry;
    if (!entry) throw new UsageError(`nobody has signed ${id}`);
    writeChange(root, workspace, possible(withdraw(workspace, entry)));
    process.stderr.write(`the sign-off of ${id} is withdrawn\n`);
    return 0;
  }
  const note = values.note?.trim();
  if (!note) throw new UsageError(`say with --note what was done${item.hint ? `: ${item.hint}` : ''}`);
  const expires = dateGiven(values.expires);
  const covers = values.covers
    ? values.covers.map(one => fileNamed(workspace, one))
    : coveredFiles(id, workspace).map(file => ({ path: file.path, sha256: hashOfFile(file) }));
  const signOff = {
    item: id,
    by: person(root, values.by),
    at: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    note,
    covers,
    ...(values.evidence ? { evidence: values.evidence } : {}),
    ...(expires ? { expires } : {}),
  };
  writeChange(root, workspace, possible(writeSignOff(workspace, signOff)));
  const files = covers.length === 1 ? '1 file' : `${covers.length} files`;
  process.stderr.write(`${id} is signed off by ${signOff.by}${covers.length > 0 ? `; it covers ${files}` : ''}\n`);
  return 0;
}

/** A date of the command line. Throws {@link UsageError} if it is none. */
export function dateGiven(text: string | undefined): string | undefined {
  if (text === undefined || (text.length === 10 && isDate(text))) return text;
  throw new UsageError(`--expires takes a date such as 2026-12-31, not "${text}"`);
}

/** Throws {@link UsageError} if the file of sign-offs does not allow the change. */
export function possible(change: SignOffChange | undefined): SignOffChange {
  if (!change)
    throw new UsageError(`${signOffsPath} is not understood; mend it first (matrix-preflight check says where)`);
  return change;
}

function signable(workspace: Workspace, id: string): TreeItem {
  const items = itemsOf(workspace);
  const item = items.find(one => one.id === id);
  if (!item) {
    const ids = items.map(one => one.id);
    const close = nearest(id, ids);
    throw new UsageError(`there is no item "${id}"${close ? `; did you mean ${close}?` : ''}`);
  }
  if (item.kind === 'static')
    throw new UsageError(
      `${id} is decided by the manifests; mend its findings, or waive them with matrix-preflight waive`,
    );
  return item;
}

function fileNamed(workspace: Workspace, path: string): { readonly path: string; readonly sha256: string } {
  const wanted = path.replace(/^\.\//, '');
  const file = workspace.files.find(one => one.path === wanted);
  if (!file) throw new UsageError(`${path} is no file of the tree that is read`);
  return { path: file.path, sha256: hashOfFile(file) };
}
