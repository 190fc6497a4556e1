import { environmentOf, textOfVariable } from '../../analysis/environment';
import { flowsFrom, isExternal } from '../../analysis/flows';
import { containersOf, mainContainersOf, podsIn, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { type PythonValue, pythonSetting } from '../../analysis/text/python';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { clusterOfHost } from '../postgresql/clusters';
import type { Problem, Rule } from '../rule';
import { type DjangoFile, djangoProject, djangoSettings, isSettingsFile, servedBy } from './django';

export default {
  id: 'key-vault-settings-unfit',
  items: [],
  severity: 'error',
  summary: 'key_vault’s settings do not fit how it is run.',
  why: 'key_vault writes to its database, so instances that only read answer every change with an error. With `DEBUG` on, an error page shows settings and the values of variables. Django answers 400 to hosts that `ALLOWED_HOSTS` does not list, also to probes, which ask by the address of the pod.',
  remedy:
    'Let `DB_HOST` end in `-rw`, set `DEBUG = False`, name the engine of PostgreSQL, and list the names in `ALLOWED_HOSTS` by which Synapse and the probes ask; probes can send one of them as the header `Host`.',
  traps: [
    '`ALLOWED_HOSTS` matters only with `CommonMiddleware`, which is what looks at the host.',
    'Settings that a variable or an expression gives are not judged.',
  ],
  sources: [
    'docs.djangoproject.com, Settings: DEBUG, ALLOWED_HOSTS; django/middleware/common.py: process_request calls get_host',
    'CloudNativePG documentation, Service Management: -ro and -r lead to instances that cannot write',
  ],
  examples: {
    bad: example(
      'main-ro\n      #                                    ^^^^^^^ 💡 error: key_vault writes to its database, but main-ro leads to instances that cannot write',
      'True',
      '      #                     ^^^^ 💡 warning: With DEBUG on, error pages show settings and variables of key_vault\n',
    ),
    good: example('main-rw', 'False', ''),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('key_vault')) return;
    yield* readOnlyHosts(workspace, resource);
    yield* otherPackage(workspace, resource);
    for (const file of settingsOf(workspace, resource)) {
      yield* debug(file);
      yield* engine(workspace, resource, file);
      yield* port(workspace, resource, file);
      yield* allowedHosts(workspace, resource, file);
    }
  },
} satisfies Rule;

/** The settings of the project, or those alone that are mounted over what an image of its own brings. */
function settingsOf(workspace: Workspace, resource: Resource): readonly DjangoFile[] {
  const project = djangoProject(workspace, resource);
  if (project) return [...project.files.values()].filter(({ path }) => isSettingsFile(path));
  const mounted = djangoSettings(workspace, resource);
  return mounted ? [mounted] : [];
}

/** A server that is started with a package whose name is spelt in another way than in the settings of an own image. */
function* otherPackage(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const settings = djangoProject(workspace, resource) ? undefined : djangoSettings(workspace, resource);
  const routes = settings && pythonSetting(settings.program, 'ROOT_URLCONF');
  const own = routes?.kind === 'string' ? routes.text.split('.')[0] : undefined;
  if (!settings || !routes || own === undefined) return;
  // The folder over whose settings these are mounted.
  const folder = /([A-Za-z_]\w*)\/settings\.py$/.exec(settings.path)?.[1];
  if (folder !== undefined && folder !== own && bare(folder) === bare(own))
    yield {
      at: settings.place({ start: routes.span.start, end: routes.span.start + own.length }),
      severity: 'warning',
      message: `These settings are mounted into the package ${folder}, but ROOT_URLCONF is in ${own} — write ${folder}, if that is its name.`,
    };
  for (const { name, at } of mainContainersOf(resource).flatMap(one => servedBy(workspace, resource, one))) {
    const [served = ''] = name.split('.');
    if (served === own || bare(served) !== bare(own)) continue;
    yield {
      at,
      severity: 'warning',
      message: `The server is started with the package ${served}, but the settings are those of ${own} — write ${own}${name.slice(served.length)}, if that is its name.`,
      related: [{ at: settings.place(routes.span), message: 'ROOT_URLCONF' }],
    };
  }
}

