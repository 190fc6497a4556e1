import assert from 'node:assert/strict';
import rule from '../../../rules/domain/domain-inconsistent';
import { check } from '../../fixture';
import { fixed } from '../expect';
import { configMap, synapse } from '../synapse/tree';

const tree = (uris: string, names: string): string => `${configMap('synapse-config', {
  'homeserver.yaml': `server_name: tessera.test\nturn_uris: [${uris}]`,
})}${synapse('synapse-main')}---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: turn, namespace: matrix}
spec: {secretName: turn-tls, ${names}, issuerRef: {name: ca}}
---
apiVersion: v1
kind: Pod
metadata: {name: coturn, namespace: matrix}
spec:
  containers:
    - name: coturn
      image: coturn/coturn:4.6.2
      args: ["--cert=/tls/tls.crt", "--pkey=/tls/tls.key"]
      volumeMounts: [{name: tls, mountPath: /tls}]
  volumes: [{name: tls, secret: {secretName: turn-tls}}]
`;

describe('domain-inconsistent', () => {
  it('corrects what Element Web is told together with public_baseurl', () => {
    const element = (url: string): string => `${rule.examples.bad.replace(/\n +# {2,}\^.*/, '')}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: element, namespace: matrix}
      data:
        config.json: |
          {"default_server_config": {"m.homeserver": {"base_url": "${url}"}}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: element, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: element
                image: vectorim/element-web:v1.11.80
                volumeMounts: [{name: config, mountPath: /app/config.json, subPath: config.json}]
            volumes: [{name: config, configMap: {name: element}}]
`;
    const corrected = (url: string): string => Object.values(fixed(rule, element(url))).join('');
    const both = corrected('https://matrix.tessera.test');
    assert.ok(both.includes('public_baseurl: https://chat.tessera.test/'));
    assert.ok(both.includes('"base_url": "https://chat.tessera.test"'));
    const one = corrected('https://other.tessera.test');
    assert.ok(one.includes('public_baseurl: https://chat.tessera.test/') && one.includes('https://other.tessera.test'));
  });

  it('compares the certificate of the TURN server with the addresses that clients get', () => {
    const uri = '"turns:turn.tessera.test:5349?transport=tcp"';
    assert.match(messages(tree(uri, 'dnsNames: [relay.tessera.test]'))[0] ?? '', /warning .*turn.tessera.test, but/);
    for (const names of [
      'dnsNames: [a.test, turn.tessera.test]',
      'dnsNames: ["*.tessera.test"]',
      'commonName: turn.tessera.test',
    ])
      assert.deepEqual(messages(tree(uri, names)), []);
    assert.equal(messages(tree(uri, 'dnsNames: ["*.test"]')).length, 1);
    assert.deepEqual(messages(tree('"turn:turn.tessera.test:3478"', 'dnsNames: [relay.tessera.test]')), []);
  });

  it('compares hosts under the same placeholder domain, and none with one that is real', () => {
    const uri = '"turns:turn.example.com:5349?transport=tcp"';
    assert.equal(messages(tree(uri, 'dnsNames: [relay.example.com]')).length, 1);
    assert.deepEqual(messages(tree(uri, 'dnsNames: [turn.example.com]')), []);
    assert.deepEqual(messages(tree(uri, 'dnsNames: [relay.tessera.test]')), []);
    assert.deepEqual(messages(tree(uri, 'dnsNames: [relay.CHANGEME.com]')), []);
  });

  it('compares what the LI instance is called with the Ingress that leads to it', () => {
    const li = (url: string, host: string): string =>
      `${configMap('synapse-config', { 'homeserver.yaml': 'server_name: tessera.test\npublic_baseurl: https://matrix.tessera.test' })}${synapse('synapse-main')}${configMap(
        'li-config',
        { 'homeserver.yaml': `server_name: tessera.test\npublic_baseurl: https://${url}` },
      )}${synapse('synapse-li', { labels: 'matrix.instance: li', config: 'li-config' })}---
apiVersion: v1
kind: Service
metadata: {name: synapse-li, namespace: matrix}
spec: {selector: {app: synapse-li}, ports: [{port: 8008}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: synapse-li, namespace: matrix}
spec: {rules: [{host: ${host}, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: synapse-li, port: {number: 8008}}}}]}}]}
`;
    assert.match(
      messages(li('li.tessera.test', 'watch.tessera.test')).join(),
      /names li.tessera.test, but Ingress synapse-li answers for watch/,
    );
    assert.deepEqual(messages(li('li.tessera.test', 'li.tessera.test')), []);
    assert.deepEqual(
      messages(li('matrix.tessera.test', 'li.tessera.test')),
      [],
      'it may go by the name of the main instance',
    );
  });
});

function messages(source: string): readonly string[] {
  return check(source, [rule]).findings.map(({ severity, problem }) => `${severity} ${problem.message}`);
}
