import type { Workspace } from '../../manifests/workspace';
import { declarationsOf } from '../declarations';
import { few } from '../wording';
import { code, headline, paragraphs } from './markdown';
import { declaredText } from './secret';
import { describeUses, usesOf } from './uses';

/** A claim: how much of which class it asks for, how it may be mounted, and by whom it is. */
export function describeClaim(workspace: Workspace, namespace: string | undefined, name: string): string {
  const spec = workspace.find('PersistentVolumeClaim', namespace, name)?.root.at('spec');
  const size = spec?.at('resources', 'requests', 'storage').text;
  const storageClass = spec?.at('storageClassName').text;
  const modes = spec?.at('accessModes').items() ?? [];
  return paragraphs(
    headline('PersistentVolumeClaim', name, namespace),
    spec
      ? `Asks for ${size === undefined ? 'no size' : code(size)} of ${storageClass === undefined ? 'the default class' : `class ${code(storageClass)}`}, ${few(modes.map(mode => code(mode.text ?? '')))}.`
      : undefined,
    declaredText(workspace, declarationsOf(workspace, 'PersistentVolumeClaim', namespace, name)),
    describeUses(usesOf(workspace, 'PersistentVolumeClaim', namespace, name)),
  );
}

/** A storage class: who provides it, and which claims ask for it. */
export function describeStorageClass(workspace: Workspace, name: string): string {
  const found = workspace.find('StorageClass', undefined, name);
  const declared = declarationsOf(workspace, 'StorageClass', undefined, name);
  return paragraphs(
    headline('StorageClass', name, undefined),
    found
      ? `Provisioned by ${code(found.root.at('provisioner').text ?? '')}, ${found.root.at('allowVolumeExpansion').boolean === true ? 'volumes can grow' : 'volumes cannot grow'}.`
      : undefined,
    declared.length > 0 ? declaredText(workspace, declared) : 'The tree does not have it: the cluster has to.',
    describeUses(usesOf(workspace, 'StorageClass', undefined, name)),
  );
}
