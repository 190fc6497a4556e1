import { type ConfigFile, configFilesOf } from '../../analysis/config-files';
import { commandLine } from '../../analysis/configs';
import { type EnvironmentVariable, environmentOf } from '../../analysis/environment';
import { publishedProgramOf } from '../../analysis/images';
import { type Container, containersOf, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { scriptOf } from '../../analysis/scripts';
import { type SecretEntry, secretEntry } from '../../analysis/secret-data';
import { fileWrites } from '../../analysis/text/file-writes';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { SedSubstitution } from '../../analysis/text/sed-script';
import { readShell } from '../../analysis/text/shell';
import { startOfLine } from '../../manifests/lines';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import { tokensOf } from '../config/tokens';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'substitution-unsafe-secret',
  items: ['A.2.a', 'A.2.c'],
  severity: 'error',
  summary: 'A secret has a character that breaks the step which puts it into a configuration file.',
  why: 'In `s/…/${X}/` the value is part of the sed command: its delimiter ends the command, `&` stands for what was found, a backslash escapes. Elsewhere a quote ends the string, and `@`, `:` or `/` end the password in a URL. The pod does not start, or the program gets another password than was meant.',
  remedy:
    'Generate a value of letters and digits only with *Generate Credential*, or use a delimiter that cannot occur: base64 text has no `|`.',
  traps: [
    '`openssl rand -base64 32` makes a `/` in about half of all values. Where the value is still a placeholder and the delimiter is `/`, an info says so.',
    'What the shell expands into a here-document is not expanded again: `$` and backticks in the value are harmless there.',
    'Only values that the tree shows are judged.',
  ],
  sources: [
    'POSIX sed: the delimiter, `&` and backslash in the replacement of the s command',
    'RFC 3986, userinfo: reserved characters have to be percent-encoded',
    'coturn docker/coturn/rootfs docker-entrypoint.sh: arguments go through `eval echo`',
  ],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: livekit
        namespace: matrix
      stringData:
        SECRET: pT4vNq8ZsYx1/LcWb6RmJd3KgHf7EuAo
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          keys:
            main: SECRET_PLACEHOLDER
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: livekit}
        template:
          metadata:
            labels: {app: livekit}
          spec:
            initContainers:
              - name: config
                image: busybox:1.36
                command: [sh, -c]
                args:
                  - sed "s/SECRET_PLACEHOLDER/$SECRET/g" /template/livekit.yaml > /config/livekit.yaml
      #                                       ^^^^^^^ 💡 error: SECRET of Secret livekit has a slash
                env:
                  - name: SECRET
                    valueFrom:
                      secretKeyRef: {name: livekit, key: SECRET}
                volumeMounts:
                  - {name: template, mountPath: /template}
                  - {name: config, mountPath: /config}
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                args: [--config, /config/livekit.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: template
                configMap: {name: livekit}
              - name: config
                emptyDir: {}
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: livekit
        namespace: matrix
      stringData:
        SECRET: pT4vNq8ZsYx1/LcWb6RmJd3KgHf7EuAo
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          keys:
            main: SECRET_PLACEHOLDER
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: livekit}
        template:
          metadata:
            labels: {app: livekit}
          spec:
            initContainers:
              - name: config
                image: busybox:1.36
                command: [sh, -c]
                args:
                  - sed "s|SECRET_PLACEHOLDER|$SECRET|g" /template/livekit.yaml > /config/livekit.yaml
                env:
                  - name: SECRET
                    valueFrom:
                      secretKeyRef: {name: livekit, key: SECRET}
                volumeMounts:
                  - {name: template, mountPath: /template}
                  - {name: config, mountPath: /config}
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                args: [--config, /config/livekit.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: template
                configMap: {name: livekit}
              - name: config
                emptyDir: {}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    yield* workspace.derive(inScripts, resource);
    for (const config of configFilesOf(workspace, resource)) yield* inText(workspace, resource, config);
    for (const container of mainContainersOf(resource)) yield* inEvaluatedArguments(workspace, resource, container);
    for (const container of containersOf(resource)) yield* inAddresses(workspace, resource, container);
  },
} satisfies Rule;

interface UsedSecret {
  readonly name: string;
  readonly entry: SecretEntry;
}

/** The Secret key behind a variable, where the tree shows its value. */
function secretOf(
  workspace: Workspace,
  resource: Resource,
  variable: EnvironmentVariable | undefined,
): UsedSecret | undefined {
  if (variable?.source?.kind !== 'Secret') return undefined;
  const { name, key } = variable.source;
  const secret = workspace.find('Secret', resource.namespace, name);
  const entry = secret && secretEntry(secret, key);
  return entry?.text ? { name, entry } : undefined;
}

/** On its own, so that an edit of a configuration has no script read again. */
function inScripts(resource: Resource, workspace: Workspace): readonly Problem[] {
  return containersOf(resource).flatMap(container => [
    ...inSed(workspace, resource, container),
    ...inShellText(workspace, resource, container),
  ]);
}

