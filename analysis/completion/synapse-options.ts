import { type Option, readOptions } from './option-table';

/** The options of homeserver.yaml and of worker configurations at the top level, in the order of the manual. */
export function synapseOptions(): readonly Option[] {
  known ??= readOptions(
    table.split('\n').filter(line => line !== ''),
    { rc: rate, L: listener },
  );
  return known;
}

let known: readonly Option[] | undefined;

const rate = [
  ' per_second n How many are allowed each second on average.',
  ' burst_count n How many are allowed at once before the rate counts.',
];

const listener = `
 port p The TCP port.
 type <http|metrics|manhole> What is served: http for the APIs, metrics for Prometheus, manhole for debugging.
 bind_addresses ss The local addresses to listen on; all of them without it.
 tls b Whether Synapse itself ends TLS here; not behind a proxy.
 x_forwarded b Whether the client's address is taken from X-Forwarded-For; needed behind a proxy.
 resources l The APIs of an http listener.
  names [<client|federation|replication|media|metrics|health|keys|openid|consent|static>] The APIs by name.
  compress b Whether answers are compressed.
 request_id_header s The header that holds the id of a request in the log.
 tag s A name for the port in the log.
 path f A UNIX socket to listen on instead of a port.
 mode n The permissions of the UNIX socket.
 additional_resources m Further endpoints, made by Python modules.
  module s The class of the module.
  config o What the module is given.`
  .split('\n')
  .filter(line => line !== '');

/**
 * Names and types by Synapse's own schema of its configuration (element-hq/synapse, schema/synapse-config.schema.yaml of
 * 1.133) and the configuration manual; the sentences are our own.
 */
