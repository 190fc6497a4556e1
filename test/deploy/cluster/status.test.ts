import assert from 'node:assert/strict';
import { podProblem } from '../../../deploy/cluster/pods';
import { isProtected } from '../../../deploy/cluster/protection';
import { statusOf } from '../../../deploy/cluster/status';
import type { Json } from '../../../deploy/plan/source';

describe('the status of an object', () => {
  const cases: readonly (readonly [string, Json | undefined, string])[] = [
    ['an absent object', undefined, 'notFound'],
    ['an object that is being deleted', { kind: 'Secret', metadata: { deletionTimestamp: 'x' } }, 'terminating'],
    ['a kind without rules', { kind: 'ConfigMap', metadata: {} }, 'current'],
    ['a new Deployment', { kind: 'Deployment', metadata: { generation: 1 }, spec: { replicas: 1 } }, 'inProgress'],
    ['a Deployment whose controller is behind', deployment({ observedGeneration: 1 }), 'inProgress'],
    ['a Deployment with an old pod left', deployment({ replicas: 3 }), 'inProgress'],
    ['a Deployment that is there', deployment({}), 'current'],
    [
      'a Deployment scaled to nothing',
      { kind: 'Deployment', metadata: { generation: 1 }, spec: { replicas: 0 }, status: { observedGeneration: 1 } },
      'current',
    ],
    [
      'a Deployment without progress',
      deployment({ conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }] }),
      'failed',
    ],
    [
      'a StatefulSet in the middle of an update',
      statefulSet({ currentRevision: 'a', updateRevision: 'b', updatedReplicas: 1 }),
      'inProgress',
    ],
    ['a StatefulSet that is there', statefulSet({}), 'current'],
    [
      'a DaemonSet that nobody has scheduled',
      { kind: 'DaemonSet', metadata: {}, status: { observedGeneration: 1 } },
      'inProgress',
    ],
    ['a running Job', { kind: 'Job', metadata: {}, status: { startTime: 'x' } }, 'inProgress'],
    [
      'a complete Job',
      { kind: 'Job', metadata: {}, status: { conditions: [{ type: 'Complete', status: 'True' }] } },
      'current',
    ],
    [
      'a failed Job',
      { kind: 'Job', metadata: {}, status: { conditions: [{ type: 'Failed', status: 'True', reason: 'x' }] } },
      'failed',
    ],
    [
      'a Job that is about to fail',
      { kind: 'Job', metadata: {}, status: { conditions: [{ type: 'FailureTarget', status: 'True' }] } },
      'inProgress',
    ],
    ['a PostgreSQL cluster without a word', { kind: 'Cluster', metadata: {}, spec: { instances: 3 } }, 'inProgress'],
    ['a PostgreSQL cluster with two of three', cluster(2, 'True'), 'inProgress'],
    ['a PostgreSQL cluster that says it is not ready', cluster(3, 'False'), 'inProgress'],
    ['a PostgreSQL cluster that is there', cluster(3, 'True'), 'current'],
    [
      'a MinIO tenant that is red',
      { kind: 'Tenant', metadata: {}, status: { currentState: 'Initialized', healthStatus: 'red' } },
      'inProgress',
    ],
    [
      'a MinIO tenant that is there',
      { kind: 'Tenant', metadata: {}, status: { currentState: 'Initialized', healthStatus: 'green' } },
      'current',
    ],
    ['a Certificate without conditions', { kind: 'Certificate', metadata: {} }, 'inProgress'],
    ['a lost claim', { kind: 'PersistentVolumeClaim', metadata: {}, status: { phase: 'Lost' } }, 'failed'],
    [
      'a load balancer without an address',
      { kind: 'Service', metadata: {}, spec: { type: 'LoadBalancer' } },
      'inProgress',
    ],
    ['an object of a strange shape', { kind: 'Deployment', metadata: 7, spec: [], status: 'x' }, 'inProgress'],
  ];
  for (const [what, object, expected] of cases)
    it(`of ${what} is ${expected}`, () => assert.equal(statusOf(object).status, expected, statusOf(object).text));
});

