import { type DiagnosticSeverity, languages, type Uri } from 'vscode';
import type { Diagnosis } from '../../deploy/run/diagnose';

/** A finding that had warned of what failed. */
export interface Prediction {
  readonly rule: string;
  readonly message: string;
  /** One-based. */
  readonly line: number;
}

/** The findings of errors and warnings in the object that failed; they are what the check had to say beforehand. */
export function predictionsOf(manifest: Uri, line: number, nextLine: number): readonly Prediction[] {
  const warning: DiagnosticSeverity.Warning = 1;
  return languages
    .getDiagnostics(manifest)
    .filter(({ source, severity }) => source === 'matrix-preflight' && severity <= warning)
    .filter(({ range }) => range.start.line + 1 >= line && range.start.line + 1 < nextLine)
    .map(({ code, message, range }) => {
      return { rule: String(typeof code === 'object' ? code.value : code), message, line: range.start.line + 1 };
    });
}

/** A failed step as Markdown: the cause, what had predicted it, what the cluster says, and what to do. */
export function diagnosisMarkdown(
  title: string,
  diagnosis: Diagnosis,
  predictions: readonly Prediction[],
  linkTo: (file: string, line: number) => string | undefined,
): string {
  const { object, pods, events, hints, commands } = diagnosis;
  const place = object === undefined ? undefined : `${object.file}:${object.line}`;
  const link = object === undefined ? undefined : linkTo(object.file, object.line);
  return [
    `# ${inLine(title)} has failed`,
    '',
    ...fenced(diagnosis.text),
    ...(object === undefined
      ? []
      : [
          '',
          `Manifest: ${link === undefined ? inLine(place ?? '') : `[${inLine(place ?? '')}](${link})`} (${inLine(`${object.kind}/${object.name}`)})`,
        ]),
    ...section(
      'Predicted by',
      predictions.map(({ rule, message, line }) => `- \`${rule}\`, line ${line}: ${inLine(message)}`),
    ),
    ...section(
      'Pods',
      pods.flatMap(pod => [
        `**${inLine(pod.name)}**: ${inLine(pod.reason)} ${inLine(pod.message)}`,
        '',
        ...(pod.log.length === 0 ? [] : [...fenced(pod.log.join('\n')), '']),
      ]),
    ),
    ...section(
      'Events',
      events.map(event => `- ${inLine(event)}`),
    ),
    ...section(
      'What usually helps',
      hints.flatMap(hint => [`**${inLine(hint.title)}**`, '', ...hint.advice.map(line => `- ${inLine(line)}`), '']),
    ),
    ...section('Commands that show more', commands.length === 0 ? [] : fenced(commands.join('\n'))),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

/** Text of a cluster must not end the block it stands in. */
function fenced(text: string): readonly string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, text, fence];
}

function inLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/([\\`*_[\]<>|#])/g, '\\$1');
}
