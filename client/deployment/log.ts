import { type DeployPlan, plannedSteps } from '../../deploy/plan/plan';
import { type Diagnosis, describeDiagnosis } from '../../deploy/run/diagnose';
import type { VerifiedCheck } from '../../deploy/verify/verify';
import type { RunnerEvent } from '../../protocol/deployment';

/** Turns what a run reports into the lines of its log; what has been said already is not said again. */
export function createLogLines(plan: DeployPlan | undefined): (event: RunnerEvent) => readonly string[] {
  const titles = new Map(plan === undefined ? [] : plannedSteps(plan).map(step => [step.id, step.title]));
  const title = (step: string) => titles.get(step) ?? step;
  let waited = '';
  return event => {
    switch (event.type) {
      case 'run':
        return [`Run ${event.run}`];
      case 'step': {
        waited = '';
        const word = stepWords[event.state];
        if (word === undefined) return event.state === 'gate' ? ['', bold(title(event.step))] : [];
        return [`  ${word}${event.reason === undefined ? '' : `: ${event.reason.split('\n')[0]}`}`];
      }
      case 'object': {
        const { kind, name, file, line } = event.object;
        return [`  ${event.done}/${event.of} ${kind}/${name} ${event.state}  ${file}:${line}`];
      }
      case 'wait': {
        if (event.wanted === 0) return [];
        const text = `  ${event.ready}/${event.wanted} ready${event.text === '' ? '' : `: ${event.text}`}`;
        if (text === waited) return [];
        waited = text;
        return [text];
      }
      case 'check':
      case 'verified':
        return checkLines(event.check);
      case 'log':
        return event.text.split('\n');
    }
  };
}

/** A failed step: everything that is known about it. */
export function diagnosisLines(step: string, diagnosis: Diagnosis): readonly string[] {
  return [red(`  ${step} has failed`), ...describeDiagnosis(diagnosis).flatMap(text => text.split('\n').map(indented))];
}

export function red(text: string): string {
  return `\x1b[31m${text}\x1b[0m`;
}

export function bold(text: string): string {
  return `\x1b[1m${text}\x1b[0m`;
}

function checkLines({ verdict, title, text, details }: VerifiedCheck): readonly string[] {
  const line = `  ${verdictWords[verdict]} ${title}: ${text}`;
  const shown = verdict === 'pass' ? [] : details;
  return [verdict === 'fail' ? red(line) : line, ...shown.map(detail => `      ${detail}`)];
}

const verdictWords: Readonly<Record<VerifiedCheck['verdict'], string>> = {
  pass: 'passed ',
  fail: 'FAILED ',
  warn: 'warning',
  unknown: 'unknown',
  skipped: 'nothing to check',
};

const stepWords: { readonly [state: string]: string | undefined } = {
  applying: 'applying',
  waiting: 'waiting until ready',
  done: 'done',
  failed: 'failed',
  skipped: 'skipped',
  absent: 'not in the tree',
  blocked: 'blocked',
};

function indented(line: string): string {
  return `    ${line}`;
}
