import assert from 'node:assert/strict';
import fc from 'fast-check';
import { httpAndTcpTargets, type NetworkTarget } from '../../../analysis/text/network-targets';
import { psqlCalls } from '../../../analysis/text/psql-calls';
import { readShell } from '../../../analysis/text/shell';
import { textOf } from './generate';

describe('httpAndTcpTargets', () => {
  const cases: Record<string, readonly string[]> = {
    'until nc -z -w 5 clamav.ns.svc 3310; do sleep 2; done': ['nc clamav.ns.svc 3310 retries condition timeout scan'],
    'nc clamav 3310': ['nc clamav 3310'],
    'nc -zv "$HOST" "$PORT" || true': ['nc ${HOST} ${PORT} timeout scan ignored'],
    'echo x | nc -w 30 clamav 3310': ['nc clamav 3310 timeout'],
    "timeout 5 bash -c '</dev/tcp/clamav/3310'": ['/dev/tcp clamav 3310 timeout'],
    'exec 3<>/dev/tcp/$H/80': ['/dev/tcp ${H} 80'],
    'curl -sf -H "X: http://no" http://u:p@h.ns.svc:8008/health?x': ['curl http h.ns.svc 8008 /health'],
    'curl --retry 5 --max-time 3 "https://$H:${P}/a"': ['curl https ${H} ${P} /a retries timeout'],
    'curl host:80/x': ['curl http host 80 /x'],
    'wget -qO- ifconfig.me': ['wget http ifconfig.me'],
    'for i in 1 2 3; do redis-cli -h redis -p 6379 -a "$PW" ping && break; done': ['redis-cli redis 6379 retries'],
    'redis-cli -u redis://redis:6380/1 ping': ['redis-cli redis redis 6380 /1'],
    'while ! pg_isready -h pg -p 5432 -U x; do sleep 1; done': ['pg_isready pg 5432 retries condition timeout'],
    'psql -h pg -p 5433 -c x': ['psql pg 5433'],
    'mc alias set m http://minio:9000 a b': ['mc http minio 9000'],
    'openssl s_client -connect h:443': ['openssl h 443'],
    'wait-for-it.sh h:1 -t 0': ['wait-for-it.sh h 1 retries timeout'],
    'dockerize -wait tcp://pg:5432 -timeout 60s': ['dockerize tcp pg 5432 retries timeout'],
    'socat - TCP:h:1': ['socat h 1'],
    'nc -l 80; echo http://x; # nc -z a 1': [],
  };
  for (const [script, expected] of Object.entries(cases)) {
    it(`reads ${script}`, () => assert.deepEqual(httpAndTcpTargets(readShell(script)).map(shown), expected));
  }

  it('underlines host and port', () => {
    const script = 'X=h; curl "http://u:p@clamav.ns:3310/x"; nc -z redis 6379; nc -z $X 1';
    const spans = httpAndTcpTargets(readShell(script)).map(({ span, host, port }) =>
      [span, host.span, port?.span].map(one => one && script.slice(one.start, one.end)),
    );
    assert.deepEqual(spans, [
      ['clamav.ns:3310', 'clamav.ns', '3310'],
      ['redis', 'redis', '6379'],
      ['h', 'h', '1'],
    ]);
  });

  it('never throws, and every place lies in the text', () => {
    const commands = textOf([
      ...[
        'nc ',
        '-z ',
        '-w 5 ',
        'curl ',
        'wget -qO- ',
        'psql ',
        '-h ',
        '-c ',
        '-f ',
        '-d ',
        '-v A=b ',
        'redis-cli ',
        'h ',
        '80 ',
        '"$H" ',
        '${P:-1} ',
      ],
      ...[
        'http://',
        'u:p@',
        ':',
        '/x',
        '"',
        "'",
        '$X',
        '$(y)',
        '| ',
        '; ',
        '\n',
        '<<EOF',
        '\nEOF\n',
        '> /dev/tcp/a/1 ',
        'until ',
        'do ',
        'done ',
        'X=h ',
      ],
      ...[
        'python3 - ',
        'python3 -c \'s.connect(("h", 1))\' ',
        'postgres://',
        "'host=a user=b' ",
        '-- ',
        '-',
        '=',
        'timeout 5 ',
        'f() { ',
        '} ',
        'f ',
        '"$@" ',
      ],
    ]);
    fc.assert(
      fc.property(commands, text => {
        const script = readShell(text);
        const inside = ({ start, end }: { start: number; end: number }): void =>
          assert.ok(0 <= start && start <= end && end <= text.length);
        for (const { span, host, port, path } of httpAndTcpTargets(script)) {
          for (const one of [span, host.span, port?.span, path?.span]) if (one) inside(one);
        }
        for (const { span, sql, user, host, password } of psqlCalls(script)) {
          for (const one of [span, user?.value.span, host?.value.span, password?.value.span]) if (one) inside(one);
          for (const input of sql) inside(input.span);
        }
      }),
      { numRuns: 400 },
    );
  });
});

function shown(target: NetworkTarget): string {
  const { program, scheme, host, port, path, retries, isCondition, hasTimeout, scansOnly, errorsIgnored } = target;
  return [
    ...[program, scheme, host.value, port?.value, path?.value, retries && 'retries', isCondition && 'condition'],
    ...[hasTimeout && 'timeout', scansOnly && 'scan', errorsIgnored && 'ignored'],
  ]
    .filter(Boolean)
    .join(' ');
}
