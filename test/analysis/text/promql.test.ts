import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readPromQl } from '../../../analysis/text/promql';

describe('readPromQl', () => {
  const refusal = (text: string): string | undefined => {
    const read = readPromQl(text);
    return read && 'refusal' in read
      ? `${text.slice(read.refusal.start, read.refusal.end)}| ${read.refusal.message}`
      : undefined;
  };

  it('accepts what Prometheus accepts', () => {
    for (const text of [
      'up',
      '1 + 2/(3*1)',
      '-2 ^ 2',
      '1 < bool 2 - 1 * 2',
      'foo * on(test, blub) group_left (bar,) baz',
      'foo unless on(bar) baz or ignoring () qux',
      'foo{a="b", c!~"d.*", "e.f"=~`g`,}',
      '{"foo.bar", a="b"}',
      '{__name__=~"node_.+"}',
      'sum without (instance, job) (rate(a:b:c[5m] offset -1h30m))',
      'SUM(some_metric) BY (foo)',
      'topk(5, sum by (pod) (x)) and on () vector(1)',
      'quantile_over_time(0.9, (rate(x[1m]) > 0)[30m:1m] @ end())',
      'max_over_time(up[5m:])',
      'label_join(x, "a", ",", "b", "c")',
      'count_values("version", build_info) == 1',
      'hour() >= 8 < bool 20',
      'predict_linear(free[6h], 4 * 3600) < 0x1F * 1e3',
      'foo[5m] offset 1w @ 1609746000.5',
      'time() - x != -Inf',
      'absent(up{job="a"}) # because (of all',
      'sum(rate(x[$__rate_interval])) / ${__range_s}',
      'rollup_rate(x[5m])',
      'rate(x[(5m + 1h)])',
    ])
      assert.equal(refusal(text), undefined, text);
  });

  it('tells what Prometheus refuses, and where', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['up{job=synapse}', /^synapse\| compares the label job with what stands in no quotes/],
      ['up{job "a"}', /^"a"\| compares the label job with none of/],
      ['up{job="a" pod="b"}', /^pod\| has pod where a comma or \} is expected/],
      ['up{a:b="c"}', /labels have no colons/],
      ['up{a=~"(?!b).*"}', /looks ahead/],
      ['rate(up)', /^rate\| gives rate\(\) no range/],
      ['sum(up[5m])', /gives sum a range of time/],
      ['up[5m] > 1', /^up\[5m\]\| compares or computes with a range/],
      ['sum(up)[5m]', /write \[5m:\] for a range of an expression/],
      ['rate(sum(up)[5m])', /write \[5m:\]/],
      ['rate(up[5min])', /^5min\| has 5min, which means nothing/],
      ['rate(up[five])', /^five\| has five where a duration/],
      ['Rate(up[5m])', /small letters/],
      [
        'histogram_quantil(0.9, x)',
        /^histogram_quantil\| calls histogram_quantil, which Prometheus does not have: histogram_quantile is meant/,
      ],
      ['sum by pod (up)', /^pod\| has pod where \( is expected/],
      ['sum(up) > > 1', /^>\| has > where a metric or a number is expected/],
      ['up = 0', /^=\| has = where an operator is expected/],
      ['up > 0 AND', /ends where a metric or a number is expected/],
      ['up foo', /^foo\| has foo where an operator is expected/],
      ['max(x by (pod))', /^by\| has by where \) is expected/],
      ['histogram_quantile(0.9)', /one argument instead of 2/],
      ['histogram_quantile(rate(x[5m]), 0.9)', /gives histogram_quantile\(\) series instead of a number/],
      ['topk(sum(x))', /gives topk one argument instead of 2/],
      ['1 > 2', /compares two numbers without bool/],
      ['up and 1', /^1\| joins a number by and/],
      ['time() + "a"', /a text on a side/],
    ];
    for (const [text, expected] of cases) assert.match(refusal(text) ?? 'accepted', expected, text);
  });

  it('leaves the functions of other databases alone', () => {
    for (const text of [
      'histogram_quantiles("q", 0.9, x)',
      'tmin_over_time(x[5m])',
      'ideriv(x[5m])',
      'sum2_over_time(x[5m])',
      'running_avg(x)',
    ])
      assert.equal(refusal(text), undefined, text);
  });

  it('leaves alone what variables decide, and LogQL', () => {
    for (const text of [
      '$metric > 1',
      '[[metric]] > 1',
      '{{ .Values.query }}',
      'sum(rate({app="a"} |= "error" [5m]))',
      '',
    ])
      assert.equal(readPromQl(text), undefined, text);
  });

  it('names the series, and sums of buckets that drop le', () => {
    const read = readPromQl('histogram_quantile(0.95, sum(rate(a_bucket{b="c"}[5m])) by (pod)) > on () d:e');
    assert.ok(read && 'query' in read);
    assert.deepEqual(
      read.query.selectors.map(({ metric }) => metric),
      ['a_bucket', 'd:e'],
    );
    assert.equal(read.query.lostBuckets.length, 1);
    for (const text of [
      'histogram_quantile(0.95, sum by (le, pod) (rate(a_bucket[5m])))',
      'histogram_quantile(0.95, sum without (pod) (rate(a_bucket[5m])))',
      'histogram_quantile(0.95, rate(a_bucket[5m]))',
      'histogram_quantile(0.95, sum(rate(native_seconds[5m])))',
      'sum(rate(a_bucket[5m]))',
    ]) {
      const other = readPromQl(text);
      assert.deepEqual(other && 'query' in other ? other.query.lostBuckets : 'refused', [], text);
    }
    const without = readPromQl('histogram_quantile(0.95, (sum without (le) (a_bucket)))');
    assert.equal(without && 'query' in without ? without.query.lostBuckets.length : 0, 1);
  });

  it('never throws', () => {
    const piece = fc.constantFrom(
      'up',
      'sum',
      'by',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '5m',
      '1',
      '"a"',
      ',',
      '=',
      '=~',
      'offset',
      '@',
      ':',
      ' ',
      'rate',
      'and',
      '-',
      '\\',
      "'",
      'constructor',
      '__proto__',
    );
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), parts => void readPromQl(parts.join(' '))));
  });
});
