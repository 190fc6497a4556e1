import assert from 'node:assert/strict';
import severalCriteria from '../../../rules/haproxy/haproxy-acl-several-criteria';
import backendUndefined from '../../../rules/haproxy/haproxy-backend-undefined';
import bindPort from '../../../rules/haproxy/haproxy-bind-port-unexposed';
import csv from '../../../rules/haproxy/haproxy-csv-not-prometheus';
import healthcheck from '../../../rules/haproxy/haproxy-healthcheck-missing';
import mapFile from '../../../rules/haproxy/haproxy-map-file-missing';
import resolverAddress from '../../../rules/haproxy/haproxy-resolver-address';
import monitorPath from '../../../rules/haproxy/haproxy-servicemonitor-path';
import streamWriter from '../../../rules/haproxy/haproxy-stream-writer-unrouted';
import templateOnClusterIp from '../../../rules/haproxy/haproxy-template-on-clusterip';
import workerUnrouted from '../../../rules/haproxy/haproxy-worker-unrouted';
import type { Rule } from '../../../rules/rule';
import { check } from '../../fixture';
import { fixed, fixTitles } from '../expect';
import { configMap, found, indented, synapse } from '../synapse/tree';

/** HAProxy with a configuration, and what else is in its folder. */
function haproxy(
  cfg: string,
  options: { ports?: string; files?: Record<string, string>; container?: string } = {},
): string {
  return `${configMap('haproxy-config', { 'haproxy.cfg': cfg, ...options.files })}---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: haproxy
  namespace: matrix
spec:
  template:
    metadata:
      labels:
        app: haproxy
    spec:
      containers:
        - name: haproxy
          image: haproxy:3.0.6
${indented(options.container ?? '', 10)}
          ports:
${indented(options.ports ?? '- {name: client, containerPort: 8008}\n- {name: stats, containerPort: 8404}', 12)}
          volumeMounts:
            - name: config
              mountPath: /usr/local/etc/haproxy
      volumes:
        - name: config
          configMap:
            name: haproxy-config
`.replace(/\n[ ]*(?=\n)/g, '');
}

function service(name: string, app: string, spec = 'ports:\n  - {name: http, port: 8008}'): string {
  return `---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: matrix
  labels:
    app: ${name}
spec:
  selector:
    app: ${app}
${indented(spec, 2)}
`;
}

const stats = 'frontend stats\n  mode http\n  bind :8404\n';
const monitor = (endpoint: string): string => `---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: haproxy
  namespace: matrix
spec:
  selector:
    matchLabels:
      app: haproxy-stats
  endpoints:
    - port: stats
${indented(endpoint, 6)}
`;
const statsService = service('haproxy-stats', 'haproxy', 'ports:\n  - {name: stats, port: 8404}');

describe('haproxy-servicemonitor-path', () => {
  const of = (section: string, endpoint: string): readonly string[] =>
    found(monitorPath, haproxy(stats + section) + statsService + monitor(endpoint));

  it('accepts what the section serves', () => {
    assert.deepEqual(of('  stats enable\n  stats uri /stats', 'path: /stats;csv'), []);
    assert.deepEqual(of('  stats enable\n  stats uri /stats', 'path: "/stats;csv;norefresh"'), []);
    assert.deepEqual(of('  stats enable', 'path: "/haproxy?stats;csv"'), []);
    assert.deepEqual(of('  http-request use-service prometheus-exporter if { path /metrics }', 'interval: 30s'), []);
    assert.deepEqual(of('  http-request use-service prometheus-exporter', 'path: /anything'), []);
    assert.deepEqual(
      of(
        '  acl is_metrics path /metrics /prom\n  http-request use-service prometheus-exporter if is_metrics',
        'path: /prom',
      ),
      [],
    );
    const both =
      '  http-request use-service prometheus-exporter if { path /metrics }\n  stats enable\n  stats uri /stats';
    assert.deepEqual(of(both, 'path: /metrics'), []);
    assert.deepEqual(of(both, 'path: /stats;csv'), []);
  });

  it('finds other paths, and puts the right one in', () => {
    assert.deepEqual(of('  stats enable\n  stats uri /stats', 'path: /stats'), ['error /stats']);
    assert.deepEqual(of('  stats uri /haproxy?stats', 'path: /stats;csv'), ['error /stats;csv']);
    assert.deepEqual(of('  http-request use-service prometheus-exporter if { path /prom }', 'interval: 30s'), [
      'error port: stats',
    ]);
    const tree =
      haproxy(`${stats}  http-request use-service prometheus-exporter if { path /prom }`) +
      statsService +
      monitor('interval: 30s');
    const [text = ''] = Object.values(fixed(monitorPath, tree));
    assert.ok(text.includes('    - port: stats\n      path: /prom\n      interval: 30s\n'));
    assert.deepEqual(of('', 'path: /metrics'), ['error /metrics']);
  });

  it('follows a PodMonitor and a Service with another port number', () => {
    const cfg = `${stats}  stats enable\n  stats uri /stats`;
    const other = service('haproxy-stats', 'haproxy', 'ports:\n  - {name: stats, port: 80, targetPort: stats}');
    assert.deepEqual(found(monitorPath, haproxy(cfg) + other + monitor('path: /metrics')), ['error /metrics']);
  });

  it('only warns where the configuration is not in the tree', () => {
    const unseen = haproxy('')
      .replace('name: haproxy-config\n', 'name: from-elsewhere\n')
      .replace(/^---[\s\S]*?(?=---)/, '');
    const tree = (path: string): string =>
      unseen.replace('            name: haproxy-config', '            name: from-elsewhere') +
      statsService +
      monitor(`path: ${path}`);
    assert.deepEqual(found(monitorPath, tree('/stats')), ['warning /stats']);
    assert.deepEqual(found(monitorPath, tree('/stats;csv')), []);
    assert.deepEqual(found(monitorPath, tree('/metrics')), []);
  });

  it('leaves the hint about CSV to its own rule, with a fix over two files', () => {
    const tree = haproxy(`${stats}  stats enable\n  stats uri /stats`) + statsService + monitor('path: /stats;csv');
    assert.deepEqual(found(csv, tree), ['hint /stats;csv']);
    assert.deepEqual(found(csv, tree.replace(';csv', '')), []);
    assert.deepEqual(fixTitles(csv, tree), ['Serve and scrape the Prometheus exporter']);
  });
});

