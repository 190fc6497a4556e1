import { commandLine, configurationOf, parsed } from '../../analysis/configs';
import { nearest } from '../../analysis/nearest';
import { type Container, containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { deleteEntry, renameKey, replaceScalar } from '../../manifests/edit';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Fix, Problem, Rule } from '../rule';

/** What the scanner's schema allows: each section with its keys, and those that must be there. */
const sections = table<{ readonly known: readonly string[]; readonly required: readonly string[] }>({
  web: { known: ['host', 'port'], required: ['host', 'port'] },
  scan: {
    known: ['script', 'temp_directory', 'removal_command', 'allowed_mimetypes', 'blocked_mimetypes'],
    required: ['script', 'temp_directory'],
  },
  download: { known: ['base_homeserver_url', 'proxy', 'additional_headers', 'headers_to_forward'], required: [] },
  // Version 1.2 has taken the pickle's place by a secret; either version refuses the other's keys.
  crypto: { known: ['pickle_path', 'pickle_key', 'request_secret_path'], required: [] },
  result_cache: { known: ['max_size', 'ttl', 'exit_codes_to_ignore', 'max_file_size'], required: [] },
});
const requiredSections = ['web', 'scan', 'crypto'];

export default {
  id: 'scanner-config-invalid',
  items: [],
  severity: 'error',
  summary: 'The content scanner’s configuration or command is not one that it starts with.',
  why: 'The scanner validates its file when it starts, allows no key that it does not know, and stops at the first mistake. Its package is no program either, only the module `mcs` in it is. Nothing is scanned.',
  remedy:
    'Keep to the sections `web`, `scan`, `crypto`, `download` and `result_cache` with their keys; the first three must be there. The homeserver’s address is `download.base_homeserver_url`. Start it with `python -m matrix_content_scanner.mcs`.',
  traps: [
    'Only the scanner written in Python is meant, which is the one with a `web` section or `scan.temp_directory`; its predecessor reads other keys.',
    '`crypto` is needed also by those who scan no encrypted media: `pickle_path` and `pickle_key`, or `request_secret_path` in newer versions.',
    'There is no section for logging and no limit for files’ sizes but `result_cache.max_file_size`, which is about the cache alone.',
  ],
  sources: [
    'element-hq/matrix-content-scanner-python, src/matrix_content_scanner/config.py: the schema has additionalProperties: false; docker/Dockerfile: python -m matrix_content_scanner.mcs, and no version has a __main__.py',
  ],
  examples: {
    bad: `
      #- /scanner.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: scanner
        namespace: matrix
      data:
        config.yaml: |
          web:
            host: 0.0.0.0
            port: 8080
          scan:
            script: /scripts/scan.sh
            temp_directory: /tmp/scan
            temp_dir: /tmp
      #     ^^^^^^^^ 💡 error: The content scanner knows no key scan.temp_dir and does not start with it — delete it.
          proxy:
      #   ^^^^^ 💡 error: The content scanner knows no key proxy and does not start with it — call it download.
            base_homeserver_url: https://matrix.tessera.test
          crypto:
            pickle_path: /data/pickle
            pickle_key: kT4d0f3l1hJq2c9mXw7sVbN5zR8yGpKe
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: content-scanner}
        template:
          metadata:
            labels: {app: content-scanner}
          spec:
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.1.0
                args: [-c, /config/config.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: scanner}
    `,
    good: `
      #- /scanner.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: scanner
        namespace: matrix
      data:
        config.yaml: |
          web:
            host: 0.0.0.0
            port: 8080
          scan:
            script: /scripts/scan.sh
            temp_directory: /tmp/scan
          download:
            base_homeserver_url: https://matrix.tessera.test
          crypto:
            pickle_path: /data/pickle
            pickle_key: kT4d0f3l1hJq2c9mXw7sVbN5zR8yGpKe
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: content-scanner}
        template:
          metadata:
            labels: {app: content-scanner}
          spec:
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.1.0
                args: [-c, /config/config.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: scanner}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('scanner')) return;
    for (const container of containersOf(resource)) yield* wrongModule(container);
    for (const file of configurationOf(workspace, resource, 'scanner')?.files ?? []) {
      const { root } = parsed(file);
      if (file.isOpaque || root.kind !== 'mapping') continue;
      if (!root.at('web').exists && !root.at('scan', 'temp_directory').exists) continue;
      yield* unknownKeys(root, '', Object.keys(sections));
      for (const [name, { known }] of Object.entries(sections)) yield* unknownKeys(root.at(name), `${name}.`, known);
      yield* missingKeys(root);
    }
  },
} satisfies Rule;

/** `python -m matrix_content_scanner`, which names a package that cannot be run. */
function* wrongModule(container: Container): Iterable<Problem> {
  const words = commandLine(container);
  const module = words.find((word, index) => words[index - 1]?.text === '-m' && word.text === 'matrix_content_scanner');
  if (!module) return;
  yield {
    at: module,
    message: `Python cannot run the package matrix_content_scanner, so container ${container.name} does not start — name its module matrix_content_scanner.mcs.`,
    fixes: () => {
      const edit = replaceScalar(module, 'matrix_content_scanner.mcs');
      return edit ? [{ title: 'Name matrix_content_scanner.mcs', safe: true, edits: [edit] }] : [];
    },
  };
}

function* unknownKeys(mapping: Value, prefix: string, known: readonly string[]): Iterable<Problem> {
  for (const [key, value] of mapping.entries()) {
    if (known.includes(key)) continue;
    const meant = meantKey(mapping, key, value, known);
    yield {
      at: value.key,
      message: `The content scanner knows no key ${prefix}${key} and does not start with it — ${meant ? `call it ${meant}` : 'delete it'}.`,
      fixes: () => repair(value, key, meant),
    };
  }
}

/** The known key that is not there yet and that a section's name or its keys speak for. */
function meantKey(mapping: Value, key: string, value: Value, known: readonly string[]): string | undefined {
  const free = known.filter(one => !mapping.at(one).exists);
  const keys = value.keys();
  const fitting = free.find(one => keys.length > 0 && keys.every(inner => sections[one]?.known.includes(inner)));
  return fitting ?? nearest(key, free);
}

function repair(value: Value, key: string, meant: string | undefined): readonly Fix[] {
  const edit = meant === undefined ? deleteEntry(value) : renameKey(value, meant);
  if (!edit) return [];
  return [{ title: meant ? `Rename ${key} to ${meant}` : `Delete ${key}`, safe: meant !== undefined, edits: [edit] }];
}

function* missingKeys(root: Value): Iterable<Problem> {
  const [, first] = root.entries()[0] ?? [];
  for (const name of requiredSections) {
    const section = root.at(name);
    if (!section.exists) {
      yield {
        at: first?.key ?? root,
        message: `The content scanner’s configuration has no section ${name}, and it does not start without — add it.`,
      };
      continue;
    }
    const absent = (sections[name]?.required ?? []).filter(key => !section.at(key).exists);
    for (const key of absent)
      yield {
        at: section.key,
        message: `The content scanner’s configuration has no ${name}.${key}, and it does not start without — add it.`,
      };
    // All versions want the path and the key of the pickle together.
    const pickle = ['pickle_path', 'pickle_key'].filter(key => name === 'crypto' && !section.at(key).exists);
    if (pickle.length === 1)
      yield {
        at: section.key,
        message: `The content scanner’s configuration has no crypto.${pickle[0]}, and it does not start without — add it.`,
      };
  }
}
