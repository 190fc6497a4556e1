import { extensions, workspace } from 'vscode';
import type { SchemaHelp } from '../protocol/client-facts';
import { helpOfYamlExtension } from './kubernetes-schema';

/** What another extension documents and completes from schemas here. Extensions that are switched off are not seen. */
export function schemaHelpElsewhere(): readonly SchemaHelp[] {
  if (!extensions.getExtension('redhat.vscode-yaml')) return [];
  const yaml = workspace.getConfiguration('yaml');
  return helpOfYamlExtension({
    hover: yaml.get('hover'),
    completion: yaml.get('completion'),
    schemas: yaml.get('schemas'),
    hasKubernetesExtension: extensions.getExtension('ms-kubernetes-tools.vscode-kubernetes-tools') !== undefined,
  });
}
