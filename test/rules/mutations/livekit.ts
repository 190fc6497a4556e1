import { edit, type Mutation, mutation } from './mutation';
import { livekit } from './sample';

export const livekitMutations: readonly Mutation[] = [
  mutation(
    'livekit-config-not-substituted',
    edit(livekit, '              sed -i "s|API_SECRET_PLACEHOLDER|${API_SECRET}|g" /config/livekit.yaml\n', ''),
  ),
  mutation('livekit-redis-password-missing', edit(livekit, '      password: REDIS_PASSWORD_PLACEHOLDER\n', '')),
  mutation('livekit-redis-db', edit(livekit, '      db: 1\n', '      db: 0\n')),
  mutation(
    'livekit-config-env-misused',
    edit(
      livekit,
      '            - name: NODE_IP',
      '            - name: LIVEKIT_CONFIG\n              value: /config/livekit.yaml\n            - name: NODE_IP',
    ),
  ),
  mutation(
    'livekit-udp-range-unreachable',
    edit(livekit, '      udp_port: 7882\n', '      port_range_start: 50000\n      port_range_end: 50100\n'),
  ),
  mutation(
    'livekit-unknown-key',
    edit(livekit, '    logging:\n', '    limits:\n      num_tracks: 100\n    logging:\n'),
  ),
];
