import { clusterKind } from '../../analysis/roles';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'schedule-unlikely',
  items: [],
  severity: 'warning',
  summary: 'A schedule means something else than whoever wrote it can have meant, or nothing at all.',
  why: '`* 3 * * *` is every minute from three to four, sixty runs, and not three o’clock. The 31st of February is never. A backup or a clean-up that runs sixty times a night, or never, is noticed late.',
  remedy: 'Write a number for the minutes, and for the seconds of a ScheduledBackup: `0 3 * * *`, `0 0 3 * * *`.',
  traps: [
    'Every minute of every hour (`* * * * *`), and of a span of hours (`* 8-18 * * *`), is taken for what it says.',
    'With `startingDeadlineSeconds` below 10 a CronJob may miss every start, because its controller looks every ten seconds.',
    'A retention that is shorter than the time between two backups is information: Barman never deletes the last backup before the window, so there is one, and no second should it be damaged.',
  ],
  sources: [
    'Kubernetes documentation, CronJob, "Deadline for delayed Job start"; CloudNativePG documentation, Backup, "Scheduled backups"',
    'robfig/cron: a schedule without a time within five years is none',
  ],
  examples: { bad: example('* 3 * * *', true), good: example('0 3 * * *', false) },
  kinds: ['CronJob', 'ScheduledBackup.postgresql.cnpg.io'],
  *check(resource, workspace) {
    const isBackup = resource.kind === 'ScheduledBackup';
    const schedule = resource.root.at('spec', 'schedule');
    const text = (schedule.string ?? '').trim().replace(/^(?:CRON_)?TZ=\S+\s+/, '');
    const fields = text.split(/\s+/);
    const deadline = resource.root.at('spec', 'startingDeadlineSeconds');
    if (!isBackup && deadline.number !== undefined && deadline.number < 10)
      yield {
        at: deadline,
        message: `The controller of CronJobs looks every 10 seconds, so with startingDeadlineSeconds ${deadline.number} Job${deadline.number === 1 ? '' : 's'} may never be started — write 10 or more.`,
      };
    if (fields.length !== (isBackup ? 6 : 5) || findPlaceholders(text, 'value').length > 0) return;
    yield* problems(resource, isBackup ? fields : ['0', ...fields]);
    if (isBackup) yield* retention(resource, workspace, fields);
  },
} satisfies Rule;

function* problems(resource: Resource, fields: readonly string[]): Iterable<Problem> {
  const at = resource.root.at('spec', 'schedule');
  const [second = '', minute = '', hour = '', day = '', month = ''] = fields;
  const wrong = fields.findIndex((field, index) => !isWithin(field, bounds[index] ?? [0, 59]));
  if (resource.kind === 'ScheduledBackup' && wrong !== -1) {
    yield {
      at,
      severity: 'error',
      message: `"${at.text}" is no schedule, because ${fields[wrong]} is out of range among the ${unitsOf[wrong]} — correct it.`,
    };
    return;
  }
  const often =
    second === '*' && minute !== '*'
      ? 'second of each minute that it names'
      : second === '*' && resource.kind === 'ScheduledBackup'
        ? 'second'
        : minute === '*' && /^(?:\d+(?:,\d+)*|\*\/\d+)$/.test(hour)
          ? 'minute of each hour that it names'
          : undefined;
  if (often !== undefined) {
    yield {
      at,
      message: `The schedule "${at.text}" means every ${often} — write 0 there for once.`,
    };
  } else if (isNever(day, month)) {
    yield {
      at,
      severity: 'error',
      message: `No month of "${at.text}" has a day ${day}, so nothing is ever started — correct the day or the month.`,
    };
  }
}

/** Backups are kept for a time in which the next one may not have been made yet. */
function* retention(backup: Resource, workspace: Workspace, fields: readonly string[]): Iterable<Problem> {
  const [, , , day = '', month = '', weekday = ''] = fields;
  const days =
    day === '*' && /^(?:\d|[a-z]{3})$/i.test(weekday)
      ? 7
      : /^\d+$/.test(day) && month === '*' && weekday === '*'
        ? 28
        : 0;
  const name = backup.root.at('spec', 'cluster', 'name').text ?? '';
  const kept = workspace.find(clusterKind, backup.namespace, name)?.root.at('spec', 'backup', 'retentionPolicy');
  const [, number, unit = 'd'] = /^(\d+)([dwm])$/.exec(kept?.text ?? '') ?? [];
  if (!kept || number === undefined || days === 0) return;
  const window = Number(number) * (unit === 'd' ? 1 : unit === 'w' ? 7 : 30);
  if (window >= days) return;
  yield {
    at: kept,
    severity: 'info',
    message: `Backups are kept for ${kept.text} and made every ${days === 7 ? 'week' : 'month'}, so there is one most of the time, and no other should it be damaged — keep them for longer, or make them more often.`,
    related: [{ at: backup.root.at('spec', 'schedule'), message: backup.title }],
  };
}

const unitsOf = ['seconds', 'minutes', 'hours', 'days of the month', 'months', 'days of the week'];
const bounds: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
];

function isWithin(field: string, [least, most]: readonly [number, number]): boolean {
  return field
    .split(/[,/-]/)
    .every(
      (part, index) =>
        !/^\d+$/.test(part) || /\//.test(field) || index > 9 || (Number(part) >= least && Number(part) <= most),
    );
}

/** Whether none of the months has one of the days. */
function isNever(day: string, month: string): boolean {
  const [days, months] = [numbersOf(day), numbersOf(month)];
  if (!days || !months) return false;
  const longest = (number: number) => (number === 2 ? 29 : [4, 6, 9, 11].includes(number) ? 30 : 31);
  return months.every(number => days.every(one => one > longest(number)));
}

function numbersOf(field: string): readonly number[] | undefined {
  return /^\d+(?:,\d+)*$/.test(field) ? field.split(',').map(Number) : undefined;
}

function example(schedule: string, isBad: boolean): string {
  return `
      #- /copy.yaml
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: copy
        namespace: matrix
      spec:
        schedule: "${schedule}"${isBad ? '\n      #           ^^^^^^^^^^^ warning: The schedule "* 3 * * *" means every minute of each hour that it names' : ''}
        jobTemplate:
          spec:
            template:
              spec:
                restartPolicy: Never
                containers:
                  - name: copy
                    image: registry.test/copy:1
    `;
}
