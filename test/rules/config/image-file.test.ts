import rule from '../../../rules/config/config-file-missing';
import { expectMarks } from '../expect';

const pod = (option: string, mount: string, more = ''): string => `
      #- /clamd.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: clamd, namespace: matrix}
      data: {clamd.conf: "TCPSocket 3310"}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: clamd, namespace: matrix}
      spec:
        containers:
          - name: clamd
            image: clamav/clamav:1.4.1
            command:
              - clamd
              - ${option}
            volumeMounts: [{name: config, mountPath: ${mount}, subPath: clamd.conf}]${more}
        volumes: [{name: config, configMap: {name: clamd}}]`;

describe('a file of the image in place of the one that is mounted', () => {
  it('is found by its name', () => {
    expectMarks(
      rule,
      pod(
        '--config-file=/etc/clamav/clamd.conf\n      #                       ^^^^^^^^^^^^^^^^^^^^^^ warning: Container clamd is told to read /etc/clamav/clamd.conf, and clamd.conf is mounted at /etc/clamav/clamav.conf',
        '/etc/clamav/clamav.conf',
      ),
    );
  });

  it('is right where the paths agree, the names differ, or something names the other path', () => {
    expectMarks(rule, pod('--config-file=/etc/clamav/clamd.conf', '/etc/clamav/clamd.conf'));
    expectMarks(rule, pod('--config-file=/etc/clamav/other.conf', '/etc/clamav/clamd.conf'));
    expectMarks(
      rule,
      pod(
        '--config-file=/etc/clamav/clamd.conf',
        '/etc/ours/clamd.conf',
        '\n            env: [{name: MORE, value: /etc/ours/clamd.conf}]',
      ),
    );
  });
});
