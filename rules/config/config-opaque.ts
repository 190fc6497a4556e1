import { type ConfiguredProgram, configurationOf } from '../../analysis/configs';
import { workloadKinds } from '../../analysis/pods';
import type { Rule } from '../rule';

export default {
  id: 'config-opaque',
  items: [],
  severity: 'hint',
  profile: 'strict',
  summary: 'No rule looks into a configuration file, because the tree does not show how it is made.',
  why: 'A program that is not understood writes or changes the file: a template engine, a tool of an image, a script that the tree does not have. Rules about its content are silent then, so that no finding is not a sign that all is well.',
  remedy:
    'Nothing is wrong. Look at the file in the running pod, or write it with `cp`, `sed`, `envsubst` or here-documents, which are followed.',
  traps: ['The hint is for those who want to know what was not checked; it is part of the strict profile only.'],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            initContainers:
              - name: render
                image: hairyhenderson/gomplate:v4
                command: [gomplate, -f, /template/livekit.yaml, -o, /config/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            containers:
              - name: livekit
      #               ^^^^^^^ hint: The tree does not show what /config/livekit.yaml holds
                image: livekit/livekit-server:v1.8.4
                args: [--config, /config/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                emptyDir: {}
    `,
    good: `
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            initContainers:
              - name: render
                image: busybox:1.36
                command:
                  - sh
                  - -c
                  - |
                    cat > /config/livekit.yaml <<EOF
                    port: 7880
                    keys:
                      \${API_KEY}: \${API_SECRET}
                    EOF
                volumeMounts:
                  - name: config
                    mountPath: /config
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /config/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                emptyDir: {}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const program of programs) {
      const configuration = configurationOf(workspace, resource, program);
      for (const file of configuration?.files ?? []) {
        if (!file.isOpaque) continue;
        yield {
          at: file.container.value.at('name'),
          message: `The tree does not show what ${file.path} holds when container ${file.container.name} reads it, so no rule looks into it — look at it in the running pod.`,
        };
      }
    }
  },
} satisfies Rule;

const programs: readonly ConfiguredProgram[] = [
  ...(['synapse', 'redis', 'sentinel', 'haproxy', 'livekit', 'coturn', 'element', 'scanner'] as const),
];
