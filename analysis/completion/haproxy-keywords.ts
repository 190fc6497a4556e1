import { table } from '../../manifests/table';

/** A directive of haproxy.cfg. */
export interface HaproxyKeyword {
  readonly keyword: string;
  readonly sentence: string;
  /** The kinds of sections that it may stand in. */
  readonly sections: readonly string[];
}

/** The kinds of sections with what each is for (HAProxy 3.2 configuration manual, chapters 2 to 5 and 12). */
export const haproxySections: readonly (readonly [kind: string, sentence: string])[] = [
  ['global', 'Settings of the whole process.'],
  ['defaults', 'Settings that the sections below take over.'],
  ['frontend', 'Where connections come in, and which backend gets them.'],
  ['backend', 'Servers that requests are sent to.'],
  ['listen', 'A frontend and a backend in one.'],
  ['resolvers', 'DNS servers by which names of servers are resolved while HAProxy runs.'],
  ['peers', 'Other HAProxy processes that share stick tables.'],
  ['userlist', 'Users for basic authentication.'],
  ['cache', 'Keeps small answers in memory.'],
  ['http-errors', 'Own pages for errors.'],
  ['mailers', 'Mail servers for alerts.'],
  ['ring', 'A buffer for logs.'],
  ['program', 'A program that the master process runs.'],
];

/** The directives of a kind of section. */
export function haproxyKeywords(section: string): readonly HaproxyKeyword[] {
  known ??= keywordTable
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [letters = '', keyword = '', sentence = ''] = line.split(/\s*\|\s*/);
      return { keyword, sentence, sections: [...letters].flatMap(letter => kinds[letter] ?? []) };
    });
  return known.filter(one => one.sections.includes(section));
}

let known: readonly HaproxyKeyword[] | undefined;

/** What stands after a keyword, where it is one of a few words. */
export const haproxyArguments = table<readonly string[]>({
  mode: ['http', 'tcp', 'log'],
  balance: [
    'roundrobin',
    'leastconn',
    'source',
    'uri',
    'hdr(name)',
    'hash',
    'first',
    'random',
    'static-rr',
    'url_param name',
  ],
  'hash-type': ['consistent', 'map-based'],
  log: ['global', 'stdout format raw local0'],
  'http-reuse': ['safe', 'aggressive', 'always', 'never'],
  'load-server-state-from-file': ['global', 'local', 'none'],
  'hold valid': ['10s'],
});

/** Words after the address of a `server` (manual, 5.2). */
export const serverOptions: readonly (readonly [option: string, sentence: string])[] = [
  ['check', 'Asks the server regularly if it is well.'],
  ['inter', 'The time between two checks.'],
  ['fastinter', 'The time between checks while the state changes.'],
  ['downinter', 'The time between checks of a server that is down.'],
  ['fall', 'After how many failed checks the server counts as down.'],
  ['rise', 'After how many good checks it counts as up.'],
  ['port', 'The port that is checked, if it is another.'],
  ['resolvers', 'The section whose DNS servers resolve the name while HAProxy runs.'],
  ['resolve-prefer', 'ipv4 or ipv6.'],
  ['init-addr', 'How the name is resolved at start; with none HAProxy starts although the name is unknown.'],
  ['backup', 'Only used when all others are down.'],
  ['weight', 'The share of requests, from 0 to 256.'],
  ['maxconn', 'The most connections to this server.'],
  ['maxqueue', 'The most connections that wait for it.'],
  ['slowstart', 'How slowly the share grows after the server came back.'],
  ['cookie', 'The value of the cookie that leads to this server.'],
  ['track', 'Takes over the state of another server.'],
  ['on-marked-down', 'What is done with its sessions when it goes down, such as shutdown-sessions.'],
  ['on-marked-up', 'What is done when it comes back, such as shutdown-backup-sessions.'],
  ['send-proxy', 'Tells the server the address of the client by the PROXY protocol.'],
  ['send-proxy-v2', 'The same in its second version.'],
  ['ssl', 'Speaks TLS to the server.'],
  ['verify', 'required or none: whether its certificate is verified.'],
  ['ca-file', 'The authority that its certificate is checked against.'],
  ['sni', 'The name that the server is asked for in TLS.'],
  ['alpn', 'The protocols that are offered, such as h2,http/1.1.'],
  ['proto', 'The protocol, such as h2.'],
  ['observe', 'layer4 or layer7: also judges the server by live traffic.'],
  ['disabled', 'Begins in maintenance.'],
];

