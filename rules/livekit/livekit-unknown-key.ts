import { configurationOf, parsed } from '../../analysis/configs';
import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import { renameKey } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

/** livekit/livekit pkg/config/config.go and livekit/protocol: the yaml names of the fields of Config, v1.7 to v1.9. */
const topLevel = [
  ...[
    'port',
    'bind_addresses',
    'prometheus_port',
    'prometheus',
    'environment',
    'rtc',
    'redis',
    'audio',
    'video',
    'room',
    'turn',
  ],
  ...[
    'ingress',
    'sip',
    'webhook',
    'node_selector',
    'key_file',
    'keys',
    'region',
    'signal_relay',
    'psrpc',
    'log_level',
    'logging',
  ],
  ...['limit', 'development', 'metric', 'trace', 'node_stats', 'api', 'agents', 'enable_data_tracks'],
];
const turnKeys = [
  ...[
    'enabled',
    'domain',
    'cert_file',
    'key_file',
    'tls_port',
    'udp_port',
    'relay_range_start',
    'relay_range_end',
    'external_tls',
  ],
  ...['bind_addresses', 'ttl_seconds'],
];

/** livekit/livekit pkg/config/config.go, RTCConfig, with the fields of livekit/mediatransportutil pkg/rtcconfig, RTCConfig. */
const rtcKeys: readonly string[] = [
  ...['udp_port', 'tcp_port', 'port_range_start', 'port_range_end', 'use_stun_port_as_ice', 'node_ip', 'stun_servers'],
  ...['additional_host_ips', 'use_external_ip', 'require_ipv4', 'skip_external_ip_validation', 'external_ip_only'],
  ...[
    'advertise_internal_ip',
    'use_ice_lite',
    'interfaces',
    'ips',
    'enable_loopback_candidate',
    'use_mdns',
    'batch_io',
  ],
  ...['sctp_min_cwnd', 'sctp_fast_rtx_wnd', 'sctp_cwnd_ca_step', 'host_acceptance_min_wait', 'force_tcp'],
  ...['srflx_acceptance_min_wait', 'prflx_acceptance_min_wait', 'relay_acceptance_min_wait', 'turn_servers'],
  ...['strict_acks', 'packet_buffer_size', 'packet_buffer_size_video', 'packet_buffer_size_audio', 'pli_throttle'],
  ...['congestion_control', 'allow_tcp_fallback', 'reconnect_on_publication_error', 'reconnect_on_subscription_error'],
  ...['reconnect_on_data_channel_error', 'data_channel_max_buffered_amount', 'datachannel_slow_threshold'],
  ...['forward_stats', 'allow_timestamp_adjustment'],
];

/** livekit/protocol redis/redis.go, RedisConfig. */
const redisKeys: readonly string[] = [
  ...['address', 'username', 'password', 'db', 'use_tls', 'tls', 'sentinel_master_name', 'sentinel_username'],
  ...['sentinel_password', 'sentinel_addresses', 'cluster_addresses', 'dial_timeout', 'read_timeout', 'write_timeout'],
  ...['max_redirects', 'pool_timeout', 'pool_size'],
];

export default {
  id: 'livekit-unknown-key',
  items: [],
  severity: 'error',
  summary: 'LiveKit’s configuration has a key that LiveKit does not know.',
  why: 'LiveKit reads its configuration strictly: an unknown key ends the process at start.',
  remedy: 'Correct the name, or delete the key.',
  traps: ['A key that resembles no known one is only a warning, since newer versions may have it.'],
  sources: ['livekit/livekit pkg/config/config.go: the decoder has KnownFields set'],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          limits:
      #   ^^^^^^ 💡 error: LiveKit knows no key limits
            num_tracks: 100
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: livekit
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: ["--config", "/etc/livekit/livekit.yaml"]
            volumeMounts:
              - {name: config, mountPath: /etc/livekit}
        volumes:
          - name: config
            configMap: {name: livekit}
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          limit:
            num_tracks: 100
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: livekit
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: ["--config", "/etc/livekit/livekit.yaml"]
            volumeMounts:
              - {name: config, mountPath: /etc/livekit}
        volumes:
          - name: config
            configMap: {name: livekit}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const file of configurationOf(workspace, resource, 'livekit')?.files ?? []) {
      if (file.isOpaque) continue;
      const { root } = parsed(file);
      yield* unknownKeys(root, topLevel, '');
      yield* unknownKeys(root.at('rtc'), rtcKeys, 'rtc.');
      yield* unknownKeys(root.at('turn'), turnKeys, 'turn.');
      yield* unknownKeys(root.at('redis'), redisKeys, 'redis.');
    }
  },
} satisfies Rule;

/** Keys of other programs, or of LiveKit's clients, that no version has had. */
const refused: ReadonlySet<string> = new Set([
  ...['turn.servers', 'turn.secret', 'redis.host', 'redis.port', 'redis.database', 'limits', 'api_key', 'api_secret'],
]);

function* unknownKeys(mapping: Value, known: readonly string[], prefix: string) {
  for (const [key, value] of mapping.entries()) {
    if (known.includes(key)) continue;
    const close = nearest(key, known);
    yield {
      at: value.key,
      ...(close === undefined && !refused.has(prefix + key) ? { severity: 'warning' as const } : {}),
      message: `LiveKit knows no key ${prefix}${key} and does not start with it — ${close ? `use ${close}` : 'delete it'}.`,
      fixes: () => {
        const edit = close === undefined ? undefined : renameKey(value, close);
        return edit ? [{ title: `Rename to ${close}`, safe: true, edits: [edit] }] : [];
      },
    };
  }
}
