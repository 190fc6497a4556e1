import { contentOf } from '../../analysis/content';
import { keyTexts } from '../../analysis/secret-data';
import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'config-copy-drift',
  items: [],
  severity: 'info',
  summary: 'A configuration file lies beside the ConfigMap that holds it, and the two differ.',
  why: 'Pods read the ConfigMap. A change in the file beside it looks as if it were made, and is not: nothing applies the file.',
  remedy:
    'Bring the two together, and keep one: delete the file, or make the ConfigMap from it with `configMapGenerator` or `kubectl create configmap --from-file`.',
  traps: [
    'YAML and JSON are compared by what they say; comments, quotes and the order of keys do not count. Other files are compared line by line without comments.',
    'A file that a kustomization or a script makes a ConfigMap from is no copy.',
    'A haproxy.cfg with routes that the deployed one lacks is a warning: requests take another way than the file says.',
  ],
  sources: ['Kubernetes documentation, ConfigMaps'],
  examples: {
    bad: `
      #- /synapse/homeserver.yaml
      # The homeserver's configuration.
      server_name: tessera.test
      enable_registration: true
      #^^^^^^^^^^^^^^^^^^ 💡 info: differs from what ConfigMap/synapse-config holds: enable_registration
      #- /synapse/synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          enable_registration: false
    `,
    good: `
      #- /synapse/homeserver.yaml
      server_name: tessera.test
      enable_registration: false
      #- /synapse/synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          enable_registration: false
    `,
  },
  *checkFile(file, workspace) {
    if (file.role === 'manifest' || file.role === 'templated' || file.unread !== undefined) return;
    const [deployed] = workspace.lookup(configMapKeys, file.path);
    if (!deployed || isSource(workspace, file)) return;
    const found = file.documents.length > 0 ? byContent(file, deployed.value) : byLines(file, deployed.value);
    if (!found) return;
    const isRouting = file.name === 'haproxy.cfg' && found.isRouting;
    const some = [...new Set(found.names)].slice(0, 4);
    yield {
      at: found.at,
      ...(isRouting ? { severity: 'warning' as const } : {}),
      message: `${file.name} differs from what ConfigMap/${deployed.resource.name} holds: ${some.join(', ')}${found.names.length > some.length ? ' …' : ''} — pods read the ConfigMap; bring the two together, or delete the copy.`,
      related: [{ at: deployed.value.key, message: 'What the pods read' }],
      fixes: () => fixesFor(file, deployed.value, deployed.resource),
    };
  },
} satisfies Rule;

interface ConfigMapKey {
  readonly resource: Resource;
  readonly value: Value;
}

interface Difference {
  readonly at: Place;
  /** What differs, for the message. */
  readonly names: readonly string[];
  /** Whether the copy has lines of haproxy.cfg that send requests somewhere, which the deployed one lacks. */
  readonly isRouting: boolean;
}

/** Keys of ConfigMaps by the path that a file of the same name would have beside the manifest. */
const configMapKeys: Index<ConfigMapKey> = {
  name: 'ConfigMap keys by path',
  *resource(resource) {
    if (resource.qualifiedKind !== 'ConfigMap') return;
    const { directory } = resource.document.file;
    for (const [key, value] of keyTexts(resource)) {
      if (/\.\w+$/.test(key)) yield [directory === '' ? key : `${directory}/${key}`, { resource, value }];
    }
  },
};

