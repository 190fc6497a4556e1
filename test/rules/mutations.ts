import { antivirusMutations } from './mutations/antivirus';
import { availabilityMutations } from './mutations/availability';
import { deployMutations } from './mutations/deploy';
import { elementMutations } from './mutations/element';
import { haproxyMutations } from './mutations/haproxy';
import { keyVaultMutations } from './mutations/key-vault';
import { liMutations } from './mutations/li';
import { livekitMutations } from './mutations/livekit';
import { minioMutations } from './mutations/minio';
import { monitoringMutations } from './mutations/monitoring';
import type { Mutation } from './mutations/mutation';
import { networkMutations } from './mutations/network';
import { postgresqlMutations } from './mutations/postgresql';
import { redisMutations } from './mutations/redis';
import { referencesMutations } from './mutations/references';
import { schemaMutations } from './mutations/schema';
import { secretsMutations } from './mutations/secrets';
import { servicesMutations } from './mutations/services';
import { synapseMutations } from './mutations/synapse';
import { turnMutations } from './mutations/turn';

/** Small edits of the sample deployment, at least one for each rule, by what they are about. */
export const mutations: readonly Mutation[] = [
  ...postgresqlMutations,
  ...redisMutations,
  ...minioMutations,
  ...networkMutations,
  ...synapseMutations,
  ...haproxyMutations,
  ...keyVaultMutations,
  ...livekitMutations,
  ...liMutations,
  ...antivirusMutations,
  ...elementMutations,
  ...turnMutations,
  ...monitoringMutations,
  ...secretsMutations,
  ...referencesMutations,
  ...servicesMutations,
  ...availabilityMutations,
  ...schemaMutations,
  ...deployMutations,
];

/** Rules that no edit of a text of the sample can trigger, and where they are tested instead. */
export const unplantable: Readonly<Record<string, string>> = {
  'minio-metrics-refused': 'The sample deployment runs MinIO by its operator: test/rules/minio/plain-servers.test.ts.',
  'minio-client-refused': 'The sample deployment runs MinIO by its operator: test/rules/minio/minio-users.test.ts.',
  'image-settings-refused':
    'The sample deployment runs PostgreSQL and MinIO by operators: test/rules/postgresql/official-image.test.ts.',
  'nginx-config-invalid': 'The sample deployment routes by HAProxy: test/rules/services/nginx-config.test.ts.',
  'gateway-route-unattached': 'The sample deployment is served by Ingresses: test/rules/services/gateways.test.ts.',
  'gateway-reference-not-granted':
    'The sample deployment is served by Ingresses: test/rules/services/gateways.test.ts.',
  'nginx-request-unanswered':
    'The sample deployment routes by HAProxy: its examples, and test/rules/other-hands.test.ts.',
  'flux-reference-missing': 'The sample deployment is not applied by Flux: test/rules/deploy.',
  'flux-decryption-missing': 'The sample deployment is not applied by Flux: test/rules/deploy.',
  'argo-path-missing': 'The sample deployment is not applied by Argo CD: test/rules/charts.',
  'chart-bucket-missing': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'chart-client-refused': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'chart-database-mismatch': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'chart-redis-mismatch': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'chart-value-unfit': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'kustomization-entry-idle': 'The sample deployment has no kustomizations: test/rules/deploy.',
  'kustomization-part-unlisted': 'The sample deployment has no kustomizations: test/rules/deploy.',
  'kustomization-path-missing':
    'It is about kustomizations, of which the sample deployment has none: test/rules/deploy.',
  'file-not-read': 'It is about files that cannot be decoded or are too large, which have no text: test/rules/yaml.',
};
