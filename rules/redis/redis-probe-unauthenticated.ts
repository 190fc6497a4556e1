import { configurationOf } from '../../analysis/configs';
import { environmentOf } from '../../analysis/environment';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { redisSetting } from '../../analysis/text/redis-conf';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { redisConf } from './conf';
import { asksForPassword } from './password';

export default {
  id: 'redis-probe-unauthenticated',
  items: [],
  severity: 'error',
  summary: 'A probe asks Redis without the password and takes no answer but PONG.',
  why: 'A Redis with `requirepass` answers `NOAUTH Authentication required.` to whoever has not signed in, also to PING. A probe that looks for PONG never finds it: the pod is never ready, or is restarted for ever.',
  remedy: 'Give the container the variable `REDISCLI_AUTH` from the Secret; redis-cli signs in with it by itself.',
  traps: [
    'Without a look at the answer, `redis-cli ping` is right: it ends with 0 also after NOAUTH, and shows that Redis answers. With `-e` it ends with 1.',
    '`-a`, `--pass`, `--user`, `REDISCLI_AUTH=…` before the command and an AUTH in it sign in as well.',
    'A Sentinel asks for no password unless its own file has `requirepass`.',
  ],
  sources: [
    'redis/redis src/redis-cli.c: REDISCLI_AUTH, `-e`; src/server.c, `processCommand`: PING is no command that may come before AUTH',
  ],
  examples: { bad: example('REDIS_PASSWORD', true), good: example('REDISCLI_AUTH', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const families = familiesOf(resource);
    if (!families.has('redis') && !families.has('sentinel')) return;
    for (const container of containersOf(resource)) {
      for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const words = container.value.at(kind, 'exec', 'command').items();
        const text = words.map(word => word.text ?? '').join(' ');
        const call = /\b(?:redis|valkey)-cli\b[^|;&\n]*\bping\b/i.exec(text)?.[0];
        if (call === undefined || signsIn(text) || !isJudged(text, call)) continue;
        if (!isAsked(workspace, resource, call)) continue;
        const { variables, isOpen } = environmentOf(workspace, resource, container);
        if (isOpen || variables.has('REDISCLI_AUTH')) continue;
        yield {
          at: words.find(word => /-cli\b/.test(word.text ?? '')) ?? (container.value.at(kind) as Value),
          message: `The ${kind} of container ${container.name} asks Redis without its password, so the answer is NOAUTH and never PONG — give the container REDISCLI_AUTH from the Secret.`,
        };
      }
    }
  },
} satisfies Rule;

function signsIn(text: string): boolean {
  return /(?:^|\s)(?:-a|--pass|--user|--askpass|-u)\b|REDISCLI_AUTH|\bauth\b/i.test(text);
}

/** Whether the probe looks at the answer, or at what redis-cli ends with after an error. */
function isJudged(text: string, call: string): boolean {
  return /\bPONG\b/.test(text) || /\s-e(?:\s|$)/.test(call);
}

/** Whether the server at the port that is asked wants a password. */
function isAsked(workspace: Workspace, resource: Resource, call: string): boolean {
  const port = /\s-p\s*["']?(\d+)/.exec(call)?.[1];
  const host = /\s-h\s*["']?([\w.$-]+)/.exec(call)?.[1];
  if (host !== undefined && !/^(?:localhost|127\.0\.0\.1|::1)$/.test(host)) return false;
  for (const [program, usual] of [
    ['redis', '6379'],
    ['sentinel', '26379'],
  ] as const) {
    const conf = redisConf(workspace, resource, program);
    const own = (conf && redisSetting(conf.directives, 'port')?.args[0]?.value) ?? usual;
    const isMeant = port === undefined ? own === '6379' || program === 'redis' : own === port;
    if (!isMeant) continue;
    if (program === 'redis')
      return configurationOf(workspace, resource, 'redis') !== undefined && asksForPassword(workspace, resource);
    return conf !== undefined && redisSetting(conf.directives, 'requirepass') !== undefined;
  }
  return false;
}

function example(variable: string, isBad: boolean): string {
  return `
      #- /redis.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: redis
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: redis
                image: redis:7.4
                args: [--requirepass, "$(${variable})"]
                env:
                  - name: ${variable}
                    valueFrom:
                      secretKeyRef: {name: redis, key: password}
                readinessProbe:
                  exec:
                    command:
                      - sh
                      - -c
                      - redis-cli ping | grep -q PONG${isBad ? '\n      #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: The readinessProbe of container redis asks Redis without its password, so the answer is NOAUTH and never PONG' : ''}
    `;
}
