import assert from 'node:assert/strict';
import mainReplicated from '../../../rules/synapse/synapse-main-replicated';
import { messages } from '../expect';

const set = (name: string, replicas: string, container: string, kind = 'StatefulSet'): string =>
  `{apiVersion: apps/v1, kind: ${kind}, metadata: {name: ${name}, namespace: matrix}, spec: {${replicas}template: {spec: {containers: [{name: synapse, image: "matrixdotorg/synapse:v1.139.2"${container}}]}}}}\n`;

describe('synapse-main-replicated', () => {
  it('accepts one main process, and several workers', () => {
    assert.deepEqual(messages(mainReplicated, set('synapse-main', 'replicas: 1, ', '')), []);
    assert.deepEqual(messages(mainReplicated, set('synapse', '', '')), []);
    assert.deepEqual(
      messages(
        mainReplicated,
        set('synapse-a', 'replicas: 3, ', ', command: [python, -m, synapse.app.generic_worker]'),
      ),
      [],
    );
    assert.deepEqual(messages(mainReplicated, set('synapse-sync-worker', 'replicas: 3, ', '')), []);
  });

  it('reports it in any workload, the LI instance included', () => {
    for (const source of [
      set('synapse-main', 'replicas: 3, ', ''),
      set('synapse-li', 'replicas: 2, ', ', command: [python, -m, synapse.app.homeserver]'),
      set('matrix', 'replicas: 2, ', '', 'Deployment'),
    ])
      assert.match(messages(mainReplicated, source).join(), /^error: .* runs the main process of Synapse [23] times/);
  });
});
