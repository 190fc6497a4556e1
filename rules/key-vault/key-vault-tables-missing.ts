import { commandText } from '../../analysis/configs';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { djangoProject } from './django';

export default {
  id: 'key-vault-tables-missing',
  items: ['2.3.a.3'],
  severity: 'error',
  summary: 'Nothing creates the tables of key_vault.',
  why: 'Django makes tables only when `manage.py migrate` runs, and of an application only those that its migrations name. Every request for a key ends with "relation does not exist".',
  remedy:
    'Run `python manage.py migrate --noinput` in an init container, and write the migrations of the application beside its models, or run `manage.py makemigrations` with its name before.',
  traps: [
    'A Job, a script or a page of the tree that runs `manage.py migrate` counts.',
    'Only projects that the tree shows wholly and that define models of their own are judged.',
    '`migrate --run-syncdb` makes tables without migrations.',
  ],
  sources: ['docs.djangoproject.com, Migrations; django-admin, migrate, --run-syncdb'],
  examples: { bad: example('', true), good: example('python manage.py migrate --noinput', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('key_vault')) return;
    const project = djangoProject(workspace, resource);
    const files = [...(project?.files.values() ?? [])];
    const models = files.find(({ program }) => program.classes.some(one => one.isModel));
    if (!project || !models || !/(?:^|\/)models(?:\/\w+)?\.py$/.test(models.path)) return;
    const [model] = models.program.classes.filter(one => one.isModel);
    const texts = commandsOf(workspace, resource);
    const migrates = texts.some(text => /\bmigrate\b/.test(text)) || runs(workspace);
    const at = models.place(model?.nameSpan ?? { start: 0, end: 0 });
    if (!migrates) {
      yield {
        at,
        message: `Nothing runs manage.py migrate, so the table of ${model?.name ?? 'the model'} is never made — run it in an init container.`,
      };
      return;
    }
    const folder = models.path.replace(/\/models(?:\/\w+)?\.py$/, '');
    const hasMigrations = files.some(
      ({ path }) => path.startsWith(`${folder}/migrations/`) && !path.endsWith('/__init__.py'),
    );
    const makes = [...texts, ...files.map(({ text }) => text)].some(text =>
      /makemigrations|run[-_]syncdb|MIGRATION_MODULES|managed\s*=\s*False/.test(text),
    );
    if (hasMigrations || makes || !texts.some(text => /\bmigrate\b/.test(text))) return;
    yield {
      at,
      message: `No migration makes the table of ${model?.name ?? 'the model'}, because nothing writes ${folder}/migrations — write it, or run manage.py makemigrations before migrate.`,
    };
  },
} satisfies Rule;

/** What the containers of key_vault, and of its Jobs, run. */
function commandsOf(workspace: Workspace, vault: Resource): readonly string[] {
  const jobs = ['Job', 'CronJob'].flatMap(kind => workspace.resources(kind)).filter(job => /vault/.test(job.name));
  return [vault, ...jobs].flatMap(resource =>
    containersOf(resource).map(
      container => `${scriptOf(workspace, resource, container)?.text.text ?? ''} ${commandText(container)}`,
    ),
  );
}

/** Whether a script or a page of the tree runs the migrations, or tells a person to. */
function runs(workspace: Workspace): boolean {
  return workspace.lookup(migrating, '').length > 0;
}

const migrating: Index<true> = {
  name: 'files that run migrations',
  *textFile(file: SourceFile) {
    if (/\bmanage\.py\b[^\n]*\bmigrate\b/.test(file.text)) yield ['', true];
  },
};

function example(command: string, isMarked: boolean): string {
  return `
      #- /key-vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        template:
          spec:
            initContainers:
              - name: create-app
                image: python:3.12
                command:
                  - sh
                  - -c
                  - |
                    cat > /app/manage.py <<'EOF'
                    import os
                    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "key_vault.settings")
                    EOF
                    cat > /app/key_vault/settings.py <<'EOF'
                    INSTALLED_APPS = ["vault"]
                    EOF
                    cat > /app/vault/models.py <<'EOF'
                    from django.db import models
                    class Vault(models.Model):
${isMarked ? '      #                   ^^^^^ error: Nothing runs manage.py migrate, so the table of Vault is never made\n' : ''}                        user_id = models.CharField(max_length=255)
                    EOF
                    cat > /app/vault/migrations/0001_initial.py <<'EOF'
                    from django.db import migrations
                    EOF
                volumeMounts:
                  - {name: app, mountPath: /app}
            containers:
              - name: key-vault
                image: python:3.12
                workingDir: /app
                command:
                  - sh
                  - -c
                  - |
                    ${command || 'cd /app'}
                    exec gunicorn --bind=0.0.0.0:8000 key_vault.wsgi
                volumeMounts:
                  - {name: app, mountPath: /app}
            volumes:
              - name: app
                emptyDir: {}
    `;
}
