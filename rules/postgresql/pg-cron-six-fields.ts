import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'pg-cron-six-fields',
  items: ['F.8', 'R.2'],
  severity: 'warning',
  summary: 'The schedule of a PostgreSQL backup is written for a CronJob.',
  why: 'CloudNativePG schedules begin with the seconds. Of five fields the first is taken for the seconds and the second for the minutes, so `0 2 * * *` means two minutes past every hour: 24 base backups a day instead of one.',
  remedy: 'Put a `0` for the seconds in front: `0 0 2 * * *` is every night at two.',
  traps: [
    'Words such as `@daily` and `@every 12h` are right as they are.',
    'A CronJob of Kubernetes has five fields; this is about ScheduledBackup only.',
    'With fewer or more fields the operator refuses the backup: an error.',
  ],
  sources: [
    'CloudNativePG documentation, Backup, "Scheduled backups": the schedule has six terms, including the seconds, unlike a Kubernetes CronJob.',
  ],
  examples: {
    bad: `
      #- /backup.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: ScheduledBackup
      metadata:
        name: nightly
      spec:
        schedule: "0 2 * * *" # every night at two
      #           ^^^^^^^^^^^ 💡 warning: runs at minute 2 of every hour
        cluster:
          name: matrix-postgresql
    `,
    good: `
      #- /backup.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: ScheduledBackup
      metadata:
        name: nightly
      spec:
        schedule: "0 0 2 * * *" # every night at two
        cluster:
          name: matrix-postgresql
    `,
  },
  kinds: ['ScheduledBackup.postgresql.cnpg.io'],
  *check(backup) {
    const schedule = backup.root.at('spec', 'schedule');
    const [, zone = '', rest = ''] = /^((?:CRON_)?TZ=\S+\s+)?(.*)$/s.exec(schedule.text?.trim() ?? '') ?? [];
    const fields = rest.split(/\s+/);
    if (rest.startsWith('@') || rest === '' || findPlaceholders(rest, 'value').length > 0) return;
    if (fields.length < 5 || fields.length > 6) {
      yield {
        at: schedule,
        severity: 'error',
        message: `The schedule "${schedule.text}" has ${fields.length} fields, and CloudNativePG refuses all but six — write seconds, minutes, hours, day, month and weekday.`,
      };
      return;
    }
    if (fields.length !== 5) return;
    yield {
      at: schedule,
      message: `The schedule "${schedule.text}" has no seconds, so it runs ${meaningOf(fields)} — write "${zone}0 ${rest}" for what a CronJob would do.`,
      fixes: () => {
        const edit = replaceScalar(schedule, `${zone}0 ${rest}`);
        return edit ? [{ title: 'Put the seconds in front', safe: true, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

/** What five fields mean where the first is the seconds. */
function meaningOf([, minute = '', hour = '']: readonly string[]): string {
  const minutes = minute === '*' ? 'every minute' : `at minute ${minute}`;
  return hour === '*' ? `${minutes} of every hour` : `${minutes} of hour ${hour}`;
}
