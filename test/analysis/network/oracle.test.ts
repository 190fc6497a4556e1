import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluate } from '../../../analysis/network/evaluate';
import { type Endpoint, endpointName } from '../../../analysis/network/model';
import { index } from '../../../analysis/network/policy-index';
import { type Case, knownCase, openCase, podAddresses } from './generate';
import { fromJson } from './manifest';
import { connection, type Flaw, flaws, permittedConnections } from './oracle';

const seed = 20240607;

describe('the engine and a naive second reading of NetworkPolicy', () => {
  it('agree on 6000 random clusters', () => {
    const seen = { allowed: 0, denied: 0, unknown: 0 };
    fc.assert(
      fc.property(knownCase, made => {
        for (const { result, outcomes, flow } of compare(made)) {
          seen[result]++;
          assert.ok(agrees(result, outcomes), `${flow}: ${result}, but ${outcomes}`);
          // Nothing is unknown unless the node of a hostNetwork pod matters.
          if (made.worlds.length === 1) assert.notEqual(result, 'unknown', flow);
        }
      }),
      { seed, numRuns: 6000 },
    );

    assert.ok(seen.allowed > 20_000 && seen.denied > 20_000 && seen.unknown > 50, JSON.stringify(seen));
  });

  it('agree where facts are unknown: a definite answer holds in every possible world', () => {
    const seen = { definite: 0, unknown: 0, unknownInVain: 0 };
    fc.assert(
      fc.property(openCase, made => {
        for (const { result, outcomes, flow } of compare(made)) {
          assert.ok(agrees(result, outcomes), `${flow}: ${result}, but ${outcomes}`);
          if (result !== 'unknown') seen.definite++;
          else if (outcomes.size === 1) seen.unknownInVain++;
          else seen.unknown++;
        }
      }),
      { seed, numRuns: 400 },
    );

    assert.ok(seen.definite > 1000 && seen.unknown > 300, JSON.stringify(seen));
    // Rules are judged one by one, so some answers are more cautious than necessary; they must stay few.
    assert.ok(seen.unknownInVain < seen.unknown / 4, JSON.stringify(seen));
  });

  it('do not depend on the order of the policies', () => {
    fc.assert(
      fc.property(openCase, made => {
        const results = (policies: Case['policies']) =>
          compare({ ...made, policies, worlds: [] }).map(({ result }) => result);
        assert.deepEqual(results([...made.policies].reverse()), results(made.policies));
      }),
      { seed, numRuns: 200 },
    );
  });

  describe('would differ if one of them were wrong', () => {
    const cases = fc.sample(knownCase, { seed, numRuns: 1500 });
    for (const flaw of flaws) {
      it(flaw, () => {
        const found = cases.some(made => compare(made, flaw).some(({ result, outcomes }) => !agrees(result, outcomes)));
        assert.ok(found, 'no generated case shows the flaw');
      });
    }
  });
});

/** The engine's result for every flow of a case, and whether the flow is permitted in each world. */
function compare(made: Case, flaw?: Flaw) {
  const policies = index(made.policies.map(fromJson), { namespaces: made.namespaces, podAddresses });
  const permitted = made.worlds.map(world => permittedConnections(made.policies, world, flaw));
  return made.flows.map(([fromAt, toAt, port, protocol]) => {
    const [from, to] = [made.endpoints[fromAt]!, made.endpoints[toAt]!];
    const flow = connection(idOf(from), idOf(to), protocol, port);
    const { result } = evaluate({ from, to, port, protocol }, policies);
    return { result, outcomes: new Set(permitted.map(set => set.has(flow))), flow };
  });
}

function agrees(result: 'allowed' | 'denied' | 'unknown', outcomes: ReadonlySet<boolean>): boolean {
  if (result === 'allowed') return !outcomes.has(false);
  if (result === 'denied') return !outcomes.has(true);
  return true;
}

function idOf(endpoint: Endpoint): string {
  return endpoint.kind === 'pod' ? endpoint.id : endpointName(endpoint);
}
