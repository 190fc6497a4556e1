import assert from 'node:assert/strict';
import { internet, ipBlockMatch, privateRanges } from '../../../analysis/network/addresses';
import {
  coverage,
  isWholeFamily,
  parseAddressOrCidr,
  parseCidr,
  parseRanges,
  subtractRanges,
} from '../../../analysis/network/cidr';
import { address, pod } from './manifest';

describe('CIDR ranges', () => {
  it('reads IPv4 and drops host bits', () => {
    assert.deepEqual(parseCidr('172.17.5.9/16'), { family: 4, first: 0xac110000n, last: 0xac11ffffn });
    assert.deepEqual(parseCidr('10.0.0.1/32'), { family: 4, first: 0x0a000001n, last: 0x0a000001n });
    assert.deepEqual(parseCidr('010.0.0.0/8'), parseCidr('10.0.0.0/8'));
  });

  it('reads every way of writing IPv6', () => {
    const documentation = { family: 6, first: 0x20010db8n << 96n, last: ((0x20010db8n + 1n) << 96n) - 1n };
    for (const text of ['2001:db8::/32', '2001:DB8:0:0:0:0:0:0/32', '2001:0db8::1/32', '2001:db8::1.2.3.4/32']) {
      assert.deepEqual(parseCidr(text), documentation, text);
    }
    assert.deepEqual(parseAddressOrCidr('::1'), { family: 6, first: 1n, last: 1n });
    assert.deepEqual(parseAddressOrCidr('::ffff:1.2.3.4'), parseAddressOrCidr('0:0:0:0:0:ffff:102:304'));
    assert.ok(isWholeFamily(parseCidr('::/0')!));
    assert.ok(isWholeFamily(parseCidr('0.0.0.0/0')!));
    assert.ok(!isWholeFamily(parseCidr('0.0.0.0/1')!));
  });

  it('refuses what is no CIDR', () => {
    const bad = ['', '10.0.0.1', '10.0.0/8', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '10.0.0.256/8', 'a.b.c.d/8'];
    const bad6 = ['::/129', '1::2::3/64', '1:2:3:4:5:6:7/64', '1:2:3:4:5:6:7:8:9/64', '12345::/16', '1.2.3.4::/16'];
    for (const text of [...bad, ...bad6, '1:2:3:4:5:6:7:8::/64', 'kube-system'])
      assert.equal(parseCidr(text), undefined, text);
  });

  it('subtracts and compares', () => {
    const ranges = (...texts: string[]) => parseRanges(texts);
    assert.deepEqual(subtractRanges(ranges('10.0.0.0/30'), ranges('10.0.0.1', '10.0.0.3')), [
      { family: 4, first: 0x0a000000n, last: 0x0a000000n },
      { family: 4, first: 0x0a000002n, last: 0x0a000002n },
    ]);
    assert.equal(coverage(ranges('10.1.0.0/16'), ranges('10.0.0.0/8')), 'inside');
    assert.equal(coverage(ranges('10.0.0.0/8'), ranges('10.1.0.0/16')), 'partly');
    assert.equal(coverage(ranges('11.0.0.0/8'), ranges('10.0.0.0/8')), 'outside');
    assert.equal(coverage(ranges('10.0.0.0/9', '10.128.0.0/9'), ranges('10.0.0.0/8')), 'inside');
    assert.equal(coverage(ranges('10.0.0.0/8', '10.0.0.0/9'), ranges('11.0.0.0/8')), 'outside');
    assert.equal(coverage(ranges('10.0.0.0/8', '2001:db8::/32'), ranges('0.0.0.0/0')), 'partly');
    assert.equal(coverage([], ranges('0.0.0.0/0')), 'outside');
  });
});

describe('ipBlock', () => {
  const block = (cidr: string, ...except: string[]) => ({ cidr, except, source: 'block' });
  const podAddresses = parseRanges(privateRanges);
  const match = (b: ReturnType<typeof block>, endpoint: Parameters<typeof ipBlockMatch>[1]) =>
    ipBlockMatch(b, endpoint, podAddresses);

  it('covers an address in cidr and not in except', () => {
    const example = block('172.17.0.0/16', '172.17.1.0/24');
    assert.equal(match(example, address('a', '172.17.0.255')), 'yes');
    assert.equal(match(example, address('a', '172.17.1.0')), 'no');
    assert.equal(match(example, address('a', '172.17.1.255')), 'no');
    assert.equal(match(example, address('a', '172.17.2.0')), 'yes');
    assert.equal(match(example, address('a', '172.18.0.0')), 'no');
    assert.equal(match(example, address('a', '172.17.0.0/20')), 'unknown');
  });

  it('keeps the families apart', () => {
    assert.equal(match(block('2001:db8::/32', '2001:db8:1::/48'), address('a', '2001:db8:0:1::5')), 'yes');
    assert.equal(match(block('2001:db8::/32', '2001:db8:1::/48'), address('a', '2001:db8:1::5')), 'no');
    assert.equal(match(block('::/0'), address('a', '10.0.0.1')), 'no');
    assert.equal(match(block('0.0.0.0/0'), address('a', '::1')), 'no');
  });

  it('takes the internet for the public addresses', () => {
    assert.equal(match(block('0.0.0.0/0'), internet), 'yes');
    assert.equal(match(block('0.0.0.0/0', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'), internet), 'yes');
    assert.equal(match(block('10.0.0.0/8'), internet), 'no');
    assert.equal(match(block('8.8.8.0/24'), internet), 'unknown');
  });

  it('never says yes for a pod, and no only where no pod address can be', () => {
    assert.equal(match(block('0.0.0.0/0'), pod('web')), 'unknown');
    assert.equal(match(block('10.244.0.0/16'), pod('web')), 'unknown');
    assert.equal(match(block('8.8.8.0/24'), pod('web')), 'no');
    assert.equal(
      match(block('0.0.0.0/0', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'), pod('web')),
      'no',
    );
  });

  it('does not know where a node or the API server is, unless every address is covered', () => {
    const apiServer = { kind: 'external', name: 'the API server' } as const;
    for (const endpoint of [apiServer, pod('coturn', {}, { hostNetwork: true })]) {
      assert.equal(match(block('0.0.0.0/0'), endpoint), 'yes');
      assert.equal(match(block('10.0.0.0/8'), endpoint), 'unknown');
      assert.equal(match(block('0.0.0.0/0', '169.254.169.254/32'), endpoint), 'unknown');
    }
  });

  it('covers nothing when the cidr cannot be read', () => {
    assert.equal(match(block('10.0.0.1'), address('a', '10.0.0.1')), 'no');
    assert.equal(match(block('ten'), address('a', '10.0.0.1')), 'no');
  });
});
