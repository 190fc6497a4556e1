import { extensions, workspace } from 'vscode';
import { hasKubernetesSchema } from './kubernetes-schema';

/**
 * Whether another extension documents and completes the fields of Kubernetes objects here. Extensions that are switched
 * off are not seen.
 */
export function isSchemaHelpElsewhere(): boolean {
  if (!extensions.getExtension('redhat.vscode-yaml')) return false;
  const yaml = workspace.getConfiguration('yaml');
  return hasKubernetesSchema({
    hover: yaml.get('hover'),
    completion: yaml.get('completion'),
    schemas: yaml.get('schemas'),
    hasKubernetesExtension: extensions.getExtension('ms-kubernetes-tools.vscode-kubernetes-tools') !== undefined,
  });
}
