import assert from 'node:assert/strict';
import notApplied from '../../../rules/redis/redis-password-not-applied';
import { applyFix, fixTitles } from '../expect';

interface Options {
  readonly command?: string;
  readonly env?: string;
  readonly init?: string;
  readonly initEnv?: string;
  readonly replicas?: number;
}

/** A Redis that reads its configuration from a ConfigMap, or from a volume that an init container writes to. */
function redis({ command = '', env = '', init, initEnv = '[]', replicas = 1 }: Options): string {
  return `
  #- /redis.yaml
  apiVersion: v1
  kind: Secret
  metadata: {name: redis-password, namespace: matrix}
  stringData: {password: CHANGEME}
  ---
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: redis, namespace: matrix}
  data:
    redis.conf: |
      port 6379
      requirepass PASSWORD_PLACEHOLDER
  ---
  apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: redis, namespace: matrix}
  spec:
    replicas: ${replicas}
    serviceName: redis
    selector:
      matchLabels: {app: redis}
    template:
      metadata:
        labels: {app: redis}
      spec:${
        init === undefined
          ? ''
          : `
        initContainers:
          - name: set-password
            image: redis:7.4
            command:
              - sh
              - -c
              - |
                ${init} /template/redis.conf > /conf/redis.conf
            env: ${initEnv}
            volumeMounts:
              - {name: template, mountPath: /template}
              - {name: conf, mountPath: /conf}`
      }
        containers:
          - name: redis
            image: redis:7.4
            ${command}
            ${env}
            volumeMounts:
              - {name: conf, mountPath: /conf}
        volumes:
          - {name: template, configMap: {name: redis}}
          - {name: conf, ${init === undefined ? 'configMap: {name: redis}' : 'emptyDir: {}'}}
`;
}

const fromSecret = '[{name: PW, valueFrom: {secretKeyRef: {name: redis-password, key: password}}}]';

describe('fixes of the password of Redis', () => {
  it('let the shell expand the variable', () => {
    const source = redis({
      command: 'args: ["/conf/redis.conf"]',
      init: "sed 's/PASSWORD_PLACEHOLDER/${PW}/'",
      initEnv: fromSecret,
    });
    assert.deepEqual(fixTitles(notApplied, source), ['safe: Use double quotes']);
    assert.match(
      applyFix(notApplied, source, 'Use double quotes')['redis.yaml'] ?? '',
      /sed "s\/PASSWORD_PLACEHOLDER\/\$\{PW\}\/" \//,
    );
  });

  it('keep quotes around a pattern with a dollar', () => {
    const source = redis({
      command: 'args: ["/conf/redis.conf"]',
      init: "sed 's/PASSWORD_PLACEHOLDER$/${PW}/'",
      initEnv: fromSecret,
    });
    assert.deepEqual(fixTitles(notApplied, source), []);
  });

  it('give the init container the variable', () => {
    const source = redis({
      command: 'args: ["/conf/redis.conf"]',
      init: 'sed "s/PASSWORD_PLACEHOLDER/${PW}/"',
      initEnv: '[{name: TZ, value: UTC}]',
    });
    assert.match(
      applyFix(notApplied, source, 'Take PW from Secret redis-password')['redis.yaml'] ?? '',
      /\[\{name: TZ, value: UTC\}, \{ name: PW, valueFrom: \{ secretKeyRef: \{ name: redis-password, key: password \} \} \}\]/,
    );
  });

  it('pass the password to followers too, through the variable that is there', () => {
    const source = redis({
      command: 'command: [redis-server]\n            args:\n              - /conf/redis.conf # the template',
      env: `env: ${fromSecret.replace('PW', 'REDIS_PASS')}`,
      replicas: 3,
    });
    assert.match(
      applyFix(notApplied, source, 'Pass --requirepass and --masterauth')['redis.yaml'] ?? '',
      /# the template\n +- "--requirepass"\n +- "\$\(REDIS_PASS\)"\n +- "--masterauth"\n +- "\$\(REDIS_PASS\)"\n +env:/,
    );
  });

  it('leave a script that starts Redis alone', () => {
    const source = redis({ command: 'command: [sh, -c, "exec redis-server /conf/redis.conf"]' });
    assert.deepEqual(fixTitles(notApplied, source), []);
  });
});
