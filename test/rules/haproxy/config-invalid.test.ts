import assert from 'node:assert/strict';
import undefinedNames from '../../../rules/haproxy/haproxy-backend-undefined';
import invalid from '../../../rules/haproxy/haproxy-config-invalid';
import healthcheck from '../../../rules/haproxy/haproxy-healthcheck-missing';
import type { Rule } from '../../../rules/rule';
import { messages } from '../expect';

/** A HAProxy with a configuration, and a Redis with a password. */
function tree(config: string, env = '[]'): string {
  return `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: haproxy, namespace: matrix}
    data:
      haproxy.cfg: |
${config.replace(/^/gm, '        ')}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: haproxy, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: haproxy
              image: haproxy:3.0
              env: ${env}
              volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]
          volumes: [{name: config, configMap: {name: haproxy}}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: redis, namespace: matrix}
    spec: {clusterIP: None, selector: {app: redis}, ports: [{port: 6379}]}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: redis}}
        spec:
          containers:
            - name: redis
              image: redis:7.4
              args: [redis-server, --requirepass, $(PASSWORD)]
              ports: [{containerPort: 6379}]
  `;
}

const found = (rule: Rule, config: string, env?: string): readonly string[] => messages(rule, tree(config, env));
const http = 'defaults\n  mode http\n  timeout server 30s\n';
const web = `${http}frontend web\n  bind :80\n  default_backend b\nbackend b\n`;

