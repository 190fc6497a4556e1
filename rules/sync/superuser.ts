import { declarationsOf } from '../../analysis/declarations';
import { environmentOf } from '../../analysis/environment';
import { scriptOf } from '../../analysis/scripts';
import type { SqlRun } from '../../analysis/sql-runs';
import type { Resource } from '../../manifests/resource';
import type { Span, TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';
import { addSecretVariable } from '../secrets/secret-variable';

/**
 * Lets one call of psql sign in as the superuser: other calls of the script keep their user and password. The password
 * comes from a variable of its own. `secret` is the Secret of the superuser, if it is known which.
 */
export function signInAsSuperuser(
  workspace: Workspace,
  resource: Resource,
  { call, container, user, password }: Pick<SqlRun, 'call' | 'container' | 'user' | 'password'>,
  secret: string | undefined,
): readonly Fix[] {
  const script = scriptOf(workspace, resource, container);
  if (!script || [call.user, call.password].some(setting => setting?.from === 'connection-string')) return [];
  const { variables } = environmentOf(workspace, resource, container);
  const edits: TextEdit[] = [];
  const assignments: string[] = [];
  const replace = ({ start, end }: Span, newText: string): void => {
    edits.push({ at: script.text.place(start, end), newText });
  };
  if (password?.name !== secret && (call.password || variables.has('PGPASSWORD'))) {
    const known = [...variables.values()].find(({ source }) => source?.name === secret && source?.key === 'password');
    const variable = known?.name ?? 'SUPERUSER_PASSWORD';
    if (secret === undefined || (!known && variables.has(variable))) return [];
    if (declarationsOf(workspace, 'Secret', resource.namespace, secret).length === 0) return [];
    const edit = known ? undefined : addSecretVariable(container, variable, { name: secret, key: 'password' });
    if (!known && !edit) return [];
    if (edit) edits.push(edit);
    const use = call.password?.value.use;
    // An assignment is not split into words, so that it needs no quotes.
    if (use && call.span.start <= use.start && use.end <= call.span.end) replace(use, `$${variable}`);
    else assignments.push(`PGPASSWORD=$${variable}`);
  }
  if (user?.text !== undefined && user.text !== 'postgres') {
    const use = call.user?.value.use;
    if (use && call.span.start <= use.start && use.end <= call.span.end) replace(use, 'postgres');
    else assignments.push('PGUSER=postgres');
  }
  if (assignments.length > 0) {
    const { start } = call.span;
    edits.push({ at: script.text.place(start, start), newText: `${assignments.join(' ')} ` });
  }
  return edits.length > 0 ? [{ title: 'Sign in as postgres here', safe: false, edits }] : [];
}
