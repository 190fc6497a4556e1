import type { Container } from '../../analysis/pods';
import { scriptOf } from '../../analysis/scripts';
import { readPython } from '../../analysis/text/python';
import { readShell } from '../../analysis/text/shell';
import { readOptions } from '../../analysis/text/shell-options';
import { pythonCode } from '../../analysis/text/shell-output';
import { type RunStep, runShell } from '../../analysis/text/shell-run';
import type { RunWord } from '../../analysis/text/shell-values';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';

/** A file that a script reads. */
export interface ScriptInput {
  readonly path: string;
  readonly at: Place;
}

/**
 * The files that the script of a container has to find where it says: what it copies, prints, edits, redirects from or
 * hands to psql or mc or opens in Python. A command whose failure nobody minds, or that does not always run, is left out.
 */
export function scriptInputs(workspace: Workspace, resource: Resource, container: Container): readonly ScriptInput[] {
  const script = scriptOf(workspace, resource, container)?.text;
  if (!script) return [];
  const found = new Map<string, ScriptInput>();
  runShell(readShell(script.text), step => {
    if (step.conditional || step.errorsIgnored || step.remote) return;
    for (const { path, span } of pythonInputs(step))
      if (!found.has(path)) found.set(path, { path, at: script.place(span.start, span.end) });
    for (const word of inputsOf(step)) {
      const { value, certainty, hasGlob, use } = word;
      if (certainty !== 'known' || hasGlob || found.has(value) || !/^\/[\w./-]*\w$/.test(value)) continue;
      found.set(value, { path: value, at: script.place(use.start, use.end) });
    }
  });
  return [...found.values()];
}

/** What a Python program on the command line opens to read, unless it looks first or minds no error. */
function pythonInputs(step: RunStep): readonly { readonly path: string; readonly span: Span }[] {
  if (step.name !== 'python' && step.name !== 'python3') return [];
  const code = pythonCode({ ...step, span: step.command.span });
  if (!code || /\btry\s*:|\bexists\s*\(|\bis_file\s*\(|\bisfile\s*\(|\bif\b/.test(code.text)) return [];
  const { files } = readPython(code.text);
  return files.flatMap(file =>
    file.writes || !/^\/[\w./-]*\w$/.test(file.path)
      ? []
      : [{ path: file.path, span: code.span(file.span.start, file.span.end) }],
  );
}

function inputsOf(step: RunStep): readonly RunWord[] {
  const redirected = step.redirectTargets.filter((_, index) => step.command.redirects[index]?.operator === '<');
  return [...redirected, ...readBy(step)];
}

function readBy({ name, args }: RunStep): readonly RunWord[] {
  switch (name) {
    case 'cp':
    case 'mv': {
      const { operands, has } = readOptions(args, { short: 'tS', long: ['target-directory', 'suffix'] });
      return has('t', 'target-directory') ? operands : operands.slice(0, -1);
    }
    case 'cat':
      return readOptions(args, {}).operands;
    case 'sed': {
      const { operands, has } = readOptions(args, { short: 'ef', attached: 'i', long: ['expression', 'file'] });
      return has('e', 'f', 'expression', 'file') ? operands : operands.slice(1);
    }
    case 'psql':
      return readOptions(args, {
        short: 'hpUdcfvoLFRPT',
        long: ['host', 'port', 'username', 'dbname', 'command', 'file', 'set', 'variable', 'output'],
      }).values('f', 'file');
    case 'mc': {
      const { operands } = readOptions(args, { long: ['config-dir'] });
      const isPolicy = /^admin policy (?:create|add)$/.test(
        operands
          .slice(0, 3)
          .map(word => word.value)
          .join(' '),
      );
      return isPolicy ? operands.slice(5, 6) : [];
    }
    default:
      return [];
  }
}