const table = `
server_name s The domain in user ids and room aliases. It can never be changed later.
public_baseurl s The URL under which clients reach this server; https://server_name/ without it.
serve_server_wellknown b Whether /.well-known/matrix/server is served, which sends other servers to port 443.
extra_well_known_client_content o What is added to /.well-known/matrix/client, such as the LiveKit focus for calls.
 org.matrix.msc4143.rtc_foci l The backends of calls, which Element Call asks for.
  type <livekit> The kind of backend.
  livekit_service_url s Where the service for LiveKit tokens answers.
web_client_location s Where the root path redirects to.
pid_file f Where the process id is written when Synapse runs as a daemon; not needed in a container.
daemonize b Whether Synapse goes to the background; not in a container.
user_agent_suffix s What is added to the User-Agent of outgoing requests.
soft_file_limit n How many files may be open at once; 0 takes the hard limit.
presence o Whether users see who is online. Costly on large servers.
 enabled <true|false|untracked> Whether presence is followed.
 include_offline_users_on_sync b Whether the first sync tells of users who are offline, too.
require_auth_for_profile_requests b Whether only signed-in users may ask for profiles.
limit_profile_requests_to_users_who_share_rooms b Whether profiles are only shown to users of a common room.
include_profile_data_on_invite b Whether an invitation shows name and picture of the inviter.
allow_public_rooms_without_auth b Whether anybody may list the public rooms.
allow_public_rooms_over_federation b Whether other servers may list the public rooms.
default_room_version s The room version of new rooms, in quotes.
gc_thresholds ss The thresholds of Python's garbage collector.
gc_min_interval ss The shortest time between two collections of each generation.
filter_timeline_limit n The most events that one sync or filter gives.
block_non_admin_invites b Whether only administrators may invite.
enable_search b Whether messages are indexed for search.
ip_range_blacklist ss Addresses that Synapse does not connect to; private ranges without it.
ip_range_whitelist ss Exceptions from ip_range_blacklist, such as a push gateway inside the cluster.
listeners L The ports of the main process and what each serves.
manhole p The port of the debugging shell.
manhole_settings o The login and keys of the debugging shell.
 username s The user of the manhole.
 password s The password of the manhole.
 ssh_priv_key_path f The private key of the manhole.
 ssh_pub_key_path f The public key of the manhole.
dummy_events_threshold n How many forward extremities a room may have before Synapse sends an event to join them.
delete_stale_devices_after d After how long without use a device is signed out and deleted.
email o Outgoing mail.
 smtp_host h The mail server.
 smtp_port p Its port; 25, or 465 with force_tls.
 smtp_user s The user to sign in with.
 smtp_pass s The password to sign in with.
 force_tls b Whether TLS is used from the first byte.
 require_transport_security b Whether mail is only sent over TLS.
 enable_tls b Whether STARTTLS is used where the server offers it.
 tlsname s The name that the server's certificate has to have.
 notif_from s The sender, with %(app)s for the name of the application.
 app_name s The name of the application in mails.
 enable_notifs b Whether users get missed messages by mail.
 notif_for_new_users b Whether that is on for new users.
 notif_delay_before_mail d How long a message may be unread before a mail is sent.
 client_base_url s The client that links in mails lead to.
 validation_token_lifetime d How long a link for validation is good.
 invite_client_location s The client that an invitation by mail leads to.
max_event_delay_duration d The longest time by which an event may be sent later (MSC4140); none without it. Element Call needs it.
user_types o Types of users beside the usual ones.
 default_user_type s The type of new users.
 extra_user_types ss Further types.
admin_contact s How the administrator is reached, shown in errors about limits.
hs_disabled b Whether nobody can connect, with hs_disabled_message as the reason.
hs_disabled_message s The reason that users are told.
limit_usage_by_mau b Whether the number of monthly active users is limited by max_mau_value.
max_mau_value n The most monthly active users.
mau_trial_days n After how many days a user begins to count as active.
mau_limit_alerting b Whether users are told that the limit has been reached.
mau_stats_only b Whether active users are counted without a limit.
mau_limit_reserved_threepids l Accounts that the limit never locks out.
 medium <email|msisdn> What the address is.
 address s The address.
server_context s A label for the statistics that are reported.
limit_remote_rooms o Keeps users out of rooms that are too large for this server.
 enabled b Whether rooms are judged before joining.
 complexity n The highest complexity that may be joined.
 complexity_error s What the user is told.
 admins_can_join b Whether administrators may join nevertheless.
require_membership_for_aliases b Whether only members may add an alias to a room.
allow_per_room_profiles b Whether a user may have another name in each room.
max_avatar_size z The largest picture of a user.
allowed_avatar_mimetypes ss The types of pictures that users may have.
redaction_retention_period d How long the original of a redacted message is kept; null keeps it for ever.
forgotten_room_retention_period d How long a room is kept that all local users have forgotten.
user_ips_max_age d How long addresses of users are kept.
request_token_inhibit_3pid_errors b Whether nobody can find out if an address is in use.
next_link_domain_whitelist ss Domains that a validation link may lead to.
templates o Own templates of mails and pages.
 custom_template_directory f The directory that holds them.
retention o How long messages are kept.
 enabled b Whether old messages are deleted.
 default_policy o For rooms without a policy of their own.
  min_lifetime d The shortest time; not used yet.
  max_lifetime d After which time messages are deleted.
 allowed_lifetime_min d The shortest time that a room may choose.
 allowed_lifetime_max d The longest time that a room may choose.
 purge_jobs l When which rooms are cleaned up.
  shortest_max_lifetime d Rooms that keep messages longer than this.
  longest_max_lifetime d Rooms that keep messages up to this.
  interval d How often the job runs.
tls_certificate_path f The certificate for listeners with TLS.
tls_private_key_path f The private key for listeners with TLS.
federation_verify_certificates b Whether certificates of other servers are verified.
federation_client_minimum_tls_version <1|1.1|1.2|1.3> The lowest TLS version towards other servers.
federation_certificate_verification_whitelist ss Servers whose certificates are not verified.
federation_custom_ca_list ss Own authorities for federation, as files.
federation_domain_whitelist ss The only servers to federate with; an empty list switches federation off.
federation_metrics_domains ss Servers whose delay is measured.
allow_profile_lookup_over_federation b Whether other servers may ask for profiles.
allow_device_name_lookup_over_federation b Whether other servers may ask for names of devices.
federation o Timeouts and retries of requests to other servers.
 client_timeout d How long a request may take.
 max_short_retry_delay d The longest wait between retries that somebody waits for.
 max_long_retry_delay d The longest wait between retries in the background.
 max_short_retries n How often a request is tried that somebody waits for.
 max_long_retries n How often a request is tried in the background.
 destination_min_retry_interval d The first wait after a server could not be reached.
 destination_retry_multiplier n By what the wait grows.
 destination_max_retry_interval d The longest wait.
event_cache_size z How many events are kept in memory.
caches o How much is kept in memory.
 global_factor n Multiplies the size of every cache; 0.5 without it. SYNAPSE_CACHE_FACTOR wins over it.
 per_cache_factors m Factors of single caches by name.
 expire_caches b Whether entries that nobody uses are dropped.
 cache_entry_ttl d After how long without use they are dropped.
 sync_response_cache_duration d How long the answer of a sync is kept.
 cache_autotuning o Shrinks caches when memory gets scarce; all three settings are needed, and jemalloc.
  max_cache_memory_usage z Above this caches are shrunk.
  target_cache_memory_usage z To this they are shrunk.
  min_cache_ttl d Entries that are younger stay.
database o Where everything but media is kept.
 name <psycopg2|sqlite3> psycopg2 stands for PostgreSQL, which production and workers need.
 txn_limit n After how many transactions a connection is renewed; 0 for never.
 allow_unsafe_locale b Whether a database without the locale C is accepted; indexes may break.
 args o What the driver is given; libpq's parameters and the size of the pool.
  user s The role to sign in as.
  password s The password of the role.
  dbname s The name of the database.
  database s The name of the database, or the file of SQLite.
  host h The Service of the database, or of its pooler.
  port p The port of the database.
  cp_min n How many connections are kept open.
  cp_max n The most connections of each process.
  sslmode <disable|prefer|require|verify-ca|verify-full> How TLS is used.
  sslrootcert f The authority that the database's certificate is checked against.
  keepalives_idle n After how many idle seconds a keep-alive is sent.
  keepalives_interval n Seconds between keep-alives.
  keepalives_count n After how many lost keep-alives the connection is given up.
  connect_timeout n Seconds that connecting may take.
  target_session_attrs <any|read-write> Which server is wanted where there are several.
  application_name s What the connection is called in the database's own views.
databases m Several databases, one for each part of the data.
 name <psycopg2> The driver.
 data_stores [<main|state>] What the database holds.
 args o What the driver is given.
log_config f The configuration of Python's logging.
rc_message rc How fast a user may send.
rc_registration rc How fast one address may register.
rc_registration_token_validity rc How fast one address may try registration tokens.
rc_login o How fast one may sign in.
 address rc By address.
 account rc By account.
 failed_attempts rc By account, counting failures.
rc_admin_redaction rc How fast an administrator of a room may redact.
rc_joins o How fast a user may join rooms.
 local rc Rooms that this server is in.
 remote rc Rooms that it is not in yet.
rc_joins_per_room rc How fast a room may grow.
rc_3pid_validation rc How fast addresses may be validated.
rc_invites o How fast one may invite.
 per_room rc Into one room.
 per_user rc One and the same user.
 per_issuer rc By one and the same user.
rc_third_party_invite rc How fast one may invite by mail address.
rc_media_create rc How fast a user may begin uploads.
rc_federation o How fast other servers may send.
 window_size n The window in milliseconds.
 sleep_limit n Requests in a window before Synapse slows down.
 sleep_delay n By how many milliseconds it slows down.
 reject_limit n How many requests may wait.
 concurrent n How many requests of a server are worked on at once.
rc_presence o How fast presence may change.
 per_user rc By user.
rc_delayed_event_mgmt rc How fast delayed events may be restarted or cancelled; calls do that often.
rc_reports rc How fast a user may report content.
federation_rr_transactions_per_room_per_second n How often read receipts of a room are sent to other servers.
enable_authenticated_media b Whether media is only given to those who are signed in.
enable_media_repo b Whether this process serves media; false where a media worker does.
media_store_path f Where media is kept on disk.
max_pending_media_uploads n How many uploads a user may have begun.
unused_expiration_time d After how long an upload that was begun lapses.
media_storage_providers l Where media is kept besides, such as S3.
 module s The class, such as s3_storage_provider.S3StorageProviderBackend.
 store_local b Whether uploads are stored there.
 store_remote b Whether media of other servers is stored there.
 store_synchronous b Whether an upload waits for it.
 config o What the class is given.
  bucket s The bucket.
  endpoint_url s The URL of the object store.
  region_name s The region.
  access_key_id s The access key.
  secret_access_key s The secret key.
  directory f Where file_system stores.
max_upload_size z The largest upload; the proxies in front have to let it through.
max_image_pixels z The most pixels of a picture that gets thumbnails.
remote_media_download_burst_count z How much media of other servers one address may fetch at once.
remote_media_download_per_second z How much it may fetch each second after that.
prevent_media_downloads_from ss Servers whose media is not fetched.
dynamic_thumbnails b Whether thumbnails are made for every size that is asked for.
thumbnail_sizes l Which thumbnails are made of an upload.
 width n In pixels.
 height n In pixels.
 method <crop|scale> How the picture is fitted.
media_retention o How long media is kept that nobody looks at.
 local_media_lifetime d Of local users.
 remote_media_lifetime d Of other servers, which can be fetched again.
url_preview_enabled b Whether links are previewed; needs url_preview_ip_range_blacklist.
url_preview_ip_range_blacklist ss Addresses that previews may not come from; all internal ones belong here.
url_preview_ip_range_whitelist ss Exceptions from it.
url_preview_url_blacklist l URLs that are not previewed, by their parts.
 scheme s A pattern for the scheme.
 netloc s A pattern for the host.
 path s A pattern for the path.
 username s A pattern for the user name.
max_spider_size z The largest page that is read for a preview.
url_preview_accept_language ss The languages that previews are asked for in.
oembed o Providers of embedded previews.
 disable_default_providers b Whether the list that Synapse brings is not used.
 additional_providers ss Further lists, as files.
recaptcha_public_key s The public key of the captcha.
recaptcha_private_key s The private key of the captcha.
enable_registration_captcha b Whether registering asks for a captcha.
recaptcha_siteverify_api s Where answers of the captcha are verified.
turn_uris ss The TURN servers for calls, as turn: and turns: URIs.
turn_shared_secret s The secret that coturn has as static-auth-secret.
turn_shared_secret_path f The file that holds turn_shared_secret.
turn_username s The TURN user, without a shared secret.
turn_password s The TURN password, without a shared secret.
turn_user_lifetime d How long credentials for TURN are good.
turn_allow_guests b Whether guests get credentials.
enable_registration b Whether anybody may register.
enable_registration_without_verification b Whether they may without captcha, token or address. Invites abuse.
registrations_require_3pid [<email|msisdn>] What registering asks for.
disable_msisdn_registration b Whether phone numbers are not asked for.
allowed_local_3pids l Addresses that may belong to accounts.
 medium <email|msisdn> What the address is.
 pattern s A regular expression for it.
enable_3pid_lookup b Whether addresses are looked up at identity servers.
registration_requires_token b Whether registering asks for a token.
registration_shared_secret s With it anybody can make accounts, administrators too.
registration_shared_secret_path f The file that holds registration_shared_secret.
bcrypt_rounds n The cost of hashing a password, as a power of two.
allow_guest_access b Whether guests get in without an account.
default_identity_server s The identity server that clients are pointed to.
account_threepid_delegates o Who verifies phone numbers.
 msisdn s The URL of an identity server.
enable_set_displayname b Whether users may change their name.
enable_set_avatar_url b Whether users may change their picture.
enable_3pid_changes b Whether users may change their addresses.
auto_join_rooms ss Rooms that new users join.
autocreate_auto_join_rooms b Whether these rooms are made where they are missing.
autocreate_auto_join_rooms_federated b Whether users of other servers may join them.
autocreate_auto_join_room_preset <public_chat|private_chat|trusted_private_chat> How they are made.
auto_join_mxid_localpart s Who makes them and invites.
auto_join_rooms_for_guests b Whether guests join them, too.
inhibit_user_in_use_error b Whether nobody can find out if a name is taken.
allow_underscore_prefixed_registration b Whether user names may begin with an underscore.
session_lifetime d How long one stays signed in.
refreshable_access_token_lifetime d How long a token is good that can be renewed.
refresh_token_lifetime d How long a refresh token is good.
nonrefreshable_access_token_lifetime d How long a token is good that cannot be renewed.
ui_auth o How long a confirmation by password counts.
 session_timeout d For so long.
login_via_existing_session o Whether a signed-in client can sign another one in.
 enabled b Whether it can.
 require_ui_auth b Whether that asks for the password.
 token_timeout d How long the token is good.
enable_metrics b Whether metrics are collected; a listener of type metrics serves them.
sentry o Sends errors to Sentry; they may hold personal data.
 dsn s The address that Sentry gave.
 environment s The name of the environment.
metrics_flags o Metrics that cost much.
 known_servers b Counts the servers of all rooms.
report_stats b Whether the project is sent anonymous figures. Synapse does not start without an answer.
report_stats_endpoint s Where they are sent.
room_prejoin_state o What an invited user sees of a room.
 disable_default_event_types b Whether the usual events are left out.
 additional_event_types ss Further events.
track_puppeted_user_ips b Whether addresses are also kept for users that an administrator acts for.
app_service_config_files ss Registrations of application services, as files.
track_appservice_user_ips b Whether addresses of application services are kept.
use_appservice_legacy_authorization b Whether tokens go into the query of URLs. Insecure.
macaroon_secret_key s Signs short-lived tokens. Another value signs guests out.
macaroon_secret_key_path f The file that holds macaroon_secret_key.
form_secret s Protects forms against forgery.
form_secret_path f The file that holds form_secret.
signing_key_path f The key that signs events. To lose it is to lose the identity of the server.
old_signing_keys m Earlier keys, by their ids.
 key s The public key.
 expired_ts n When it was last used, in milliseconds.
key_refresh_interval d How long other servers may keep our keys.
trusted_key_servers l Servers that know the keys of others.
 server_name s The server.
 verify_keys m Its own keys.
 accept_keys_insecurely b Whether its answers need no signature.
suppress_key_server_warning b Whether the warning about matrix.org is not logged.
key_server_signing_keys_path f The keys to sign with as a key server.
saml2_config o Sign-in by SAML.
oidc_providers l Sign-in by OpenID Connect.
 idp_id s A word for the provider; must never change.
 idp_name s What users see.
 idp_icon s An mxc: URI of a picture.
 idp_brand s A brand that clients know.
 discover b Whether the endpoints are found by discovery.
 issuer s The URL of the issuer.
 client_id s The id of this client.
 client_secret s The secret of this client.
 client_secret_path f The file that holds client_secret.
 client_auth_method <client_secret_basic|client_secret_post|none> How the client proves itself.
 pkce_method <auto|always|never> Whether PKCE is used.
 scopes ss What is asked for; openid at least.
 authorization_endpoint s Where users sign in.
 token_endpoint s Where the code is exchanged.
 userinfo_endpoint s Where the user's data is fetched.
 jwks_uri s Where the keys are.
 skip_verification b Whether the metadata is not verified.
 user_profile_method <auto|userinfo_endpoint> Where the profile comes from.
 allow_existing_users b Whether existing accounts are matched.
 enable_registration b Whether new accounts are made.
 user_mapping_provider o How claims become accounts.
  module s The class, if not the one of Synapse.
  config o Templates for the user name and so on.
   subject_template s What tells users apart.
   localpart_template s The user name.
   display_name_template s The name.
   email_template s The mail address.
   confirm_localpart b Whether users may change it.
 backchannel_logout_enabled b Whether the provider can sign users out.
 attribute_requirements l Who may sign in.
  attribute s The claim.
  value s What it has to be.
  one_of ss What it may be.
cas_config o Sign-in by CAS.
 enabled b Whether it is on.
 server_url s The CAS server.
sso o Single sign-on in general.
 client_whitelist ss Clients that need no confirmation, as URLs with a slash at the end.
 update_profile_information b Whether the name follows the provider.
jwt_config o Sign-in by JSON web tokens.
 enabled b Whether it is on.
 secret s The key that tokens are checked with.
 algorithm s The algorithm, such as HS256.
 subject_claim s The claim that is the user name.
 issuer s The issuer that is wanted.
 audiences ss The audiences that are accepted.
password_config o Sign-in by password.
 enabled <true|false|only_for_reauth> Whether it is on.
 localdb_enabled b Whether passwords of Synapse's own database count.
 pepper s Added to every password before it is hashed. Never change it.
 policy o What passwords have to be like.
  enabled b Whether the policy holds.
  minimum_length n The shortest password.
  require_digit b Whether a digit is needed.
  require_symbol b Whether a symbol is needed.
  require_lowercase b Whether a lower-case letter is needed.
  require_uppercase b Whether an upper-case letter is needed.
push o Push notifications.
 enabled b Whether they are worked out; unread counts hang on it.
 include_content b Whether they hold the message.
 group_unread_count_by_room b Whether rooms are counted and not messages.
 jitter_delay d By how much they are delayed at random.
encryption_enabled_by_default_for_room_type <all|invite|off> Which new rooms are encrypted.
user_directory o The search for users.
 enabled b Whether there is one.
 search_all_users b Whether it finds users without a common room.
 prefer_local_users b Whether local users come first.
 exclude_remote_users b Whether only local users are found.
 show_locked_users b Whether locked users are found.
user_consent o Asks users to agree to terms.
 template_dir f The directory of the pages.
 version s The version of the terms.
 send_server_notice_to_guests b Whether guests are asked, too.
 block_events_error s What users are told who have not agreed.
 require_at_registration b Whether registering asks for it.
 policy_name s The name of the terms.
stats o Statistics of rooms and users.
 enabled b Whether they are kept.
server_notices o A room for notices of the server.
 system_mxid_localpart s Who sends them.
 system_mxid_display_name s The sender's name.
 system_mxid_avatar_url s The sender's picture.
 room_name s The name of the room.
 auto_join b Whether users are in it without an invitation.
enable_room_list_search b Whether the public rooms can be searched.
alias_creation_rules l Who may make which alias.
 user_id s A pattern for the user.
 alias s A pattern for the alias.
 room_id s A pattern for the room.
 action <allow|deny> What happens.
room_list_publication_rules l Who may publish which room.
 user_id s A pattern for the user.
 alias s A pattern for the alias.
 room_id s A pattern for the room.
 action <allow|deny> What happens.
default_power_level_content_override o The power levels of new rooms.
forget_rooms_on_leave b Whether leaving a room also forgets it.
exclude_rooms_from_sync ss Rooms that no sync tells of.
opentracing o Tracing with Jaeger.
 enabled b Whether it is on.
 homeserver_whitelist ss Servers whose spans are accepted.
 jaeger_config o What Jaeger's client is given.
worker_replication_secret s What workers and the main process know each other by.
worker_replication_secret_path f The file that holds worker_replication_secret.
start_pushers b Whether the main process sends pushes; pusher_instances replaces it.
pusher_instances ww The workers that send pushes.
send_federation b Whether the main process sends to other servers; federation_sender_instances replaces it.
federation_sender_instances ww The workers that send to other servers; all of them have to be restarted together.
instance_map m Where the replication listener of each process is, by the names of workers and main.
 host h The Service or pod of the process.
 port p The port of its replication listener.
 path f Its UNIX socket, instead of host and port.
 tls b Whether the listener speaks TLS.
stream_writers o Which workers write which stream; each has to be in instance_map.
 events w New events; several workers may share them.
 typing w Who is typing.
 to_device w Messages to devices.
 account_data w Data of accounts.
 receipts w Read receipts; several workers may share them.
 presence w Presence.
 push_rules w Push rules.
 device_lists w Device lists.
 thread_subscriptions w Subscriptions to threads.
outbound_federation_restricted_to ww The only workers that connect to other servers.
run_background_tasks_on w The worker for background tasks.
update_user_directory_from_worker w The worker that keeps the user directory.
notify_appservices_from_worker w The worker that talks to application services.
media_instance_running_background_jobs w The media worker for background tasks.
redis o What the processes talk through; needed with workers.
 enabled b Whether it is used.
 host h The Service of Redis.
 port p The port of Redis.
 path f A UNIX socket, instead of host and port.
 password s The password of Redis.
 password_path f The file that holds password.
 dbid n The number of the database.
 use_tls b Whether Redis speaks TLS.
 certificate_file f The client certificate.
 private_key_file f Its private key.
 ca_file f The authority that Redis' certificate is checked against.
 ca_path f A folder of authorities.
worker_app <synapse.app.generic_worker|synapse.app.media_repository> The program of a worker; the second serves media.
worker_name s The name of the worker, which the other processes know it by.
worker_listeners L The ports of a worker and what each serves.
worker_manhole p The port of a worker's debugging shell.
worker_daemonize b Whether the worker goes to the background; not in a container.
worker_pid_file f Where a worker's process id is written.
worker_log_config f The configuration of a worker's logging.
background_updates o How fast the database is migrated in the background.
 background_update_duration_ms n How long a batch may take.
 sleep_enabled b Whether there is a break between batches.
 sleep_duration_ms n How long the break is.
 min_batch_size n The smallest batch.
 default_batch_size n The first batch.
auto_accept_invites o Joins users to rooms that they are invited to.
 enabled b Whether it is on.
 only_for_direct_messages b Whether only for direct messages.
 only_from_local_users b Whether only for invitations of local users.
 worker_to_run_on w The worker that does it.
modules l Python modules that extend Synapse.
 module s The class.
 config o What it is given.
experimental_features o Features behind a switch, named by their proposals.
 msc3266_enabled b Room summaries.
 msc4108_enabled b Sign-in by QR code.
 msc4222_enabled b State after sync, which calls need.
 msc4140_enabled b Delayed events; max_event_delay_duration decides now.
matrix_authentication_service o Delegates sign-in to the Matrix Authentication Service.
 enabled b Whether it is on.
 endpoint s Where the service is.
 secret s The secret shared with it.
 secret_path f The file that holds secret.
`;
