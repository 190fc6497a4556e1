import { edit, type Mutation, mutation } from './mutation';
import { generic, haproxyConfig, monitors, synapseConfig } from './sample';

export const haproxyMutations: readonly Mutation[] = [
  mutation(
    'haproxy-servicemonitor-path',
    edit(monitors, '    - port: stats\n      path: /metrics', '    - port: stats\n      path: /haproxy'),
  ),
  mutation(
    'haproxy-csv-not-prometheus',
    edit(monitors, '    - port: stats\n      path: /metrics', '    - port: stats\n      path: /stats;csv'),
  ),
  mutation('haproxy-worker-unrouted', edit(haproxyConfig, '      use_backend synchrotron if is_sync\n', ''), {
    also: { 'haproxy-backend-undefined': 'Its backend is left without a use.' },
  }),
  mutation(
    'haproxy-backend-undefined',
    edit(haproxyConfig, 'use_backend messages if is_messages', 'use_backend history if is_messages'),
  ),
  mutation(
    'haproxy-acl-several-criteria',
    edit(
      haproxyConfig,
      'acl is_generic path_beg /_matrix/client/versions',
      'acl is_generic path_beg /_matrix/client/ path_end /versions',
    ),
    {
      also: { 'haproxy-stream-writer-unrouted': 'All requests of clients match now, those of the stream writers too.' },
    },
  ),
  mutation(
    'haproxy-healthcheck-missing',
    edit(
      haproxyConfig,
      'server main-0 synapse-main-0.synapse-main.matrix.svc.cluster.local:8008 check',
      'server main-0 synapse-main-0.synapse-main.matrix.svc.cluster.local:8008',
    ),
  ),
  mutation(
    'haproxy-map-file-missing',
    edit(
      haproxyConfig,
      '      use_backend generic if is_generic\n',
      '      use_backend generic if is_generic\n      use_backend %[path,map_beg(/usr/local/etc/haproxy/paths.map,main)]\n',
    ),
  ),
  mutation(
    'haproxy-bind-port-unexposed',
    edit(haproxyConfig, '      bind :8404\n', '      bind :8404\n      bind :8999\n'),
  ),
  mutation('haproxy-template-on-clusterip', edit(generic, '  clusterIP: None\n', '')),
  mutation(
    'haproxy-resolver-address',
    edit(haproxyConfig, '      parse-resolv-conf\n', '      nameserver dns 10.96.0.10:53\n'),
  ),
  mutation('haproxy-stream-writer-unrouted', [
    edit(
      synapseConfig,
      '    stream_writers:\n      events:',
      '    stream_writers:\n      typing:\n        - synapse-event-persister-0\n      events:',
    ),
  ]),
];
