import { extensions, workspace } from 'vscode';

/**
 * Whether the YAML extension of Red Hat documents and completes the fields of Kubernetes objects here. It does so for
 * the files that its setting `yaml.schemas` gives a Kubernetes schema, and for all manifests when the Kubernetes
 * extension is there, which hands its schema to it. Extensions that are switched off are not seen.
 */
export function isSchemaHelpElsewhere(): boolean {
  if (!extensions.getExtension('redhat.vscode-yaml')) return false;
  const yaml = workspace.getConfiguration('yaml');
  if (yaml.get('hover') === false && yaml.get('completion') === false) return false;
  const schemas = Object.keys(yaml.get<Record<string, unknown>>('schemas') ?? {});
  return (
    schemas.some(schema => /kubernetes/i.test(schema)) ||
    extensions.getExtension('ms-kubernetes-tools.vscode-kubernetes-tools') !== undefined
  );
}
