import { configFilesOf } from '../../analysis/config-files';
import { declarationsOf } from '../../analysis/declarations';
import { environmentOf } from '../../analysis/environment';
import { type Container, workloadKinds } from '../../analysis/pods';
import { startScriptOf } from '../../analysis/scripts';
import { insertItem } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { undefinedInCommands } from './command-variables';
import { isOptionalIn } from './tested-variables';
import { tokensOf } from './tokens';

export default {
  id: 'config-env-undefined',
  items: [],
  severity: 'error',
  summary: 'A configuration file or a command is filled in from a variable that the container does not have.',
  why: 'The shell and `envsubst` put nothing where the variable should be, without an error. The program starts with an empty host, port or password.',
  remedy:
    'Define the variable under `env` of the container that writes the file or runs the command, usually from the Secret that already has the value.',
  traps: [
    'Variables that the script sets itself, that have a default (`${X:-value}`), or that come from an `envFrom` of unknown content are accepted.',
    'Of commands only those that connect to PostgreSQL and Redis are looked at, in images that are known to define no such variable.',
  ],
  examples: {
    bad: `
      #- /job.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: sync
        namespace: matrix
      stringData:
        MAIN_DB_HOST: main-rw
        MAIN_DB_PORT: "5432"
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    cat > /tmp/setup.conf <<EOF
                    host=\${MAIN_DB_HOST}
                    port=\${MAIN_DB_PORT}
      #                  ^^^^^^^^^^^^^^^ 💡 error: Container setup has no variable MAIN_DB_PORT
                    EOF
                env:
                  - name: MAIN_DB_HOST
                    valueFrom:
                      secretKeyRef:
                        name: sync
                        key: MAIN_DB_HOST
    `,
    good: `
      #- /job.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: sync
        namespace: matrix
      stringData:
        MAIN_DB_HOST: main-rw
        MAIN_DB_PORT: "5432"
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    cat > /tmp/setup.conf <<EOF
                    host=\${MAIN_DB_HOST}
                    port=\${MAIN_DB_PORT}
                    EOF
                env:
                  - name: MAIN_DB_HOST
                    valueFrom:
                      secretKeyRef:
                        name: sync
                        key: MAIN_DB_HOST
                  - name: MAIN_DB_PORT
                    valueFrom:
                      secretKeyRef:
                        name: sync
                        key: MAIN_DB_PORT
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const said = new Set<string>();
    for (const config of configFilesOf(workspace, resource)) {
      if (config.file.isOpaque) continue;
      for (const { at, placeholder, resolution } of tokensOf(config)) {
        if (resolution.kind !== 'replaced') continue;
        for (const variable of resolution.variables) {
          const { name, container, definition, mayBeDefined } = variable;
          if (definition || mayBeDefined || said.has(`${container.name}\n${name}`)) continue;
          said.add(`${container.name}\n${name}`);
          const script = startScriptOf(workspace, resource, container)?.text.text;
          const { variables } = environmentOf(workspace, resource, container);
          if (script !== undefined && isOptionalIn(script, name, one => variables.has(one) || assigns(script, one)))
            continue;
          const isInText = placeholder.class === 'env' && placeholder.variable === name;
          yield {
            at: isInText ? at : variable.at,
            message: /^\d+$/.test(name)
              ? `The script of container ${container.name} gets no argument $${name}, so nothing is put into ${config.file.path} here — add it after the script.`
              : `Container ${container.name} has no variable ${name}, so nothing is put into ${config.file.path} here — define it under env.`,
            related: [{ at: container.value.at('name'), message: `Container ${container.name}` }],
            fixes: () => defineVariable(workspace, resource, container, name),
          };
        }
      }
    }
    for (const { name, program, container, at } of undefinedInCommands(workspace, resource)) {
      if (said.has(`${container.name}\n${name}`)) continue;
      yield {
        at,
        message: `Container ${container.name} has no variable ${name}, so ${program} gets nothing in its place — define it under env.`,
        related: [{ at: container.value.at('name'), message: `Container ${container.name}` }],
        fixes: () => defineVariable(workspace, resource, container, name),
      };
    }
  },
} satisfies Rule;

function assigns(script: string, name: string): boolean {
  return new RegExp(`(?:^|[\\s;&|(])${name}=`).test(script);
}

/** Takes the variable from a Secret or ConfigMap that the container already uses and that has a key of this name. */
function defineVariable(workspace: Workspace, resource: Resource, container: Container, name: string): readonly Fix[] {
  const sources = [...environmentOf(workspace, resource, container).variables.values()].flatMap(
    variable => variable.source ?? [],
  );
  const source = sources.find(one =>
    declarationsOf(workspace, one.kind, resource.namespace, one.name).some(
      declared => declared.keys !== 'any' && declared.keys.has(name),
    ),
  );
  if (!source) return [];
  const field = source.kind === 'Secret' ? 'secretKeyRef' : 'configMapKeyRef';
  const edit = insertItem(
    container.value.at('env'),
    `name: ${name}\nvalueFrom:\n  ${field}:\n    name: ${source.name}\n    key: ${name}`,
  );
  return edit ? [{ title: `Take ${name} from the ${source.kind} ${source.name}`, safe: false, edits: [edit] }] : [];
}