/** Tests that an `acl` may make (manual, 7.3). */
export const haproxyFetches: readonly (readonly [fetch: string, sentence: string])[] = [
  ['path', 'The path of the URL, without the query.'],
  ['path_beg', 'The path begins with one of the values.'],
  ['path_end', 'The path ends with one of the values.'],
  ['path_reg', 'The path fits a regular expression.'],
  ['path_sub', 'The path holds one of the values.'],
  ['path_dir', 'The path has one of the values between slashes.'],
  ['hdr(host)', 'A header, here Host.'],
  ['hdr_beg(host)', 'A header begins with one of the values.'],
  ['hdr_end(host)', 'A header ends with one of the values.'],
  ['hdr_reg(host)', 'A header fits a regular expression.'],
  ['hdr_sub(upgrade)', 'A header holds one of the values.'],
  ['req.hdr(authorization)', 'A header of the request.'],
  ['method', 'The method, such as PUT.'],
  ['query', 'What stands behind the question mark.'],
  ['url', 'The URL as the request has it.'],
  ['url_param(since)', 'A parameter of the query.'],
  ['urlp(since)', 'A parameter of the query.'],
  ['src', 'The address of the client, as networks.'],
  ['dst_port', 'The port that the client connected to.'],
  ['ssl_fc', 'The connection came in over TLS.'],
  ['req.ssl_sni', 'The name in the TLS greeting.'],
  ['nbsrv(backend)', 'How many servers of a backend are up.'],
  ['var(txn.name)', 'A variable that was set before.'],
  ['always_true', 'Holds always.'],
  ['always_false', 'Holds never.'],
];

/** Conditions that need no `acl` line (manual, 7.4). */
export const predefinedAcls: readonly string[] = [
  'TRUE',
  'FALSE',
  'HTTP',
  'HTTP_1.1',
  'LOCALHOST',
  'METH_GET',
  'METH_POST',
  'METH_PUT',
  'METH_DELETE',
  'METH_OPTIONS',
  'METH_HEAD',
];

const kinds = table<string>({
  G: 'global',
  D: 'defaults',
  F: 'frontend',
  L: 'listen',
  B: 'backend',
  R: 'resolvers',
  P: 'peers',
  U: 'userlist',
});