function* inSed(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const script = scriptOf(workspace, resource, container);
  if (!script?.text.text.includes('sed')) return;
  const { variables } = environmentOf(workspace, resource, container);
  for (const write of fileWrites(readShell(script.text.text))) {
    if (write.kind !== 'substitute') continue;
    for (const command of write.commands) {
      if (command.kind !== 'substitute' || !command.complete) continue;
      for (const variable of command.replacement.variables) {
        const used = variable.transformed ? undefined : secretOf(workspace, resource, variables.get(variable.name));
        if (!used) continue;
        const at = script.text.place(variable.span.start, variable.span.end);
        const place = (start: number, end: number): Place => script.text.place(start, end);
        yield* sedProblem(used, command, at, place);
      }
    }
  }
}

function* sedProblem(
  used: UsedSecret,
  command: SedSubstitution,
  at: Place,
  place: (start: number, end: number) => Place,
): Iterable<Problem> {
  const text = used.entry.text ?? '';
  const { delimiter } = command;
  const related = [{ at: used.entry.value.key, message: `${used.entry.key} of Secret ${used.name}` }];
  if (findPlaceholders(text, 'value').length > 0) {
    if (delimiter !== '/') return;
    yield {
      at,
      severity: 'info',
      message: `${used.entry.key} of Secret ${used.name} is put between slashes, and values of openssl rand -base64 often have one — use another delimiter, such as |.`,
      related,
      fixes: () => useBar(command, text, place),
    };
    return;
  }
  const bad = [delimiter, '&', '\\', '\n'].find(one => text.replace(/\n$/, '').includes(one));
  if (bad === undefined) return;
  yield {
    at,
    message: `${used.entry.key} of Secret ${used.name} has ${nameOf(bad)}, which ${bad === delimiter ? 'ends the sed command it is pasted into' : 'sed does not take literally'} — ${bad === delimiter ? 'use another delimiter, or ' : ''}generate a value of letters and digits.`,
    related,
    fixes: () => (bad === delimiter ? useBar(command, text, place) : []),
  };
}

/** Writes the command with `|`, where neither its parts nor the value have one. */
function useBar(
  { pattern, replacement, delimiter }: SedSubstitution,
  value: string,
  place: (start: number, end: number) => Place,
): readonly Fix[] {
  if ([pattern.text, replacement.text, value].some(text => text.includes('|')) || delimiter === '|') return [];
  const edits = [pattern.span.start - 1, pattern.span.end, replacement.span.end].map(start => ({
    at: place(start, start + 1),
    newText: '|',
  }));
  // A script in a quoted scalar with escapes has no place for a single character.
  if (edits.some(({ at }) => at.span.end - at.span.start !== 1)) return [];
  return [{ title: 'Use | as the delimiter', safe: true, edits }];
}

/** Values that end the string or the URL which they are put into. */
function* inText(workspace: Workspace, resource: Resource, config: ConfigFile): Iterable<Problem> {
  if (config.file.isOpaque) return;
  for (const { placeholder, at, resolution } of tokensOf(config)) {
    if (resolution.kind !== 'replaced' || resolution.variables.length !== 1) continue;
    const [variable] = resolution.variables;
    const used = variable?.transformed ? undefined : secretOf(workspace, resource, variable?.definition);
    const text = used?.entry.text?.trim();
    // Most values break nothing, wherever they stand.
    if (!used || text === undefined || !/[^\w-]/.test(text) || text.includes('\n')) continue;
    if (findPlaceholders(text, 'value').length > 0) continue;
    const { start, end } = placeholder.span;
    const bad = breaking(config.file.content.text, start, end, text, config.file.path);
    if (!bad) continue;
    yield {
      at,
      message: `${used.entry.key} of Secret ${used.name} has ${nameOf(bad.character)}, which ends the ${bad.where} it is put into — generate a value of letters and digits.`,
      related: [{ at: used.entry.value.key, message: `${used.entry.key} of Secret ${used.name}` }],
    };
  }
}