const main = 'backend main\n  mode http\n  server main synapse-main:8008 check\n';

describe('haproxy-acl-several-criteria', () => {
  const of = (line: string): readonly string[] =>
    found(severalCriteria, haproxy(`frontend f\n  mode http\n  bind :8008\n  ${line}\n`));

  it('knows values from criteria', () => {
    assert.deepEqual(of('acl a path_end /sync /events'), []);
    assert.deepEqual(of('acl a method GET POST'), []);
    assert.deepEqual(of('acl a hdr(host) -i status.tessera.test'), []);
    assert.deepEqual(of('acl a path_beg -i /a'), []);
    assert.deepEqual(of('acl a path_beg "/a path_end /b"'), []);
    assert.deepEqual(of('acl a hdr_beg(host) -i api. method GET'), ['error method']);
    assert.deepEqual(of('acl a path_beg /a hdr(x) -m found'), ['error hdr(x)']);
    assert.deepEqual(of('use_backend b if { path_beg /a path_end /b }'), ['error path_end']);
  });

  it('writes an expression that HAProxy does not misread', () => {
    const fix = (line: string): string =>
      Object.values(fixed(severalCriteria, haproxy(`frontend f\n  mode http\n  bind :8008\n  ${line}\n`)))[0] ?? '';
    assert.ok(fix('acl a path_beg /v1.0/ path_end /sync').includes('acl a path_reg ^/v1[.]0/.*/sync$\n'));
    assert.ok(fix('acl a path_beg /a path_end .png # images').includes('acl a path_reg ^/a.*[.]png$ # images\n'));
    assert.deepEqual(
      fixTitles(severalCriteria, haproxy('frontend f\n  bind :8008\n  acl a path_beg /a /b path_end /c\n')),
      [],
    );
  });
});

describe('haproxy-backend-undefined', () => {
  const of = (cfg: string): readonly string[] => found(backendUndefined, haproxy(cfg));
  const frontend = 'frontend f\n  mode http\n  bind :8008\n  default_backend main\n';

  it('knows backends, listens, predefined acls and defaults', () => {
    assert.deepEqual(of(`${frontend}  use_backend main if METH_GET or TRUE\n${main}`), []);
    assert.deepEqual(of('frontend f\n  bind :8008\n  default_backend l\nlisten l\n  bind :8009\n  server a b:1\n'), []);
    assert.deepEqual(of(`${frontend}${main}backend quiet\n  http-request deny\n`), ['info backend quiet']);
    assert.deepEqual(of(`${frontend}  use_backend empty if TRUE\n${main}backend empty\n  balance roundrobin\n`), [
      'error backend empty',
    ]);
    assert.deepEqual(
      of(`${frontend}  use_backend ok if TRUE\n${main}backend ok\n  http-request return status 200\n`),
      [],
    );
  });

  it('finds acls and resolvers that are not there', () => {
    assert.deepEqual(of(`${frontend}  http-request deny if is_evil\n${main}`), ['error is_evil']);
    assert.deepEqual(of(`${frontend}${main}  server b synapse-b:8008 check resolvers dns\n`), ['error dns']);
  });

  it('says nothing of unused backends where names are computed', () => {
    assert.deepEqual(of(`${frontend}  use_backend %[req.hdr(x)]\n${main}backend other\n  server a b:1\n`), []);
    assert.deepEqual(
      of(`frontend f\n  bind :8008\n  use_backend %[path,map(/usr/local/etc/haproxy/x.map,main)]\n${main}`),
      [],
    );
  });
});