/** A name by which spellings of one package are alike. */
function bare(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function* readOnlyHosts(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const told = new Set<string>();
  for (const container of containersOf(resource)) {
    for (const [name, variable] of environmentOf(workspace, resource, container).variables) {
      const text = textOfVariable(workspace, resource, variable) ?? '';
      const isUrl = /(?:^|_)(?:URL|URI|DSN)$/.test(name) && /^postgres/.test(text);
      if (!isUrl && !/(?:^|_)(?:HOST|HOSTNAME|SERVER)$|^PGHOST$/.test(name)) continue;
      const host = isUrl ? /^\w+:\/\/(?:[^@/]*@)?([^:/?]+)/.exec(text)?.[1] : text;
      const found = host ? clusterOfHost(workspace, resource.namespace, host) : undefined;
      if (!found || found.service === 'rw' || found.pooler) continue;
      const at = variable.value ?? variable.at;
      const place = `${at.uri} ${at.span.start}`;
      if (told.has(place)) continue;
      told.add(place);
      const wanted = text.replace(/-ro?(?=[.:/]|$)/, '-rw');
      yield {
        at,
        message: `key_vault writes to its database, but ${host} leads to instances that cannot write — use ${found.cluster.name}-rw.`,
        fixes: () => {
          const edit = variable.value && wanted !== text ? replaceScalar(variable.value, wanted) : undefined;
          return edit ? [{ title: `Use ${found.cluster.name}-rw`, safe: true, edits: [edit] }] : [];
        },
      };
    }
  }
}

function* debug({ program, place }: DjangoFile): Iterable<Problem> {
  const value = pythonSetting(program, 'DEBUG');
  if (value?.kind !== 'other' || value.text.trim() !== 'True') return;
  const at = place(value.span);
  yield {
    at,
    severity: 'warning',
    message: 'With DEBUG on, error pages show settings and variables of key_vault — set it to False.',
    fixes: () => [{ title: 'Write False', safe: false, edits: [{ at, newText: 'False' }] }],
  };
}

function* engine(workspace: Workspace, resource: Resource, { program, place }: DjangoFile): Iterable<Problem> {
  const value = pythonSetting(program, 'DATABASES', 'default', 'ENGINE');
  const other =
    value?.kind === 'string' ? /^django\.db\.backends\.(sqlite3|mysql|oracle)$/.exec(value.text)?.[1] : undefined;
  if (value?.kind !== 'string' || other === undefined) return;
  const usesCluster = mainContainersOf(resource).some(container =>
    [...environmentOf(workspace, resource, container).variables].some(
      ([name, variable]) =>
        /HOST/.test(name) &&
        clusterOfHost(workspace, resource.namespace, textOfVariable(workspace, resource, variable) ?? '') !== undefined,
    ),
  );
  if (!usesCluster) return;
  const at = place(value.span);
  yield {
    at,
    message: `key_vault is given a PostgreSQL, but its engine is that of ${other} — write django.db.backends.postgresql.`,
    fixes: () => [
      {
        title: 'Write the engine of PostgreSQL',
        safe: false,
        edits: [{ at, newText: 'django.db.backends.postgresql' }],
      },
    ],
  };
}

/** A port that is written out, where the host is one of a Cluster or of a Pooler: both listen on 5432. */
function* port(workspace: Workspace, resource: Resource, { program, place }: DjangoFile): Iterable<Problem> {
  const value = pythonSetting(program, 'DATABASES', 'default', 'PORT');
  const written = value?.kind === 'string' || value?.kind === 'other' ? value.text.trim() : undefined;
  if (!value || written === undefined || !/^\d+$/.test(written) || written === '5432') return;
  const stated = pythonSetting(program, 'DATABASES', 'default', 'HOST');
  const hosts =
    stated?.kind === 'string'
      ? [stated.text]
      : stated?.kind === 'environment'
        ? mainContainersOf(resource).flatMap(container => {
            const { variables } = environmentOf(workspace, resource, container);
            return textOfVariable(workspace, resource, variables.get(stated.name)) ?? [];
          })
        : [];
  const [host] = hosts.filter(one => clusterOfHost(workspace, resource.namespace, one) !== undefined);
  if (host === undefined) return;
  const at = place(value.span);
  yield {
    at,
    message: `PostgreSQL listens on port 5432 at ${host}, not on ${written} — write 5432.`,
    fixes: () => [{ title: 'Write 5432', safe: false, edits: [{ at, newText: '5432' }] }],
  };
}

function* allowedHosts(workspace: Workspace, resource: Resource, { program, place }: DjangoFile): Iterable<Problem> {
  const setting = program.assignments.filter(one => one.name === 'ALLOWED_HOSTS');
  const middleware = pythonSetting(program, 'MIDDLEWARE');
  const looks = stringsOf(middleware)?.includes('django.middleware.common.CommonMiddleware');
  const isDebug = pythonSetting(program, 'DEBUG');
  const [only, ...others] = setting;
  if (!only || others.length > 0 || !looks || (isDebug?.kind === 'other' && isDebug.text.trim() !== 'False')) return;
  const allowed = stringsOf(only.value);
  if (!allowed || allowed.includes('*')) return;
  const at = only.value.kind === 'list' ? place(only.value.span) : place(only.nameSpan);
  const refused = [...askedHosts(workspace, resource)].find(({ host }) => !isAllowed(host, allowed));
  if (refused)
    yield {
      at,
      message: `Django answers 400 to ${refused.by}, which asks ${refused.host}, because ALLOWED_HOSTS does not list it — add it.`,
      related: [{ at: refused.at, message: 'It is asked for here' }],
    };
  for (const container of mainContainersOf(resource)) {
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const get = container.value.at(probe, 'httpGet');
      if (!get.exists) continue;
      const header = get
        .at('httpHeaders')
        .items()
        .find(one => one.at('name').text?.toLowerCase() === 'host');
      const host = header?.at('value').text ?? get.at('host').text;
      if (host !== undefined ? isAllowed(host, allowed) : false) continue;
      yield {
        at: header?.at('value') ?? get.key,
        message: `Django answers 400 to the ${probe}, which asks ${host ?? 'by the address of the pod'}, because ALLOWED_HOSTS does not list ${host === undefined ? 'that' : 'it'} — send the header Host with ${allowed[0] ?? 'a name that it lists'}.`,
        related: [{ at, message: 'The hosts that Django answers to' }],
      };
      break;
    }
  }
}

