import type { Value } from '../manifests/value';
import { programOf, publishedProgramOf } from './images';
import type { Container } from './pods';

/**
 * Whether a container's image is one of Matrix's Synapse. Other programs are called so too, so an image of another
 * publisher needs a sign of the Matrix server beside its name. `image` is the repository without registry tag and digest.
 */
export function isSynapseImage(container: Container, image: string): boolean {
  if (programOf(image) !== 'synapse') return false;
  return (
    publishedProgramOf(image) === 'synapse' ||
    // Synapse has been at 1 since 2019, and most mirrors keep its tags and its data folder.
    /:v?1\.\d+/.test(container.image) ||
    textsOf(container.value.at('volumeMounts'), 'mountPath').some(path => /^\/data(?:\/|$)/.test(path)) ||
    showsSynapse(container)
  );
}

/** Whether a container, whatever its image is called, has the ports, the configuration or the variables of Synapse. */
export function showsSynapse({ value }: Container): boolean {
  return (
    textsOf(value.at('env'), 'name').some(name => name.startsWith('SYNAPSE_')) ||
    textsOf(value.at('ports'), 'containerPort').some(port => port === '8008' || port === '8448') ||
    ['livenessProbe', 'readinessProbe', 'startupProbe'].some(probe =>
      /^(?:8008|8448)$/.test(value.at(probe, 'httpGet', 'port').text ?? ''),
    ) ||
    [...value.at('command').scalars(), ...value.at('args').scalars()].some(word =>
      /\bhomeserver\.ya?ml\b|\bsynapse\.app\b|\/start\.py\b/.test(word.text ?? ''),
    ) ||
    ['mountPath', 'subPath'].some(field =>
      textsOf(value.at('volumeMounts'), field).some(path => /homeserver|synapse|media_store|signing\.key/.test(path)),
    )
  );
}

function textsOf(list: Value, field: string): readonly string[] {
  return list.items().flatMap(item => item.at(field).text ?? []);
}
