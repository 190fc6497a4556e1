import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { checkWorkspace } from '../../../rules/findings';
import appMissing from '../../../rules/key-vault/key-vault-django-app-missing';
import djangoFileMissing from '../../../rules/key-vault/key-vault-django-file-missing';
import { workspaceOf } from '../../fixture';
import { messages } from '../expect';

/** Variations of the sample project: what stops Django, and what it can do without. */
describe('key-vault-django-file-missing', () => {
  const path = 'main-instance/08-key-vault/deployment.yaml';
  const sample = readFileSync(`examples/production/${path}`, 'utf8');
  const messages = (text: string): readonly string[] =>
    checkWorkspace(workspaceOf(new Map([[path, text]])), [djangoFileMissing]).map(({ problem }) => problem.message);
  const replaced = (from: string, to: string): string => {
    assert.ok(sample.includes(from), from);
    return sample.replace(from, to);
  };

  it('finds nothing in the sample', () => {
    assert.deepEqual(messages(sample), []);
  });

  for (const [what, from, to, said] of [
    ['manage.py', '/app/manage.py', '/app/administer.py', /^Nothing writes manage\.py/],
    [
      'the settings',
      'key_vault/settings.py',
      'key_vault/options.py',
      /DJANGO_SETTINGS_MODULE names key_vault\.settings/,
    ],
    ['the URL configuration', 'key_vault/urls.py', 'key_vault/paths.py', /ROOT_URLCONF names key_vault\.urls/],
    [
      'what the server starts',
      'key_vault.wsgi:application',
      'keyvault.wsgi:application',
      /The server starts keyvault\.wsgi/,
    ],
    [
      'an application',
      'INSTALLED_APPS = ["vault"]',
      'INSTALLED_APPS = ["vault", "audit"]',
      /INSTALLED_APPS names audit/,
    ],
    ['a view', 'path("health", views.health)', 'path("health", views.healthy)', /urls\.py names views\.healthy/],
    ['models', '/app/vault/models.py', '/app/vault/tables.py', /views\.py imports vault\.models/],
  ] as const) {
    it(`finds that ${what} is missing`, () => {
      assert.ok(
        messages(replaced(from, to)).some(message => said.test(message)),
        messages(replaced(from, to)).join('\n'),
      );
    });
  }

  it('is silent where something else may add the rest', () => {
    const broken = replaced('/app/manage.py', '/app/administer.py');
    const own = broken.replaceAll('python:3.12.8-slim-bookworm', 'registry.test/key-vault:1');
    // The volume at /app hides what the image has there; elsewhere the image may have a project.
    assert.deepEqual(messages(own.replaceAll('workingDir: /app', 'workingDir: /code')), []);
    assert.deepEqual(
      messages(broken.replace('set -eu\n', 'set -eu\n              git clone https://git.test/vault /app\n')),
      [],
    );
    assert.deepEqual(
      messages(
        broken.replace(
          '- name: app\n          emptyDir: {}',
          '- name: app\n          persistentVolumeClaim: {claimName: vault}',
        ),
      ),
      [],
    );
  });

  it('knows applications that come from packages', () => {
    assert.deepEqual(
      messages(
        replaced('INSTALLED_APPS = ["vault"]', 'INSTALLED_APPS = ["vault", "rest_framework", "django.contrib.auth"]'),
      ),
      [],
    );
  });
});

describe('key-vault-django-app-missing', () => {
  it('looks at init containers that migrate as well', () => {
    const tree = (image: string): string =>
      appMissing.examples.bad
        .replace(/\n#[^\n]*\^[^\n]*|\n +#[^\n]*\^[^\n]*/g, '')
        .replace(/image: python:3\.11-slim\n +command: .*/, `image: ${image}`)
        .replace(
          '            containers:',
          `            initContainers:\n              - {name: migrate, image: "${image}", command: [python, manage.py, migrate]}\n            containers:`,
        );
    assert.match(
      messages(appMissing, tree('python:3.11-slim')).join(),
      /^error: python:3.11-slim holds no application/,
    );
    assert.deepEqual(messages(appMissing, tree('registry.tessera.test/key-vault:1.0')), []);
  });
});
