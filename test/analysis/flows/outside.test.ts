import assert from 'node:assert/strict';
import { flowsOf, isExternal, type RequiredFlow } from '../../../analysis/flows';
import rule from '../../../rules/network/netpol-flow-blocked';
import { readFixture, workspaceOf } from '../../fixture';
import { messages } from '../../rules/expect';

function shown(source: string): readonly string[] {
  const name = (end: RequiredFlow['from']): string => (isExternal(end) ? end.name : end.owner.name);
  return flowsOf(workspaceOf(readFixture(source).files)).map(
    ({ from, to, port, protocol, importance }) => `${name(from)} → ${name(to)}:${port}/${protocol} ${importance}`,
  );
}

/** A workload of one container that mounts one file, with whatever follows. */
function program(name: string, image: string, command: string, file: string, text: string, more = ''): string {
  return `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: ${name}, namespace: matrix}
    data:
      ${file}: |
        ${text.replaceAll('\n', '\n        ')}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: ${name}, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: ${name}}}
        spec:
          containers:
            - name: ${name}
              image: ${image}
              ${command}
              volumeMounts: [{name: files, mountPath: /config}]
          volumes: [{name: files, configMap: {name: ${name}}}]
    ---
    ${more}
  `;
}

const livekit = (text: string, more?: string): string =>
  program(
    'livekit',
    'livekit/livekit-server:v1.8.4',
    'args: [--config, /config/livekit.yaml]',
    'livekit.yaml',
    text,
    more,
  );
const sygnal = (text: string, command = ''): string =>
  program('sygnal', 'matrixdotorg/sygnal:v0.15.1', command, 'sygnal.yaml', text);
const service = (type: string, policy: string): string => `
    apiVersion: v1
    kind: Service
    metadata: {name: media, namespace: matrix}
    spec:
      type: ${type}
      ${policy}
      selector: {app: livekit}
      ports:
        - {name: tcp, port: 443, targetPort: 7881}
        - {name: udp, port: 7882, protocol: UDP}
    ---
`;

describe('flows to and from the outside', () => {
  it('lead from LiveKit to a STUN server where it has to ask for its address', () => {
    assert.deepEqual(shown(livekit('rtc:\n  use_external_ip: true')), ['livekit → the internet:19302/UDP required']);
    for (const rtc of [
      'use_external_ip: false',
      'tcp_port: 7881',
      'use_external_ip: true\n  node_ip: 203.0.113.7',
      'use_external_ip: true\n  stun_servers: ["stun.matrix.svc:3478"]',
    ])
      assert.deepEqual(shown(livekit(`rtc:\n  ${rtc}`)), [], rtc);
  });

  it('lead from a push gateway to Apple and Google, unless there is a proxy', () => {
    const apps = 'apps:\n  com.tessera.ios:\n    type: apns';
    assert.deepEqual(shown(sygnal(apps)), ['sygnal → the internet:443/TCP required']);
    assert.deepEqual(shown(sygnal('apps: {}')), []);
    assert.deepEqual(shown(sygnal(`${apps}\nproxy: http://proxy.tessera.test:3128`)), []);
    assert.deepEqual(shown(sygnal(apps, 'env: [{name: HTTPS_PROXY, value: "http://proxy.tessera.test:3128"}]')), []);
  });

  it('lead to what a Service opens for clients whose addresses are kept', () => {
    const both = [
      'the outside of the cluster → livekit:7881/TCP required',
      'the outside of the cluster → livekit:7882/UDP required',
    ];
    for (const type of ['NodePort', 'LoadBalancer'])
      assert.deepEqual(shown(livekit('port: 7880', service(type, 'externalTrafficPolicy: Local'))), both, type);
    assert.deepEqual(shown(livekit('port: 7880', service('NodePort', ''))), [], 'the nodes connect for the clients');
    assert.deepEqual(shown(livekit('port: 7880', service('ClusterIP', ''))), []);
  });

  it('are one finding for each Service, and none where everybody or an address is admitted', () => {
    const policy = (ingress: string): string => `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: livekit, namespace: matrix}
    spec:
      podSelector: {matchLabels: {app: livekit}}
      policyTypes: [Ingress]
      ingress: ${ingress}
    ---
    `;
    const found = (ingress: string): readonly string[] =>
      messages(rule, livekit('port: 7880', service('NodePort', 'externalTrafficPolicy: Local') + policy(ingress)));
    const [only, ...others] = found('[{from: [{podSelector: {matchLabels: {app: haproxy}}}]}]');
    assert.match(
      only ?? '',
      /^error: The outside of the cluster needs livekit:7881 and 7882 \(Service media is of type NodePort\), but ingress/,
    );
    assert.deepEqual(others, []);
    assert.deepEqual(found('[{ports: [{port: 7881}, {port: 7882, protocol: UDP}]}]'), []);
    assert.deepEqual(found('[{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}]'), [], 'its addresses are not known');
  });

  it('lead from the main Synapse to other homeservers even where workers send, for joins are its own', () => {
    const synapse = (more: string): readonly string[] =>
      shown(
        program(
          'synapse',
          'matrixdotorg/synapse:v1.139.2',
          'args: [--config-path=/config/homeserver.yaml]',
          'homeserver.yaml',
          `server_name: tessera.test\n${more}`,
        ),
      );
    const federates = ['synapse → the internet:443/TCP federation', 'synapse → the internet:8448/TCP federation'];
    assert.deepEqual(synapse('send_federation: false\nfederation_sender_instances: [sender-0]'), federates);
    assert.deepEqual(synapse('federation_domain_whitelist: []'), []);
    const mail = (email: string): readonly string[] => synapse(`federation_domain_whitelist: []\nemail: {${email}}`);
    assert.deepEqual(mail('smtp_host: smtp.tessera.test, smtp_port: 587'), ['synapse → the internet:587/TCP push']);
    assert.deepEqual(mail('smtp_host: smtp.tessera.test'), ['synapse → the internet:25/TCP push']);
    for (const host of ['localhost', 'mail.matrix.svc', 'mail.corp', '192.0.2.1', '${SMTP_HOST}'])
      assert.deepEqual(mail(`smtp_host: "${host}"`), [], host);
  });
});
