import { type Option, readOptions } from './option-table';

/** The options of LiveKit's configuration at the top level. */
export function livekitOptions(): readonly Option[] {
  known ??= readOptions(table.split('\n').filter(line => line !== ''));
  return known;
}

let known: readonly Option[] | undefined;

/** By livekit/livekit, config-sample.yaml and pkg/config/config.go of 1.8, and livekit/protocol, redis/redis.go; the sentences are our own. */
const table = `
port n The main port, for signalling and the API; behind the Ingress.
bind_addresses ss The local addresses to listen on; all of them without it.
prometheus_port n The port that serves metrics; none without it.
environment s A name for this installation in metrics.
region s The region of the node, for the selector of nodes.
development b Whether it runs for development.
keys m The API keys with their secrets; the service for tokens needs the same pair.
key_file f A file with the keys, readable by nobody else.
log_level s The older name of logging.level.
redis o Where nodes find each other; needed with more than one replica.
 address a Host and port of one Redis server.
 username s The user to sign in as.
 password s The password of Redis.
 db n The number of the database, one that nothing else uses.
 use_tls b Whether the connection is TLS.
 sentinel_master_name M The master that Sentinel watches; replaces address.
 sentinel_addresses aa Hosts and ports of the Sentinels.
 sentinel_username s The user to sign in to Sentinel as.
 sentinel_password s The password of Sentinel.
 cluster_addresses aa Hosts and ports of a Redis Cluster.
 max_redirects n How many redirects within a cluster are followed.
 dial_timeout n How long a connection may take to open, in milliseconds.
 read_timeout n How long an answer may take, in milliseconds.
 write_timeout n How long a write may take, in milliseconds.
 pool_size n How many connections are kept.
rtc o How media get to clients.
 port_range_start n The lowest UDP port for media.
 port_range_end n The highest UDP port for media.
 udp_port n One UDP port for all media, instead of a range.
 tcp_port n The port for media over TCP, open on the node itself.
 use_external_ip b Whether the public address is found by STUN, for nodes behind NAT.
 node_ip s The address that clients are told.
 stun_servers ss STUN servers that clients are told.
 turn_servers l TURN servers that clients are told, such as coturn.
  host D The name of the server.
  port n Its port.
  protocol <tls|tcp|udp> How it is reached.
  username s The user.
  credential s The password.
 use_ice_lite b Whether the server does only its part of ICE, which connects faster.
 use_mdns b Whether names of mDNS are used for local addresses.
 strict_acks b Whether answers to lost packets are strict.
 packet_buffer_size n How many packets are kept to send again.
 allow_tcp_fallback b Whether clients may fall back to TCP and TURN over TLS.
 force_tcp b Whether all media go over TCP.
 pli_throttle o How often a key frame may be asked for.
  low_quality d For the low layer.
  mid_quality d For the middle layer.
  high_quality d For the high layer.
 congestion_control o What happens on slow networks.
  enabled b Whether the network is watched.
  allow_pause b Whether tracks may be paused.
  send_side_bandwidth_estimation b Whether the server estimates the bandwidth.
 interfaces o The network interfaces that are used.
  includes ss Only these.
  excludes ss All but these.
 ips o The addresses that are used.
  includes ss Only these.
  excludes ss All but these.
turn o The TURN server inside LiveKit.
 enabled b Whether it is on; off where coturn does the work.
 domain D The name in its certificate.
 tls_port n The port for TURN over TLS.
 udp_port n The port for TURN over UDP.
 relay_range_start n The lowest port for relayed media.
 relay_range_end n The highest port for relayed media.
 external_tls b Whether a load balancer ends TLS before it.
 cert_file f The certificate.
 key_file f Its private key.
room o What holds for new rooms.
 auto_create b Whether a room is made when somebody joins; off where another service makes them.
 empty_timeout n After how many seconds an empty room that nobody joined is closed.
 departure_timeout n After how many seconds a room is closed when the last one has left.
 max_participants n How many may be in a room; 0 for any number.
 max_metadata_size n How many bytes of metadata a room or participant may have.
 enable_remote_unmute b Whether a moderator may unmute others.
 sync_streams b Whether audio and video are kept together.
 enabled_codecs l The codecs that may be published.
  mime s The type, such as video/vp8.
  fmtp_line s Its parameters.
 playout_delay o How long clients hold media back.
  enabled b Whether they do.
  min n The least delay in milliseconds.
  max n The most.
webhook o Who is told of events in rooms.
 api_key s The key that messages are signed with.
 urls UU Where they are sent.
logging o What is logged.
 level <debug|info|warn|error> How much is logged.
 pion_level <debug|info|warn|error> How much the WebRTC library logs.
 json b Whether lines are JSON.
 sample b Whether repeated lines are left out.
 component_levels m Levels of single components.
node_selector o How a node is chosen for a new room.
 kind <any|sysload|cpuload|regionaware> The way.
 sort_by <random|sysload|cpuload|rooms|clients|tracks|bytespersec> What decides between several.
 cpu_load_limit n Above which load of the CPU a node gets no new rooms.
 sysload_limit n Above which load of the system it gets none.
 regions l The regions with their places.
  name s The name of the region.
  lat n Its latitude.
  lon n Its longitude.
limit o What one node takes at most.
 num_tracks n How many tracks; -1 for any number.
 bytes_per_sec n How many bytes each second.
 subscription_limit_video n How many videos a participant may watch.
 subscription_limit_audio n How many audio tracks a participant may hear.
audio o How it is told who speaks.
 active_level n From which level on somebody speaks, 0 the loudest to 127.
 min_percentile n In how many percent of the time that level must be reached.
 update_interval n How often clients are told, in milliseconds.
 smooth_intervals n Over how many intervals the level is smoothed.
 active_red_encoding b Whether audio is sent with redundancy.
video o How video is sent.
 dynacast_pause_delay d After how long an unwatched layer is paused.
signal_relay o How signalling is passed between nodes.
 retry_timeout d After how long passing is given up.
 min_retry_interval d The shortest time between two tries.
 max_retry_interval d The longest.
 stream_buffer_size n How many messages are kept.
ingress o Streams from outside.
 rtmp_base_url s Where RTMP comes in.
 whip_base_url s Where WHIP comes in.
`;