/** Names of files that scripts and kustomizations make ConfigMaps from. */
const usedFiles: Index<true> = {
  name: 'files that ConfigMaps are made from',
  *textFile(file) {
    if (!file.text.includes('--from-')) return;
    for (const [, path = ''] of file.text.matchAll(/--from-(?:env-)?file[= ](?:[\w.-]+=)?["']?([^\s"'\\]+)/g))
      yield [path.replace(/^.*\//, ''), true];
  },
  *document(document) {
    if (!document.file.isKustomization) return;
    for (const generator of ['configMapGenerator', 'secretGenerator']) {
      for (const item of document.root.at(generator).items()) {
        for (const path of [...item.at('files').items(), ...item.at('envs').items()])
          yield [(path.text ?? '').replace(/^.*[/=]/, ''), true];
      }
    }
  },
};

function isSource(workspace: Workspace, file: SourceFile): boolean {
  return workspace.lookup(usedFiles, file.name).length > 0;
}

/** Where two YAML or JSON texts say different things. Undefined if they do not, or cannot be read. */
function byContent(file: SourceFile, value: Value): Difference | undefined {
  const [document] = file.documents;
  const { root, problem } = value.embedded();
  if (!document || document.problems.length > 0 || problem || root.kind !== 'mapping') return undefined;
  const copy = document.root;
  const names = new Set<string>();
  let at: Place | undefined;
  for (const [key, entry] of copy.entries()) {
    if (contentOf(entry) === contentOf(root.at(key))) continue;
    at ??= entry.key;
    names.add(key);
  }
  for (const key of root.keys()) if (!copy.at(key).exists) names.add(key);
  const first = copy.entries()[0]?.[1].key;
  at ??= first;
  return names.size > 0 && at ? { at, names: [...names], isRouting: false } : undefined;
}

/** Where two texts have different lines, comments and white space apart. */
function byLines(file: SourceFile, value: Value): Difference | undefined {
  if (value.string === undefined || file.text === '') return undefined;
  const copy = meaningful(file.text);
  const deployed = meaningful(value.string);
  const inCopy = new Set(copy.map(line => line.text));
  const inDeployed = new Set(deployed.map(line => line.text));
  const added = copy.filter(line => !inDeployed.has(line.text));
  const missing = deployed.filter(line => !inCopy.has(line.text));
  const routes = added.filter(line => /^(?:use_backend|backend|default_backend) /.test(line.text));
  const [first] = [...routes, ...added, ...copy];
  if (!first || (added.length === 0 && missing.length === 0)) return undefined;
  return {
    at: { uri: file.uri, span: { start: first.start, end: first.end } },
    names: [...routes, ...added, ...missing].map(nameOf),
    isRouting: routes.length > 0,
  };
}

/** A line for the message: its keyword, and what it is about unless that may be a password. */
function nameOf({ text }: Line): string {
  const isOpen = /^(?:use_backend|backend|default_backend|frontend|listen|server|server-template|option|bind) /.test(
    text,
  );
  return text.split(' ', isOpen ? 2 : 1).join(' ');
}

interface Line {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The lines of a text that say something, without the comment at their end. */
function meaningful(text: string): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const said = line.replace(/(?:^|\s)[#;](?:\s|$|[^\w]).*$|^\s*#.*$/, '').trimEnd();
    const indent = said.length - said.trimStart().length;
    if (said.trim() !== '')
      lines.push({ text: said.trim().replace(/\s+/g, ' '), start: start + indent, end: start + said.length });
    start += line.length + 1;
  }
  return lines;
}

function fixesFor(file: SourceFile, value: Value, resource: Resource): readonly Fix[] {
  const text = value.string;
  if (text === undefined) return [];
  const { linePrefix } = value.mapped;
  const canDeploy = linePrefix !== undefined && !file.text.includes('\r') && text.endsWith('\n');
  const deployed = file.text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line, index) => (line === '' || index === 0 ? line : linePrefix + line))
    .join('\n');
  return [
    {
      title: 'Overwrite the copy with what is deployed',
      safe: false,
      edits: [{ at: { uri: file.uri, span: { start: 0, end: file.text.length } }, newText: text }],
    },
    ...(canDeploy
      ? [
          {
            title: `Put the copy into ConfigMap/${resource.name}`,
            safe: false,
            edits: [{ at: value.part(0, text.length - 1), newText: deployed }],
          },
        ]
      : []),
  ];
}
