import { edit, type Mutation, mutation } from './mutations';

const synapseConfig = 'main-instance/01-synapse/configmap.yaml';

/** Mistakes in what Synapse and the programs around it are told, by what somebody did. */
export const programVariants: Readonly<Record<string, Mutation>> = {
  'a duration with a word': refused('turn_user_lifetime: 1h', 'turn_user_lifetime: 1hour'),
  'a server name with a scheme': mutation(
    'synapse-value-refused',
    edit(synapseConfig, '    server_name: matrix.tessera.test\n', '    server_name: https://matrix.tessera.test\n'),
    {
      also: {
        'domain-inconsistent': 'the LI instance has the right name',
        'element-homeserver-mismatch': 'Element Web has the right name',
      },
    },
  ),
  'a base URL without a scheme': refused('public_baseurl: https://matrix', 'public_baseurl: matrix'),
  'an unknown type of listener': refused('- type: metrics', '- type: metric', {
    'monitor-target-has-no-metrics': 'nothing serves metrics any more',
  }),
  'a listener with TLS and no certificate': refused('port: 8008\n        tls: false', 'port: 8008\n        tls: true'),
  'an unknown stream': refused('      events:\n', '      event:\n'),
  'key servers as names': refused('      - server_name: matrix.org\n', '      - matrix.org\n'),
  'a secret and its file': refused(
    '    enable_registration: false\n',
    '    enable_registration: false\n    registration_shared_secret_path: /config/log.yaml\n',
  ),
  'a switch that is a text': refused('allow_guest_access: false', 'allow_guest_access: "false"'),
  'one address in place of a list': refused(
    'trusted_key_servers:\n      - server_name: matrix.org',
    'trusted_key_servers: matrix.org',
  ),
  'previews of any address': refused(
    'max_upload_size: 100M\n',
    'max_upload_size: 100M\n    url_preview_enabled: true\n',
  ),
  'no answer about statistics': refused('    report_stats: false\n', ''),
  'a smallest pool above the largest': refused('cp_min: 2', 'cp_min: 20'),
  'a verified connection without an authority': refused('cp_min: 2', 'cp_min: 2\n        sslmode: verify-full'),
};

function refused(from: string, to: string, also: Readonly<Record<string, string>> = {}): Mutation {
  return mutation('synapse-value-refused', edit(synapseConfig, from, to), { also });
}
