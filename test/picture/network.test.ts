import assert from 'node:assert/strict';
import { nextInDirection } from '../../client/network/webview/directions';
import { filtered, initialFilter, wholeNetwork } from '../../picture/filter';
import { layoutNetwork } from '../../picture/layout';
import { darkPalette, lightPalette } from '../../picture/palette';
import { networkSvg } from '../../picture/svg';
import { matrixTable, networkLists, networkMatrix } from '../../picture/tables';
import { namesIn, summarySentence } from '../../picture/words';
import type { NetworkComponent, NetworkFlow, NetworkReport } from '../../protocol/network';

const evil = `<script>alert("x")</script>&'`;

function component(id: string, rest: Partial<NetworkComponent> = {}): NetworkComponent {
  return {
    id,
    name: id,
    kind: 'Deployment',
    namespace: 'matrix',
    instance: 'main',
    services: [],
    ports: [],
    isolated: ['Ingress'],
    ...rest,
  };
}

function flow(from: string, to: string, rest: Partial<NetworkFlow> = {}): NetworkFlow {
  return {
    id: `${from} ${to}`,
    from,
    to,
    port: 80,
    protocol: 'TCP',
    verdict: 'allowed',
    importance: 'required',
    why: ['a variable'],
    reasons: [],
    ...rest,
  };
}

const report: NetworkReport = {
  version: 1,
  components: [
    component('a'),
    component('b', { instance: 'li', namespace: 'li' }),
    component('c'),
    component('lonely'),
    component(evil),
  ],
  flows: [
    flow('a', 'b', { verdict: 'blocked', reasons: ['Ingress of b blocks it.'] }),
    flow('a', 'c'),
    flow('c', 'a', { importance: 'metrics' }),
    flow('c', 'c', { port: 9000 }),
    flow('a', evil, { why: [evil] }),
  ],
  unneeded: [{ to: 'c', port: 53, protocol: 'UDP', from: ['b'] }],
  reach: [
    { from: 'a', to: 'b', ports: [{ port: 80, protocol: 'TCP', state: 'blocked' }] },
    { from: 'a', to: 'c', ports: [{ port: 80, protocol: 'TCP', state: 'needed' }] },
    { from: 'b', to: 'c', ports: [{ port: 53, protocol: 'UDP', state: 'open' }] },
  ],
  summary: { components: 5, allowed: 4, blocked: 1, unknown: 0, unneeded: 1 },
};

describe('the picture of the network', () => {
  it('is laid out the same way every time, with every component apart from the others', () => {
    const layout = layoutNetwork(report);
    assert.deepEqual(layoutNetwork(report), layout);
    assert.equal(layout.nodes.length, 5);
    for (const one of layout.nodes)
      for (const other of layout.nodes)
        if (one !== other)
          assert.ok(
            one.x + one.width <= other.x ||
              other.x + other.width <= one.x ||
              one.y + one.height <= other.y ||
              other.y + other.height <= one.y,
          );
    for (const { points, label } of layout.edges)
      for (const { x, y } of [...points, label]) assert.ok(x >= 0 && x <= layout.width && y >= 0 && y <= layout.height);
  });

  it('has one edge for each verdict between two components, also from one to itself', () => {
    const edges = layoutNetwork(report).edges.map(({ from, to, verdict }) => `${from} ${to} ${verdict}`);
    assert.deepEqual(edges, [
      'a b blocked',
      `a ${evil} allowed`,
      'a c allowed',
      'c a allowed',
      'c c allowed',
      'b c open',
    ]);
  });

  it('escapes every text, in the picture as in the tables', () => {
    const layout = layoutNetwork(report);
    const texts = [
      networkSvg(report, layout, { kind: 'standalone', title: evil, light: lightPalette, dark: darkPalette }),
      networkSvg(report, layout, { kind: 'interactive', label: evil }),
      matrixTable({ ...report, reach: [{ from: evil, to: 'a', ports: report.reach[0]?.ports ?? [] }] }, evil),
      networkLists(report, () => '', 'h2'),
    ];
    for (const text of texts) {
      assert.ok(text.includes('&lt;script&gt;'));
      assert.ok(!text.includes('<script') && !text.includes('alert("x")'));
      // What the policy of the page forbids must not be in it: inline styles and handlers.
      assert.ok(!/ style=| on\w+=/.test(text));
    }
  });

  it('is drawn for a network without anything', () => {
    const nothing = { ...report, components: [], flows: [], unneeded: [], reach: [] };
    const svg = networkSvg(nothing, layoutNetwork(nothing), { kind: 'embedded', label: 'nothing' });
    assert.match(svg, /^<svg .*viewBox="0 0 40 40"/);
  });

  it('shows at first what is needed, without metrics that work', () => {
    const shown = filtered(report, initialFilter);
    assert.deepEqual(
      shown.flows.map(({ id }) => id),
      ['a b', 'a c', 'c c', `a ${evil}`],
    );
    assert.deepEqual(shown.unneeded, []);
    assert.ok(shown.components.some(({ id }) => id === 'lonely'));
    assert.deepEqual(filtered(report, wholeNetwork), report);
  });

  it('keeps the ends of what an instance or a namespace has to do with', () => {
    for (const filter of [{ instance: 'li' }, { namespace: 'li' }]) {
      const shown = filtered(report, { ...wholeNetwork, ...filter });
      assert.deepEqual(
        shown.flows.map(({ id }) => id),
        ['a b'],
      );
      assert.deepEqual(
        shown.components.map(({ id }) => id),
        ['a', 'b', 'c'],
      );
      assert.equal(shown.unneeded.length, 1);
    }
    const blocked = filtered(report, { ...initialFilter, verdicts: ['blocked'] });
    assert.deepEqual(
      blocked.components.map(({ id }) => id),
      ['a', 'b'],
    );
    assert.equal(blocked.reach.length, 1);
  });

  it('has a matrix of rows that connect and columns that listen', () => {
    const { rows, columns } = networkMatrix(report);
    assert.deepEqual(
      columns.map(({ id }) => id),
      ['b', 'c'],
    );
    assert.deepEqual(
      rows.map(({ component: { id }, cells }) => [id, cells]),
      [
        ['a', [[{ verdict: 'blocked', ports: ['80'] }], [{ verdict: 'allowed', ports: ['80'] }]]],
        ['b', [[], [{ verdict: 'open', ports: ['53/UDP'] }]]],
      ],
    );
  });

  it('tells namesakes apart', () => {
    const nameOf = namesIn({
      ...report,
      components: [
        component('1', { name: 'redis' }),
        component('2', { name: 'redis', kind: 'Job' }),
        component('3', { name: 'redis', namespace: 'other' }),
        component('4', { name: 'alone' }),
      ],
    });
    assert.deepEqual(['1', '2', '3', '4', 'gone'].map(nameOf), [
      'matrix/Deployment redis',
      'matrix/Job redis',
      'other/Deployment redis',
      'alone',
      'gone',
    ]);
    assert.match(
      summarySentence(report),
      /^Of 5 needed connections 4 are allowed, 1 blocked and 0 not certain; 1 port/,
    );
  });

  it('leads an arrow key to what is next on that side', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 100, y: 5 },
      { x: 60, y: 80 },
      { x: 0, y: 50 },
    ];
    const next = (key: string) => nextInDirection(key, { x: 0, y: 0 }, points, 0);
    assert.deepEqual(next('ArrowRight'), [1]);
    assert.deepEqual(next('ArrowDown'), [3]);
    assert.deepEqual(next('ArrowLeft'), []);
    assert.deepEqual(next('a'), []);
  });
});
