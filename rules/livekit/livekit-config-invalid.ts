import { type Configuration, commandLine, configurationOf, parsed } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import { environmentOf, textOfVariable } from '../../analysis/environment';
import { type Container, replicasOf, workloadKinds } from '../../analysis/pods';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'livekit-config-invalid',
  items: [],
  severity: 'error',
  summary: 'LiveKit’s configuration has a value with which LiveKit does not start.',
  why: 'LiveKit reads its configuration into typed fields. Text where it wants a number or a map, a range that ends before it begins, or TURN without a certificate ends the process at start, and no call is made.',
  remedy: 'Write the value as the message says; `config-sample.yaml` of LiveKit shows every field.',
  traps: [
    '`keys` is a map of names to secrets, with a space after each colon. So are the variable `LIVEKIT_KEYS` and the option `--keys`.',
    'A number in quotes is text for Go. `udp_port` may also be a range, such as `7882-7892`.',
    '`--dev` with keys of one’s own is a warning. Without keys LiveKit takes one that everybody knows, and without `--dev` it does not start.',
    'LiveKit reads neither `LIVEKIT_API_KEY` nor `LIVEKIT_API_SECRET`; those are for clients.',
    'TURN needs a certificate for `tls_port` unless `external_tls` says that a load balancer has it.',
    'What an init container fills in is not judged, as far as it could be what is wanted.',
  ],
  sources: [
    'livekit/livekit pkg/config/config.go, pkg/service/turn.go ("TURN tls cert required", "invalid TURN ports"), pkg/service/wire.go (ErrWebHookMissingAPIKey), ErrKeysNotSet: "one of key-file or keys must be provided"',
    'livekit/mediatransportutil pkg/rtcconfig: SetEphemeralUDPPortRange; go-yaml v3: a quoted number is a string',
  ],
  examples: {
    bad: example(
      '"7880"\n      #         ^^^^^^ 💡 error: LiveKit wants a number for port, not text, and does not start',
    ),
    good: example('7880'),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const configuration = configurationOf(workspace, resource, 'livekit');
    if (!configuration) return;
    const { container, words } = configuration;
    yield* keysVariable(workspace, resource, container);
    yield* keysOption(container);
    yield* development(workspace, resource, configuration);
    for (const file of configuration.files) {
      const { root, problem } = parsed(file);
      if (file.isOpaque || problem || root.kind !== 'mapping') continue;
      yield* keysProblem(file, root.at('keys'));
      yield* wrongTypes(file, root);
      yield* ranges(file, root);
      const { variables } = environmentOf(workspace, resource, container);
      const hasCertificate =
        variables.has('LIVEKIT_TURN_CERT') ||
        words.some(word => word.startsWith('--turn-cert')) ||
        words.includes('--dev');
      if (!hasCertificate) yield* turnProblem(file, root.at('turn'));
      yield* webhookProblem(workspace, resource, file, root);
      yield* addressProblems(file, root.at('redis'));
      const hasRedis = variables.has('REDIS_HOST') || words.some(word => /^--redis-host|^--config-body/.test(word));
      if (!hasRedis && configuration.files.length === 1) yield* loneServers(resource, file, root);
    }
  },
} satisfies Rule;

const colon = /^[^\s:]+:[^\s:/]+$/;

function* keysProblem(file: EffectiveFile, keys: Value): Iterable<Problem> {
  if (!keys.exists || keys.kind === 'mapping' || keys.isNull) return;
  const text = keys.text ?? '';
  const isText = keys.style === 'single' || keys.style === 'double' || colon.test(text.trim());
  if (keys.kind === 'scalar' && !isText && file.resolve(keys).kind !== 'left') return;
  yield {
    at: keys,
    message: `keys is ${keys.kind === 'sequence' ? 'a list' : 'text'}, but LiveKit wants a map of names to secrets and does not start — ${
      colon.test(text.trim()) ? 'write a space after the colon' : 'write each key on a line of its own, as name: secret'
    }.`,
  };
}