describe('a pod', () => {
  const patience = { now: Date.parse('2030-01-01T00:10:00Z'), graceMilliseconds: 60_000, restarts: 3 };
  const waiting = (reason: string, restartCount = 0, list = 'containerStatuses'): Json => ({
    metadata: { name: 'p', creationTimestamp: '2030-01-01T00:09:30Z' },
    status: { [list]: [{ name: 'c', restartCount, state: { waiting: { reason, message: 'm' } } }] },
  });

  it('is hopeless when its image or its configuration is wrong, or when it crashes again and again', () => {
    for (const reason of ['ImagePullBackOff', 'InvalidImageName'])
      assert.equal(podProblem(waiting(reason), patience)?.reason, reason);
    assert.equal(podProblem(waiting('ImagePullBackOff', 0, 'initContainerStatuses'), patience)?.container, 'c');
    assert.equal(podProblem(waiting('CrashLoopBackOff', 2), patience), undefined, 'it may have been too early');
    assert.equal(podProblem(waiting('CrashLoopBackOff', 3), patience)?.reason, 'CrashLoopBackOff');
    assert.equal(podProblem(waiting('ContainerCreating'), patience), undefined);
  });

  it('is given time for a Secret or a node to appear', () => {
    assert.equal(podProblem(waiting('CreateContainerConfigError'), patience), undefined);
    assert.equal(
      podProblem(waiting('CreateContainerConfigError'), { ...patience, now: patience.now + 60_000 })?.reason,
      'CreateContainerConfigError',
    );
    const unschedulable: Json = {
      metadata: { name: 'p' },
      status: {
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: 'no node',
            lastTransitionTime: '2030-01-01T00:09:30Z',
          },
        ],
      },
    };
    assert.equal(podProblem(unschedulable, patience), undefined);
    assert.equal(podProblem(unschedulable, { ...patience, now: patience.now + 60_000 })?.message, 'no node');
  });
});

describe('a context', () => {
  it('is protected unless it is known to be harmless', () => {
    for (const [context, server] of [
      ['prod', 'https://127.0.0.1:6443'],
      ['kind-production', 'https://127.0.0.1:6443'],
      ['gke_live_eu', 'https://10.0.0.1'],
      ['x', 'https://api.prod.example.org'],
      ['staging', 'https://10.1.2.3:6443'],
      ['x', 'https://127.0.0.1.example.org'],
    ] as const)
      assert.ok(isProtected(context, server), `${context} ${server}`);
    assert.ok(!isProtected('kind-test', 'https://127.0.0.1:41000'));
    assert.ok(!isProtected('whatever', 'http://localhost:8001'));
    assert.ok(!isProtected('product-tests', 'https://localhost'), 'a word that only begins like production');
  });

  it('is protected as the user says, but no setting unprotects production', () => {
    const unprotectedContexts = ['staging', 'prod'];
    assert.ok(!isProtected('staging', 'https://10.1.2.3', { unprotectedContexts }));
    assert.ok(isProtected('prod', 'https://10.1.2.3', { unprotectedContexts }));
    assert.ok(isProtected('kind-demo', 'https://127.0.0.1', { protectedPatterns: ['demo$'] }));
    assert.ok(
      isProtected('kind-de(mo', 'https://127.0.0.1', { protectedPatterns: ['de(mo'] }),
      'not a regular expression',
    );
  });
});

function deployment(status: { readonly [key: string]: Json }): Json {
  const settled = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
  return { kind: 'Deployment', metadata: { generation: 2 }, spec: { replicas: 2 }, status: { ...settled, ...status } };
}

function statefulSet(status: { readonly [key: string]: Json }): Json {
  const settled = {
    observedGeneration: 1,
    readyReplicas: 3,
    updatedReplicas: 3,
    currentRevision: 'a',
    updateRevision: 'a',
  };
  return { kind: 'StatefulSet', metadata: { generation: 1 }, spec: { replicas: 3 }, status: { ...settled, ...status } };
}

function cluster(readyInstances: number, ready: string): Json {
  return {
    kind: 'Cluster',
    metadata: {},
    spec: { instances: 3 },
    status: { readyInstances, phase: 'x', conditions: [{ type: 'Ready', status: ready, reason: 'x' }] },
  };
}
