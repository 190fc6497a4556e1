import { environmentOf, textOfVariable } from '../../analysis/environment';
import { type Container, containersOf, workloadKinds } from '../../analysis/pods';
import { deleteEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'livekit-config-env-misused',
  items: [],
  severity: 'error',
  summary: 'LIVEKIT_CONFIG holds a path, but LiveKit takes it for the configuration itself.',
  why: 'The variable is the body of the configuration and wins over `--config`. LiveKit parses the path as YAML and does not start.',
  remedy: 'Delete the variable and name the file with `--config`.',
  traps: ['A `LIVEKIT_CONFIG` that holds YAML is right.'],
  sources: ['livekit/livekit cmd/server/main.go: the flag config-body has the environment variable LIVEKIT_CONFIG'],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: livekit
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: ["--config", "/etc/livekit.yaml"]
            env:
              - name: LIVEKIT_CONFIG
                value: /etc/livekit.yaml
      #                ^^^^^^^^^^^^^^^^^ 💡 error: LIVEKIT_CONFIG is the configuration itself, not its path
              - name: NODE_IP
                value: 192.0.2.1
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: livekit
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: ["--config", "/etc/livekit.yaml"]
            env:
              - name: NODE_IP
                value: 192.0.2.1
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of containersOf(resource)) {
      yield* takenFrom(workspace, resource, container);
      for (const variable of container.value.at('env').items()) {
        const value = variable.at('value');
        if (variable.at('name').text !== 'LIVEKIT_CONFIG' || !/^\/\S*$/.test(value.text ?? '')) continue;
        yield {
          at: value,
          message: 'LIVEKIT_CONFIG is the configuration itself, not its path, and wins over --config — delete it.',
          fixes: () => {
            const edit = deleteEntry(variable);
            return edit ? [{ title: 'Delete LIVEKIT_CONFIG', safe: true, edits: [edit] }] : [];
          },
        };
      }
    }
  },
} satisfies Rule;

/** A variable that comes from a ConfigMap or Secret, by its key or with all others of it. */
function* takenFrom(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const variable = environmentOf(workspace, resource, container).variables.get('LIVEKIT_CONFIG');
  if (!variable?.source || !/^\/\S*$/.test(textOfVariable(workspace, resource, variable) ?? '')) return;
  const { kind, name, key } = variable.source;
  yield {
    at: variable.at,
    message: `LIVEKIT_CONFIG is the configuration itself, not its path, and wins over --config — delete ${key} from ${kind} ${name}.`,
  };
}
