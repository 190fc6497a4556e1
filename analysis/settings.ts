import type { ManifestDocument } from '../manifests/document';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';

/** The name of the configuration file; it stands at the root of a deployment tree. */
export const settingsFileName = 'matrix-preflight.yaml';

export const components = [
  'main',
  'workers',
  'keyVault',
  'livekit',
  'li',
  'antivirus',
  'element',
  'coturn',
  'monitoring',
  'grafana',
  'networkPolicies',
] as const;
export type Component = (typeof components)[number];

/** `required`: its absence is a finding. `auto`: checked where present. `off`: its items are waived. */
export type ComponentSwitch = 'required' | 'auto' | 'off';

/** What a tree says of itself in `matrix-preflight.yaml`; what is absent has the checklist's default. */
export interface Settings {
  readonly components: Readonly<Record<Component, ComponentSwitch>>;
  /** Concurrent users to size for, and which table holds the sizes. */
  readonly scale: { readonly ccu: number; readonly source: 'checklist' | 'guide' };
  /** The Kubernetes version to deploy to, such as `1.27`. */
  readonly kubernetes: string;
  readonly profile: 'default' | 'strict' | undefined;
  /** Objects that exist without a manifest in the tree. */
  readonly provided: readonly ProvidedObject[];
  readonly rules: ReadonlyMap<string, RuleSetting>;
  /** The deployment's own domain, if stated. */
  readonly domain: string | undefined;
  /** How the mount of Synapse's Python packages is wanted. */
  readonly pythonMount: 'checklist' | 'pythonpath' | undefined;
  /** Glob patterns of paths that are not read. */
  readonly exclude: readonly string[];
}

export interface ProvidedObject {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Undefined: any key. */
  readonly keys: readonly string[] | undefined;
  readonly at: Value;
}

export interface RuleSetting {
  readonly severity: 'error' | 'warning' | 'info' | 'hint' | 'off';
  readonly reason: string | undefined;
  readonly at: Value;
}

export function settingsOf(workspace: Workspace): Settings {
  return workspace.shared(readSettings);
}

/** The settings document of the tree, if there is one. */
export function settingsDocument(workspace: Workspace): ManifestDocument | undefined {
  return workspace.lookup(settingsDocuments, '')[0];
}

const settingsDocuments: Index<ManifestDocument> = {
  name: 'settings',
  *document(document) {
    if (document.file.path === settingsFileName && document.index === 0) yield ['', document];
  },
};

function readSettings(workspace: Workspace): Settings {
  const root = settingsDocument(workspace)?.root;
  return {
    components: Object.fromEntries(
      components.map(name => [name, oneOf(root?.at('components', name), switches) ?? 'required']),
    ) as Record<Component, ComponentSwitch>,
    scale: {
      ccu: root?.at('scale', 'ccu').number ?? 100,
      source: oneOf(root?.at('scale', 'source'), ['checklist', 'guide'] as const) ?? 'checklist',
    },
    kubernetes: root?.at('target', 'kubernetes').text ?? '1.27',
    profile: oneOf(root?.at('profile'), ['default', 'strict'] as const),
    provided: (root?.at('provided').items() ?? []).flatMap(providedObject),
    rules: new Map((root?.at('rules').entries() ?? []).flatMap(([id, value]) => ruleSetting(id, value))),
    domain: root?.at('domain').string,
    pythonMount: oneOf(root?.at('synapse', 'pythonMount'), ['checklist', 'pythonpath'] as const),
    exclude: (root?.at('exclude').items() ?? []).flatMap(item => item.string ?? []),
  };
}

const switches = ['required', 'auto', 'off'] as const;
const severities = ['error', 'warning', 'info', 'hint', 'off'] as const;

function providedObject(item: Value): readonly ProvidedObject[] {
  const kind = item.at('kind').string;
  const name = item.at('name').string;
  if (!kind || !name) return [];
  const keys = item.at('keys').exists
    ? item
        .at('keys')
        .items()
        .flatMap(key => key.text ?? [])
    : undefined;
  return [{ kind, name, namespace: item.at('namespace').string, keys, at: item }];
}

/** A severity, or a mapping of severity and reason. YAML 1.1 reads a bare `off` as false. */
function ruleSetting(id: string, value: Value): readonly (readonly [string, RuleSetting])[] {
  const said = value.kind === 'mapping' ? value.at('severity') : value;
  const severity = said.boolean === false ? 'off' : oneOf(said, severities);
  return severity ? [[id, { severity, reason: value.at('reason').string, at: value }]] : [];
}

function oneOf<T extends string>(value: Value | undefined, allowed: readonly T[]): T | undefined {
  const text = value?.boolean === false ? 'off' : value?.text;
  return allowed.find(one => one === text);
}