describe('haproxy-healthcheck-missing', () => {
  const of = (backend: string, more = ''): readonly string[] => found(healthcheck, haproxy(`${backend}\n`) + more);

  it('exempts what has nothing to check', () => {
    assert.deepEqual(of('backend health\n  mode http\n  http-request return status 200'), []);
    assert.deepEqual(of('backend synapse_metrics\n  mode http\n  server a b:9090'), []);
    assert.deepEqual(of('backend redis\n  mode tcp\n  server a redis:6379 check'), []);
    assert.deepEqual(
      of('defaults\n  mode http\n  option httpchk GET /health\n  default-server check\nbackend b\n  server a b:1'),
      [],
    );
    assert.deepEqual(
      of('backend b\n  mode http\n  option httpchk\n  http-check send meth GET uri /health\n  server a b:1 check'),
      [],
    );
    assert.deepEqual(
      of('backend b\n  mode http\n  option httpchk GET /health HTTP/1.1\\r\\nHost:\\ x\n  server a b:1 check'),
      [],
    );
  });

  it('lets connections be enough for what listens when it is ready', () => {
    const scanner =
      '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: content-scanner, namespace: matrix}\nspec:\n  template:\n    metadata: {labels: {app: content-scanner}}\n    spec:\n      containers:\n        - name: scanner\n          image: vectorim/matrix-content-scanner:v1.2.1\n          ports: [{containerPort: 8080}]\n' +
      service('content-scanner', 'content-scanner', 'ports:\n  - {name: http, port: 8080}');
    const backend = 'backend scan\n  mode http\n  server a content-scanner:8080';
    assert.deepEqual(of(`${backend} check`, scanner), []);
    assert.deepEqual(of(backend, scanner), ['warning backend scan']);
  });

  it('tells neither, one, and some', () => {
    assert.deepEqual(of('backend b\n  mode http\n  server a b:1'), ['warning backend b']);
    assert.deepEqual(of('backend b\n  mode http\n  server a b:1 check'), ['warning backend b']);
    assert.deepEqual(of('backend b\n  mode http\n  option httpchk GET /health\n  server a b:1 check\n  server c d:1'), [
      'warning server c d:1',
    ]);
    assert.deepEqual(of('backend b\n  mode tcp\n  server a b:1'), ['warning backend b']);
  });

  it('compares the path with what the pods answer', () => {
    const target =
      service('synapse-main', 'synapse-main') +
      configMap('synapse-config', { 'homeserver.yaml': 'server_name: tessera.test' }) +
      synapse('synapse-main');
    const cfg = (path: string): string =>
      `backend b\n  mode http\n  option httpchk GET ${path}\n  server a synapse-main.matrix.svc.cluster.local:8008 check`;
    assert.deepEqual(of(cfg('/health'), target), []);
    assert.deepEqual(of(cfg('/_matrix/client/versions'), target), []);
    assert.deepEqual(of(cfg('/_synapse/metrics'), target), []);
    for (const path of ['/healthz', '/_synapse/health', '/_matrix/health'])
      assert.deepEqual(of(cfg(path), target), [`warning ${path}`]);
  });

  it('keeps comments and line ends when it adds the check', () => {
    const tree = haproxy('backend b # workers\n  mode http\n  server a b:1 # one\n').replaceAll('\n', '\r\n');
    const [text = ''] = Object.values(fixed(healthcheck, tree));
    assert.ok(
      text.includes(
        'backend b # workers\r\n      mode http\r\n      option httpchk GET /health\r\n      server a b:1 check # one\r\n',
      ),
    );
    assert.equal(text.match(/(?<!\r)\n/g), null);
  });
});

