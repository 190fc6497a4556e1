import assert from 'node:assert/strict';
import refused from '../../../rules/key-vault/key-vault-settings-refused';
import unfit from '../../../rules/key-vault/key-vault-settings-unfit';
import missing from '../../../rules/key-vault/key-vault-variable-missing';
import { messages } from '../expect';

const key = (text: string): string => text.replace(/^/gm, '    ');

/** A key_vault whose image holds the project, with the settings of a ConfigMap. */
const tree = (settings: string, env: readonly string[], command = '[python, manage.py, migrate]'): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: key-vault, namespace: matrix}
data:
  settings.py: |
${key(settings)}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: key-vault, namespace: matrix}
spec:
  template:
    spec:
      initContainers:
        - name: migrate
          image: registry.test/key-vault:1
          command: ${command}
          env: [${env.map(name => `{name: ${name}, value: x}`).join(', ')}]
          volumeMounts: [{name: settings, mountPath: /app/key_vault/settings.py, subPath: settings.py}]
      containers:
        - name: key-vault
          image: registry.test/key-vault:1
          env: [${env.map(name => `{name: ${name}, value: x}`).join(', ')}]
          volumeMounts: [{name: settings, mountPath: /app/key_vault/settings.py, subPath: settings.py}]
      volumes: [{name: settings, configMap: {name: key-vault}}]
`;

const apps = (...names: readonly string[]): string =>
  `INSTALLED_APPS = [${names.map(name => `"${name}"`).join(', ')}]\n`;
const contrib = ['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.messages'];
const middleware = `MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
`;
const templates = `TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "OPTIONS": {"context_processors": [
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
`;

describe('key-vault-settings-unfit', () => {
  it('compares the package that is served with the one of the settings', () => {
    const served = (name: string): readonly string[] =>
      messages(
        unfit,
        tree('ROOT_URLCONF = "key_vault.urls"\n', []).replace(
          'containers:\n        - name: key-vault\n',
          `containers:\n        - name: key-vault\n          command: [gunicorn, "${name}.wsgi:application"]\n`,
        ),
      );
    assert.match(served('keyvault')[0] ?? '', /^warning: The server is started with the package keyvault/);
    assert.deepEqual(served('key_vault'), []);
    assert.deepEqual(served('gateway'), []);
  });

  it('compares the package that the settings are mounted into', () => {
    assert.match(
      messages(unfit, tree('ROOT_URLCONF = "keyvault.urls"\n', []))[0] ?? '',
      /^warning: These settings are mounted/,
    );
    assert.deepEqual(messages(unfit, tree('ROOT_URLCONF = "key_vault.urls"\n', [])), []);
    assert.deepEqual(messages(unfit, tree('ROOT_URLCONF = "routes.urls"\n', [])), []);
  });

  it('knows the port of a Cluster', () => {
    const cluster = `
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec: {instances: 1}
`;
    const found = (host: string, port: string): readonly string[] =>
      messages(
        unfit,
        tree(`DATABASES = {"default": {"HOST": ${host}, "PORT": ${port}}}\n`, ['DB_HOST']).replaceAll(
          '{name: DB_HOST, value: x}',
          '{name: DB_HOST, value: pg-rw.matrix.svc}',
        ) + cluster,
      );
    assert.match(
      found("os.environ['DB_HOST']", '"5433"')[0] ?? '',
      /^error: PostgreSQL listens on port 5432 at pg-rw.matrix.svc/,
    );
    assert.match(found('"pg-rw"', '5433')[0] ?? '', /^error: PostgreSQL listens on port 5432 at pg-rw/);
    assert.deepEqual(found("os.environ['DB_HOST']", "os.environ['DB_PORT']"), []);
    assert.deepEqual(found('"pg-rw"', '"5432"'), []);
    assert.deepEqual(found('"db.elsewhere.test"', '"5433"'), []);
    assert.deepEqual(found('os.environ["OTHER"]', '"5433"'), []);
  });
});

describe('key-vault-settings-refused', () => {
  const admin = apps('django.contrib.admin', ...contrib, 'vault');

  it('asks for all that Django’s checks ask for the admin', () => {
    assert.deepEqual(messages(refused, tree(admin + middleware + templates, [])), []);
    for (const [settings, said] of [
      [admin + middleware, /a DjangoTemplates backend in TEMPLATES — /],
      [
        admin + middleware + templates.replace(/.*messages\.context.*\n/, ''),
        /without django\.contrib\.messages\.context_processors/,
      ],
      [
        admin + middleware.replace(/.*Session.*\n/, '') + templates,
        /without django\.contrib\.sessions\.middleware\.SessionMiddleware — /,
      ],
      [apps('django.contrib.admin', ...contrib.slice(1)) + middleware + templates, /without django\.contrib\.auth — /],
    ] as const) {
      const [message, ...others] = messages(refused, tree(settings, []));
      assert.match(message ?? '', said);
      assert.deepEqual(others, []);
    }
  });

  it('says nothing where nothing checks, or where the settings come from elsewhere as well', () => {
    assert.equal(messages(refused, tree(admin, [])).length, 1);
    assert.deepEqual(messages(refused, tree(admin, [], '[python, manage.py, collectstatic]')), []);
    assert.deepEqual(messages(refused, tree(admin, [], '[python, manage.py, migrate, --skip-checks]')), []);
    assert.deepEqual(messages(refused, tree(`from .base import *\n${admin}`, [])), []);
    assert.deepEqual(messages(refused, tree(apps(...contrib, 'vault'), [])), []);
  });

  it('warns of token authentication without its application', () => {
    const tokens = 'REST_FRAMEWORK = {"C": ["rest_framework.authentication.TokenAuthentication"]}\n';
    assert.match(
      messages(refused, tree(apps('rest_framework', 'vault') + tokens, []))[0] ?? '',
      /^warning: TokenAuthentication/,
    );
    assert.deepEqual(messages(refused, tree(apps('rest_framework', 'rest_framework.authtoken') + tokens, [])), []);
  });
});

describe('key-vault-variable-missing, with an image of one’s own', () => {
  const settings = 'import os\nDB = [os.environ["DB_HOST"], os.environ["DB_PORT"]]\nNAME = os.environ.get("DB_NAME")\n';

  it('warns of what the settings of a ConfigMap read, and takes no variable that is read itself for it', () => {
    assert.deepEqual(messages(missing, tree(settings, ['DB_HOST', 'DB_PORT'])), []);
    const [message, ...others] = messages(missing, tree(settings, ['DB_PORT']));
    assert.match(
      message ?? '',
      /^warning: .*reads DB_HOST, which container migrate does not have.*— give it the variable\.$/,
    );
    assert.deepEqual(others, []);
    assert.match(messages(missing, tree(settings, ['DB_PORT', 'DB_HOSTS']))[0] ?? '', /instead of DB_HOSTS/);
  });

  it('says nothing of containers that have no variables at all, or that set them themselves', () => {
    assert.deepEqual(messages(missing, tree(settings, [])), []);
    const sets = '[sh, -c, "DB_HOST=pg DB_PORT=5432 python manage.py migrate"]';
    assert.deepEqual(messages(missing, tree(settings, [], sets)), []);
  });
});
