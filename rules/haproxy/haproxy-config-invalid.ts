import { environmentOf, isSetUnasked } from '../../analysis/environment';
import {
  backendNamed,
  frontendsOf,
  type Haproxy,
  type HaproxyPart,
  haproxyOf,
  usesOf,
} from '../../analysis/haproxy-config';
import { workloadKinds } from '../../analysis/pods';
import { modeOf } from '../../analysis/text/haproxy';
import type { Problem, Rule } from '../rule';
import { refusedByKernel, sameNames, unknownKeywords, wrongProtocol, wrongTests } from './refused-lines';

export default {
  id: 'haproxy-config-invalid',
  items: ['2.2.b.1'],
  severity: 'error',
  summary: 'haproxy.cfg has a line that HAProxy refuses, or that means something else than it looks.',
  why: 'HAProxy refuses the whole configuration for one wrong word. A time without a unit is in milliseconds: with `timeout server 5` every request that takes longer fails with 504.',
  remedy: 'Correct the line as the message says; `haproxy -c -f haproxy.cfg` checks a file.',
  traps: [
    'A frontend in mode tcp may use a backend in mode http, which HAProxy upgrades to; the other way round is refused. Redis and PostgreSQL speak no HTTP.',
    'Times without a unit are reported below 100, which nobody means in milliseconds.',
    'A word counts as misspelt only if it is nearly a keyword of its section.',
    'That only root may `chroot`, and that there is no folder for a socket, is said of the official image.',
    'Several lines `bind` for one port are legal, also in two sections: the kernel then gives each connection to any of them.',
  ],
  sources: [
    'HAProxy configuration manual: 2.5 "Time format", 4.2 "balance", "mode", "use_backend"; src/cfgparse.c, check_config_validity',
    'HAProxy 2.1 and 2.5, announcements: directives that were removed; docker-library/haproxy: USER haproxy from 2.4 on',
  ],
  examples: {
    bad: example(
      'leastconns',
      `\n      #             ^^^^^^^^^^ error: HAProxy has no algorithm leastconns, so it does not start`,
    ),
    good: example('leastconn', ''),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy) return;
    const environment = environmentOf(workspace, resource, haproxy.container);
    const own = ownVariables(haproxy);
    const bound = new Map<string, string>();
    for (const part of haproxy.parts) {
      if (part.file.isOpaque) continue;
      yield* wrongWords(part);
      yield* unknownKeywords(part, haproxy.container.image);
      yield* wrongProtocol(workspace, haproxy, part);
      yield* wrongTests(part);
      yield* shortTimes(part);
      if (!haproxy.isPartial) yield* doubleBinds(part, bound);
      if (!haproxy.isPartial) yield* mixedModes(haproxy, part);
      if (!environment.isOpen) yield* unsetVariables(part, name => own.has(name) || environment.variables.has(name));
    }
    if (!haproxy.isPartial) {
      yield* sameNames(haproxy);
      yield* refusedByKernel(haproxy);
    }
  },
} satisfies Rule;

/** The manual, "balance" and "mode". */
const algorithm =
  /^(?:roundrobin|static-rr|leastconn|first|hash|source|uri|url_param|sticky|log-hash|log-sticky|(?:hdr|rdp-cookie|random)(?:\(.*\))?)$/;
const modes = ['tcp', 'http', 'log', 'spop', 'haterm'];

function* wrongWords(part: HaproxyPart): Iterable<Problem> {
  for (const { keyword, args } of part.section.directives) {
    const [word] = args;
    if (!word || isComputed(word.value) || part.file.resolve(word.span).kind !== 'left') continue;
    if (keyword === 'balance' && !algorithm.test(word.value))
      yield {
        at: part.place(word.span),
        message: `HAProxy has no algorithm ${word.value}, so it does not start — write roundrobin, leastconn, source or another of the manual.`,
      };
    if (keyword === 'mode' && !modes.includes(word.value) && part.section.kind !== 'userlist')
      yield {
        at: part.place(word.span),
        message: `HAProxy has no mode ${word.value}, so it does not start — write http or tcp.`,
      };
    if (counted.test(keyword) && /^\d+[^\d]/.test(word.value))
      yield {
        at: part.place(word.span),
        message: `${keyword} has to be a whole number, not ${word.value}, so HAProxy does not start — write all digits.`,
      };
  }
}

/** What takes a number alone (HAProxy configuration manual, "maxconn", "nbthread", "retries", "fullconn"). */
const counted = /^(?:maxconn|fullconn|retries|maxconnrate|maxsslconn|ulimit-n|backlog)$/;

const timed =
  /^timeout (?:server|client|connect|check|http-request|http-keep-alive|queue|tunnel|client-fin|server-fin)$/;

