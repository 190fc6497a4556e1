import type { SchemaHelp } from '../protocol/client-facts';

/** What is known of the YAML extension of Red Hat, where it is enabled. */
export interface YamlExtension {
  /** The values of `yaml.hover`, `yaml.completion` and `yaml.schemas`. */
  readonly hover: unknown;
  readonly completion: unknown;
  readonly schemas: unknown;
  /** Whether the Kubernetes extension is enabled, which gives its schema for every manifest to the YAML extension. */
  readonly hasKubernetesExtension: boolean;
}

/**
 * What the YAML extension does from schemas. Fields of Kubernetes objects: if `yaml.schemas` maps `kubernetes`, or the
 * address of a Kubernetes schema, to globs (yaml-language-server README, "Associating schemas"). `matrix-preflight.yaml`:
 * always, because its schema comes with this extension, unless `yaml.schemas` gives the file another one, which counts more.
 */
export function helpOfYamlExtension(yaml: YamlExtension): readonly SchemaHelp[] {
  const { hover, completion, hasKubernetesExtension } = yaml;
  const schemas = typeof yaml.schemas === 'object' && yaml.schemas !== null ? Object.entries(yaml.schemas) : [];
  const hasKubernetes = hasKubernetesExtension || schemas.some(([name]) => /kubernetes/i.test(name));
  const hasSettings = !schemas.some(([, globs]) =>
    [globs].flat().some(glob => mayMatch(glob, 'matrix-preflight.yaml')),
  );
  return [
    ...(hasKubernetes && completion !== false ? (['completion'] as const) : []),
    ...(hasKubernetes && hover !== false ? (['hover'] as const) : []),
    ...(hasSettings && completion !== false ? (['settings'] as const) : []),
  ];
}

/** Whether a glob matches a file of a name in some directory: those of the glob are taken to fit, hidden ones excepted. */
function mayMatch(glob: unknown, name: string): boolean {
  if (typeof glob !== 'string' || /(?:^|\/)\.\w/.test(glob)) return false;
  const last = glob.slice(glob.lastIndexOf('/') + 1);
  const pattern = last.replace(/\*+|[?{},]|[^*?{},]+/g, part => {
    if (part.startsWith('*')) return '.*';
    return { '?': '.', '{': '(?:', '}': ')', ',': '|' }[part] ?? part.replace(/[\\^$.+()[\]|]/g, '\\$&');
  });
  try {
    return new RegExp(`^(?:${pattern})$`).test(name);
  } catch {
    return false;
  }
}
