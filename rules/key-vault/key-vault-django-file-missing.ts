import { commandLine } from '../../analysis/configs';
import { writtenPaths } from '../../analysis/effective';
import { environmentOf } from '../../analysis/environment';
import { publishedProgramOf } from '../../analysis/images';
import { mountAt } from '../../analysis/mounts';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import type { PythonString } from '../../analysis/text/python';
import { insertEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { type DjangoFile, type DjangoProject, djangoProject, hasModule, isSettingsFile } from './django';

export default {
  id: 'key-vault-django-file-missing',
  items: ['2.3.a.2', '2.3.a.3'],
  severity: 'error',
  summary: 'The Django project that the pod writes is not complete.',
  why: 'Django reads its files one by one as it starts. A settings module, URL configuration or application that is not there ends it with an ImportError, and the pod crashes again and again.',
  remedy:
    'Write `manage.py`, and `__init__.py`, `settings.py`, `urls.py` and `wsgi.py` of the project; for its application `models.py` and `views.py`. Let `ROOT_URLCONF`, `DJANGO_SETTINGS_MODULE` and what gunicorn starts name these files. What belongs in them depends on the application, so no quick fix writes them.',
  traps: [
    'Projects of an image, a clone, an archive or a claim are not looked into.',
    'An `asgi.py` that is served takes the place of `wsgi.py`.',
    'Applications with models and those with views may be different ones, and views may stand in `urls.py` itself.',
    'A missing `__init__.py` is a warning: Python imports the folder without it, but Django finds no migrations there.',
    'Whether the models and views do what key_vault is for is left to a person.',
  ],
  sources: [
    'Django documentation, "Writing your first Django app, part 1": what startproject and startapp create',
    'Django documentation, Settings: ROOT_URLCONF, INSTALLED_APPS, WSGI_APPLICATION',
  ],
  examples: {
    bad: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            initContainers:
              - name: create-app
      #               ^^^^^^^^^^ error: Nothing writes wsgi.py of the Django project vault
                image: busybox:1.36
                command: [sh, -c]
                args:
                  - |
                    mkdir -p /app/vault /app/keys
                    touch /app/vault/__init__.py /app/keys/__init__.py
                    cat > /app/manage.py <<'EOF'
                    import os, sys
                    from django.core.management import execute_from_command_line
                    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
                    execute_from_command_line(sys.argv)
                    EOF
                    cat > /app/vault/settings.py <<'EOF'
                    ROOT_URLCONF = "vault.routes"
      #                             ^^^^^^^^^^^^ error: ROOT_URLCONF names vault.routes, which nothing writes
                    INSTALLED_APPS = ["keys"]
                    EOF
                    cat > /app/vault/urls.py <<'EOF'
                    from django.urls import path
                    from keys import views
                    urlpatterns = [path("keys/", views.keys)]
      #                            ^^^^^^^^^^^^^^^^^^^^^^^^^ error: urls.py names views.keys, which no views.py defines
                    EOF
                    cat > /app/keys/models.py <<'EOF'
                    from django.db import models
                    class Key(models.Model):
                        owner = models.TextField()
                    EOF
                    cat > /app/keys/views.py <<'EOF'
                    from django.http import JsonResponse
                    def health(request):
                        return JsonResponse({})
                    EOF
                volumeMounts:
                  - name: app
                    mountPath: /app
            containers:
              - name: key-vault
                image: python:3.12-slim
                workingDir: /app
                command: [python, manage.py, runserver]
                volumeMounts:
                  - name: app
                    mountPath: /app
            volumes:
              - name: app
                emptyDir: {}
    `,
    good: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            initContainers:
              - name: create-app
                image: busybox:1.36
                command: [sh, -c]
                args:
                  - |
                    mkdir -p /app/vault /app/keys
                    touch /app/vault/__init__.py /app/keys/__init__.py
                    cat > /app/manage.py <<'EOF'
                    import os, sys
                    from django.core.management import execute_from_command_line
                    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
                    execute_from_command_line(sys.argv)
                    EOF
                    cat > /app/vault/settings.py <<'EOF'
                    ROOT_URLCONF = "vault.urls"
                    INSTALLED_APPS = ["keys"]
                    EOF
                    cat > /app/vault/wsgi.py <<'EOF'
                    from django.core.wsgi import get_wsgi_application
                    application = get_wsgi_application()
                    EOF
                    cat > /app/vault/urls.py <<'EOF'
                    from django.urls import path
                    from keys import views
                    urlpatterns = [path("health", views.health)]
                    EOF
                    cat > /app/keys/models.py <<'EOF'
                    from django.db import models
                    class Key(models.Model):
                        owner = models.TextField()
                    EOF
                    cat > /app/keys/views.py <<'EOF'
                    from django.http import JsonResponse
                    def health(request):
                        return JsonResponse({})
                    EOF
                volumeMounts:
                  - name: app
                    mountPath: /app
            containers:
              - name: key-vault
                image: python:3.12-slim
                workingDir: /app
                command: [python, manage.py, runserver]
                volumeMounts:
                  - name: app
                    mountPath: /app
            volumes:
              - name: app
                emptyDir: {}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('key_vault')) return;
    const project = djangoProject(workspace, resource);
    if (!project) return;
    yield* projectFiles(project);
    if (!project.hasOwnImage) yield* applications(project);
    yield* imports(project);
    yield* models(project);
    yield* views(project);
    yield* startedElsewhere(workspace, resource);
  },
} satisfies Rule;

/** Containers that start the project by a relative path in another folder than its own. */
function* startedElsewhere(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const written = writtenPaths(workspace, resource).find(({ path }) => path.endsWith('/manage.py'));
  const root = written?.path.slice(0, -'/manage.py'.length);
  if (!written || root === undefined || root === '') return;
  for (const container of containersOf(resource)) {
    // The official images of Python start in the root of the file system.
    if (publishedProgramOf(container.image) !== 'python') continue;
    if (
      container.value.at('workingDir').exists ||
      !mountAt(container, root) ||
      scriptOf(workspace, resource, container)
    )
      continue;
    const words = commandLine(container).map(word => word.text ?? '');
    if (words.some(word => /--(?:chdir|pythonpath)\b/.test(word))) continue;
    const manage = words.indexOf('manage.py');
    const isServer = words.some(word => /(?:^|\/)(?:gunicorn|uvicorn|hypercorn|daphne)$/.test(word));
    const path = environmentOf(workspace, resource, container).variables.get('PYTHONPATH');
    const isFound = path !== undefined && (path.value?.text ?? root).split(':').includes(root);
    if (manage === -1 && (!isServer || isFound)) continue;
    yield {
      at: container.value.at('name'),
      items: ['2.3.a.2'],
      message: `Container ${container.name} looks for ${manage === -1 ? 'the project' : 'manage.py'} in /, but it is in ${root} — set workingDir: ${root}.`,
      fixes: () => {
        const edit = insertEntry(container.value, `workingDir: ${root}`, { after: 'image' });
        return edit ? [{ title: `Set workingDir to ${root}`, safe: false, edits: [edit] }] : [];
      },
    };
  }
}

/** What every project has, and what its settings and its server name. */
function* projectFiles(project: DjangoProject): Iterable<Problem> {
  const { files, packageName, writer, served, settings } = project;
  const name = packageName ?? 'of key_vault';
  const missing = (file: string): Problem => ({
    at: writer.value.at('name'),
    items: ['2.3.a.2'],
    message: `Nothing writes ${file} of the Django project ${name} — write it where the other files are written.`,
  });
  if (!files.has('manage.py')) yield missing('manage.py');
  const said = new Set<string>();
  for (const { name: module, at } of settings) {
    if (said.has(module) || hasModule(project, module)) continue;
    said.add(module);
    yield named(at, 'DJANGO_SETTINGS_MODULE', module);
  }
  if (settings.length === 0 && ![...files.keys()].some(path => isSettingsFile(path))) yield missing('settings.py');
  const urlconfs = settingsNamed(project, 'ROOT_URLCONF');
  for (const { file, value } of urlconfs) {
    if (!hasModule(project, value.text)) yield named(file.place(value.span), 'ROOT_URLCONF', value.text);
  }
  if (urlconfs.length === 0 && ![...files.keys()].some(path => path.endsWith('urls.py'))) yield missing('urls.py');
  const unserved = served.filter(({ name: module }) => isOwn(project, module) && !hasModule(project, module));
  for (const { name: module, at } of unserved) yield named(at, 'the server', module);
  if (unserved.length === 0 && ![...files.keys()].some(path => /(?:^|\/)[aw]sgi\.py$/.test(path)))
    yield missing('wsgi.py');
  if (packageName !== undefined && !packageName.includes('.') && !files.has(`${packageName}/__init__.py`))
    yield { ...missing('__init__.py'), severity: 'warning' };
}

/** Applications of the project itself that nothing writes. */
function* applications(project: DjangoProject): Iterable<Problem> {
  for (const { file, app, folder } of installed(project)) {
    if (isBesides(project, folder)) continue;
    const hasFiles = [...project.files.keys()].some(path => path.startsWith(`${folder}/`));
    if (!hasFiles) yield named(file.place(app.span), 'INSTALLED_APPS', app.text);
    else if (!project.files.has(`${folder}/__init__.py`)) {
      yield {
        at: file.place(app.span),
        severity: 'warning',
        items: ['2.3.a.2'],
        message: `Nothing writes ${folder}/__init__.py, so Django finds no migrations of the application ${app.text} — write it, empty.`,
      };
    }
  }
}

/** Modules of the project itself that a file imports and that nothing writes. */
function* imports(project: DjangoProject): Iterable<Problem> {
  for (const file of project.files.values()) {
    const folder = file.path.includes('/') ? file.path.slice(0, file.path.lastIndexOf('/')).replaceAll('/', '.') : '';
    for (const match of file.text.matchAll(/^[ \t]*from[ \t]+(\.?[A-Za-z_]\w*(?:\.\w+)*)[ \t]+import\b/gm)) {
      const written = match[1] ?? '';
      const module = written.startsWith('.') ? `${folder}${written}` : written;
      const [first = ''] = module.split('.');
      const isLocal = [...project.files.keys()].some(path => path.startsWith(`${first}/`));
      if (!isLocal || !module.includes('.') || hasModule(project, module)) continue;
      // A folder without __init__.py is a package as well.
      if ([...project.files.keys()].some(path => path.startsWith(`${module.replaceAll('.', '/')}/`))) continue;
      const start = match.index + match[0].indexOf(written);
      yield {
        at: file.place({ start, end: start + written.length }),
        items: [/models$/.test(module) || /views$/.test(module) ? '2.3.a.3' : '2.3.a.2'],
        message: `${file.path} imports ${module}, which nothing writes — write it, or correct the name.`,
      };
    }
  }
}

function* models(project: DjangoProject): Iterable<Problem> {
  const files = [...project.files.values()];
  if (files.some(({ program }) => program.classes.some(one => one.isModel || isUserModel(one.bases)))) return;
  const [own] = installed(project).filter(({ folder }) => files.some(({ path }) => path.startsWith(`${folder}/`)));
  const written = files.find(({ path }) => /(?:^|\/)models(?:\/\w+)?\.py$/.test(path));
  yield {
    at: written
      ? written.place({ start: 0, end: Math.max(0, written.text.split('\n', 1)[0]?.length ?? 0) })
      : own
        ? own.file.place(own.app.span)
        : project.writer.value.at('name'),
    items: ['2.3.a.3'],
    message: written
      ? `${written.path} defines no model — define the tables of key_vault as classes of models.Model.`
      : 'Nothing writes a models.py, so key_vault has no tables — define its models.',
  };
}

function* views(project: DjangoProject): Iterable<Problem> {
  const files = [...project.files.values()];
  const viewFiles = files.filter(({ path }) => /(?:^|\/)(?:views?|api|viewsets?)(?:\/\w+)?\.py$/.test(path));
  let routed = 0;
  for (const file of files.filter(({ path }) => path.endsWith('urls.py'))) {
    for (const { view, include, span } of file.program.routes) {
      if (include !== undefined || view === undefined) {
        // The views of Django and of packages count as well, as long as something is served.
        routed++;
        continue;
      }
      if (view.startsWith('admin.')) continue;
      routed++;
      const name = /^views\.(\w+)$/.exec(view)?.[1];
      const from = name === undefined ? undefined : ownViews(project, file);
      if (name === undefined || from === undefined) continue;
      const isTheirs = ({ path }: DjangoFile): boolean =>
        path === `${from}views.py` || path.startsWith(`${from}views/`);
      if (viewFiles.some(one => isTheirs(one) && defines(one, name))) continue;
      yield {
        at: file.place(span),
        items: ['2.3.a.3'],
        message: `${file.path.split('/').at(-1)} names ${view}, which no views.py defines — define it, or correct the name.`,
      };
    }
  }
  const urls = files.find(({ path }) => path.endsWith('urls.py'));
  if (urls && routed === 0 && !/urlpatterns\s*\+?=\s*(?!\[)/.test(urls.text)) {
    yield {
      at: urls.place({ start: 0, end: urls.text.split('\n', 1)[0]?.length ?? 0 }),
      items: ['2.3.a.3'],
      message: `${urls.path} leads to no view, so key_vault answers nothing — add the routes of its views.`,
    };
  }
}

/** The folder, with a slash at its end, from which a file imports `views`; undefined if that is not the project's. */
function ownViews(project: DjangoProject, file: DjangoFile): string | undefined {
  const folder = file.path.includes('/') ? file.path.slice(0, file.path.lastIndexOf('/')) : '';
  const match = /^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+(?:\([^)]*|[^\n]*)\bviews\b(?![ \t]+as\b)/m.exec(
    file.text,
  )?.[1];
  if (match === undefined) return undefined;
  const [, dots = '', name = ''] = /^(\.*)(.*)$/.exec(match) ?? [];
  const below = name.replaceAll('.', '/');
  const above = folder.split('/').slice(0, dots.length < 2 ? undefined : 1 - dots.length);
  const from = dots === '' ? below : [...above, below].filter(part => part !== '').join('/');
  const isOwn = dots !== '' || from === folder || [...project.files.keys()].some(path => path.startsWith(`${from}/`));
  return !isOwn ? undefined : from === '' ? '' : `${from}/`;
}

function defines({ program, text }: DjangoFile, name: string): boolean {
  return (
    program.functions.some(one => one.name === name) ||
    program.classes.some(one => one.name === name) ||
    program.assignments.some(one => one.name === name) ||
    new RegExp(`^[ \\t]*(?:from\\s.*\\simport\\s|async\\s+def\\s|import\\s).*\\b${name}\\b`, 'm').test(text) ||
    /^[ \t]*from\s+\S+\s+import\s+(?:\*|\()/m.test(text)
  );
}

/** The applications of INSTALLED_APPS with the folder that they would be in. */
function installed(
  project: DjangoProject,
): readonly { readonly file: DjangoFile; readonly app: PythonString; readonly folder: string }[] {
  return [...project.files.values()].flatMap(file =>
    file.program.installedApps.map(app => ({
      file,
      app,
      folder: app.text.replace(/\.apps\.\w+$/, '').replaceAll('.', '/'),
    })),
  );
}

/** Whether an application that is not among the files may come from a package. */
function isBesides({ files, packages }: DjangoProject, folder: string): boolean {
  if ([...files.keys()].some(path => path.startsWith(`${folder}/`))) return false;
  const [name = ''] = folder.split('/');
  return (
    /^django(?:_|$)|^(?:rest_framework|corsheaders|drf_|whitenoise|storages|health_check|axes|oauth2_provider|guardian|channels|import_export|simple_history|debug_toolbar|encrypted|fernet|knox|silk|rosetta|taggit|reversion|ninja)/.test(
      name,
    ) ||
    packages.replaceAll(/[^a-z0-9]/g, '').includes(name.toLowerCase().replaceAll('_', '')) ||
    /(?:^|\s)(?:-r|--requirement)\b/.test(packages)
  );
}

function isOwn({ files, packageName }: DjangoProject, module: string): boolean {
  const [first = ''] = module.split('.');
  return (
    first === packageName || [...files.keys()].some(path => path.startsWith(`${first}/`)) || /\.[aw]sgi$/.test(module)
  );
}

function settingsNamed(
  { files }: DjangoProject,
  name: string,
): readonly { readonly file: DjangoFile; readonly value: PythonString }[] {
  return [...files.values()].flatMap(file =>
    file.program.assignments.flatMap(({ name: assigned, value }) =>
      assigned === name && value.kind === 'string' ? [{ file, value }] : [],
    ),
  );
}

function isUserModel(bases: readonly string[]): boolean {
  return bases.some(base => /^(?:\w+\.)?(?:Abstract(?:Base)?User|MPTTModel|TimeStampedModel)$/.test(base));
}

function named(at: Place, by: string, module: string): Problem {
  return {
    at,
    items: ['2.3.a.2'],
    message: `${by === 'the server' ? 'The server starts' : `${by} names`} ${module}, which nothing writes — write it, or correct the name.`,
  };
}
