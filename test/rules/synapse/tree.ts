import type { Rule } from '../../../rules/rule';
import { check } from '../../fixture';

/* Makes trees with Synapse processes for tests, so that each test shows only what it is about. */

/** The findings of a rule, each as its severity and the text that is underlined. */
export function found(rule: Rule, tree: string): readonly string[] {
  const { findings, workspace } = check(tree, [rule]);
  return findings.map(({ problem, severity }) => {
    const { start, end } = problem.at.span;
    return `${severity} ${workspace.file(problem.at.uri)?.text.slice(start, end)}`;
  });
}

/** A ConfigMap with files; each text is indented as needed. */
export function configMap(name: string, files: Readonly<Record<string, string>>): string {
  return `---
apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  namespace: matrix
data:
${Object.entries(files)
  .map(([key, text]) => `  ${key}: |\n${indented(text, 4)}`)
  .join('\n')}
`;
}

export interface ProcessOptions {
  readonly kind?: string;
  readonly replicas?: number;
  readonly image?: string;
  readonly labels?: string;
  /** The configuration files in the order of reading. */
  readonly paths?: readonly string[];
  readonly worker?: boolean;
  /** YAML of init containers, as list items. */
  readonly init?: string;
  /** YAML of the container beside image, args and the mount of the configuration. */
  readonly container?: string;
  /** YAML of further mounts and volumes, as list items. */
  readonly mounts?: string;
  readonly volumes?: string;
  /** YAML of the pod's spec. */
  readonly pod?: string;
  /** The ConfigMap that is mounted at /config. */
  readonly config?: string;
}

/** A workload that runs Synapse with the ConfigMap `synapse-config` at /config. */
export function synapse(name: string, options: ProcessOptions = {}): string {
  const { kind = 'StatefulSet', replicas = 1, image = 'matrixdotorg/synapse:v1.139.2' } = options;
  const paths = options.paths ?? ['/config/homeserver.yaml', ...(options.worker ? ['/config/worker.yaml'] : [])];
  return `---
apiVersion: apps/v1
kind: ${kind}
metadata:
  name: ${name}
  namespace: matrix
spec:
  serviceName: ${name}
  replicas: ${replicas}
  template:
    metadata:
      labels:
        app: ${name}
${indented(options.labels ?? '', 8)}
    spec:
${indented(options.pod ?? '', 6)}
${options.init ? `      initContainers:\n${indented(options.init, 8)}` : ''}
      containers:
        - name: synapse
          image: ${image}
          command: [python, -m, synapse.app.${options.worker ? 'generic_worker' : 'homeserver'}]
          args: [${paths.map(path => `--config-path=${path}`).join(', ')}]
${indented(options.container ?? '', 10)}
          volumeMounts:
            - name: config
              mountPath: /config
${indented(options.mounts ?? '', 12)}
      volumes:
        - name: config
          configMap:
            name: ${options.config ?? 'synapse-config'}
${indented(options.volumes ?? '', 8)}
`.replace(/\n[ ]*(?=\n)/g, '');
}

/** A worker whose pods write their own worker.yaml. */
export function scriptedWorker(name: string, workerYaml: string, options: ProcessOptions = {}): string {
  return synapse(name, {
    worker: true,
    ...options,
    paths: ['/config/homeserver.yaml', '/worker/worker.yaml'],
    init: `- name: worker-config
  image: busybox:1.36.1
  command:
    - sh
    - -c
    - |
      cat > /worker/worker.yaml <<EOF
${indented(workerYaml, 6)}
      EOF
  volumeMounts:
    - name: worker
      mountPath: /worker
${options.init ?? ''}`,
    mounts: `- name: worker\n  mountPath: /worker\n${options.mounts ?? ''}`,
    volumes: `- name: worker\n  emptyDir: {}\n${options.volumes ?? ''}`,
  });
}

export function indented(text: string, by: number): string {
  const body = dedented(text);
  return body === ''
    ? ''
    : body
        .split('\n')
        .map(line => (line === '' ? '' : ' '.repeat(by) + line))
        .join('\n');
}

function dedented(text: string): string {
  const lines = text.replace(/^\n+|\s+$/g, '').split('\n');
  const least = Math.min(...lines.filter(line => line.trim() !== '').map(line => /^ */.exec(line)?.[0].length ?? 0));
  return Number.isFinite(least) ? lines.map(line => line.slice(least)).join('\n') : '';
}