describe('haproxy-config-invalid', () => {
  it('lets sockets of other kinds have the same port', () => {
    const two = (first: string, second: string): string =>
      `${http}frontend a\n  bind ${first}\n  default_backend b\nfrontend c\n  bind ${second}\n  default_backend b\nbackend b\n  server s s:80\n`;
    assert.equal(found(invalid, two(':443', 'ipv4@:443')).length, 1);
    for (const second of ['quic4@:443', 'ipv6@:443 v6only', ':443 interface eth1', ':443\n  disabled'])
      assert.deepEqual(found(invalid, two(':443', second)), []);
  });

  it('knows the variables that HAProxy, the runtime and the Services of a namespace bring', () => {
    const header = (name: string): string =>
      `global\n  setenv NODE a\n${web}  http-request set-header X %[env(${name})]\n  server s s:80\n`;
    for (const name of ['NODE', 'HOSTNAME', 'HAPROXY_LOCALPEER', 'SYNAPSE_SERVICE_HOST'])
      assert.deepEqual(found(invalid, header(name)), []);
    assert.equal(found(invalid, header('NODES')).length, 1);
  });

  it('judges no sections that hang on a condition', () => {
    const twice = `${web}  server s s:80\n.if feature(QUIC)\nbackend c\n  server s s:80\n.else\nbackend c\n.endif\n`;
    assert.deepEqual(found(invalid, twice), []);
    assert.deepEqual(found(undefinedNames, `${twice}.if defined(X)\nfrontend d\n  use_backend e\n.endif\n`), []);
  });

  it('takes the defaults over from the file before', () => {
    const folder = tree(`defaults\n  mode http\n`).replace(
      /( +)haproxy\.cfg: \|/,
      '$1web.cfg: |\n$1  frontend web\n$1    bind :80\n$1    default_backend b\n$1  backend b\n$1    server s s:80\n$&',
    );
    const all = folder.replace('env: []', 'args: [haproxy, -f, /usr/local/etc/haproxy]');
    assert.deepEqual(messages(invalid, all), []);
  });

  it('knows what is nearly another keyword', () => {
    for (const line of ['errorfiles site', 'errorloc303 503 /sorry', 'option httpslog'])
      assert.deepEqual(
        found(invalid, `${http}frontend web\n  bind :80\n  ${line}\n  default_backend b\nbackend b\n  server s s:80\n`),
        [],
      );
  });

  it('knows the algorithms', () => {
    for (const name of [
      'roundrobin',
      'random(2)',
      'hdr(Authorization)',
      'url_param id',
      'hash req.hdr(a)',
      'uri depth 5',
    ])
      assert.deepEqual(found(invalid, `${web}  balance ${name}\n  server a app:80`), [], name);
    assert.match(found(invalid, `${web}  balance least-conn\n  server a app:80`).join(), /no algorithm least-conn/);
    assert.match(found(invalid, `${web}  mode https\n  server a app:80`).join(), /no mode https/);
  });

  it('knows the endings of criteria, and what takes a number alone', () => {
    const acl = (test: string): string => `${http}frontend web\n  bind :80\n  acl a ${test}\n`;
    assert.match(found(invalid, acl('path_begin /a')).join(), /knows no path_begin, .* write path_beg/);
    for (const test of ['path_beg /a', 'path /a', 'path_reg ^/a', 'base_sub a', 'path,lower -m beg /a'])
      assert.deepEqual(found(invalid, acl(test)), [], test);
    assert.match(found(invalid, 'global\n  maxconn 50k\n').join(), /maxconn has to be a whole number, not 50k/);
    assert.deepEqual(found(invalid, 'global\n  maxconn 50000\n'), []);
  });

  it('reports times below 100 that have no unit', () => {
    assert.match(found(invalid, `${web}  timeout server 30\n`).join(), /30 milliseconds/);
    for (const time of ['30s', '3000', '500', '30ms', '0'])
      assert.deepEqual(found(invalid, `${web}  timeout server ${time}\n`), [], time);
  });

  it('compares the modes of frontends and backends', () => {
    assert.match(found(invalid, `${web}  mode tcp\n  server a app:80`).join(), /backend b in mode tcp/);
    const upgraded = `${http}frontend web\n  mode tcp\n  bind :80\n  default_backend b\nbackend b\n  server a app:80`;
    assert.deepEqual(found(invalid, upgraded), []);
    assert.match(found(invalid, `${upgraded.replace('app:80', 'redis:6379')}`).join(), /speaks HTTP to port 6379/);
    assert.deepEqual(found(invalid, `frontend web\n  bind :80\n  default_backend b\nbackend b\n  server a app:80`), []);
  });

  it('reports one port in two sections, but not several addresses of one', () => {
    const two = (first: string, second: string): string =>
      `${http}frontend a\n  bind ${first}\n  default_backend b\nfrontend c\n  bind ${second}\n  default_backend b\nbackend b\n  server s app:80`;
    assert.match(found(invalid, two(':80', '*:80')).join(), /both listen on port 80/);
    assert.deepEqual(found(invalid, two(':80', ':81')), []);
    assert.deepEqual(found(invalid, two('10.0.0.1:80', '10.0.0.2:80')), []);
    assert.deepEqual(
      found(invalid, `${web}  server a app:80\nfrontend d\n  bind :90\n  bind :90 ssl\n  default_backend b`),
      [],
    );
  });

  it('looks for the variables that checks send', () => {
    const check = `backend r\n  mode tcp\n  option tcp-check\n  tcp-check send-lf "AUTH %[env(PASSWORD)]\\r\\n"\n  server a redis:6379 check`;
    assert.match(found(invalid, check).join(), /does not have the variable PASSWORD/);
    assert.deepEqual(found(invalid, check, '[{name: PASSWORD, value: a}]'), []);
  });
});

describe('checks of Redis', () => {
  const check = (lines: string): string =>
    `backend r\n  mode tcp\n  option tcp-check\n${lines}\n  server a redis:6379 check`;

  it('log in where Redis asks for a password', () => {
    const ping = '  tcp-check send "PING\\r\\n"\n  tcp-check expect string +PONG';
    assert.match(found(healthcheck, check(ping)).join(), /answers this check with NOAUTH/);
    assert.deepEqual(found(healthcheck, check(`  tcp-check send "AUTH\\ a\\r\\n"\n${ping}`)), []);
    assert.deepEqual(
      messages(healthcheck, tree(check(ping)).replace('--requirepass, $(PASSWORD)', '--port, "6379"')),
      [],
    );
    assert.deepEqual(found(healthcheck, check('  tcp-check connect')), []);
  });
});

describe('resolvers of default-server', () => {
  it('have to be there', () => {
    const config = `defaults\n  mode http\n  default-server resolvers dns\nresolvers kube\n  parse-resolv-conf\n${web}  server a app:80`;
    assert.match(found(undefinedNames, config).join(), /no section resolvers dns/);
    assert.deepEqual(found(undefinedNames, config.replace('resolvers kube', 'resolvers dns')), []);
  });
});