function breaking(
  text: string,
  start: number,
  end: number,
  value: string,
  path: string,
): { readonly character: string; readonly where: string } | undefined {
  const line = text.slice(startOfLine(text, start), start);
  const rest = /^[^\n]*/.exec(text.slice(end))?.[0] ?? '';
  const find = (characters: RegExp): string | undefined => characters.exec(value)?.[0];
  if (/[a-z][a-z0-9+.-]*:\/\/[^\s/@"']*$/i.test(line) && /^[^\s/"']*@/.test(rest)) {
    const character = find(/[@:/?#[\]\s%]/);
    return character === undefined ? undefined : { character, where: 'URL' };
  }
  // Redis splits its lines at blanks, and a quote begins a string anywhere (sdssplitargs in sds.c).
  if (/(?:redis|sentinel|valkey)[\w.-]*\.conf$/.test(path) && /\s$/.test(line) && /^\s*$/.test(rest)) {
    const character = find(/[\s"']/);
    return character === undefined ? undefined : { character, where: 'argument' };
  }
  if (!/\.(?:ya?ml|json)$/.test(path)) return undefined;
  if (/^[^"]*(?:"[^"]*"[^"]*)*"[^"]*$/.test(line) && rest.includes('"')) {
    const character = find(/["\\]/);
    return character === undefined ? undefined : { character, where: 'quoted string' };
  }
  if (/:\s+'[^']*$/.test(line) && rest.includes("'")) {
    const character = find(/'/);
    return character === undefined ? undefined : { character, where: 'quoted string' };
  }
  // A plain scalar of its own: `password: X`.
  if (/(?:^|[:-])\s+$/.test(line) && /^\s*(?:#.*)?$/.test(rest)) {
    const character = /^[!&*>|%@`{}[\],'"#]/.exec(value)?.[0] ?? /: | #/.exec(value)?.[0];
    return character === undefined ? undefined : { character: character.trim(), where: 'YAML value' };
  }
  return undefined;
}

/** Variables that are put together of others: `postgres://app:$(PASSWORD)@db`. */
function* inAddresses(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  for (const item of container.value.at('env').items()) {
    const value = item.at('value');
    const match = /^([a-z][a-z0-9+.-]*:\/\/[^\s/@]*)(\$\((\w+)\))@/i.exec(value.text ?? '');
    const [, before = '', written = '', name = ''] = match ?? [];
    if (!match) continue;
    const { variables } = environmentOf(workspace, resource, container);
    const used = secretOf(workspace, resource, variables.get(name));
    const at = (): Place => value.part(before.length, before.length + written.length);
    yield* pasted(used, /[@:/?#[\]\s%]/, 'URL', at);
  }
}

/** What a script writes into an address or, in a here-document that the shell expands, between quotes of SQL. */
function* inShellText(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const script = scriptOf(workspace, resource, container);
  if (!script) return;
  const { text } = script.text;
  const address = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/@"'$]*:(\$\{?([A-Za-z_]\w*)\}?)@/gi;
  const found = [...text.matchAll(address)].map(match => ({ match, start: 0, bad: /[@:/?#[\]\s%]/, where: 'URL' }));
  for (const here of text.matchAll(/<<-?[ \t]*([A-Za-z_]\w*)[^\n]*\n([\s\S]*?)^[ \t]*\1[ \t]*$/gm)) {
    const start = here.index + here[0].indexOf('\n') + 1;
    for (const match of (here[2] ?? '').matchAll(/'(\$\{?([A-Za-z_]\w*)\}?)'/g))
      found.push({ match, start, bad: /'/, where: 'quoted string' });
  }
  if (found.length === 0) return;
  const { variables } = environmentOf(workspace, resource, container);
  for (const { match, start, bad, where } of found) {
    const [whole, written = '', name = ''] = match;
    const from = start + match.index + whole.lastIndexOf(written);
    const used = secretOf(workspace, resource, variables.get(name));
    yield* pasted(used, bad, where, () => script.text.place(from, from + written.length));
  }
}

function* pasted(used: UsedSecret | undefined, bad: RegExp, where: string, at: () => Place): Iterable<Problem> {
  const text = used?.entry.text?.trim() ?? '';
  const character = bad.exec(text)?.[0];
  if (!used || character === undefined || findPlaceholders(text, 'value').length > 0) return;
  yield {
    at: at(),
    message: `${used.entry.key} of Secret ${used.name} has ${nameOf(character)}, which ends the ${where} it is put into — generate a value of letters and digits.`,
    related: [{ at: used.entry.value.key, message: `${used.entry.key} of Secret ${used.name}` }],
  };
}

/** The image of coturn evaluates its arguments once more in a shell. */
function* inEvaluatedArguments(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  if (publishedProgramOf(container.image) !== 'coturn' || container.value.at('command').exists) return;
  const { variables } = environmentOf(workspace, resource, container);
  const words = commandLine(container);
  for (const [index, word] of words.entries()) {
    const match = /\$\((\w+)\)/.exec(word.text ?? '');
    const used = match ? secretOf(workspace, resource, variables.get(match[1] ?? '')) : undefined;
    const isLast = index === words.length - 1 && word.text?.endsWith(match?.[0] ?? '');
    // Behind the last argument a line break is dropped; behind another one it ends the command.
    const text = (used?.entry.text ?? '').replace(isLast ? /[\r\n]+$/ : /(?!)/, '');
    const bad = /[\s$`"'\\;&|<>(){}*?!#~]/.exec(text)?.[0];
    if (!match || !used || bad === undefined || findPlaceholders(text, 'value').length > 0) continue;
    yield {
      at: word.part(match.index, match.index + match[0].length),
      message: `${used.entry.key} of Secret ${used.name} has ${nameOf(bad)}, and the image of coturn evaluates its arguments in a shell — generate a value of letters and digits.`,
      related: [{ at: used.entry.value.key, message: `${used.entry.key} of Secret ${used.name}` }],
    };
  }
}

/** A character in words; the rest of the value stays unknown. */
function nameOf(character: string): string {
  return names[character] ?? `the character ${character}`;
}

const names = table<string>({
  '/': 'a slash',
  '&': 'an ampersand',
  '\\': 'a backslash',
  '\n': 'a line break',
  ' ': 'a blank',
  '|': 'a vertical bar',
  '#': 'a number sign',
  '"': 'a double quote',
  "'": 'a single quote',
  '@': 'an at sign',
  ':': 'a colon',
});