interface AskedHost {
  readonly host: string;
  readonly by: string;
  readonly at: Place;
}

/** The names under which other pods ask for key_vault, as far as they stand in a URL. */
function* askedHosts(workspace: Workspace, resource: Resource): Iterable<AskedHost> {
  for (const { owner } of podsIn(workspace)) {
    if (owner === resource) continue;
    for (const { to, at } of flowsFrom(workspace, owner)) {
      if (isExternal(to) || to.owner !== resource) continue;
      const { start, end } = at.span;
      const text = workspace.file(at.uri)?.text.slice(start, end) ?? '';
      const host = /^["']?(?:https?:\/\/)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::\d+)?(?:\/.*)?["']?$/.exec(text)?.[1];
      if (host !== undefined) yield { host, by: owner.title, at };
    }
  }
}

/** As django/http/request.py compares: a name that begins with a point stands for all below it. */
function isAllowed(host: string, allowed: readonly string[]): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return allowed.some(one => {
    const pattern = one.toLowerCase();
    return (
      pattern === '*' ||
      pattern === name ||
      (pattern.startsWith('.') && (name.endsWith(pattern) || name === pattern.slice(1)))
    );
  });
}

function stringsOf(value: PythonValue | undefined): readonly string[] | undefined {
  if (value?.kind !== 'list') return undefined;
  const texts = value.items.flatMap(item => (item.kind === 'string' && !item.formatted ? [item.text] : []));
  return texts.length === value.items.length ? texts : undefined;
}

function example(host: string, isDebug: string, mark: string): string {
  return `
      #- /tree.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        instances: 1
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
              - name: create-app
                image: busybox:1.36
                command:
                  - sh
                  - -c
                  - |
                    cat > /app/manage.py <<'EOF'
                    EOF
                    cat > /app/key_vault/settings.py <<'EOF'
                    DEBUG = ${isDebug}
${mark}                    EOF
                volumeMounts:
                  - {name: app, mountPath: /app}
            containers:
              - name: key-vault
                image: python:3.12
                workingDir: /app
                command: [python, manage.py, runserver]
                env:
                  - {name: DB_HOST, value: ${host.replace('\n', '}\n')}${host.includes('\n') ? '' : '}'}
                volumeMounts:
                  - {name: app, mountPath: /app}
            volumes:
              - name: app
                emptyDir: {}
    `;
}
