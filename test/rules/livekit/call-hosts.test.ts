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
    assert.equal(found(to('wss://livekit.tesera.test')).length, 1, 'a slip of the pen');
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

  it('takes a certificate for another server only if no route has it', () => {
    const certificate = (secret: string): string =>
      `\n      ---\n      apiVersion: cert-manager.io/v1\n      kind: Certificate\n      metadata: {name: c, namespace: matrix}\n      spec: {secretName: ${secret}, dnsNames: [sfu.tessera.test]}\n`;
    const secured = bad.replace(
      '      spec:\n        rules:',
      '      spec:\n        tls: [{secretName: livekit-tls}]\n        rules:',
    );
    assert.ok(secured.includes('livekit-tls'));
    assert.deepEqual(found(secured + certificate('other-tls')), []);
    assert.equal(found(secured + certificate('livekit-tls')).length, 1);
  });

  it('reads config.json of Element Web and Element Call', () => {
    const element = (
      image: string,
      config: string,
    ): string => `${bad.replace('wss://sfu.tessera.test', 'wss://livekit.tessera.test')}
      #- /element.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: element, namespace: matrix}
      data:
        config.json: '${config}'
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: element, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: element
                image: ${image}
                volumeMounts: [{name: config, mountPath: /app/config.json, subPath: config.json}]
            volumes: [{name: config, configMap: {name: element}}]
    `;
    const web = 'vectorim/element-web:v1.11.96';
    const call = 'ghcr.io/element-hq/element-call:v0.7.0';
    const url = '{"element_call": {"url": "https://call.tessera.test"}}';
    assert.deepEqual(found(element(web, url)), [
      'info: No Ingress serves call.tessera.test, where clients are sent for Element Call',
    ]);
    assert.deepEqual(found(element(web, '{"element_call": {"url": "https://call.element.io"}}')), []);
    assert.deepEqual(found(element(web, '{"permalink_prefix": "https://chat.tessera.test"}')), [
      'warning: No Ingress serves chat.tessera.test, where clients are sent for links to rooms',
    ]);
    assert.deepEqual(found(element(web, '{"permalink_prefix": "https://livekit.tessera.test/"}')), []);
    assert.deepEqual(found(element(call, '{"livekit": {"livekit_service_url": "https://jwt.tessera.test"}}')), [
      'warning: No Ingress serves jwt.tessera.test, where clients are sent for tokens of lk-jwt-service',
    ]);
  });
});
