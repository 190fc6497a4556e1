import { podWrites } from '../../analysis/effective';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { workloadKinds } from '../../analysis/pods';
import type { Rule } from '../rule';

export default {
  id: 'config-write-refused',
  items: [],
  severity: 'error',
  summary: 'A script writes a file where nothing can be written.',
  why: 'Volumes of ConfigMaps and Secrets are read-only, whatever the mount says, and so is a volume that is mounted with `readOnly: true`. `sed -i` fails there with "Read-only file system": the init container fails and the pod never starts, or the file stays as it was.',
  remedy:
    'Copy the file to an `emptyDir` first, change the copy, and let the program read that. Give the init container a mount without `readOnly`.',
  traps: [
    'A command whose failure is thrown away (`|| true`) or that may not run is no finding. The file is taken to stay as it was.',
    'With `readOnlyRootFilesystem: true` only volumes can be written, `/tmp` included.',
  ],
  sources: [
    'Kubernetes documentation, "Configure a Pod to Use a ConfigMap": mounted ConfigMaps are read-only (since 1.9.6, CVE-2017-1002102)',
  ],
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
              - name: generate-config
                image: busybox:1.36
                command:
                  - sh
                  - -c
                  - |
                    sed -i "s|API_KEY_PLACEHOLDER|\${API_KEY}|" /etc/livekit/livekit.yaml
      #                                                        ^^^^^^^^^^^^^^^^^^^^^^^^^ error: Init container generate-config cannot write /etc/livekit/livekit.yaml, because the volume config is a ConfigMap’s
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config
                configMap:
                  name: livekit
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
              - name: generate-config
                image: busybox:1.36
                command:
                  - sh
                  - -c
                  - |
                    sed "s|API_KEY_PLACEHOLDER|\${API_KEY}|" /template/livekit.yaml > /etc/livekit/livekit.yaml
                volumeMounts:
                  - name: template
                    mountPath: /template
                  - name: config
                    mountPath: /etc/livekit
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: template
                configMap:
                  name: livekit
              - name: config
                emptyDir: {}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const said = new Set<string>();
    for (const { container, path, at, isUncertain } of podWrites(workspace, resource).refused) {
      const key = `${container.name}\n${path}`;
      if (isUncertain || said.has(key)) continue;
      said.add(key);
      const mount = mountAt(container, path);
      const volume = mount && volumeOf(resource, mount.volume);
      const source = volume?.at('configMap').exists
        ? 'a ConfigMap’s'
        : volume?.at('secret').exists
          ? 'a Secret’s'
          : 'read-only';
      const reason = !mount
        ? 'its root file system is read-only'
        : source === 'read-only' && mount.isReadOnly
          ? `it mounts the volume ${mount.volume} with readOnly: true`
          : `the volume ${mount.volume} is ${source}`;
      const remedy = !mount
        ? 'mount an emptyDir there'
        : source === 'read-only' && mount.isReadOnly
          ? 'take readOnly away'
          : 'copy the file to an emptyDir and change it there';
      yield {
        at,
        message: `${container.isInit ? 'Init container' : 'Container'} ${container.name} cannot write ${path}, because ${reason} — ${remedy}.`,
        ...(mount && { related: [{ at: mount.value.at('mountPath'), message: `Volume ${mount.volume}` }] }),
      };
    }
  },
} satisfies Rule;
