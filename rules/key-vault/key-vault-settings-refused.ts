import { commandText } from '../../analysis/configs';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { startScriptOf } from '../../analysis/scripts';
import type { PythonString } from '../../analysis/text/python';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { type DjangoFile, djangoSettings } from './django';

export default {
  id: 'key-vault-settings-refused',
  items: ['2.3.a.2'],
  severity: 'error',
  summary: 'The settings of key_vault name an application without what it needs.',
  why: 'Before it touches the database, `manage.py migrate` checks the settings, and ends with a SystemCheckError where Django’s admin lacks its templates, applications or middleware. The init container fails, and key_vault never starts. Token authentication without its application answers every signed-in request with an error.',
  remedy:
    'Take `django.contrib.admin` out of `INSTALLED_APPS`, because key_vault is an API, or add what the message names. Put `rest_framework.authtoken` into `INSTALLED_APPS`, or authenticate by the API key.',
  traps: [
    'Nothing is said where the settings import others with `*`, or where nothing in the pod runs `manage.py migrate`, `check` or `runserver`.',
    'Settings from a ConfigMap are judged whatever image holds the rest of the project.',
  ],
  sources: [
    'Django, contrib/admin/checks.py, check_dependencies: admin.E402 to admin.E410; core/management/commands/migrate.py runs the checks',
    'Django REST framework documentation, TokenAuthentication: "you’ll need to include rest_framework.authtoken in your INSTALLED_APPS"',
  ],
  examples: { bad: example(true), good: example(false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('key_vault')) return;
    const settings = djangoSettings(workspace, resource);
    if (!settings) return;
    const { installedApps } = settings.program;
    const admin = installedApps.find(({ text }) => /^django\.contrib\.admin(?:\.apps\.AdminConfig)?$/.test(text));
    if (admin && runsChecks(workspace, resource)) yield* adminProblem(settings, admin);
    yield* tokenProblem(settings);
  },
} satisfies Rule;

/** What `django.contrib.admin` lacks, in one problem. */
function* adminProblem(settings: DjangoFile, admin: PythonString): Iterable<Problem> {
  const { program, text } = settings;
  const apps = new Set(program.installedApps.map(app => app.text));
  const templates = program.assignments.find(({ name }) => name === 'TEMPLATES');
  const hasEngine = templates && /django\.template\.backends\.django\.DjangoTemplates/.test(text);
  const processors = [
    'django.contrib.auth.context_processors.auth',
    'django.contrib.messages.context_processors.messages',
  ];
  const middleware = [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
  ];
  // A class of one's own may stand for one of Django's; then its name tells nothing.
  const hasOwn = /MIDDLEWARE\s*\+?=\s*(?!\s*[[(])/.test(text);
  const lacking = [
    ...(hasEngine ? processors.filter(name => !text.includes(name)) : ['a DjangoTemplates backend in TEMPLATES']),
    ...['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.messages'].filter(
      name => ![...apps].some(app => app === name || app.startsWith(`${name}.`)),
    ),
    ...(hasOwn ? [] : middleware.filter(name => !text.includes(name.slice(name.lastIndexOf('.') + 1)))),
  ];
  if (lacking.length === 0) return;
  const list =
    lacking.length > 3 ? `${lacking.slice(0, 2).join(', ')} and ${lacking.length - 2} more` : lacking.join(', ');
  yield {
    at: settings.place(admin.span),
    message: `manage.py migrate refuses django.contrib.admin without ${list} — add that, or delete django.contrib.admin.`,
    related: templates && hasEngine ? [{ at: settings.place(templates.nameSpan), message: 'TEMPLATES' }] : [],
  };
}

/** Token authentication, whose model is in an application of its own. */
function* tokenProblem(settings: DjangoFile): Iterable<Problem> {
  const name = 'rest_framework.authentication.TokenAuthentication';
  const at = settings.text.indexOf(name);
  const isThere = settings.program.installedApps.some(({ text }) => text.startsWith('rest_framework.authtoken'));
  // Without any list of applications the file is only a part of the settings.
  if (at === -1 || isThere || settings.program.installedApps.length === 0) return;
  if (/#/.test(settings.text.slice(settings.text.lastIndexOf('\n', at) + 1, at))) return;
  yield {
    at: settings.place({ start: at, end: at + name.length }),
    severity: 'warning',
    message:
      'TokenAuthentication fails at every token, because rest_framework.authtoken is not in INSTALLED_APPS — add it, or authenticate otherwise.',
  };
}

/** Whether something in the pod runs Django’s system checks. */
function runsChecks(workspace: Workspace, resource: Resource): boolean {
  return containersOf(resource).some(container => {
    const text = startScriptOf(workspace, resource, container)?.text.text ?? commandText(container);
    return /\bmanage\.py\s+(?:migrate|check|runserver|createsuperuser)\b(?![^\n;&|]*--skip-checks)/.test(text);
  });
}

function example(isMarked: boolean): string {
  return `
      #- /key-vault.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: key-vault
        namespace: matrix
      data:
        settings.py: |
          SECRET_KEY = "x"
          INSTALLED_APPS = [
${
  isMarked
    ? `              "django.contrib.admin",
      #        ^^^^^^^^^^^^^^^^^^^^ error: manage.py migrate refuses django.contrib.admin without a DjangoTemplates backend in TEMPLATES
`
    : ''
}              "django.contrib.auth",
              "django.contrib.contenttypes",
              "django.contrib.messages",
              "rest_framework",
${isMarked ? '' : '              "rest_framework.authtoken",\n'}              "vault",
          ]
          MIDDLEWARE = [
              "django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware",
              "django.contrib.messages.middleware.MessageMiddleware",
          ]
          REST_FRAMEWORK = {
              "DEFAULT_AUTHENTICATION_CLASSES": [
                  "rest_framework.authentication.TokenAuthentication",
${isMarked ? '      #            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: TokenAuthentication fails at every token\n' : ''}              ],
          }
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        template:
          spec:
            initContainers:
              - name: migrate
                image: registry.test/key-vault:1
                command: [python, manage.py, migrate, --noinput]
                volumeMounts:
                  - {name: settings, mountPath: /app/key_vault/settings.py, subPath: settings.py}
            containers:
              - name: key-vault
                image: registry.test/key-vault:1
                volumeMounts:
                  - {name: settings, mountPath: /app/key_vault/settings.py, subPath: settings.py}
            volumes:
              - name: settings
                configMap:
                  name: key-vault
    `;
}
