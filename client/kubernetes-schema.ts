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
 * Whether the YAML extension explains and completes the fields of Kubernetes objects: `yaml.schemas` maps `kubernetes`,
 * or the address of a Kubernetes schema, to globs (yaml-language-server README, "Associating schemas").
 */
export function hasKubernetesSchema({ hover, completion, schemas, hasKubernetesExtension }: YamlExtension): boolean {
  if (hover === false && completion === false) return false;
  const names = typeof schemas === 'object' && schemas !== null ? Object.keys(schemas) : [];
  return hasKubernetesExtension || names.some(name => /kubernetes/i.test(name));
}