/** The variable is read as YAML, too (config.go, unmarshalKeys). */
function* keysVariable(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const variable = environmentOf(workspace, resource, container).variables.get('LIVEKIT_KEYS');
  const text = textOfVariable(workspace, resource, variable)?.trim();
  if (!variable || text === undefined) return;
  // A word alone may be what a variable or a person puts the whole into.
  const isText = /^[\w-]+ [\w-]+$/.test(text) && findPlaceholders(text, 'value').length === 0;
  if (!colon.test(text) && !isText) return;
  yield {
    at: variable.at.at('name').exists ? variable.at.at('name') : variable.at,
    message: `LIVEKIT_KEYS has no ${isText ? 'colon after the name' : 'space after the colon'}, so LiveKit does not take it and does not start — write it as "name: secret".`,
  };
}

/** What follows `--keys` is read in the same way; `$(NAME)` is a word of its own there. */
function* keysOption(container: Container): Iterable<Problem> {
  const words = commandLine(container);
  for (const [index, word] of words.entries()) {
    const text = word.text ?? '';
    const isValue = words[index - 1]?.text === '--keys';
    const value = isValue ? text : /^--keys=(.*)$/s.exec(text)?.[1];
    if (value === undefined || !colon.test(value.trim())) continue;
    yield {
      at: word,
      message:
        '--keys has no space after the colon, so LiveKit does not take it and does not start — write it as "name: secret".',
    };
  }
}

/** Development mode: without keys a key that everybody knows, on the pod's own address alone (cmd/server/main.go, getConfig). */
function* development(workspace: Workspace, resource: Resource, configuration: Configuration): Iterable<Problem> {
  const { container, files } = configuration;
  const option = commandLine(container).find(word => word.text === '--dev' || word.text === '--dev=true');
  const readable = files.filter(file => !file.isOpaque).map(file => parsed(file).root);
  const written = readable.map(root => root.at('development')).find(value => value.boolean === true);
  const at = option ?? written;
  const hasKeys = mayHaveKeys(workspace, resource, configuration);
  if (!at) {
    const [first] = readable.flatMap(root => root.entries());
    if (!hasKeys && first)
      yield {
        at: first[1].key,
        message:
          'LiveKit gets no keys here, without which it does not start — add keys with a name and a secret, or set LIVEKIT_KEYS.',
      };
    return;
  }
  const isBound = readable.some(root => root.at('bind_addresses').exists) || hasOption(container, '--bind');
  yield {
    at,
    ...(hasKeys && { severity: 'warning' as const }),
    message: hasKeys
      ? `In development mode LiveKit takes short secrets without a word and shows its internals below /debug/pprof — remove ${option ? '--dev' : 'development'}.`
      : `In development mode without keys LiveKit lets everybody in with the key devkey and the secret "secret"${isBound ? '' : ', and listens on 127.0.0.1 alone, where no Service reaches it'} — remove ${option ? '--dev' : 'development'} and give it keys.`,
  };
}

/** Whether a file, a variable or an option gives keys, or one that the tree does not show may. */
function mayHaveKeys(workspace: Workspace, resource: Resource, { container, files, paths }: Configuration): boolean {
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  const roots = files.map(file => parsed(file));
  const body = variables.get('LIVEKIT_CONFIG');
  // What has no colon is a path, which is reported where it stands.
  const isBody = body !== undefined && (textOfVariable(workspace, resource, body)?.includes(':') ?? true);
  return (
    isOpen ||
    isBody ||
    files.length < paths.length ||
    files.some(file => file.isOpaque) ||
    roots.some(({ root, problem }) => problem || root.kind !== 'mapping' || root.at('<<').exists) ||
    variables.has('LIVEKIT_KEYS') ||
    variables.has('LIVEKIT_KEY_FILE') ||
    roots.some(({ root }) => ['keys', 'key_file'].some(name => root.at(name).exists)) ||
    commandLine(container).some(word => /--(?:keys|key-file|config-body)\b|^(?:ba)?sh$|\s/.test(word.text ?? ''))
  );
}

function hasOption(container: Container, name: string): boolean {
  return commandLine(container).some(word => word.text === name || word.text?.startsWith(`${name}=`));
}

