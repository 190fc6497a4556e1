import { drop, edit, type Mutation, mutation } from './mutation';
import { element } from './sample';

export const elementMutations: readonly Mutation[] = [
  mutation(
    'element-config-not-mounted',
    edit(element, '              mountPath: /app/config.json\n', '              mountPath: /app/configuration.json\n'),
  ),
  mutation('element-config-invalid', edit(element, '"show_labs_settings": false\n', '"show_labs_settings": false,\n')),
  mutation(
    'element-homeserver-mismatch',
    edit(element, '"base_url": "https://matrix.tessera.test"', '"base_url": "https://synapse.tessera.test"'),
  ),
  mutation('element-pdb-missing', drop(element, 'PodDisruptionBudget/element-web')),
];
