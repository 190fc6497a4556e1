import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  readRedisConf,
  redisMemory,
  redisSetting,
  runsSentinel,
  sentinelMonitors,
  sentinelSettings,
} from '../../../analysis/text/redis-conf';
import { assertWords, textOf } from './generate';

describe('readRedisConf', () => {
  it('reads names, arguments and quotes as Redis does', () => {
    const text = `# requirepass commented
port 6379
  REQUIREPASS   "a b\\x41\\n\\""\t
masterauth 'it\\'s \\n'
save 900 1 # not a comment
user a"b"
rename-command CONFIG ""
`;
    for (const sample of [text, text.replaceAll('\n', '\r\n')]) {
      assert.deepEqual(
        readRedisConf(sample).map(({ name, args }) => [name, ...args.map(arg => arg.value)]),
        [
          ['port', '6379'],
          ['requirepass', 'a bA\n"'],
          ['masterauth', "it's \\n"],
          ['save', '900', '1', '#', 'not', 'a', 'comment'],
          ['user', 'ab'],
          ['rename-command', 'CONFIG', ''],
        ],
      );
    }
  });

  it('knows places', () => {
    const text = 'port 6379\nrequirepass "REDIS_PASSWORD_PLACEHOLDER"  \n';
    const directive = redisSetting(readRedisConf(text), 'requirepass');
    assert.deepEqual(
      [directive?.nameSpan, directive?.args[0]?.span, directive?.span].map(span => text.slice(span?.start, span?.end)),
      ['requirepass', '"REDIS_PASSWORD_PLACEHOLDER"', 'requirepass "REDIS_PASSWORD_PLACEHOLDER"'],
    );
  });

  it('marks the lines that Redis refuses', () => {
    const unbalanced = ['requirepass "abc', "requirepass 'abc", 'requirepass "ab"c', 'user "a""b"'];
    for (const line of unbalanced) assert.equal(readRedisConf(line)[0]?.unbalanced, true, line);
    for (const line of ['requirepass abc', 'requirepass a"b"', 'requirepass "ab" "c"']) {
      assert.equal(readRedisConf(line)[0]?.unbalanced, false, line);
    }
  });

  it('lets the last directive win', () => {
    const directives = readRedisConf('maxmemory 1gb\nmaxmemory 2gb\n');
    assert.equal(redisSetting(directives, 'maxmemory')?.args[0]?.value, '2gb');
    assert.equal(redisSetting(directives, 'port'), undefined);
  });

  it('reads what Sentinel watches', () => {
    const text = `port 26379
sentinel resolve-hostnames yes
SENTINEL monitor mymaster redis-0.redis-headless.matrix.svc.cluster.local 6379 2
sentinel auth-pass mymaster "a b"
sentinel monitor other
sentinel
`;
    const directives = readRedisConf(text);
    assert.deepEqual(
      sentinelMonitors(directives).map(one => [one.master.value, one.host?.value, one.port?.value, one.quorum?.value]),
      [
        ['mymaster', 'redis-0.redis-headless.matrix.svc.cluster.local', '6379', '2'],
        ['other', undefined, undefined, undefined],
      ],
    );
    const [password] = sentinelSettings(directives, 'auth-pass');
    assert.deepEqual([password?.master?.value, password?.values.map(one => one.value)], ['mymaster', ['a b']]);
    const [resolve] = sentinelSettings(directives, 'resolve-hostnames');
    assert.deepEqual([resolve?.master, resolve?.values.map(one => one.value)], [undefined, ['yes']]);
    assert.equal(sentinelSettings(directives).length, 4);
  });

  it('reports places in any text', () => {
    fc.assert(
      fc.property(redisText, text => {
        for (const { args, nameSpan, span } of readRedisConf(text)) {
          assertWords(text, args, /["'\\]/);
          assert.ok(nameSpan.start === span.start && nameSpan.end <= span.end && span.end <= text.length);
        }
      }),
    );
  });
});

describe('redisMemory', () => {
  it('knows both kinds of units', () => {
    const sizes = {
      '100': 100,
      '1k': 1000,
      '1kb': 1024,
      '2GB': 2 * 1024 ** 3,
      '2g': 2e9,
      '512mb': 512 * 1024 ** 2,
      '7b': 7,
    };
    for (const [size, bytes] of Object.entries(sizes)) assert.equal(redisMemory(size), bytes, size);
    for (const size of ['', 'gb', '1.5gb', '-1', '50%', '1tb', '${SIZE}'])
      assert.equal(redisMemory(size), undefined, size);
  });
});

const redisText = textOf([
  ...['requirepass', 'sentinel', 'monitor', ' ', '\t', '\n', '\r\n', '"', "'", '\\', '\\x4', '#', 'a', '1', 'mymaster'],
]);

describe('runsSentinel', () => {
  it('knows the program, and not a host of that name', () => {
    const yes = [
      'redis-sentinel /etc/sentinel.conf',
      'exec /usr/local/bin/redis-sentinel /tmp/sentinel.conf',
      'redis-server /etc/sentinel.conf --sentinel',
      'sh -c valkey-sentinel /conf/sentinel.conf',
    ];
    const no = [
      'redis-cli -h redis-sentinel -p 26379 ping',
      'redis-cli -h redis-sentinel.matrix.svc ping',
      'SENTINEL_HOST=redis-sentinel exec redis-server /data/redis.conf',
      'until nc -z redis-sentinel:26379; do sleep 1; done; exec redis-server',
      'redis-server /data/redis.conf',
    ];
    assert.deepEqual(
      yes.filter(command => !runsSentinel(command)),
      [],
    );
    assert.deepEqual(no.filter(runsSentinel), []);
  });
});