const numbers: readonly (readonly string[])[] = [
  ['port'],
  ['prometheus_port'],
  ['prometheus', 'port'],
  ['rtc', 'tcp_port'],
  ['rtc', 'port_range_start'],
  ['rtc', 'port_range_end'],
  ['turn', 'tls_port'],
  ['turn', 'udp_port'],
  ['turn', 'relay_range_start'],
  ['turn', 'relay_range_end'],
  ['redis', 'db'],
  ['room', 'empty_timeout'],
  ['room', 'departure_timeout'],
  ['room', 'max_participants'],
];

const switches: readonly (readonly string[])[] = [
  ['rtc', 'use_external_ip'],
  ['rtc', 'use_ice_lite'],
  ['rtc', 'allow_tcp_fallback'],
  ['turn', 'enabled'],
  ['turn', 'external_tls'],
  ['room', 'auto_create'],
  ['redis', 'use_tls'],
  ['development'],
];

function* wrongTypes(file: EffectiveFile, root: Value): Iterable<Problem> {
  for (const path of numbers) {
    const value = root.at(...path);
    if (value.kind !== 'scalar' || value.number !== undefined || value.isNull || !isSettled(file, value)) continue;
    const text = value.text ?? '';
    yield {
      at: value,
      message: `LiveKit wants a number for ${path.join('.')}, not ${value.boolean === undefined ? 'text' : 'a switch'}, and does not start — write ${/^\d+$/.test(text) ? `${text} without quotes` : 'one'}.`,
      fixes: () => {
        const edit = /^\d+$/.test(text) ? replaceValue(value, text) : undefined;
        return edit ? [{ title: `Write ${text}`, safe: true, edits: [edit] }] : [];
      },
    };
  }
  for (const path of switches) {
    const value = root.at(...path);
    if (value.kind !== 'scalar' || value.boolean !== undefined || value.isNull || !isSettled(file, value)) continue;
    const text = value.text ?? '';
    // go-yaml takes these for a field that is a switch.
    if (/^(?:y|yes|on|n|no|off)$/i.test(text)) continue;
    yield {
      at: value,
      message: `LiveKit wants true or false for ${path.join('.')}, not ${value.number === undefined ? 'text' : 'a number'}, and does not start — write it without quotes.`,
      fixes: () => {
        const edit = /^(?:true|false)$/.test(text) ? replaceValue(value, text) : undefined;
        return edit ? [{ title: `Write ${text}`, safe: true, edits: [edit] }] : [];
      },
    };
  }
}

/** Text in quotes stays text, whatever is filled in. */
function isSettled(file: EffectiveFile, value: Value): boolean {
  if (value.style === 'single' || value.style === 'double') return true;
  return file.resolve(value).kind === 'left' && findPlaceholders(value.text ?? '', 'value').length === 0;
}

function* ranges(file: EffectiveFile, root: Value): Iterable<Problem> {
  for (const [first, last] of [
    [root.at('rtc', 'port_range_start'), root.at('rtc', 'port_range_end')],
    [root.at('turn', 'relay_range_start'), root.at('turn', 'relay_range_end')],
  ] as const) {
    const [start, end] = [first.number, last.number];
    if (start === undefined || end === undefined || end === 0 || end >= start) continue;
    if (file.resolve(first).kind !== 'left' || file.resolve(last).kind !== 'left') continue;
    yield {
      at: first,
      message: `The ports from ${start} to ${end} are no range, so LiveKit does not start — exchange the two.`,
      related: [{ at: last, message: 'The end of the range' }],
    };
  }
  const udp = root.at('rtc', 'udp_port');
  const [, from, to] = /^(\d+)-(\d+)$/.exec(udp.text ?? '') ?? [];
  if (from !== undefined && Number(to) < Number(from))
    yield {
      at: udp,
      message: `The ports from ${from} to ${to} are no range, so LiveKit does not start — exchange the two.`,
    };
}

