import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  effectiveDirectives,
  exporterOf,
  type HaproxySection,
  healthCheckOf,
  isChecked,
  modeOf,
  readHaproxy,
  statsOf,
} from '../../../analysis/text/haproxy';
import { haproxyWords } from '../../../analysis/text/haproxy-words';
import { textOf } from './generate';

const sample = `# comment
global
    log stdout format raw local0

defaults
    mode http
    option httpchk GET /health
    default-server inter 5s

frontend clients # the public side
    bind *:8008,[::]:8009 ssl crt /etc/x.pem
    bind unix@/run/x.sock
    acl is_sync path_beg /_matrix/client/ path_end /sync
    acl is_host hdr(host),lower -i -m beg matrix.example
    acl is_host src 10.0.0.0/8
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    use_backend sync if is_sync or is_host !is_post
    use_backend %[path,map_beg(/etc/haproxy/routes.map,generic)]
    default_backend main

backend sync
    option httpchk HEAD /up HTTP/1.1\\r\\nHost:\\ matrix.example
    server-template s 16 synapse-sync.matrix.svc:8008 check resolvers k8s init-addr none
    server one "10.0.0.1:80" no-check

backend main
    mode tcp
    http-check send meth GET uri /status
    server main synapse-main-0.synapse-main:8008 check#c

resolvers k8s
    nameserver dns 10.96.0.10:53
    nameserver other tcp@kube-dns:53
    parse-resolv-conf

listen stats
    bind :8404
    stats enable
    stats uri /stats
    http-request use-service prometheus-exporter if { path /metrics }
`;