describe('haproxy-map-file-missing', () => {
  const frontend =
    'frontend f\n  mode http\n  bind :8008\n  use_backend %[path,map_beg(/usr/local/etc/haproxy/routes.map,main)]\n';

  it('compares the values with the backends', () => {
    assert.deepEqual(
      found(mapFile, haproxy(frontend + main, { files: { 'routes.map': '# routes\n/a main\n/b mainn' } })),
      ['error mainn'],
    );
    assert.deepEqual(
      found(mapFile, haproxy(frontend.replace(',main', ',other') + main, { files: { 'routes.map': '/a main' } })),
      ['error other'],
    );
  });

  it('believes in files of ConfigMaps from elsewhere', () => {
    const elsewhere = `${frontend.replace('/usr/local/etc/haproxy/routes.map', '/maps/routes.map')}${main}`;
    const mounted = haproxy(elsewhere)
      .replace('          volumeMounts:\n', '          volumeMounts:\n            - {name: maps, mountPath: /maps}\n')
      .replace(
        '      volumes:\n',
        '      volumes:\n        - name: maps\n          configMap: {name: maps-from-elsewhere}\n',
      );
    assert.deepEqual(found(mapFile, mounted), []);
    assert.deepEqual(found(mapFile, haproxy(elsewhere)), ['error /maps/routes.map']);
  });
});

describe('haproxy-bind-port-unexposed', () => {
  const cfg = 'frontend f\n  bind :8008\n  bind 127.0.0.1:9999\nfrontend s\n  bind *:8404\n';

  it('compares ports, binds and Services', () => {
    assert.deepEqual(found(bindPort, haproxy(cfg)), []);
    assert.deepEqual(found(bindPort, haproxy('frontend f\n  bind :8008\n')), ['warning 8404']);
    assert.deepEqual(found(bindPort, haproxy(`${cfg}frontend x\n  bind :8500\n`)), ['info :8500']);
    assert.deepEqual(
      found(bindPort, haproxy(`${cfg}frontend x\n  bind :8500\n`) + service('x', 'haproxy', 'ports:\n  - port: 8500')),
      [],
    );
    assert.deepEqual(
      found(bindPort, haproxy(cfg) + service('x', 'haproxy', 'ports:\n  - {port: 80, targetPort: 8449}')),
      ['warning 8449'],
    );
    assert.deepEqual(found(bindPort, haproxy('frontend f\n  bind :8000-8500\n')), []);
  });
});

describe('haproxy-template-on-clusterip and haproxy-resolver-address', () => {
  it('asks for several addresses only where several servers are made', () => {
    const cfg = (count: number): string =>
      haproxy(`backend b\n  server-template s- ${count} synapse-a.matrix.svc.cluster.local:8008 check\n`);
    assert.deepEqual(found(templateOnClusterIp, cfg(3) + service('synapse-a', 'a')), [
      'info synapse-a.matrix.svc.cluster.local',
    ]);
    assert.deepEqual(found(templateOnClusterIp, cfg(1) + service('synapse-a', 'a')), []);
    assert.deepEqual(
      found(templateOnClusterIp, cfg(3) + service('synapse-a', 'a', 'clusterIP: None\nports:\n  - port: 8008')),
      [],
    );
    assert.deepEqual(found(templateOnClusterIp, cfg(3)), []);
  });

  it('tells an address from a placeholder, and accepts the pod’s own', () => {
    const of = (line: string): readonly string[] => found(resolverAddress, haproxy(`resolvers dns\n  ${line}\n`));
    assert.deepEqual(of('parse-resolv-conf'), []);
    assert.deepEqual(of('nameserver dns 10.96.0.10:53'), ['info 10.96.0.10:53']);
    assert.deepEqual(of('nameserver dns CHANGEME:53'), ['error CHANGEME:53']);
    assert.deepEqual(of('nameserver dns kube-dns.kube-system.svc.cluster.local:53'), []);
    assert.deepEqual(of('nameserver dns "${DNS}:53"'), []);
  });
});

