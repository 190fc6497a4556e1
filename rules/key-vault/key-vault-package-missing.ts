import { commandText } from '../../analysis/configs';
import { isBelow, mountsOf } from '../../analysis/mounts';
import { type Container, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { normalName, packagesOf, pythonOf, searchPathOf } from '../../analysis/python-packages';
import { familiesOf } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { type DjangoProject, djangoProject } from './django';

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
    'Looked for are Django itself, the server that the pod starts, the driver of PostgreSQL, and the applications Django REST framework and django-cors-headers.',
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
    if (!project || !first || installs.some(one => one.isOpen)) return;
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
  },
} satisfies Rule;

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
  for (const { program, place } of files) {
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

const applications: Readonly<Record<string, string>> = {
  rest_framework: 'djangorestframework',
  corsheaders: 'django-cors-headers',
};

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
