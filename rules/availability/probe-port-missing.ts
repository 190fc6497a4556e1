import { nearest } from '../../analysis/nearest';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { replaceScalar, replaceValue } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'probe-port-missing',
  items: [],
  severity: 'error',
  summary: 'A probe asks for a port that the container does not have.',
  why: 'A probe by name fails if the container has no port of that name: the pod never becomes ready, or is restarted again and again. A number that no container of the pod declares is usually a slip.',
  remedy: 'Name a port of the container, or declare the port that the program listens on.',
  traps: [
    'A port name is looked up in the same container; a number may belong to any container of the pod, as they share the network.',
    'An undeclared number is a warning, and is accepted where the pod declares no ports at all, because declaring ports is only information for Kubernetes.',
    'A probe with a `host` asks another machine and is left alone.',
  ],
  sources: [
    'Kubernetes API reference, HTTPGetAction: port is a number or a name of a port of the container; pkg/kubelet/prober.',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            ports:
              - name: http
                containerPort: 8008
            readinessProbe:
              httpGet:
                path: /health
                port: htpp
      #               ^^^^ 💡 error: The readinessProbe of container app asks for the port htpp, which the container does not have — did you mean http?
            livenessProbe:
              tcpSocket:
                port: 8009
      #               ^^^^ 💡 warning: The livenessProbe of container app asks for the port 8009, which no container of the pod declares
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            ports:
              - name: http
                containerPort: 8008
            readinessProbe:
              httpGet:
                path: /health
                port: http
            livenessProbe:
              tcpSocket:
                port: 8008
    `,
  },
  kinds: [...workloadKinds],
  *check(workload) {
    const containers = containersOf(workload);
    const numbers = new Set(
      containers.flatMap(({ value }) => portsOf(value).map(port => port.at('containerPort').number)),
    );
    for (const { value, name } of containers) {
      const names = portsOf(value).flatMap(port => port.at('name').text ?? []);
      for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const port = probedPort(value.at(kind));
        if (!port?.exists) continue;
        if (port.string !== undefined && !/^\d+$/.test(port.string)) {
          if (names.includes(port.string)) continue;
          const close = nearest(port.string, names) ?? (names.length === 1 ? names[0] : undefined);
          yield {
            at: port,
            message: `The ${kind} of container ${name} asks for the port ${port.string}, which the container does not have — ${close ? `did you mean ${close}?` : 'name one of its ports.'}`,
            fixes: () => {
              const edit = close === undefined ? undefined : replaceScalar(port, close);
              return edit ? [{ title: `Ask for the port ${close}`, safe: false, edits: [edit] }] : [];
            },
          };
        } else if (numbers.size > 0 && !numbers.has(Number(port.text))) {
          yield {
            at: port,
            severity: 'warning',
            message: `The ${kind} of container ${name} asks for the port ${port.text}, which no container of the pod declares — correct it, or declare the port.`,
            fixes: () => {
              const [only] = numbers.size === 1 ? numbers : [];
              const edit = only === undefined ? undefined : replaceValue(port, `${only}`);
              return edit ? [{ title: `Ask for the port ${only}`, safe: false, edits: [edit] }] : [];
            },
          };
        }
      }
    }
  },
} satisfies Rule;

function portsOf(container: Value): readonly Value[] {
  return container.at('ports').items();
}

function probedPort(probe: Value): Value | undefined {
  for (const kind of ['httpGet', 'tcpSocket', 'grpc']) {
    const action = probe.at(kind);
    if (action.exists) return action.at('host').exists ? undefined : action.at('port');
  }
  return undefined;
}
