import assert from 'node:assert/strict';
import fc from 'fast-check';
import { classifyHost, findHosts, parseClusterHost } from '../../../analysis/text/hosts';
import { textOf } from './generate';

describe('findHosts', () => {
  /** Every `«…»` is a reference, and nothing else is. */
  const samples: readonly string[] = [
    'url: «http://minio.matrix.svc.cluster.local:9000/bucket?x=1» and «https://matrix.org»\n',
    '"«postgresql://synapse:${DB_PASSWORD}@matrix-postgresql-rw:5432/matrix»"',
    '«redis://:{{ PASSWORD }}@redis:6379/0», «http://[::1]:8080/»; («https://a.b/c»)',
    'turn_uris: ["«turn:turn.matrix.org:3478?transport=udp»", "«turns:coturn.matrix.svc:5349»"]\n',
    'jdbc:«postgresql://h1:5432»,«h2:5432»/db',
    'server main «synapse-main-0.synapse-main.matrix.svc.cluster.local:8008» check\n',
    'nameserver dns «10.96.0.10:53»\nbind *:8008 :8009 «[::]:8010» «0.0.0.0:80»\n',
    'redis:\n  address: «redis:6379»\n  port:6379\n',
    'exec 3<>«/dev/tcp/clamav/3310»; echo </dev/null\n',
    'MAIN=«a.b:80» user:secret@«db.matrix:5432»',
    'destinationPath: s3://postgresql-backups/main stream: ext://sys.stdout unix:///run/x.sock file:///etc/x\n',
    // What looks alike: times, images, users, files with lines, error codes, Matrix ids, variables.
    'at 10:30:00, image: postgres:16 repo/app:8008 ghcr.io/x/y:1.119.0',
    'chown -R synapse:10001 /data; chown 991:991 x; file.py:123 Error:1024 level:5 @alice:8008 key:70000',
    'http://${HOST}:9000/ ${HOST}:80 ${HOST}.svc:80 $HOST:80 x[a:1000] {a:8080} a:8008-8010 fe80::1 v1:2:3',
  ];

  for (const marked of samples) {
    it(`in ${marked.trim().split('\n')[0]}`, () => {
      const text = marked.replace(/[«»]/g, '');
      assert.deepEqual(
        findHosts(text).map(one => one.text),
        [...marked.matchAll(/«([^»]*)»/g)].map(match => match[1]),
      );
    });
  }

  it('takes a URL apart', () => {
    const text = 'x "postgresql://synapse:p%40ss@pg-rw.matrix:5432/db?sslmode=require"';
    const [url] = findHosts(text);
    assert.deepEqual(
      [url?.form, url?.scheme?.value, url?.userinfo?.value, url?.host.value, url?.port?.number, url?.path?.value],
      ['url', 'postgresql', 'synapse:p%40ss', 'pg-rw.matrix', 5432, '/db?sslmode=require'],
    );
    assert.equal(text.slice(url?.port?.span.start, url?.port?.span.end), '5432');
    const [ipv6] = findHosts('http://[fd00::1]/');
    assert.deepEqual([ipv6?.host.value, ipv6?.port, ipv6?.kind], ['fd00::1', undefined, 'ip']);
    const [tcp] = findHosts('/dev/tcp/clamav.matrix/3310');
    assert.deepEqual(
      [tcp?.form, tcp?.host.value, tcp?.port?.number, tcp?.kind],
      ['dev-tcp', 'clamav.matrix', 3310, 'cluster'],
    );
  });

  it('reports places as they are written', () => {
    fc.assert(
      fc.property(hostText, text => {
        let end = 0;
        for (const one of findHosts(text)) {
          assert.ok(one.span.start >= end && one.span.end <= text.length);
          assert.equal(text.slice(one.span.start, one.span.end), one.text);
          for (const part of [one.scheme, one.userinfo, one.host, one.path]) {
            if (!part) continue;
            assert.ok(part.span.start >= one.span.start && part.span.end <= one.span.end);
            assert.equal(text.slice(part.span.start, part.span.end), part.value);
          }
          if (one.port) assert.equal(Number(text.slice(one.port.span.start, one.port.span.end)), one.port.number);
          end = one.span.end;
        }
      }),
      { numRuns: 600 },
    );
  });

  it('needs time in proportion to the text', () => {
    for (const part of ['://', 'a://b', 'a:80 ', ']:80', '[', 'turn:', 'a.', '/dev/tcp/a', ':8080', '{', 'http://{']) {
      const text = part.repeat(8000);
      const started = performance.now();
      findHosts(text);
      assert.ok(performance.now() - started < 1000, part);
    }
  });
});

