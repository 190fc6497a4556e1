import yamlInvalid from '../../../rules/config/config-yaml-invalid';
import configInvalid from '../../../rules/livekit/livekit-config-invalid';
import unknownKey from '../../../rules/livekit/livekit-unknown-key';
import { expectMarks } from '../expect';

const pod = (body: string, more = ''): string => `
      #- /livekit.yaml
      apiVersion: v1
      kind: Pod
      metadata: {name: livekit, namespace: matrix}
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: [--config, /etc/livekit.yaml]
            env:
              - {name: API_KEY, value: a}
              - name: LIVEKIT_CONFIG
${body}
${more}`;

describe('a configuration in LIVEKIT_CONFIG', () => {
  it('is read in place of the file', () => {
    expectMarks(
      unknownKey,
      pod(`                value: |
                  rtc:
                    port_range_strt: 50000
      #             ^^^^^^^^^^^^^^^ 💡 error: LiveKit knows no key rtc.port_range_strt
                    tcp_port: 7881
                    node_ip: $(NODE_IP)
                  keys: {$(API_KEY): $(API_SECRET)}`),
    );
    expectMarks(
      configInvalid,
      pod(`                value: |
                  port: "7880"
      #                 ^^^^^^ 💡 error: LiveKit wants a number for port
                  keys: {a: b}`),
    );
    expectMarks(
      yamlInvalid,
      pod(`                value: |
                  port: 7880
                    rtc: {}
      #                ^ error: LIVEKIT_CONFIG is no YAML, so LiveKit does not start`),
    );
  });

  it('is found in a ConfigMap, and hidden in what the tree does not show', () => {
    const from = (kind: string): string => `                valueFrom: {${kind}KeyRef: {name: livekit, key: body}}`;
    const map = (line: string): string => `
      #- /map.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: livekit, namespace: matrix}
      data:
        body: |
          keys: {a: b}
          ${line}`;
    expectMarks(
      unknownKey,
      pod(from('configMap'), map('limits: {}\n      #   ^^^^^^ 💡 error: LiveKit knows no key limits')),
    );
    for (const rule of [unknownKey, configInvalid, yamlInvalid]) expectMarks(rule, pod(from('secret')));
  });
});
