import { commandText } from '../../analysis/configs';
import { isBelow, mountsOf } from '../../analysis/mounts';
import { type Container, containersOf, mainContainersOf, workloadKinds } from '../../analysis/pods';
import {
  isSamePath,
  normalName,
  type PackageInstall,
  packagesOf,
  pythonOf,
  searchPathOf,
  seenAs,
} from '../../analysis/python-packages';
import { familiesOf } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { type DjangoProject, djangoProject, isPlainImage } from './django';

export default {
  id: 'key-vault-package-missing',
  items: ['2.3.a.1'],
  severity: 'error',
  summary: 'key_vault needs a Python package that nothing installs.',
  why: 'The image is plain Python. Django without psycopg2 ends with "Error loading psycopg2 or psycopg module", and without gunicorn there is no server to start.',
  remedy: 'Name the package in the `pip install` of the pod, in a version that is fixed.',
  traps: [
    'Only pods whose containers run the image of Python or of a distribution are judged: any other may have the packages.',
    'Nothing is said where a requirements file, a path or a variable is installed, or where a volume is filled that the tree does not show.',
    'Looked for are Django itself, the server that the pod starts, the driver of PostgreSQL, the applications Django REST framework and django-cors-headers, and modules that are often imported, such as cryptography.',
    'Containers that start the project and do not find the folder of the packages are reported as well.',
  ],
  sources: ['docs.djangoproject.com, Databases, PostgreSQL notes: psycopg or psycopg2 is required'],
  examples: {
    bad: example('Django==5.1.4 gunicorn==23.0.0', true),
    good: example('Django==5.1.4 gunicorn==23.0.0 psycopg2-binary==2.9.10', false),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('key_vault')) return;
    const project = djangoProject(workspace, resource);
    const { installs, openVolumes } = packagesOf(workspace, resource);
    const [first] = installs;
    if (!project || project.hasOwnImage || !first || installs.some(one => one.isOpen)) return;
    const isOpen = mainContainersOf(resource).some(container => {
      const folders = searchPathOf(workspace, resource, container, pythonOf(container.image)).entries;
      return mountsOf(container).some(
        ({ volume, mountPath }) => openVolumes.has(volume) && folders.some(({ path }) => isBelow(path, mountPath)),
      );
    });
    if (isOpen) return;
    const installed = new Set(installs.flatMap(one => one.requirements.map(({ name }) => name)));
    const brings = (names: readonly string[]): boolean => names.some(name => installed.has(normalName(name)));
    for (const { what, packages, at } of needed(workspace, resource, project)) {
      if (brings(packages)) continue;
      yield {
        at: first.at,
        message: `Nothing installs ${packages[0]}, which ${what} — add it to the packages.`,
        related: [{ at, message: what[0]?.toUpperCase() + what.slice(1) }],
      };
    }
    yield* unseen(workspace, resource, project, installs);
  },
} satisfies Rule;

/** Containers that run the project and do not look where its packages are. */
function* unseen(
  workspace: Workspace,
  resource: Resource,
  project: DjangoProject,
  installs: readonly PackageInstall[],
): Iterable<Problem> {
  if (installs.some(({ how, reached }) => how === 'image' || reached.length === 0)) return;
  if ([...project.files.values()].some(({ text }) => text.includes('sys.path'))) return;
  for (const container of containersOf(resource)) {
    if (!isPlainImage(container) || installs.some(one => one.container === container)) continue;
    const command = scriptOf(workspace, resource, container)?.text.text ?? commandText(container);
    if (!/\bmanage\.py\b|\b(?:gunicorn|uvicorn|hypercorn|daphne)\b/.test(command) || writesProject(command)) continue;
    const search = searchPathOf(workspace, resource, container, pythonOf(container.image));
    const folders = [...search.entries.map(({ path }) => path), container.value.at('workingDir').text ?? '/'];
    const seen = installs.flatMap(({ reached }) => reached.flatMap(one => seenAs(container, one)));
    if (search.isOpen || /--(?:chdir|pythonpath)\b/.test(command)) continue;
    if (seen.some(path => folders.some(folder => isSamePath(path, folder)))) continue;
    const [directory] = seen;
    yield {
      at: search.variable ?? container.value.at('name'),
      message:
        directory === undefined
          ? `Container ${container.name} does not mount the volume that the packages are installed on, so it ends with "No module named" — mount it, and name its folder in PYTHONPATH.`
          : `The packages are in ${directory} for container ${container.name}, where Python does not look — name that folder in PYTHONPATH.`,
      related: installs.map(({ at }) => ({ at, message: 'They are installed here' })),
    };
  }
}