describe('classifyHost', () => {
  it('tells the cluster from the world', () => {
    const kinds = {
      cluster: [
        'redis',
        'redis.matrix',
        'redis.matrix.svc',
        'redis.matrix.svc.cluster.local',
        'redis.matrix.svc.cluster.local.',
        'redis-0.redis-headless.matrix.svc.cluster.local',
        'synapse-main-0.synapse-main.matrix',
        'redis-0.redis-headless',
        '10-0-0-1.matrix.pod.cluster.local',
        'minio.minio.svc.kube.corp',
      ],
      external: [
        'matrix.org',
        's3.eu-west-1.amazonaws.com',
        'example.com',
        'printer.local',
        'www.matrix.org',
        'acme.dev',
      ],
      ip: ['10.96.0.10', 'fd00::1', '0.0.0.0', '::'],
      localhost: ['localhost', '127.0.0.1', '127.0.1.1', '::1', 'db.localhost', '0:0:0:0:0:0:0:1'],
    };
    for (const [kind, hosts] of Object.entries(kinds)) {
      for (const host of hosts) assert.equal(classifyHost(host), kind, host);
    }
  });

  it('lets the namespaces that there are decide', () => {
    const isNamespace = (name: string): boolean => name === 'li';
    assert.equal(classifyHost('redis.li'), 'external');
    assert.equal(classifyHost('redis.li', isNamespace), 'cluster');
    assert.equal(classifyHost('redis.nowhere', isNamespace), 'external');
    assert.equal(classifyHost('redis-0.redis-headless', isNamespace), 'cluster');
  });
});

describe('parseClusterHost', () => {
  it('knows Service, namespace and pod', () => {
    const hosts: readonly (readonly [string, string | undefined])[] = [
      ['redis', '-/redis/here'],
      ['redis.matrix', '-/redis/matrix'],
      ['redis.matrix.svc', '-/redis/matrix'],
      ['Redis.Matrix.svc.cluster.local.', '-/redis/matrix'],
      ['redis-0.redis-headless', 'redis-0/redis-headless/here'],
      ['synapse-main-0.synapse-main', 'synapse-main-0/synapse-main/here'],
      ['redis-0.matrix', '-/redis-0/matrix'],
      ['redis-0.redis.matrix', 'redis-0/redis/matrix'],
      ['minio-pool-0-1.minio-hl.matrix.svc.cluster.local', 'minio-pool-0-1/minio-hl/matrix'],
      ['10-0-0-1.matrix.pod.cluster.local', undefined],
      ['a..svc', undefined],
      ['matrix.org', undefined],
      ['10.0.0.1', undefined],
      ['localhost', undefined],
      ['', undefined],
    ];
    for (const [host, expected] of hosts) {
      const parsed = parseClusterHost(host, 'here');
      assert.equal(parsed && `${parsed.pod ?? '-'}/${parsed.service}/${parsed.namespace}`, expected, host);
    }
    assert.deepEqual(
      parseClusterHost('redis-0.cache', 'here', name => name === 'matrix'),
      {
        pod: 'redis-0',
        service: 'cache',
        namespace: 'here',
      },
    );
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(hostText, host => {
        const parsed = parseClusterHost(host, undefined);
        if (parsed) assert.equal(classifyHost(host), 'cluster');
      }),
    );
  });
});

const hostText = textOf([
  ...[
    'http',
    '://',
    'turn:',
    'stuns:',
    'redis',
    '.matrix',
    '.svc',
    '.cluster.local',
    '-0',
    ':',
    '6379',
    ':80',
    '80',
    '.',
  ],
  ...[
    '10.0.0.1',
    '[::1]',
    '[',
    ']',
    '@',
    'user:pw@',
    '/',
    '?',
    '#',
    '${X}',
    '{',
    '}',
    '"',
    ' ',
    '\n',
    ',',
    '/dev/tcp/',
    'A',
    '-',
  ],
]);