describe('readHaproxy', () => {
  const { sections } = readHaproxy(sample);

  it('finds the sections and what they take over', () => {
    assert.deepEqual(
      sections.map(one => [one.kind, one.name?.value]),
      [
        ['global', undefined],
        ['defaults', undefined],
        ['frontend', 'clients'],
        ['backend', 'sync'],
        ['backend', 'main'],
        ['resolvers', 'k8s'],
        ['listen', 'stats'],
      ],
    );
    assert.equal(at(section('clients').span), 'frontend clients');
    assert.equal(section('clients').defaults?.kind, 'defaults');
    assert.equal(modeOf(section('clients')), 'http');
    assert.equal(modeOf(section('main')), 'tcp');
    assert.equal(effectiveDirectives(section('main'), 'option httpchk').length, 1);
    const named = readHaproxy('defaults a\n mode tcp\ndefaults b\n mode http\nbackend c from a\nbackend d\n').sections;
    assert.deepEqual(named.slice(2).map(modeOf), ['tcp', 'http']);
  });

  it('reads binds', () => {
    const addresses = section('clients').binds.flatMap(bind => bind.addresses);
    assert.deepEqual(
      addresses.map(({ host, port, span, portSpan }) => [host, port, at(span), portSpan && at(portSpan)]),
      [
        ['*', 8008, '*:8008', '8008'],
        ['[::]', 8009, '[::]:8009', '8009'],
        ['/run/x.sock', undefined, 'unix@/run/x.sock', undefined],
      ],
    );
    assert.deepEqual(
      section('clients').binds[0]?.options.map(word => word.value),
      ['ssl', 'crt', '/etc/x.pem'],
    );
    assert.deepEqual(readHaproxy('listen x 127.0.0.1:90-95\n').sections[0]?.binds[0]?.addresses[0]?.lastPort, 95);
  });

  it('reads acls, and finds criteria that HAProxy takes for values', () => {
    const [sync, host, source] = section('clients').acls;
    assert.equal(sync?.criterion?.fetch, 'path_beg');
    assert.deepEqual(
      sync?.values.map(word => word.value),
      ['/_matrix/client/', 'path_end', '/sync'],
    );
    assert.deepEqual(
      sync?.laterCriteria.map(word => at(word.span)),
      ['path_end'],
    );
    assert.deepEqual(
      [host?.criterion?.fetch, host?.criterion?.argument, host?.criterion?.converters],
      ['hdr', 'host', ['lower']],
    );
    assert.deepEqual(
      host?.flags.map(word => word.value),
      ['-i', '-m', 'beg'],
    );
    assert.deepEqual(
      host?.values.map(word => word.value),
      ['matrix.example'],
    );
    assert.deepEqual(host?.laterCriteria, []);
    assert.equal(source?.name.value, 'is_host');
    const quoted = readHaproxy(
      'frontend f\n acl a path_beg /x "path_end"\n acl b path_reg ^/path$ /method hdr(host)\n',
    );
    assert.deepEqual(
      quoted.sections[0]?.acls.map(acl => acl.laterCriteria.map(word => word.value)),
      [[], ['hdr(host)']],
    );
  });

  it('reads conditions', () => {
    const [use, dynamic] = section('clients').useBackends;
    assert.deepEqual(
      use?.condition?.alternatives.map(terms => terms.map(term => `${term.negated ? 'not ' : ''}${term.name}`)),
      [['is_sync'], ['is_host', 'not is_post']],
    );
    assert.equal(at(use?.condition?.alternatives[1]?.[1]?.span), 'is_post');
    assert.equal(dynamic?.isDynamic, true);
    assert.equal(section('clients').defaultBackend?.backend.value, 'main');
    const header = section('clients').directives.find(one => one.keyword === 'http-request set-header');
    assert.equal(header?.condition?.alternatives[0]?.[0]?.anonymous?.criterion?.fetch, 'ssl_fc');
    assert.deepEqual(
      header?.args.map(word => word.value),
      ['X-Forwarded-Proto', 'https'],
    );
  });

  it('reads servers', () => {
    const [one, template] = section('sync').servers;
    assert.deepEqual(
      [template?.name.value, template?.count, template?.host, template?.port],
      ['s', 16, 'synapse-sync.matrix.svc', 8008],
    );
    assert.equal(at(template?.hostSpan), 'synapse-sync.matrix.svc');
    assert.equal(at(template?.portSpan), '8008');
    assert.deepEqual([template?.resolvers?.value, template?.initAddr?.value], ['k8s', 'none']);
    assert.deepEqual([one?.host, one?.port, at(one?.hostSpan), at(one?.portSpan)], ['10.0.0.1', 80, '10.0.0.1', '80']);
    assert.deepEqual(
      [template, one].map(server => server && isChecked(server, section('sync'))),
      [true, false],
    );
    const [main] = section('main').servers;
    assert.ok(main && isChecked(main, section('main')));
    const inherited = readHaproxy('defaults\n default-server check\nbackend b\n server s h:1\n').sections[1];
    assert.ok(inherited?.servers[0] && isChecked(inherited.servers[0], inherited));
  });

  it('reads health checks, statistics and the exporter', () => {
    const sync = healthCheckOf(section('sync'));
    assert.deepEqual([sync?.method, sync?.uri?.value], ['HEAD', '/up']);
    assert.equal(section('sync').directives[0]?.args[2]?.value, 'HTTP/1.1\r\nHost: matrix.example');
    const main = healthCheckOf(section('main'));
    assert.deepEqual([main?.method, at(main?.uri?.span)], ['GET', '/status']);
    assert.equal(healthCheckOf(section('clients'))?.uri?.value, '/health');
    assert.equal(healthCheckOf(oneSection('backend b\n no option httpchk\n')), undefined);
    assert.equal(healthCheckOf(oneSection('backend b\n option httpchk /x\n'))?.uri?.value, '/x');
    assert.equal(at(statsOf(section('stats'))?.uri?.span), '/stats');
    assert.equal(statsOf(section('main')), undefined);
    assert.deepEqual(
      exporterOf(section('stats'))?.paths.map(word => word.value),
      ['/metrics'],
    );
    const named = oneSection('frontend f\n acl m path /m\n http-request use-service prometheus-exporter if m\n');
    assert.deepEqual(
      exporterOf(named)?.paths.map(word => word.value),
      ['/m'],
    );
  });

  it('reads maps and resolvers', () => {
    const [map] = section('clients').maps;
    assert.deepEqual([map?.converter, map?.file, map?.default], ['map_beg', '/etc/haproxy/routes.map', 'generic']);
    assert.deepEqual([at(map?.fileSpan), at(map?.defaultSpan)], ['/etc/haproxy/routes.map', 'generic']);
    assert.deepEqual(
      section('k8s').nameservers.map(({ host, port }) => [host, port]),
      [
        ['10.96.0.10', 53],
        ['kube-dns', 53],
      ],
    );
    assert.equal(section('k8s').parsesResolvConf, true);
  });

  it('expands environment variables in double quotes only', () => {
    const [words] = [...haproxyWords('server "${HOST}:$PORT" \'$X\' $Y "\\$Z" # $W')];
    assert.deepEqual(
      words?.map(word => word.variables.map(one => one.name)),
      [[], ['HOST', 'PORT'], [], [], []],
    );
    assert.deepEqual(
      words?.map(word => word.value),
      ['server', '${HOST}:$PORT', '$X', '$Y', '$Z'],
    );
  });

  it('never throws, and every place lies in the text', () => {
    const config = textOf([
      ...[
        'frontend ',
        'backend ',
        'defaults ',
        'listen ',
        'from ',
        'a ',
        'bind ',
        '*:80',
        ',',
        'acl ',
        'path_beg ',
        '-i ',
        '-m ',
        'if ',
        'unless ',
      ],
      ...[
        '{ ',
        '} ',
        '!',
        'or ',
        'server ',
        'server-template ',
        'h:1 ',
        'check ',
        'map(',
        ')',
        '%[',
        ']',
        '"',
        "'",
        '\\',
        '#',
        '$X',
        '\n',
        '\r\n',
        ' ',
      ],
      ...[
        'use_backend ',
        'default_backend ',
        'option httpchk ',
        'no ',
        'stats ',
        'uri ',
        'nameserver ',
        'http-request use-service prometheus-exporter ',
      ],
    ]);
    fc.assert(
      fc.property(config, text => {
        for (const words of haproxyWords(text)) {
          for (const word of words) {
            assertInside(text, word.span);
            assert.equal(word.offsets.length, word.value.length + 1);
            if (!word.quoted && !word.value.includes('\\')) {
              const raw = text.slice(word.span.start, word.span.end);
              if (!raw.includes('\\')) assert.equal(raw, word.value);
            }
          }
        }
        for (const one of readHaproxy(text).sections) {
          assertInside(text, one.fullSpan);
          for (const server of one.servers) assertInside(text, server.hostSpan);
          for (const use of one.useBackends) if (use.condition) assertInside(text, use.condition.span);
          healthCheckOf(one);
          exporterOf(one);
          statsOf(one);
        }
      }),
      { numRuns: 400 },
    );
  });

  function section(name: string): HaproxySection {
    const found = sections.find(one => one.name?.value === name);
    assert.ok(found, name);
    return found;
  }

  function oneSection(text: string): HaproxySection {
    const [found] = readHaproxy(text).sections;
    assert.ok(found);
    return found;
  }

  function at(span: { start: number; end: number } | undefined): string {
    return span ? sample.slice(span.start, span.end) : 'no place';
  }
});

function assertInside(text: string, { start, end }: { start: number; end: number }): void {
  assert.ok(0 <= start && start <= end && end <= text.length, `${start}-${end} of ${text.length}`);
}
