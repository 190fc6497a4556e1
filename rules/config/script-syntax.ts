import { containersOf, workloadKinds } from '../../analysis/pods';
import { startScriptOf } from '../../analysis/scripts';
import { keyTexts } from '../../analysis/secret-data';
import type { Origin } from '../../analysis/text/origin';
import { pythonFault } from '../../analysis/text/python-faults';
import { readShell } from '../../analysis/text/shell';
import { pythonCode } from '../../analysis/text/shell-output';
import { runShell } from '../../analysis/text/shell-run';
import type { Place } from '../../manifests/span';
import type { Index } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'script-syntax',
  items: [],
  severity: 'error',
  summary: 'A shell or Python cannot read a script: something is opened and not closed, or stands in the wrong place.',
  why: 'The shell runs the script up to there, or nothing of it, and ends with a syntax error: the Job fails each time, and a script for the deployment stops half-way. A here-document whose last word is indented takes in the rest of the script without a word. Of a Python program nothing runs at all.',
  remedy: 'Close what the message names. `bash -n FILE` tests a script without running it.',
  traps: [
    'Scripts in containers and in keys of ConfigMaps that end in `.sh` or begin with `#!/bin/sh` are read, and `.sh` files. Code blocks of Markdown files are not, because they show parts.',
    'Of Python, keys that end in `.py` and what a script hands to `python -c` or `python -` are read: brackets, strings and, unless tabs stand there, indentation.',
    'Templates of Helm are left alone.',
    'The end of a here-document may be indented by tabs after `<<-`, and by nothing else.',
  ],
  sources: [
    'POSIX.1-2017, Shell Command Language, 2.7.4: Here-Document; 2.10: Shell Grammar',
    'Python documentation, Language Reference, Lexical analysis',
  ],
  examples: { bad: example('', true), good: example('\n      fi', false) },
  kinds: [...workloadKinds, 'ConfigMap'],
  *check(resource, workspace) {
    if (resource.kind === 'ConfigMap') {
      for (const [key, value] of keyTexts(resource)) {
        const text = value.string ?? '';
        const place = (start: number, end: number): Place => value.mapped.place(start, end);
        const interpreter = /^#!.*/.exec(text)?.[0];
        if (interpreter === undefined ? /\.py$/.test(key) : /\bpython3?\b/.test(interpreter))
          yield* pythonSlipOf(text, place);
        const isShell =
          interpreter === undefined
            ? /\.(?:ba)?sh$/.test(key)
            : /^#!\s*(?:\/usr)?\/bin\/(?:env (?:-S )?)?(?:ba|da|a)?sh\b/.test(interpreter);
        if (isShell) yield* slipOf(text, place);
      }
      return;
    }
    for (const container of containersOf(resource)) {
      const script = startScriptOf(workspace, resource, container);
      // Mounted scripts are those of their ConfigMap.
      const words = [...container.value.at('command').items(), ...container.value.at('args').items()];
      if (script && words.some(word => word.isAt(script.value))) yield* slipOf(script.text.text, script.text.place);
    }
  },
  *checkWorkspace(workspace) {
    for (const { text, place } of workspace.lookup(scriptFiles, '')) yield* slipOf(text, place);
  },
} satisfies Rule;

/** The first thing in a program that Python stumbles over. */
function* pythonSlipOf(text: string, place: (start: number, end: number) => Place): Iterable<Problem> {
  const fault = isTemplate.test(text) ? undefined : pythonFault(text);
  if (fault)
    yield {
      at: place(fault.span.start, fault.span.end),
      message: `Python does not read this program: ${fault.message} — correct it.`,
    };
}

const isTemplate = /\{\{-?\s*(?:if|with|end|include|range|\.Values|\.Release|\.Chart)\b|<%/;

/** The first thing in a script that a shell stumbles over. */
function* slipOf(text: string, place: (start: number, end: number) => Place): Iterable<Problem> {
  if (isTemplate.test(text)) return;
  const script = readShell(text);
  const { problems, commands } = script;
  const slip = problems.find(({ nested }) => !nested);
  if (slip) {
    const start = Math.min(slip.span.start, text.trimEnd().length - 1);
    yield {
      at: place(start, Math.max(start + 1, slip.span.end)),
      message: `A shell does not get past this place of the script: ${slip.message.replace(/'([^']+)'/g, '$1')} — correct it.`,
    };
    return;
  }
  // Between Windows line endings no line is a word alone; which they are when the script runs, its file does not tell.
  if (text.includes('\r')) return;
  for (const { heredocs, nested } of commands)
    for (const { delimiter, delimiterSpan, closed } of heredocs) {
      if (closed || nested !== undefined) continue;
      yield {
        at: place(delimiterSpan.start, delimiterSpan.end),
        message: `No line is ${delimiter} alone, so the rest of the script is a part of this here-document — write ${delimiter} at the start of a line of its own.`,
      };
      return;
    }
  if (!/\bpython3?\b/.test(text)) return;
  const programs: Origin[] = [];
  runShell(script, step => {
    const code = /^python3?$/.test(step.name ?? '') ? pythonCode({ ...step, span: step.command.span }) : undefined;
    if (code) programs.push(code);
  });
  for (const code of programs)
    yield* pythonSlipOf(code.text, (start, end) => {
      const span = code.span(start, end);
      return place(span.start, span.end);
    });
}

interface ScriptFile {
  readonly text: string;
  place(start: number, end: number): Place;
}

const scriptFiles: Index<ScriptFile> = {
  name: 'shell script files',
  *textFile(file) {
    if (/\.(?:ba)?sh$/i.test(file.path))
      yield ['', { text: file.text, place: (start, end) => ({ uri: file.uri, span: { start, end } }) }];
  },
};

function example(end: string, isMarked: boolean): string {
  return `
      #- /deploy.sh
      if ! kubectl get namespace matrix; then
        kubectl create namespace matrix${end}
      kubectl apply -f infrastructure/
${isMarked ? '      #                              ^ error: A shell does not get past this place of the script: expected fi to close if — correct it.\n' : ''}      #- /namespace.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
    `;
}