/** Sections, keyword and our own sentence, by the matrix of the HAProxy 3.2 configuration manual, 3.1 to 3.5 and 4.1. */
const keywordTable = `
G|log|Where the log goes, such as stdout format raw local0.
G|maxconn|The most connections of the process.
G|nbthread|How many threads run; by the cores without it.
G|stats socket|The socket for commands, such as /tmp/haproxy.sock mode 660 level admin.
G|stats timeout|How long a command may take.
G|daemon|Goes to the background; not in a container.
G|master-worker|Runs a master that can reload the workers.
G|user|The user to run as.
G|group|The group to run as.
G|chroot|The directory to lock itself into.
G|ssl-default-bind-options|TLS versions of listeners, such as ssl-min-ver TLSv1.2.
G|ssl-default-bind-ciphers|The ciphers of listeners.
G|ssl-default-server-verify|Whether servers' certificates are verified.
G|tune.bufsize|The size of a buffer; requests with long headers need more.
G|tune.ssl.default-dh-param|The size of Diffie-Hellman parameters.
G|hard-stop-after|The longest time that an old process ends its connections in.
G|lua-load|Loads a Lua program.
G|setenv|Sets an environment variable for the configuration.
G|server-state-file|The file that the state of servers is kept in.
G|spread-checks|Spreads checks over time, in percent.
G|ulimit-n|How many files may be open.
G|pidfile|Where the process id is written.
DFLB|mode|http or tcp.
DFLB|log|Where the log goes; global takes that of the global section.
DFL|maxconn|The most connections of this frontend.
DFL|option httplog|Logs each request.
DFL|option httpslog|Logs each request with what TLS says of it.
DFLB|option tcplog|Logs each connection.
DFL|option dontlognull|Does not log connections without data.
DFLB|option forwardfor|Tells servers the client's address in X-Forwarded-For.
DFLB|option http-server-close|Closes the connection to the server after each request.
DFLB|option http-keep-alive|Keeps connections open.
DFLB|option httpclose|Closes connections after each request.
DLB|option httpchk|Checks servers by an HTTP request.
DLB|option redispatch|Tries another server when one does not answer.
DLB|option redis-check|Checks servers as Redis.
DLB|option pgsql-check|Checks servers as PostgreSQL.
DLB|option tcp-check|Checks servers by a conversation.
DLB|option log-health-checks|Logs when the state of a server changes.
DLB|option prefer-last-server|Stays with the server of the last request.
DLB|option allbackups|Uses all backup servers at once.
DFLB|option tcpka|Keeps connections alive on both sides.
DFLB|option clitcpka|Keeps connections of clients alive.
DLB|option srvtcpka|Keeps connections to servers alive.
DFL|option http-buffer-request|Waits for the body before it decides.
DFL|option splice-auto|Lets the kernel copy data.
DLB|timeout connect|How long connecting to a server may take.
DFL|timeout client|How long a client may be silent; longer than a sync waits.
DLB|timeout server|How long a server may be silent; longer than a sync waits.
DLB|timeout queue|How long a request waits for a server.
DFLB|timeout http-request|How long a client may take for its headers.
DFLB|timeout http-keep-alive|How long to wait for the next request.
DLB|timeout check|How long a check may take after connecting.
DFLB|timeout tunnel|How long a WebSocket may be silent.
DFL|timeout client-fin|How long a half-closed client is waited for.
DLB|timeout server-fin|How long a half-closed server is waited for.
DFLB|timeout tarpit|How long a request is held that is refused.
DLB|retries|How often connecting is tried.
DLB|retry-on|What is tried again besides, such as conn-failure empty-response.
DLB|balance|How servers are chosen.
DLB|hash-type|How a hash becomes a server; consistent moves few when servers come and go.
DLB|default-server|Words that all servers of the section have.
DFLB|errorfile|The file for an error's page.
DFLB|errorfiles|The pages for errors of a section http-errors.
DFLB|errorloc302|Where an error leads.
DFLB|errorloc303|Where an error leads, also after a POST by GET.
DFL|default_backend|The backend for what no rule takes.
DFL|log-format|What is logged of each request.
DFL|unique-id-format|How the id of a request is made.
DFL|unique-id-header|The header that gets the id.
DFL|monitor-uri|A path that HAProxy itself answers, for probes.
FL|monitor fail|When that answer is a failure.
FL|bind|The address and port to listen on, such as *:8008.
FL|use_backend|The backend for requests that meet a condition; the first one wins.
FLB|acl|Names a test of requests.
FLB|http-request|What is done with a request.
FLB|http-response|What is done with an answer.
FLB|http-request set-header|Sets a header.
FLB|http-request add-header|Adds a header.
FLB|http-request del-header|Removes a header.
FLB|http-request deny|Refuses the request.
FLB|http-request redirect|Answers with a redirect.
FLB|http-request return|Answers with a fixed text.
FLB|http-request set-path|Changes the path.
FLB|http-request replace-path|Changes the path by a regular expression.
FLB|http-request set-var|Keeps a value for later.
FLB|http-request track-sc0|Counts requests in a stick table.
FLB|http-request use-service|Lets a service answer, such as prometheus-exporter.
FLB|http-request auth|Asks for a user and password.
FLB|http-response set-header|Sets a header of the answer.
FLB|http-response del-header|Removes a header of the answer.
FLB|http-after-response set-header|Sets a header of every answer, also of HAProxy's own.
FLB|tcp-request|What is done with a connection.
FL|tcp-request connection|Decides when a connection comes in.
FLB|tcp-request content|Decides by the first data.
FLB|tcp-request inspect-delay|How long to wait for that data.
FLB|redirect|Answers with a redirect.
FLB|compression|Compresses answers.
FLB|filter|Uses a filter, such as compression or cache.
FLB|stick-table|A table to count or remember clients in.
LB|stick on|Which server a client stays with.
LB|stick match|Looks a client up in a table.
LB|stick store-request|Remembers a client in a table.
LB|cookie|Keeps clients at a server by a cookie.
LB|server|A server: a name, its host and port, and options.
LB|server-template|Several servers by one name, as a headless Service has: prefix, count, host and port.
LB|http-check send|The request of a check, such as meth GET uri /health.
LB|http-check expect|The answer that counts as well, such as status 200.
LB|http-check connect|How a check connects.
LB|tcp-check connect|How a check connects.
LB|tcp-check send|What a check sends.
LB|tcp-check expect|What has to come back.
LB|use-server|Sends requests to one server under a condition.
LB|http-reuse|Whether connections to servers are shared.
LB|fullconn|The load at which servers get all they can take.
DFLB|stats enable|Serves the statistics page.
DFLB|stats uri|The path of the statistics page.
DFLB|stats refresh|How often the page is loaded anew.
DFLB|stats auth|The user and password of the page.
DFLB|stats hide-version|Does not show the version.
FLB|stats admin|Who may change states on the page.
DFLB|load-server-state-from-file|Takes over the state of servers from before.
DFLB|maxconn|The most connections.
R|nameserver|A DNS server: a name, and its address and port.
R|parse-resolv-conf|Takes the DNS servers of /etc/resolv.conf.
R|resolve_retries|How often a name is asked for.
R|timeout resolve|The time between two questions.
R|timeout retry|The time until a question is repeated.
R|hold valid|How long an answer counts.
R|hold nx|How long it counts that there is no such name.
R|hold obsolete|How long a server is kept that is no longer in the answer.
R|hold timeout|How long the last answer counts when none comes.
R|hold refused|How long the last answer counts when it is refused.
R|hold other|How long the last answer counts after other errors.
R|accepted_payload_size|The largest answer; 8192 for headless Services with many pods.
P|peer|Another process: a name, its address and port.
P|bind|The address to listen on.
P|table|A stick table that is shared.
U|user|A user with a password.
U|group|A group of users.
`;
