import { configurationOf, parsed } from '../../analysis/configs';
import { environmentOf } from '../../analysis/environment';
import { type Container, workloadKinds } from '../../analysis/pods';
import { redisMains } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { asksForPassword } from '../redis/password';
import { passwordKey } from '../redis/password-key';
import type { Fix, Rule } from '../rule';
import { addSecretVariable } from '../secrets/secret-variable';

export default {
  id: 'livekit-redis-password-missing',
  items: ['2.4.b.1'],
  severity: 'error',
  summary: 'LiveKit has no password for Redis.',
  why: 'Redis refuses the connection, and LiveKit ends at start: without Redis its nodes cannot find each other’s rooms.',
  remedy:
    'Put the password into `redis.password` with the init container that writes the configuration, or set `REDIS_PASSWORD`.',
  traps: [
    'Nothing is reported where Redis asks for no password.',
    'A placeholder in `redis.password` is the business of livekit-config-not-substituted.',
  ],
  sources: ['livekit/livekit, cmd/server/main.go: the option redis-password is read from REDIS_PASSWORD'],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          redis:
      #   ^^^^^ 💡 error: LiveKit has no password for Redis
            address: redis:6379
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: livekit
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: ["--config", "/etc/livekit/livekit.yaml"]
            volumeMounts:
              - {name: config, mountPath: /etc/livekit}
        volumes:
          - name: config
            configMap: {name: livekit}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: redis
        namespace: matrix
      spec:
        containers:
          - name: redis
            image: redis:7.4
            args: ["--requirepass", "$(REDIS_PASSWORD)"]
            env:
              - name: REDIS_PASSWORD
                valueFrom:
                  secretKeyRef: {name: redis-password, key: password}
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          redis:
            address: redis:6379
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: livekit
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: ["--config", "/etc/livekit/livekit.yaml"]
            env:
              - name: REDIS_PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: redis-password
                    key: password
            volumeMounts:
              - {name: config, mountPath: /etc/livekit}
        volumes:
          - name: config
            configMap: {name: livekit}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: redis
        namespace: matrix
      spec:
        containers:
          - name: redis
            image: redis:7.4
            args: ["--requirepass", "$(REDIS_PASSWORD)"]
            env:
              - name: REDIS_PASSWORD
                valueFrom:
                  secretKeyRef: {name: redis-password, key: password}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const file of configurationOf(workspace, resource, 'livekit')?.files ?? []) {
      const redis = parsed(file).root.at('redis');
      if (file.isOpaque || redis.kind !== 'mapping' || redis.at('password').text) continue;
      const { variables, isOpen } = environmentOf(workspace, resource, file.container);
      if (
        isOpen ||
        variables.has('REDIS_PASSWORD') ||
        !redisMains(workspace).some(one => asksForPassword(workspace, one))
      )
        continue;
      yield {
        at: redis.at('password').exists ? redis.at('password') : redis.key,
        message:
          'LiveKit has no password for Redis, which asks for one — put it into redis.password, or set REDIS_PASSWORD.',
        fixes: () => giveVariable(workspace, resource, file.container),
      };
    }
  },
} satisfies Rule;

/** LiveKit gets the password from the key of the Secret that Redis takes its own from. */
function giveVariable(workspace: Workspace, resource: Resource, container: Container): readonly Fix[] {
  const keys = redisMains(workspace).flatMap(redis =>
    redis.namespace === resource.namespace ? (passwordKey(workspace, redis) ?? []) : [],
  );
  const [key] = keys;
  if (!key || keys.some(one => one.name !== key.name || one.key !== key.key)) return [];
  const edit = addSecretVariable(container, 'REDIS_PASSWORD', key);
  return edit ? [{ title: `Take REDIS_PASSWORD from Secret ${key.name}`, safe: true, edits: [edit] }] : [];
}
