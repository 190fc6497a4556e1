import { type Directive, readDirectives } from './directive-table';

/** The options of turnserver.conf. */
export function turnserverOptions(): readonly Directive[] {
  known ??= readDirectives(table);
  return known;
}

let known: readonly Directive[] | undefined;

/** By coturn's examples/etc/turnserver.conf and README.turnserver of 4.6; the sentences are our own. An option without an argument is a switch. */
const table = `
listening-port NUMBER: The port for TURN and STUN over UDP and TCP; 3478 unless given.
tls-listening-port NUMBER: The port for TLS and DTLS; 5349 unless given.
alt-listening-port NUMBER: A second port for tests of NAT (RFC 5780).
alt-tls-listening-port NUMBER: A second port for TLS, for the same.
listening-ip ADDRESS: A local address to listen on; all without it.
relay-ip ADDRESS: A local address that media are relayed from.
external-ip ADDRESS: The public address, or public/private, of a server behind NAT.
relay-threads NUMBER: How many threads relay media.
min-port NUMBER: The lowest port for relayed media; 49152 unless given.
max-port NUMBER: The highest port for relayed media; 65535 unless given.
verbose: Logs more.
Verbose: Logs very much, for a search of faults only.
fingerprint: Adds fingerprints to messages.
lt-cred-mech: Asks for long-term credentials: users with passwords.
no-auth: Lets anybody use the relay; never in production.
use-auth-secret: Takes time-limited credentials made from a shared secret, as Synapse makes them.
static-auth-secret SECRET: The shared secret, the same as turn_shared_secret of Synapse.
server-name DOMAIN: The name of the server for OAuth; the realm without it.
realm DOMAIN: The realm of the credentials, by custom the domain of the server.
user NAME:KEY: A user with a password that does not change.
userdb PATH: The SQLite database of users.
psql-userdb CONNECTION: A PostgreSQL database of users.
redis-userdb CONNECTION: A Redis database of users.
redis-statsdb CONNECTION: A Redis database that gets statistics.
user-quota NUMBER: How many relays a user may hold; 0 for any number.
total-quota NUMBER: How many relays there may be at all; 0 for any number.
max-bps NUMBER: The most bytes each second of one session; 0 for no limit.
bps-capacity NUMBER: The most bytes each second of all sessions together; 0 for no limit.
no-udp: Does not listen on UDP.
no-tcp: Does not listen on TCP.
no-tls: Does not listen on TLS.
no-dtls: Does not listen on DTLS.
no-udp-relay: Relays nothing over UDP.
no-tcp-relay: Relays nothing over TCP; calls need none, and it can be used to reach servers of the cluster.
stale-nonce SECONDS: After how long a client has to sign in anew; 600 without a value.
max-allocate-lifetime SECONDS: How long a relay may live without being refreshed.
channel-lifetime SECONDS: How long a channel lives.
permission-lifetime SECONDS: How long a permission lives.
cert SECRETFILE: The certificate, as PEM.
pkey SECRETFILE: The private key of the certificate, as PEM.
pkey-pwd PASSWORD: The password of the private key.
cipher-list LIST: The ciphers for TLS, as OpenSSL writes them.
CA-file SECRETFILE: Certificates that clients are checked with.
dh-file SECRETFILE: Own parameters for Diffie-Hellman.
dh2066: Uses longer parameters for Diffie-Hellman.
no-tlsv1: Refuses TLS 1.0.
no-tlsv1_1: Refuses TLS 1.1.
no-tlsv1_2: Refuses TLS 1.2.
log-file stdout|syslog|PATH: Where the log goes; stdout in a container.
no-stdout-log: Logs to the file only.
syslog: Logs to the system.
simple-log: Writes one log file without date and process id in its name.
new-log-timestamp: Writes dates and times in full.
stun-only: Serves STUN only.
no-stun: Serves TURN only.
secure-stun: Asks for credentials for STUN, too.
no-software-attribute: Does not tell which software this is.
rest-api-separator SIGN: What stands between time and user in the name of a user; a colon unless given.
allow-loopback-peers: Lets clients reach the server's own loopback addresses; for tests only.
no-multicast-peers: Relays nothing to multicast addresses.
denied-peer-ip RANGE: Addresses that nothing is relayed to; the networks of the cluster belong here.
allowed-peer-ip RANGE: Exceptions from denied-peer-ip.
max-allocate-timeout SECONDS: How long a client may take to get a relay.
mobility: Lets clients change their network during a call.
keep-address-family: Relays in the family of addresses that the client has.
proc-user NAME: The user to run as after the start.
proc-group NAME: The group to run as after the start.
pidfile PATH: Where the process id is written.
no-cli: Switches the console off.
cli-ip ADDRESS: The local address of the console.
cli-port NUMBER: The port of the console; 5766 unless given.
cli-password PASSWORD: The password of the console.
web-admin: Serves a web page for administration.
web-admin-ip ADDRESS: Its local address.
web-admin-port NUMBER: Its port.
prometheus: Serves metrics for Prometheus on port 9641, if it was built so.
prometheus-port NUMBER: Another port for the metrics.
no-rfc5780: Switches the tests of NAT off, which answer more than they are asked.
no-stun-backward-compatibility: Answers only what the newer STUN asks.
response-origin-only-with-rfc5780: Tells its own address only in tests of NAT.
tcp-proxy-port NUMBER: A port for connections through a proxy that speaks the PROXY protocol.
alternate-server ADDRESS: Another server that clients are sent to.
tls-alternate-server ADDRESS: The same for TLS.
check-origin-consistency: Wants the same origin in all requests of a session.
oauth: Takes OAuth tokens.
udp-self-balance: Spreads UDP over further listeners; for old Linux only.
aux-server ADDRESS: A further address to listen on.
`;