describe('haproxy-worker-unrouted and haproxy-stream-writer-unrouted', () => {
  const config = (writers = ''): string =>
    configMap('synapse-config', {
      'homeserver.yaml': `server_name: tessera.test\n${writers}`,
      'worker.yaml':
        'worker_app: synapse.app.generic_worker\nworker_name: generic\nworker_listeners:\n  - {type: http, port: 8008, resources: [{names: [client]}]}',
    });
  const processes = (writers = ''): string =>
    config(writers) +
    synapse('synapse-main') +
    synapse('synapse-generic', { worker: true }) +
    service('synapse-main', 'synapse-main') +
    service('synapse-generic', 'synapse-generic');
  const cfg = (...routes: readonly string[]): string =>
    `frontend f\n  mode http\n  bind :8008\n${routes.map(route => `  ${route}\n`).join('')}  default_backend main\n${main}backend generic\n  mode http\n  server a synapse-generic:8008 check\n`;
  const run = (rule: Rule, routes: readonly string[], writers?: string, more = ''): readonly string[] =>
    found(rule, haproxy(cfg(...routes)) + processes(writers) + more);
  const client = 'use_backend generic if { path_beg /_matrix/client/ }';

  it('finds the worker that no route leads to', () => {
    assert.deepEqual(run(workerUnrouted, []), ['warning synapse-generic']);
    assert.deepEqual(run(workerUnrouted, [client]), []);
    assert.deepEqual(run(workerUnrouted, ['use_backend %[req.hdr(x)]']), []);
  });

  it('follows the SRV records of a named port', () => {
    const records = (port: string): string =>
      haproxy(
        cfg(client).replace(
          / {2}server a synapse-generic.*\n/,
          `  server-template a 4 _${port}._tcp.synapse-generic.matrix.svc.cluster.local check\n`,
        ),
      ) +
      processes().replace(
        'name: synapse-generic\n  namespace: matrix\n  labels:\n    app: synapse-generic\nspec:\n',
        '$&  clusterIP: None\n',
      );
    assert.deepEqual(found(workerUnrouted, records('http')), []);
    assert.deepEqual(found(workerUnrouted, records('metrics')), ['warning synapse-generic']);
  });

  it('accepts a route through a map or an Ingress', () => {
    const map = 'use_backend %[path,map_beg(/usr/local/etc/haproxy/routes.map,main)]';
    const tree = haproxy(cfg(map), { files: { 'routes.map': '/_matrix/client/ generic' } }) + processes();
    assert.deepEqual(found(workerUnrouted, tree), []);
    const ingress =
      '---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: x\n  namespace: matrix\nspec:\n  rules:\n    - host: a.test\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service: {name: synapse-generic, port: {number: 8008}}\n';
    assert.deepEqual(run(workerUnrouted, [], '', ingress), []);
  });

  it('asks nothing for workers that serve no clients, and where there is no HAProxy', () => {
    const silent = config().replace('[client]', '[replication]');
    assert.deepEqual(
      found(
        workerUnrouted,
        haproxy(cfg()) + silent + synapse('synapse-main') + synapse('synapse-generic', { worker: true }),
      ),
      [],
    );
    assert.deepEqual(found(workerUnrouted, processes()), []);
  });

  it('follows the routes to the writer of each stream', () => {
    const typing =
      'use_backend main if { path_reg ^/_matrix/client/(r0|v3)/(rooms/[^/]+/typing|sendToDevice/|user/.*/account_data/|presence/|pushrules/) }';
    assert.deepEqual(run(streamWriter, [client]), [`warning ${client}`]);
    assert.deepEqual(run(streamWriter, [typing, client]), []);
    const reads = 'use_backend generic if { path_beg /_matrix/client/ } METH_GET';
    assert.deepEqual(run(streamWriter, [reads]), []);
    const perhaps = 'use_backend main if { path_beg /_matrix/client/ } { req.hdr(x) -m found }';
    assert.deepEqual(run(streamWriter, [perhaps, client]), []);
  });

  it('takes the worker in stream_writers for the writer', () => {
    const all =
      'stream_writers:\n  typing: generic\n  to_device: generic\n  account_data: generic\n  presence: generic\n  push_rules: generic';
    assert.deepEqual(run(streamWriter, [client], all), []);
    const away = 'use_backend generic if { path_beg /_matrix/client/v3/sync }';
    const [message = ''] = check(haproxy(cfg(away)) + processes('stream_writers:\n  typing: [generic]'), [
      streamWriter,
    ]).findings.map(one => one.problem.message);
    assert.match(
      message,
      /The requests of typing go to backend main, but only StatefulSet\/synapse-generic answers them/,
    );
  });
});

describe('a configuration in a folder', () => {
  it('is read file by file, in the order of their names', () => {
    const tree = haproxy('frontend f\n  mode http\n  bind :8008\n  bind :8404\n  default_backend main\n', {
      container: 'args: [-f, /usr/local/etc/haproxy/]',
      files: { '90-backends.cfg': main, 'routes.map': 'no configuration' },
    });
    assert.deepEqual(found(backendUndefined, tree), []);
    assert.deepEqual(found(backendUndefined, tree.replace('    backend main', '    backend mian')), ['error main']);
  });

  it('says nothing while a part of it is not in the tree', () => {
    const tree = haproxy('frontend f\n  bind :8008\n  default_backend main\n', {
      container: 'args: [-f, /usr/local/etc/haproxy/haproxy.cfg, -f, /elsewhere.cfg]',
    });
    assert.deepEqual(found(backendUndefined, tree), []);
  });
});
