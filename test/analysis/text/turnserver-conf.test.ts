import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readTurnserverArguments, readTurnserverConf, turnserverFlag } from '../../../analysis/text/turnserver-conf';
import { assertWords, textOf } from './generate';

describe('readTurnserverConf', () => {
  it('reads values and flags as coturn does', () => {
    const text = `# realm=commented
listening-port=3478
  min-port 49152
max-port = 65535
use-auth-secret
static-auth-secret="a # b=c"
realm=turn.matrix.org # not a comment
verbose=
db=/var/lib/turn.db
`;
    for (const sample of [text, text.replaceAll('\n', '\r\n')]) {
      assert.deepEqual(
        readTurnserverConf(sample).map(one => [one.name, one.value?.value]),
        [
          ['listening-port', '3478'],
          ['min-port', '49152'],
          ['max-port', '65535'],
          ['use-auth-secret', undefined],
          ['static-auth-secret', 'a # b=c'],
          ['realm', 'turn.matrix.org # not a comment'],
          ['verbose', undefined],
          ['userdb', '/var/lib/turn.db'],
        ],
      );
    }
  });

  it('knows places', () => {
    const text = 'a\n  static-auth-secret = "x"  \n';
    const option = readTurnserverConf(text)[1];
    assert.deepEqual(
      [option?.nameSpan, option?.value?.span, option?.span].map(span => text.slice(span?.start, span?.end)),
      ['static-auth-secret', '"x"', 'static-auth-secret = "x"'],
    );
  });

  it('reports places in any text', () => {
    fc.assert(
      fc.property(textOf(['realm', '=', ' ', '\t', '"', '#', '\n', '\r\n', 'a', '-port', '1']), text => {
        for (const { value, nameSpan, span } of readTurnserverConf(text)) {
          if (value) assertWords(text, [value], /"/);
          assert.ok(nameSpan.start === span.start && nameSpan.end <= span.end && span.end <= text.length);
        }
      }),
    );
  });
});

describe('readTurnserverArguments', () => {
  it('reads long options and letters', () => {
    const args = [
      'turnserver',
      '-c',
      '/etc/turnserver.conf',
      '-va',
      '-X$(POD_IP)',
      '--realm=a=b',
      '--min-port',
      '1',
      '--verbose',
      '-n',
    ];
    assert.deepEqual(
      readTurnserverArguments(args).map(one => [one.name, one.written, one.value, one.index, one.valueIndex]),
      [
        ['config', '-c', '/etc/turnserver.conf', 1, 2],
        ['verbose', '-v', undefined, 3, 3],
        ['lt-cred-mech', '-a', undefined, 3, 3],
        ['external-ip', '-X', '$(POD_IP)', 4, 4],
        ['realm', '--realm', 'a=b', 5, 5],
        ['min-port', '--min-port', '1', 6, 7],
        ['verbose', '--verbose', undefined, 8, 8],
        ['no-config', '-n', undefined, 9, 9],
      ],
    );
  });

  it('takes what is incomplete', () => {
    assert.deepEqual(
      readTurnserverArguments(['-X', '--', '--realm=x']).map(one => [one.name, one.value]),
      [
        ['external-ip', '--'],
        ['realm', 'x'],
      ],
    );
    assert.deepEqual(
      readTurnserverArguments(['--verbose', '--', '--realm=x']).map(one => one.name),
      ['verbose'],
    );
    assert.deepEqual(
      readTurnserverArguments(['-', '', '--realm']).map(one => [one.name, one.value]),
      [['realm', undefined]],
    );
    fc.assert(
      fc.property(fc.array(textOf(['-', '--', 'X', 'realm', '=', 'a'])), args => {
        for (const one of readTurnserverArguments(args))
          assert.ok(one.valueIndex >= one.index && one.valueIndex < args.length);
      }),
    );
  });
});

describe('turnserverFlag', () => {
  it('is on unless it says no', () => {
    for (const value of [undefined, '', '1', 'yes', 'on', 'true']) assert.equal(turnserverFlag(value), true, value);
    for (const value of ['0', 'no', 'off', 'false', 'OFF']) assert.equal(turnserverFlag(value), false, value);
  });
});
