import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  nginxDirectives,
  nginxPasses,
  nginxServers,
  nginxUpstreams,
  readNginx,
} from '../../../analysis/text/nginx-conf';
import { assertWords, textOf } from './generate';

describe('readNginx', () => {
  const text = `worker_processes auto; # workers
http {
  log_format main '$remote_addr # "x"'
                  ' \\'y\\'';
  upstream synapse { server synapse-main:8008 weight=2; server unix:/run/s.sock; }
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 80;
    listen [::]:443 ssl;
    listen 127.0.0.1;
    listen unix:/run/x.sock;
    server_name matrix.org *.matrix.org;
    location = /health { return 200 "ok\\n"; }
    location ~* ^/(a|b)\\{2\\}$ {
      proxy_pass http://synapse;
      location /deep { proxy_pass https://key-vault.matrix.svc.cluster.local:8000/api; }
    }
    location /x { proxy_pass http://$backend:8008; set $y \${z}#w; }
  }
}
stream { server { listen 5432; proxy_pass pg-rw.matrix:5432; } }
`;

  it('reads blocks, words and quotes as nginx does', () => {
    for (const sample of [text, text.replaceAll('\n', '\r\n')]) {
      const config = readNginx(sample);
      assert.deepEqual(
        config.directives.map(one => [one.name.value, one.block?.map(inner => inner.name.value)]),
        [
          ['worker_processes', undefined],
          ['http', ['log_format', 'upstream', 'map', 'server']],
          ['stream', ['server']],
        ],
      );
      const [format] = nginxDirectives(config, 'log_format');
      assert.deepEqual(
        format?.args.map(one => one.value),
        ['main', '$remote_addr # "x"', " 'y'"],
      );
      assert.deepEqual(
        nginxDirectives(config, 'return').map(one => one.args.map(arg => arg.value)),
        [['200', 'ok\n']],
      );
      assert.deepEqual(
        nginxDirectives(config, 'set').map(one => one.args.map(arg => arg.value)),
        [['$y', '${z}#w']],
      );
      assert.equal(nginxDirectives(config, 'return')[0]?.parent?.args[1]?.value, '/health');
    }
  });

  it('reads servers', () => {
    const [web, stream] = nginxServers(readNginx(text));
    assert.deepEqual(
      web?.listens.map(one => [one.address.value, one.port, one.ssl]),
      [
        ['80', 80, false],
        ['[::]:443', 443, true],
        ['127.0.0.1', 80, false],
        ['unix:/run/x.sock', undefined, false],
      ],
    );
    assert.deepEqual(
      web?.names.map(one => one.value),
      ['matrix.org', '*.matrix.org'],
    );
    assert.deepEqual(
      web?.locations.map(one => [one.modifier, one.path?.value]),
      [
        ['=', '/health'],
        ['~*', '^/(a|b)\\{2\\}$'],
        [undefined, '/deep'],
        [undefined, '/x'],
      ],
    );
    assert.deepEqual(
      stream?.listens.map(one => one.port),
      [5432],
    );
  });

  it('reads where requests go', () => {
    const config = readNginx(text);
    assert.deepEqual(
      nginxUpstreams(config).map(one => [one.name.value, one.servers.map(server => server.value)]),
      [['synapse', ['synapse-main:8008', 'unix:/run/s.sock']]],
    );
    const passes = nginxPasses(config);
    assert.deepEqual(
      passes.map(one => [one.scheme?.value, one.host?.value, one.port, one.upstream?.name.value]),
      [
        ['http', 'synapse', undefined, 'synapse'],
        ['https', 'key-vault.matrix.svc.cluster.local', 8000, undefined],
        [undefined, undefined, undefined, undefined],
        [undefined, 'pg-rw.matrix', 5432, undefined],
      ],
    );
    for (const { scheme, host } of passes)
      assertWords(
        text,
        [scheme, host].filter(word => word !== undefined),
      );
    const quoted = 'proxy_pass "http://a.b:1/c";';
    const [pass] = nginxPasses(readNginx(quoted));
    assertWords(
      quoted,
      [pass?.host].filter(word => word !== undefined),
    );
    assert.equal(pass?.host?.value, 'a.b');
  });

  it('ends what is half typed', () => {
    const config = readNginx('server {\n  proxy_set_header Host "a\n  listen 80\n  server_name b;\n  location /');
    assert.deepEqual(
      config.all.map(one => [one.name.value, ...one.args.map(arg => arg.value)]),
      [['server'], ['proxy_set_header', 'Host', 'a'], ['listen', '80'], ['server_name', 'b'], ['location', '/']],
    );
    assert.deepEqual(
      readNginx('} a; }').directives.map(one => one.name.value),
      ['a'],
    );
  });

  it('reports places in any text', () => {
    fc.assert(
      fc.property(nginxText, sample => {
        const config = readNginx(sample);
        for (const { name, args, span } of config.all) {
          assertWords(sample, [name, ...args], /["'\\]/);
          assert.ok(span.start === name.span.start && span.end <= sample.length);
        }
        for (const { scheme, host } of nginxPasses(config)) {
          for (const part of [scheme, host]) if (part) assert.ok(part.span.end <= sample.length);
        }
        nginxServers(config);
      }),
    );
  });

  it('needs time in proportion to the text, however deep it is', () => {
    for (const part of ['a {', '"', "'\\", 'listen a', '}', 'server { listen 1; ', 'proxy_pass a$;', '\n listen']) {
      const sample = part.repeat(8000);
      const started = performance.now();
      const config = readNginx(sample);
      nginxServers(config);
      nginxPasses(config);
      assert.ok(performance.now() - started < 1000, part);
    }
  });
});

const nginxText = textOf([
  ...[
    'server',
    'listen',
    'location',
    'proxy_pass',
    'upstream',
    'http://',
    'a.b',
    ':80',
    '$x',
    '${',
    '{',
    '}',
    ';',
    '#',
  ],
  ...['"', "'", '\\', ' ', '\n', '\r\n', '/', '~', '='],
]);
