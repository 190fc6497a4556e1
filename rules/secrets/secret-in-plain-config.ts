import { configFilesOf } from '../../analysis/config-files';
import { parsed } from '../../analysis/configs';
import { programOf } from '../../analysis/images';
import { containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { referrersOf } from '../../analysis/references';
import { scriptOf } from '../../analysis/scripts';
import { keyTexts } from '../../analysis/secret-data';
import { languageOf, maskComments } from '../../analysis/text/comments';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { isEmptySecret, isSecretKey } from '../../analysis/text/secret-strength';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { moveToSecret } from './move-to-secret';

export default {
  id: 'secret-in-plain-config',
  items: [],
  severity: 'warning',
  summary: 'A password or key is written into a ConfigMap, an environment variable, an argument or a script.',
  why: 'ConfigMaps and the specifications of pods can be read by everyone who may look at the namespace; they are not encrypted at rest, and land in logs, backups and version control.',
  remedy:
    'Keep the value in a Secret. Read it with `valueFrom.secretKeyRef`, or let an init container put it into the configuration file.',
  traps: [
    'What an init container replaces before the program reads the file is no secret.',
    'Placeholders, empty values, paths to files, references to variables and switches are none either.',
    'Only variables are moved by a quick fix: how a value gets into a configuration file is told by its init container.',
    'The password of Sentinel has a rule of its own, redis-sentinel-auth-missing.',
  ],
  sources: ['Kubernetes documentation, ConfigMaps: "ConfigMap does not provide secrecy or encryption"'],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          turn_shared_secret: "pT4vNq8ZsYx1LcWb6RmJd3KgHf7EuAo0"
      #                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: turn_shared_secret stands in ConfigMap synapse
          database:
            args:
              password: DB_PASSWORD_PLACEHOLDER
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          turn_shared_secret: TURN_SECRET_PLACEHOLDER
          database:
            args:
              password: DB_PASSWORD_PLACEHOLDER
    `,
  },
  kinds: ['ConfigMap', ...workloadKinds],
  *check(resource, workspace) {
    const found =
      resource.kind === 'ConfigMap'
        ? inConfigMap(resource, workspace)
        : [...inEnvironment(resource), ...inCommands(resource, workspace)];
    for (const { key, at, variable } of found) {
      yield {
        at,
        message: `${key} stands in ${resource.kind} ${resource.name} as plain text, where it is not kept secret — move it to a Secret.`,
        isSecret: true,
        fixes: () => (variable ? moveToSecret(workspace, resource, variable) : []),
      };
    }
  },
} satisfies Rule;

interface PlainSecret {
  readonly key: string;
  readonly at: Place;
  /** The item of `env`, for a variable of a container. */
  readonly variable?: Value;
}

function inEnvironment(resource: Resource): readonly PlainSecret[] {
  if (!podTemplate(resource)) return [];
  const seen = new Set<number>();
  return containersOf(resource).flatMap(container =>
    container.value
      .at('env')
      .items()
      .flatMap(item => {
        const name = item.at('name').text ?? '';
        const value = item.at('value');
        // An anchor that several containers use is one text.
        if (seen.has(value.span.start)) return [];
        seen.add(value.span.start);
        if (isSecretName(name) && isPlain(value.text)) return [{ key: name, at: value, variable: item }];
        const login =
          passwordOfUrl(value.text ?? '') ?? (isLivekitKeys(name) ? secretOfKey(value.text ?? '') : undefined);
        const what = isLivekitKeys(name) ? 'secret' : 'password';
        return login ? [{ key: `The ${what} in ${name}`, at: value.part(login.start, login.end), variable: item }] : [];
      }),
  );
}

/** The password of a URL that is a whole text, `postgres://user:password@host`; undefined if it has none of its own. */
function passwordOfUrl(text: string): Span | undefined {
  const [whole = '', before = '', password = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/[^\s/:@?#]*:)([^\s/@]+)@[^\s@]+$/i.exec(text) ?? [];
  if (whole === '' || !isPlain(password)) return undefined;
  return { start: before.length, end: before.length + password.length };
}

/** The variable and the option that LiveKit takes its keys from (livekit cmd/server/main.go). */
function isLivekitKeys(name: string): boolean {
  return name === 'LIVEKIT_KEYS' || name === '--keys';
}

/** The secret of `name: secret`. */
function secretOfKey(text: string): Span | undefined {
  const [whole = '', before = '', secret = ''] = /^(\s*[\w-]+\s*:\s*)([^\s:]+)\s*$/.exec(text) ?? [];
  if (whole === '' || !isPlain(secret)) return undefined;
  return { start: before.length, end: before.length + secret.length };
}

/** The secrets among the words of commands, and those that their scripts assign to variables. */
function inCommands(resource: Resource, workspace: Workspace): readonly PlainSecret[] {
  if (!podTemplate(resource)) return [];
  const seen = new Set<number>();
  return containersOf(resource).flatMap(container => {
    const script = scriptOf(workspace, resource, container);
    const words = [...container.value.at('command').items(), ...container.value.at('args').items()];
    const own = script && words.find(word => word.isAt(script.value));
    const found = words.flatMap((word, index): readonly PlainSecret[] => {
      if (word === own || seen.has(word.span.start)) return [];
      seen.add(word.span.start);
      const [flag = '', ...rest] = (word.text ?? '').split('=');
      const text = rest.join('=');
      if (rest.length > 0 && secretFlag.test(flag) && isPlain(text))
        return [{ key: flag, at: word.part(flag.length + 1, flag.length + 1 + text.length) }];
      const before = words[index - 1]?.text ?? '';
      // What begins with a dash is the next option, after one that takes no value.
      if (secretFlag.test(before) && !word.text?.startsWith('-') && isPlain(word.text))
        return [{ key: before, at: word }];
      const keys = isLivekitKeys(flag)
        ? secretOfKey(text)
        : isLivekitKeys(before)
          ? secretOfKey(word.text ?? '')
          : undefined;
      const skipped = isLivekitKeys(flag) ? flag.length + 1 : 0;
      if (keys) return [{ key: 'The secret in --keys', at: word.part(skipped + keys.start, skipped + keys.end) }];
      const user = programOf(container.image) === 'coturn' ? userOfTurn(word.text ?? '', before) : undefined;
      if (user) return [{ key: `The password of ${user.name}`, at: word.part(user.start, user.end) }];
      const login = passwordOfUrl(word.text ?? '');
      return login ? [{ key: 'The password of this address', at: word.part(login.start, login.end) }] : [];
    });
    if (!own || seen.has(own.span.start)) return found;
    seen.add(own.span.start);
    return [...found, ...assignedSecrets(own)];
  });
}

/** The password of `--user=name:password`, as coturn takes it, also in two words and as `-u`. */
function userOfTurn(
  text: string,
  before: string,
): { readonly name: string; readonly start: number; readonly end: number } | undefined {
  const isValue = before === '--user' || before === '-u';
  const [whole = '', start = '', name = '', password = ''] =
    (isValue ? /^(([^\s:]+):)(\S+)$/ : /^(--user=([^\s:]+):)(\S+)$/).exec(text) ?? [];
  return whole !== '' && isPlain(password) ? { name, start: start.length, end: whole.length } : undefined;
}

/** Options whose value is a secret, of redis-server, coturn, rclone and most other programs. */
const secretFlag =
  /^--?(?!use-)(?:[\w-]+[-_])?(?:password|passwd|requirepass|masterauth|auth[-_]secret|api[-_]?(?:key|secret)|secret[-_](?:access[-_])?key|(?:access|auth|bearer)[-_]token)$/;

/** What a shell script assigns to variables that are called after a secret. */
function assignedSecrets(script: Value): readonly ConfiguredSecret[] {
  const text = maskComments(script.text ?? '', 'shell');
  return [...text.matchAll(/(?:^|[\s;&|(])([A-Z][A-Z0-9_]*)=(["']?)([^\s"'$`;&|<>()]+)\2(?=[\s;)]|$)/g)].flatMap(
    match => {
      const [whole, name = '', quote = '', secret = ''] = match;
      if (!isSecretName(name) || !isPlain(secret)) return [];
      const end = match.index + whole.length - quote.length;
      return [{ key: name, at: script.part(end - secret.length, end), line: secret }];
    },
  );
}

function inConfigMap(config: Resource, workspace: Workspace): readonly PlainSecret[] {
  return keyTexts(config).flatMap(([key, value]): readonly PlainSecret[] => {
    if (!/\.\w+$/.test(key) && !value.text?.includes('\n')) {
      const login = passwordOfUrl(value.text ?? '');
      if (login) return [{ key: `The password in ${key}`, at: value.part(login.start, login.end) }];
      const keys = isLivekitKeys(key) ? secretOfKey(value.text ?? '') : undefined;
      if (keys) return [{ key: `The secret in ${key}`, at: value.part(keys.start, keys.end) }];
      return isSecretName(key) && isPlain(value.text) ? [{ key, at: value }] : [];
    }
    const found = /\.(?:ya?ml|json)$/.test(key) ? inDocument(value) : inLines(key, value);
    return found.length === 0 ? [] : found.filter(one => !isReplaced(config, workspace, one));
  });
}

interface ConfiguredSecret extends PlainSecret {
  /** The line of the text, for finding it again in the file that the program reads. */
  readonly line: string;
  /** The scalar of a YAML or JSON file. */
  readonly scalar?: Value;
}

/** The secrets of a YAML or JSON file, by the names of their keys, and LiveKit's, which stand under `keys`. */
function inDocument(value: Value): readonly ConfiguredSecret[] {
  const { root } = value.embedded();
  // Dashboards and alert rules have no secrets, and long lists of keys.
  if (root.kind !== 'mapping' || root.at('panels').exists || root.at('groups').exists) return [];
  const isLivekit = root.at('rtc').exists;
  const logins = [...root.scalars(holdsPassword)].flatMap((scalar): readonly ConfiguredSecret[] => {
    const text = scalar.string ?? '';
    const login = passwordOfUrl(text);
    const key = `The password in ${typeof scalar.name === 'string' && scalar.name !== '' ? scalar.name : 'an address'}`;
    return login ? [{ key, at: scalar.part(login.start, login.end), scalar, line: text }] : [];
  });
  const named = [...root.scalars()].flatMap((scalar): readonly ConfiguredSecret[] => {
    const name = typeof scalar.name === 'string' ? scalar.name : '';
    const isKey = isLivekit && scalar.parent?.name === 'keys' && scalar.path.length === 2;
    if (!isKey && !isSecretName(name)) return [];
    // LiveKit calls the name of a key so, and keeps its secret under `keys` (livekit config-sample.yaml).
    if (isLivekit && name === 'api_key') return [];
    const text = scalar.string ?? '';
    if (!isPlain(text) || holdsPassword(text)) return [];
    return [{ key: isKey ? 'The secret of a key' : name, at: scalar, scalar, line: text }];
  });
  return [...logins, ...named];
}

function holdsPassword(text: string): boolean {
  return passwordOfUrl(text) !== undefined;
}

/** The secrets of files that are read line by line: redis.conf, turnserver.conf, rclone.conf, Python settings. */
function inLines(key: string, value: Value): readonly ConfiguredSecret[] {
  const language = languageOf(key, value.text ?? '');
  if (language === 'sql') return [];
  if (language === 'shell') return assignedSecrets(value);
  const text = maskComments(value.text ?? '', language);
  const found: ConfiguredSecret[] = [];
  for (const match of text.matchAll(
    /^[ \t]*(requirepass|masterauth|static-auth-secret|cli-password|secret_access_key|[A-Z][A-Z0-9_]*(?:PASSWORD|SECRET|SECRET_KEY|API_KEY|TOKEN))[ \t]*[= ][ \t]*["']?([^\s"'#;]+)["']?[ \t]*$/gm,
  )) {
    const [line, name = '', secret = ''] = match;
    if (!isPlain(secret)) continue;
    const start = match.index + line.lastIndexOf(secret);
    found.push({ key: name, at: value.part(start, start + secret.length), line: secret });
  }
  // coturn, README.turnserver: user=<name>:<password>, one line for each.
  if (/turn/i.test(key))
    for (const match of text.matchAll(/^([ \t]*user[ \t]*=?[ \t]*["']?([^\s:"'#]+):)([^\s"'#]+)["']?[ \t]*$/gm)) {
      const [, before = '', user = '', secret = ''] = match;
      if (!isPlain(secret)) continue;
      const start = match.index + before.length;
      found.push({ key: `The password of ${user}`, at: value.part(start, start + secret.length), line: secret });
    }
  return found;
}

/** Whether some step puts another text there before a program reads it. */
function isReplaced(config: Resource, workspace: Workspace, { scalar, line }: ConfiguredSecret): boolean {
  return referrersOf(workspace, 'ConfigMap', config.namespace, config.name).some(({ resource }) =>
    podTemplate(resource)
      ? configFilesOf(workspace, resource).some(({ file }) => {
          if (file.isVerbatim) return false;
          const same = scalar && parsed(file).root.at(...scalar.path);
          if (same?.string === line) return file.resolve(same).kind !== 'left';
          const start = file.content.text.indexOf(line);
          return start !== -1 && file.resolve({ start, end: start + line.length }).kind !== 'left';
        })
      : false,
  );
}

function isSecretName(name: string): boolean {
  return isSecretKey(name) || /^(?:PGPASSWORD|MYSQL_PWD|REDISCLI_AUTH|smtp_pass|requirepass)$/.test(name);
}

/** Whether a text is a secret itself, and not a placeholder, a variable, a path, a switch, a number or a sentence. */
function isPlain(text: string | undefined): boolean {
  if (text === undefined || isEmptySecret(text) || text.length < 4) return false;
  if (/^(?:true|false|yes|no|on|off|none|null|default|disabled?|enabled?|required|optional)$/i.test(text)) return false;
  // An address to listen on, as lk-jwt-service takes it.
  if (/^(?:[\d.]+|localhost|\[[\da-f:]+\])?:\d{1,5}$/i.test(text)) return false;
  if (/^\d{1,9}[smhd]?$/.test(text) || /^\/[\w./-]+$/.test(text) || /^[a-z]+:\/\/[^@]*$/.test(text) || /\s/.test(text))
    return false;
  // Something fills these in: a shell, envsubst, a template, HAProxy's or nginx's own variables.
  if (/[$%{<]|^!|_FROM_|PLACEHOLDER/.test(text)) return false;
  return findPlaceholders(text, 'value').length === 0;
}