function* shortTimes(part: HaproxyPart): Iterable<Problem> {
  for (const { keyword, words, args } of part.section.directives) {
    const value = timed.test(keyword) ? args[0] : undefined;
    if (!value || !/^[1-9]\d?$/.test(value.value)) continue;
    yield {
      at: part.place(value.span),
      message: `${words
        .slice(0, 2)
        .map(word => word.value)
        .join(
          ' ',
        )} ${value.value} is ${value.value} milliseconds, so nearly everything runs into it — write ${value.value}s.`,
    };
  }
}

/** The same address in two sections: either may get a connection. */
function* doubleBinds(part: HaproxyPart, bound: Map<string, string>): Iterable<Problem> {
  const { section } = part;
  if (section.directives.some(({ keyword }) => keyword === 'disabled')) return;
  const title = `${section.kind} ${section.name?.value ?? ''}`.trim();
  for (const { addresses, options } of section.binds) {
    // Sockets of several networks, or of IPv4 and IPv6, may have one port.
    if (options.some(({ value }) => /^(?:interface|namespace|v6only)$/.test(value))) continue;
    for (const { family, host, port, span } of addresses) {
      if (port === undefined || isComputed(host)) continue;
      const key = `${family === 'ipv4@' ? '' : family}${host === '*' || host === '0.0.0.0' ? '' : host}:${port}`;
      const other = bound.get(key);
      if (other === undefined) bound.set(key, title);
      else if (other !== title)
        yield {
          at: part.place(span),
          message: `${title} and ${other} both listen on port ${port}, so any connection may come to either — choose another port.`,
        };
    }
  }
}

/** Frontends in mode http need backends in mode http; Redis and PostgreSQL need those in mode tcp. */
function* mixedModes(haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const { section } = part;
  if (frontendsOf(haproxy).includes(part) && modeOf(section) === 'http') {
    for (const { backend, isDynamic } of usesOf(section)) {
      const target = isDynamic ? undefined : backendNamed(haproxy, backend.value);
      if (!target || target.section === section || modeOf(target.section) !== 'tcp') continue;
      const isOwn =
        section.defaultBackend?.backend === backend || section.useBackends.some(one => one.backend === backend);
      yield {
        at: part.place(isOwn ? backend.span : section.span),
        message: `${section.kind} ${section.name?.value} is in mode http and backend ${backend.value} in mode tcp, so HAProxy does not start — give both the same mode.`,
      };
    }
  }
  if ((section.kind !== 'backend' && section.kind !== 'listen') || modeOf(section) !== 'http') return;
  const server = section.servers.find(({ port }) => port !== undefined && speaksNoHttp[port] !== undefined);
  if (server?.port !== undefined)
    yield {
      at: part.place(section.span),
      message: `${section.kind} ${section.name?.value} speaks HTTP to port ${server.port} of ${speaksNoHttp[server.port]}, which does not — write mode tcp.`,
    };
}

const speaksNoHttp: Readonly<Record<number, string>> = { 6379: 'Redis', 26379: 'Sentinel', 5432: 'PostgreSQL' };

/** Variables of log formats and of `tcp-check send-lf`, which are empty where the container has none of that name. */
function* unsetVariables(part: HaproxyPart, isSet: (name: string) => boolean): Iterable<Problem> {
  for (const { words } of part.section.directives) {
    for (const { value, span } of words) {
      const name = /%\[env\((\w+)\)/.exec(value)?.[1];
      // HAProxy and its images have variables of their own (management guide, "HAPROXY_").
      if (name === undefined || isSetUnasked(name) || name.startsWith('HAPROXY_') || isSet(name)) continue;
      yield {
        at: part.place(span),
        message: `The container does not have the variable ${name}, so HAProxy sends an empty text — add it to env.`,
      };
    }
  }
}

/** The variables that the configuration itself sets (manual, "setenv" and "presetenv"). */
function ownVariables({ parts }: Haproxy): ReadonlySet<string> {
  const lines = parts.flatMap(({ section }) => section.directives);
  return new Set(
    lines.flatMap(({ keyword, args }) => (/^(?:pre)?setenv$/.test(keyword) ? (args[0]?.value ?? []) : [])),
  );
}

function isComputed(text: string): boolean {
  return /[$%"{]/.test(text);
}

function example(balance: string, mark: string): string {
  return `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          defaults
            mode http
            timeout client 30s
            timeout server 30s
            timeout connect 5s
          frontend web
            bind :8008
            default_backend synapse
          backend synapse
            balance ${balance}${mark}
            server main synapse:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0
                volumeMounts:
                  - {name: config, mountPath: /usr/local/etc/haproxy}
            volumes:
              - name: config
                configMap: {name: haproxy}
    `;
}
