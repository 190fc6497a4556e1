import { isReplacedByScript } from '../../analysis/filled-in';
import { mountAt } from '../../analysis/mounts';
import { workloadKinds } from '../../analysis/pods';
import { isLi } from '../../analysis/roles';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { insertItem } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { appendLines } from '../config/append-line';
import type { Fix, Problem, Rule } from '../rule';
import {
  environmentVariable,
  hasUserDatabase,
  isOn,
  optionOf,
  placeOf,
  secretVariable,
  type TurnOption,
  type Turnserver,
  turnserverOf,
  variableOf,
} from './turnserver';

export default {
  id: 'turn-static-secret-not-applied',
  items: ['4.3.a.1'],
  severity: 'error',
  summary: 'The TURN server does not get the shared secret.',
  why: 'coturn reads no environment variables and expands nothing in its file. Without `static-auth-secret` it knows no secret, refuses the credentials that Synapse hands out, and calls between networks fail.',
  remedy:
    'Pass the argument `--static-auth-secret=$(TURN_SHARED_SECRET)`, which Kubernetes fills in from `env`, or let an init container write `static-auth-secret` into the file.',
  traps: [
    '`$(NAME)` in `command` and `args` is filled in by Kubernetes; in a ConfigMap it is not.',
    'The entrypoint of `coturn/coturn` also expands `${NAME}` in `args`, as long as no `command` replaces it.',
    'A user database (`userdb`, `psql-userdb`, `mysql-userdb`, `mongo-userdb`, `redis-userdb`) may hold the secret, so nothing is reported with one.',
    'A secret without `use-auth-secret` is an information: coturn 4.6 switches the mechanism on for it, versions before 4.5 let everybody in.',
    '`lt-cred-mech` beside `use-auth-secret` does no harm. With `user` entries and without `use-auth-secret`, coturn asks for fixed passwords; that is accepted.',
  ],
  sources: [
    'coturn README.turnserver: use-auth-secret, static-auth-secret',
    'coturn src/apps/relay/mainrelay.c, set_option: static-auth-secret sets what use-auth-secret sets; main: no-auth beside either ends the program',
    'coturn docker/coturn/rootfs/usr/local/bin/docker-entrypoint.sh: `exec $(eval "echo $@")`',
  ],
  examples: {
    bad: `
      #- /coturn.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: coturn
        namespace: matrix
      data:
        turnserver.conf: |
          realm=turn.example.org
          use-auth-secret
      #   ^^^^^^^^^^^^^^^ 💡 error: coturn knows no shared secret, because nothing sets static-auth-secret
      ---
      apiVersion: apps/v1
      kind: DaemonSet
      metadata:
        name: coturn
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: coturn}
        template:
          metadata:
            labels: {app: coturn}
          spec:
            containers:
              - name: coturn
                image: coturn/coturn:4.6.2
                args:
                  - -c
                  - /etc/coturn/turnserver.conf
                env:
                  - name: TURN_SHARED_SECRET
                    valueFrom:
                      secretKeyRef: {name: coturn, key: secret}
                volumeMounts:
                  - {name: config, mountPath: /etc/coturn}
            volumes:
              - name: config
                configMap: {name: coturn}
    `,
    good: `
      #- /coturn.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: coturn
        namespace: matrix
      data:
        turnserver.conf: |
          realm=turn.example.org
          use-auth-secret
      ---
      apiVersion: apps/v1
      kind: DaemonSet
      metadata:
        name: coturn
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: coturn}
        template:
          metadata:
            labels: {app: coturn}
          spec:
            containers:
              - name: coturn
                image: coturn/coturn:4.6.2
                args:
                  - -c
                  - /etc/coturn/turnserver.conf
                  - --static-auth-secret=$(TURN_SHARED_SECRET)
                env:
                  - name: TURN_SHARED_SECRET
                    valueFrom:
                      secretKeyRef: {name: coturn, key: secret}
                volumeMounts:
                  - {name: config, mountPath: /etc/coturn}
            volumes:
              - name: config
                configMap: {name: coturn}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const server = turnserverOf(workspace, resource);
    if (!server || isLi(workspace, resource)) return;
    const secrets = server.options.filter(({ name }) => name === 'static-auth-secret');
    const open = isOn(server, 'no-auth') ? optionOf(server, 'no-auth') : undefined;
    if (open) {
      const asks = authentications.find(name => optionOf(server, name));
      yield {
        at: open.at,
        message: asks
          ? `coturn does not start with no-auth beside ${asks} — drop no-auth.`
          : 'coturn relays for anybody and does not look at Synapse’s credentials — set use-auth-secret and static-auth-secret in place of no-auth.',
      };
      return;
    }
    if (secrets.length > 0) {
      const problems = secrets.flatMap(secret => problemWith(workspace, server, secret) ?? []);
      yield* problems;
      if (problems.length === 0 && !optionOf(server, 'use-auth-secret') && !server.isPartial)
        yield withoutSwitch(server, secrets);
      return;
    }
    if (server.isPartial || hasUserDatabase(server)) return;
    if (isOn(server, 'use-auth-secret')) {
      const { at } = optionOf(server, 'use-auth-secret') ?? { at: placeOf(server) };
      const variable = secretVariable(workspace, server);
      yield {
        at,
        message: `coturn knows no shared secret, because nothing sets static-auth-secret${variable ? ` and coturn does not read the variable ${variable.name}` : ''} — pass --static-auth-secret=$(${variable?.name ?? 'TURN_SHARED_SECRET'}).`,
        related: [{ at: server.container.value.at('name'), message: `Container ${server.container.name}` }],
        fixes: () => passSecret(workspace, server),
      };
    } else if (!optionOf(server, 'user')) {
      yield {
        at: placeOf(server),
        message:
          'coturn has neither a shared secret nor users, so Synapse’s credentials mean nothing to it — set use-auth-secret and static-auth-secret.',
      };
    }
  },
} satisfies Rule;

/** What makes coturn ask for credentials, as it refuses to do and not to do at once (src/apps/relay/mainrelay.c). */
const authentications = ['use-auth-secret', 'static-auth-secret', 'lt-cred-mech'];

/** Present versions of coturn switch the mechanism on for the secret; the documentation asks for both options. */
function withoutSwitch(server: Turnserver, secrets: readonly TurnOption[]): Problem {
  const [first] = secrets;
  return {
    at: first?.at ?? placeOf(server),
    severity: 'info',
    items: [],
    message:
      'There is a static-auth-secret without use-auth-secret, and whether the secret alone is enough hangs on the version of coturn — set both.',
    fixes: () => {
      const { file } = server;
      const edit = file?.isVerbatim ? appendLines(file.content, ['use-auth-secret']) : undefined;
      return edit ? [{ title: 'Set use-auth-secret', safe: true, edits: [edit] }] : [];
    },
  };
}

function problemWith(workspace: Workspace, server: Turnserver, option: TurnOption): Problem | undefined {
  const { at, value, resolution } = option;
  const name = variableOf(server, option);
  if (name !== undefined) {
    const { definition, isOpen } = environmentVariable(workspace, server, name);
    return definition || isOpen || option.from === 'script' ? undefined : undefinedVariable(name, at);
  }
  if (resolution?.kind === 'unexpanded') {
    return {
      at: resolution.by,
      message:
        'This does not expand its variable, because the shell leaves single quotes alone, so coturn’s secret becomes that text — use double quotes.',
    };
  }
  if (resolution?.kind === 'replaced') {
    const missing = resolution.variables.find(({ definition, mayBeDefined }) => !definition && !mayBeDefined);
    return missing && undefinedVariable(missing.name, missing.at);
  }
  if (resolution?.kind === 'unknown' || option.from === 'script') return undefined;
  if (value !== undefined && /^\/[\w./-]+$/.test(value) && mountAt(server.container, value)) {
    return {
      at,
      message: `coturn reads no secret from a file, so the path ${value} itself is the secret — pass --static-auth-secret=$(NAME) as an argument instead.`,
    };
  }
  const isLeft =
    /^\$\(\w+\)$/.test(value ?? '') ||
    findPlaceholders(value ?? '', 'value').some(one => one.class === 'env' || one.class === 'token');
  return isLeft && !isReplacedByScript(workspace, at, value ?? '')
    ? {
        at,
        message: `${value} is still there when coturn reads it, so that text is the secret — ${option.from === 'file' ? 'pass --static-auth-secret=$(NAME) as an argument instead' : 'write $(NAME), which Kubernetes fills in'}.`,
      }
    : undefined;
}

function undefinedVariable(name: string, at: Place): Problem {
  return {
    at,
    message: `The container does not have the variable ${name}, so coturn’s secret is wrong — add it to env.`,
  };
}

function passSecret(workspace: Workspace, { container, ...server }: Turnserver): readonly Fix[] {
  const variable = secretVariable(workspace, { container, ...server });
  const args = container.value.at('args');
  const command = container.value.at('command');
  const list = args.exists ? args : command;
  const runsScript = list
    .items()
    .some(word => /^-\w*c$/.test(word.text ?? '') && /\n/.test(list.items().at(-1)?.text ?? ''));
  if (!variable || runsScript) return [];
  const edit = insertItem(list, `--static-auth-secret=$(${variable.name})`);
  return edit ? [{ title: `Pass --static-auth-secret=$(${variable.name})`, safe: true, edits: [edit] }] : [];
}