/** Whether a script makes the project and names its files for that. */
function writesProject(script: string): boolean {
  return />\s*\S*manage\.py|\bcp\b[^\n]*manage\.py/.test(script);
}

interface Need {
  readonly what: string;
  /** The packages of which one is enough, the usual one first. */
  readonly packages: readonly string[];
  readonly at: Place;
}

function* needed(workspace: Workspace, resource: Resource, project: DjangoProject): Iterable<Need> {
  const files = [...project.files.values()];
  const django = files.find(({ text }) => /^[ \t]*(?:from|import)[ \t]+django\b/m.test(text));
  if (django) {
    const start = django.text.search(/(?:from|import)[ \t]+django\b/);
    yield {
      what: `${django.path} imports`,
      packages: ['Django', 'djangorestframework', 'django-ninja', 'django-cors-headers'],
      at: django.place({ start, end: start + 4 }),
    };
  }
  for (const container of mainContainersOf(resource)) {
    const server = serverOf(workspace, resource, container);
    if (server)
      yield { what: `container ${container.name} starts`, packages: [server], at: container.value.at('name') };
  }
  for (const file of files) {
    const { program, place, text } = file;
    for (const match of text.matchAll(/^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)/gm)) {
      const [whole, module = ''] = match;
      const packages = importedPackages[module];
      const end = match.index + whole.length;
      // What is tried may be missing.
      const isTried = /\btry:[ \t]*\n[ \t]*$/.test(text.slice(0, match.index));
      if (packages && !isTried)
        yield { what: `${file.path} imports`, packages, at: place({ start: end - module.length, end }) };
    }
    const engine = program.strings.find(({ text }) => /^django\.db\.backends\.postgresql(?:_psycopg2)?$/.test(text));
    if (engine)
      yield {
        what: 'the settings name as the engine of the database',
        packages: ['psycopg2-binary', 'psycopg2', 'psycopg', 'psycopg-binary', 'psycopg-c', 'psycopg2cffi'],
        at: place(engine.span),
      };
    for (const app of program.installedApps) {
      const own = applications[app.text];
      if (own) yield { what: 'INSTALLED_APPS names', packages: [own], at: place(app.span) };
    }
  }
}

const applications = table<string>({
  rest_framework: 'djangorestframework',
  corsheaders: 'django-cors-headers',
});

/** Modules by the packages that bring them, also by depending on their package. */
const importedPackages = table<readonly string[]>({
  cryptography: ['cryptography', 'pyOpenSSL', 'django-fernet-fields', 'jwcrypto', 'paramiko'],
  Crypto: ['pycryptodome', 'pycrypto'],
  nacl: ['PyNaCl', 'paramiko'],
  jwt: ['PyJWT', 'djangorestframework-simplejwt'],
  yaml: ['PyYAML'],
  requests: ['requests'],
  rest_framework: ['djangorestframework'],
  corsheaders: ['django-cors-headers'],
  environ: ['django-environ'],
  dj_database_url: ['dj-database-url', 'environs'],
  whitenoise: ['whitenoise'],
  celery: ['celery'],
});

/** The server that a container starts, by the name of its package. */
function serverOf(workspace: Workspace, resource: Resource, container: Container): string | undefined {
  const text = scriptOf(workspace, resource, container)?.text.text ?? commandText(container);
  const server = /(?:^|[\n;&|]|exec|-m|\/)[ \t]*(gunicorn|uvicorn|hypercorn|daphne|waitress-serve)\b/.exec(text)?.[1];
  return server === 'waitress-serve' ? 'waitress' : server;
}

function example(packages: string, isMarked: boolean): string {
  const command = `pip install --target=/packages ${packages}`;
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
                    from django.core.management import execute_from_command_line
                    EOF
                    cat > /app/key_vault/settings.py <<'EOF'
                    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
                    EOF
                    ${command}
${isMarked ? `      #             ${'^'.repeat(command.length)} error: Nothing installs psycopg2-binary, which the settings name as the engine of the database\n` : ''}                volumeMounts:
                  - {name: app, mountPath: /app}
                  - {name: packages, mountPath: /packages}
            containers:
              - name: key-vault
                image: python:3.12
                workingDir: /app
                command: [python, -m, gunicorn, --bind=0.0.0.0:8000, key_vault.wsgi]
                env:
                  - name: PYTHONPATH
                    value: /packages
                volumeMounts:
                  - {name: app, mountPath: /app}
                  - {name: packages, mountPath: /packages}
            volumes:
              - name: app
                emptyDir: {}
              - name: packages
                emptyDir: {}
    `;
}
