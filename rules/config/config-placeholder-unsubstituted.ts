import { configFilesOf } from '../../analysis/config-files';
import { parsed } from '../../analysis/configs';
import { mayFillFromVariables } from '../../analysis/entrypoints';
import { isReplacedByScript } from '../../analysis/filled-in';
import { workloadKinds } from '../../analysis/pods';
import { isSwitchedOff } from '../placeholders/switched-off';
import { redisPasswordDirectives } from '../redis/password';
import type { Rule } from '../rule';
import { tokensOf, unexpandedMessage } from './tokens';

export default {
  id: 'config-placeholder-unsubstituted',
  items: [],
  severity: 'error',
  summary: 'A placeholder in a configuration file is still there when the program reads it.',
  why: 'A program such as Synapse, rclone or LiveKit does not expand `${VARIABLE}` or replace `X_PLACEHOLDER` in its configuration. It takes the text for the value, so a login fails or a host is not found.',
  remedy:
    'Let an init container write the file: copy the ConfigMap to an `emptyDir`, replace the token there from an environment variable, and mount the `emptyDir` in the program’s container.',
  traps: [
    'What init containers do is followed: `cp`, `cat`, here-documents, `sed`, `envsubst`, pipes and variables. A token that one of them replaces is no finding.',
    "In single quotes the shell expands nothing: `sed 's/X_PLACEHOLDER/${X}/'` writes `${X}` into the file.",
    'Programs that expand variables themselves, such as HAProxy and nginx templates, are left alone, and so are files that a tool writes which is not understood.',
    'What Flux fills in after it has built a kustomization (`postBuild`) is no finding, unless the object is annotated to be left out.',
    'LiveKit’s keys and the passwords of Redis have rules of their own.',
  ],
  examples: {
    bad: `
      #- /sync.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: rclone
        namespace: matrix
      data:
        rclone.conf: |
          [minio]
          type = s3
          # secret_access_key = \${COMMENTED_OUT}
          secret_access_key = \${S3_SECRET_KEY}
      #                       ^^^^^^^^^^^^^^^^ error: \${S3_SECRET_KEY} is still there when rclone reads /config/rclone/rclone.conf
      ---
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: sync-media
        namespace: matrix
      spec:
        schedule: "*/15 * * * *"
        jobTemplate:
          spec:
            template:
              spec:
                restartPolicy: OnFailure
                containers:
                  - name: rclone
                    image: rclone/rclone:1.68
                    args: [sync, "minio:media", "minio:copy"]
                    volumeMounts:
                      - name: config
                        mountPath: /config/rclone
                volumes:
                  - name: config
                    configMap:
                      name: rclone
    `,
    good: `
      #- /sync.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: rclone
        namespace: matrix
      data:
        rclone.conf: |
          [minio]
          type = s3
          secret_access_key = \${S3_SECRET_KEY}
      ---
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: sync-media
        namespace: matrix
      spec:
        schedule: "*/15 * * * *"
        jobTemplate:
          spec:
            template:
              spec:
                restartPolicy: OnFailure
                initContainers:
                  - name: render-config
                    image: nginx:1.27
                    command: [sh, -c, "envsubst < /template/rclone.conf > /config/rclone.conf"]
                    env:
                      - name: S3_SECRET_KEY
                        valueFrom:
                          secretKeyRef:
                            name: s3
                            key: secret-key
                    volumeMounts:
                      - name: template
                        mountPath: /template
                      - name: config
                        mountPath: /config
                containers:
                  - name: rclone
                    image: rclone/rclone:1.68
                    args: [sync, "minio:media", "minio:copy"]
                    volumeMounts:
                      - name: config
                        mountPath: /config/rclone
                volumes:
                  - name: template
                    configMap:
                      name: rclone
                  - name: config
                    emptyDir: {}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const config of configFilesOf(workspace, resource)) {
      const { file, program } = config;
      if (file.isOpaque || config.isIntermediate || program === 'livekit') continue;
      const own = program === 'redis' || program === 'sentinel' ? redisPasswordDirectives(file.content.text) : [];
      for (const { placeholder, at, resolution } of tokensOf(config)) {
        if (own.some(({ start, end }) => start <= placeholder.span.start && placeholder.span.end <= end)) continue;
        if (resolution.kind === 'left') {
          if (isReplacedByScript(workspace, at, placeholder.text)) continue;
          if (isSwitchedOff(parsed(file).root, at)) continue;
          if (mayFillFromVariables(file.container, /\w+/.exec(placeholder.text)?.[0])) continue;
          yield {
            at,
            message: `${placeholder.text} is still there when ${program ?? file.container.name} reads ${file.path} — replace it in an init container, or write the value.`,
          };
        } else if (resolution.kind === 'unexpanded') {
          yield {
            at: resolution.by,
            message: unexpandedMessage(placeholder.text, resolution),
            related: [{ at, message: placeholder.text }],
          };
        }
      }
    }
  },
} satisfies Rule;
