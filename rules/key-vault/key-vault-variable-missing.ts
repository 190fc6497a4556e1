import { commandText } from '../../analysis/configs';
import { environmentOf } from '../../analysis/environment';
import { mountAt } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import { type Container, containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { startScriptOf } from '../../analysis/scripts';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { type DjangoFile, djangoProject, djangoSettings, isSettingsFile } from './django';

export default {
  id: 'key-vault-variable-missing',
  items: ['2.3.a.2'],
  severity: 'error',
  summary: 'The settings of key_vault read a variable that its container does not have.',
  why: '`os.environ["NAME"]` fails with a KeyError where the variable is not set, so Django does not start.',
  remedy: 'Give the container the variable, under the name that the settings read.',
  traps: [
    'Variables that are read with a default, by `os.environ.get` or `os.getenv`, are left alone.',
    'Where an image of one’s own holds the project and only its settings come from a ConfigMap, this is a warning: the image may set the variable.',
    'Nothing is said of a container whose variables the tree does not wholly show, or whose script sets the variable itself.',
  ],
  sources: ['docs.python.org, os.environ: a mapping that raises KeyError'],
  examples: { bad: example('SECRET_KEY', true), good: example('DJANGO_SECRET_KEY', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('key_vault')) return;
    const project = djangoProject(workspace, resource);
    const settings = project
      ? [...project.files.values()].filter(({ path }) => isSettingsFile(path))
      : [djangoSettings(workspace, resource)];
    if (settings.length !== 1) return;
    const [file] = settings;
    const said = new Set<string>();
    for (const use of file?.program.environment ?? []) {
      if (!file || !use.required || use.sets !== undefined || said.has(use.name) || isGuarded(file, use.name)) continue;
      const lacking = containersOf(resource).filter(one =>
        project
          ? lacks(workspace, resource, one, use.name)
          : mountAt(one, file.path) !== undefined && lacksInImage(workspace, resource, one, use.name),
      );
      const [container] = lacking;
      if (!container) continue;
      said.add(use.name);
      // What is read under its own name is not meant for another.
      const known = [...environmentOf(workspace, resource, container).variables.keys()].filter(
        name => !file.program.environment.some(one => one.name === name),
      );
      const close = nearest(use.name, known) ?? known.find(name => use.name.endsWith(`_${name}`));
      yield {
        at: file.place(use.span),
        // An image of one's own may set it.
        ...(!project && { severity: 'warning' as const }),
        message: `${file.path} reads ${use.name}, which container ${container.name} does not have, so Django does not start — ${close ? `name it ${use.name} there instead of ${close}, or read that.` : 'give it the variable.'}`,
        related: lacking.map(one => ({
          at: one.value.at('env').exists ? one.value.at('env').key : one.value.at('name'),
          message: `Container ${one.name}`,
        })),
      };
    }
  },
} satisfies Rule;

/** Whether a container starts the project without a variable. */
function lacks(workspace: Workspace, resource: Resource, container: Container, name: string): boolean {
  const script = startScriptOf(workspace, resource, container)?.text.text;
  const text = script ?? commandText(container);
  const starts =
    /(?:^|[\s/])(?:gunicorn|uvicorn|hypercorn|daphne)\s|\bmanage\.py\s+(?:migrate|runserver|collectstatic)\b/;
  if (!starts.test(text) || /\bcat\s*>/.test(text)) return false;
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  return !isOpen && !variables.has(name) && !new RegExp(`\\b${name}=|\\b(?:source|\\.)\\s+/|\\bset -a\\b`).test(text);
}

/** Whether a container that starts what its image holds has no such variable. */
function lacksInImage(workspace: Workspace, resource: Resource, container: Container, name: string): boolean {
  const text = startScriptOf(workspace, resource, container)?.text.text ?? commandText(container);
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  return (
    !isOpen &&
    variables.size > 0 &&
    !variables.has(name) &&
    !new RegExp(`\\b${name}=|\\b(?:source|\\.)\\s+/|\\bset -a\\b`).test(text)
  );
}

/** Whether the file asks first whether the variable is there, or catches that it is not. */
function isGuarded({ text }: DjangoFile, name: string): boolean {
  return new RegExp(
    `["']${name}["']\\s+(?:not\\s+)?in\\s+(?:os\\.)?environ|setdefault\\(\\s*["']${name}["']|\\bexcept\\b`,
  ).test(text);
}

function example(variable: string, isMarked: boolean): string {
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
                    import os
                    SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
${isMarked ? '      #                                      ^^^^^^^^^^^^^^^^^ error: key_vault/settings.py reads DJANGO_SECRET_KEY, which container key-vault does not have, so Django does not start — name it DJANGO_SECRET_KEY there instead of SECRET_KEY\n' : ''}                    EOF
                volumeMounts:
                  - {name: app, mountPath: /app}
            containers:
              - name: key-vault
                image: python:3.12
                workingDir: /app
                command: [gunicorn, --bind=0.0.0.0:8000, key_vault.wsgi]
                env:
                  - name: ${variable}
                    valueFrom:
                      secretKeyRef: {name: key-vault, key: secret}
                volumeMounts:
                  - {name: app, mountPath: /app}
            volumes:
              - name: app
                emptyDir: {}
    `;
}
