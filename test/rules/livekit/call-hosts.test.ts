import assert from 'node:assert/strict';
import rule from '../../../rules/livekit/call-host-unserved';
import { messages } from '../expect';

const { bad } = rule.examples;

describe('call-host-unserved', () => {
  const found = (source: string): readonly string[] => messages(rule, source).map(one => one.replace(/, while.*/, ''));
  const to = (url: string): string => bad.replace('wss://sfu.tessera.test', url);

  it('warns of a host beside those that Ingresses serve', () => {
    assert.deepEqual(found(bad), ['warning: No Ingress serves sfu.tessera.test, where clients are sent for LiveKit']);
    assert.deepEqual(found(to('wss://livekit.tessera.test')), []);
    assert.deepEqual(found(bad.replace('host: livekit.tessera.test', "host: '*.tessera.test'")), []);
  });

  it('accepts hosts of other domains, with ports, and of a LiveKit that runs elsewhere', () => {
    for (const url of ['wss://livekit.cloud.test', 'wss://sfu.tessera.test:7443', 'ws://livekit:7880', 'wss://$HOST'])
      assert.deepEqual(found(to(url)), []);
    assert.deepEqual(found(bad.replace('livekit/livekit-server:', 'registry.test/other:')), []);
  });

  it('accepts hosts that something else may serve', () => {
    const values = '\n      #- /values.yaml\n      ingress:\n        hosts: [sfu.tessera.test]\n';
    assert.deepEqual(found(bad + values), []);
    const route =
      '\n      ---\n      apiVersion: gateway.networking.k8s.io/v1\n      kind: HTTPRoute\n      metadata: {name: a, namespace: matrix}\n';
    assert.deepEqual(found(bad + route), []);
  });
});
