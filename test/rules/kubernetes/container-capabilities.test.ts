import assert from 'node:assert/strict';
import rule from '../../../rules/kubernetes/container-capabilities';
import { applyFix, messages } from '../expect';

const pod = (image: string, command: string, context: string): string => `
apiVersion: v1
kind: Pod
metadata:
  name: turn
  namespace: matrix
spec:
  containers:
    - name: turn
      image: ${image}
      command: ${command}
      securityContext:
        runAsUser: 1000
        ${context}
`;
const dropAll = `capabilities:
          drop:
            - ALL`;

describe('container-capabilities, of files', () => {
  const turn = '[turnserver, -c, /etc/coturn/turnserver.conf]';

  it('finds programs whose file has a capability that is dropped', () => {
    for (const [image, command] of [
      ['coturn/coturn:4.6-alpine', turn],
      ['docker.io/coturn/coturn:4.6.2', '[sh, -c, "exec /usr/bin/turnserver -c /tmp/turnserver.conf"]'],
      ['caddy:2.8', '[caddy, run]'],
      ['coredns/coredns:1.11.1', '[/coredns]'],
    ] as const) {
      const [message, ...others] = messages(rule, pod(image, command, dropAll));
      assert.match(message ?? '', /^error: The kernel does not start \w+ in container turn/, image);
      assert.deepEqual(others, []);
    }
    assert.equal(messages(rule, pod('coturn/coturn:4.6', turn, 'capabilities: {drop: [NET_BIND_SERVICE]}')).length, 1);
    assert.equal(messages(rule, pod('coturn/coturn:4.6', turn, dropAll).replace(/ {6}command.*\n/, '')).length, 1);
  });

  it('is content with the capability, with other images and with other programs', () => {
    for (const source of [
      pod('coturn/coturn:4.6', turn, 'capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}'),
      pod('coturn/coturn:4.6', turn, 'capabilities: {drop: [NET_RAW]}'),
      pod('coturn/coturn:4.6', turn, 'allowPrivilegeEscalation: false'),
      pod('registry.test/coturn:4.6', turn, dropAll),
      pod('coturn/coturn:4.6', '[sleep, infinity]', dropAll),
    ])
      assert.deepEqual(messages(rule, source), []);
  });

  it('adds it', () => {
    for (const context of [dropAll, 'capabilities: {drop: [ALL]}', `${dropAll}\n          add: [NET_RAW]`]) {
      const fixed = applyFix(rule, pod('coturn/coturn:4.6', turn, context), /Add NET_BIND_SERVICE/)['main.yaml'] ?? '';
      assert.match(fixed, /NET_BIND_SERVICE/);
      assert.deepEqual(messages(rule, fixed), []);
    }
  });
});