function* turnProblem(file: EffectiveFile, turn: Value): Iterable<Problem> {
  if (turn.at('enabled').boolean !== true) return;
  const tls = turn.at('tls_port');
  if (!(tls.number ?? 0) && !(turn.at('udp_port').number ?? 0)) {
    if (tls.exists || turn.at('udp_port').exists) return;
    yield {
      at: turn.at('enabled'),
      message: 'TURN is enabled without a port, so LiveKit does not start — set udp_port or tls_port.',
    };
    return;
  }
  if (!tls.number || file.resolve(tls).kind !== 'left') return;
  if (!turn.at('domain').text) {
    yield { at: tls, message: 'TURN over TLS has no domain, so LiveKit does not start — set turn.domain.' };
    return;
  }
  const lacking = ['cert_file', 'key_file'].filter(name => !turn.at(name).text);
  if (turn.at('external_tls').boolean === true || lacking.length === 0) return;
  yield {
    at: tls,
    message: `TURN over TLS has no certificate, so LiveKit does not start — set ${lacking.join(' and ')}, or external_tls: true if a load balancer has it.`,
  };
}

function* webhookProblem(
  workspace: Workspace,
  resource: Resource,
  file: EffectiveFile,
  root: Value,
): Iterable<Problem> {
  const webhook = root.at('webhook');
  if (webhook.at('urls').items().length === 0) return;
  const key = webhook.at('api_key');
  if (!key.text) {
    yield {
      at: webhook.at('urls').key,
      message: 'LiveKit does not start with webhooks that no key signs — set webhook.api_key.',
    };
    return;
  }
  const keys = root.at('keys');
  if (keys.kind !== 'mapping' || root.at('key_file').exists || keys.at(key.text).exists) return;
  const named = keys.keys().map(name => {
    const start = file.content.text.indexOf(name);
    const resolution = file.resolve({ start, end: start + name.length });
    if (resolution.kind === 'left') return name;
    const [variable, ...others] = resolution.kind === 'replaced' ? resolution.variables : [];
    return variable && others.length === 0 && !variable.transformed
      ? textOfVariable(workspace, resource, variable.definition)
      : undefined;
  });
  if (named.includes(undefined) || file.resolve(key).kind !== 'left') return;
  if (named.includes(key.text) || findPlaceholders(key.text, 'value').length > 0) return;
  yield {
    at: key,
    message: 'webhook.api_key is none of the keys, so LiveKit does not start — name one of them.',
    related: [{ at: keys.key, message: 'The keys' }],
  };
}

/** Servers that share no Redis do not know each other's rooms (LiveKit documentation, Distributed setup). */
function* loneServers(resource: Resource, file: EffectiveFile, root: Value): Iterable<Problem> {
  const redis = root.at('redis');
  if (['address', 'sentinel_addresses', 'cluster_addresses'].some(name => redis.at(name).exists)) return;
  if (replicasOf(resource) < 2) return;
  yield {
    at: redis.exists ? redis.key : (file.sources[0]?.key ?? root),
    message: `${replicasOf(resource)} servers of LiveKit share no Redis, so two people of one call may come to different ones and not meet — set redis, or run one.`,
    related: [{ at: resource.root.at('spec', 'replicas'), message: resource.title }],
  };
}

/** Addresses are `host:port`; the client of Redis takes no URL here (livekit/protocol redis/redis.go). */
function* addressProblems(file: EffectiveFile, redis: Value): Iterable<Problem> {
  for (const at of [
    redis.at('address'),
    ...redis.at('sentinel_addresses').items(),
    ...redis.at('cluster_addresses').items(),
  ]) {
    const text = at.text ?? '';
    if (at.kind !== 'scalar' || file.resolve(at).kind !== 'left' || /[$%{]/.test(text)) continue;
    if (findPlaceholders(text, 'value').length > 0 || /^(?:\[[\da-f:.]+\]|[^\s:/]*):\d+$/i.test(text)) continue;
    const host = /^(?:rediss?:\/\/)?(?:[^@/]*@)?([^\s:/@]+)/.exec(text)?.[1];
    yield {
      at,
      message: `${text.includes('@') ? 'This' : text} is no address of Redis for LiveKit, which wants host:port${host ? ` — write ${host}:${/:(\d+)(?:\/|$)/.exec(text)?.[1] ?? (at.parent?.name === 'sentinel_addresses' ? 26379 : 6379)}` : ''}.`,
    };
  }
}

function example(port: string): string {
  return `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          port: ${port}
          keys:
            APIq8Lr2VxKs7T: n4Zc9PfWm1Xb6Dt3Hy5Rk7Lq2Vs8Jw0Ae
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
    `;
}
