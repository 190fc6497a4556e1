import { edit, type Mutation, mutation } from './mutation';
import { coturn, coturnSecrets, synapseConfig } from './sample';

export const turnMutations: readonly Mutation[] = [
  mutation(
    'turn-shared-secret-mismatch',
    edit(
      coturnSecrets,
      'c72fbe4215723ff21fe678b0a72e4d30f824abe6dda88ea78c3680e0965a896f',
      'd72fbe4215723ff21fe678b0a72e4d30f824abe6dda88ea78c3680e0965a896e',
    ),
  ),
  mutation(
    'turn-static-secret-not-applied',
    edit(coturn, '            - --static-auth-secret=$(TURN_SHARED_SECRET)\n', ''),
  ),
  mutation('turn-port-range', edit(coturn, '    min-port=61000\n', '')),
  mutation('turn-uris-invalid', edit(synapseConfig, 'turns:turn.tessera.test:5349', 'turns:turn.tessera.test:6000')),
  mutation(
    'turn-option-misused',
    edit(
      coturn,
      '            - /etc/turnserver.conf\n            - --static',
      '            - /etc/turnserver.conf\n            - -X\n            - /tmp/external-ip\n            - --static',
    ),
  ),
  mutation('turn-realm-missing', edit(coturn, '    realm=turn.tessera.test\n', '')),
];
