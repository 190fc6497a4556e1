import assert from 'node:assert/strict';
import noTcp from '../../../rules/antivirus/scanner-no-tcp-scan';
import notProxied from '../../../rules/antivirus/scanner-route-not-proxied';
import sharedFiles from '../../../rules/antivirus/scanner-scan-needs-shared-files';
import usesClamdscan from '../../../rules/antivirus/scanner-uses-clamdscan';
import waitMissing from '../../../rules/antivirus/scanner-wait-missing';
import waitWeak from '../../../rules/antivirus/scanner-wait-weak';
import type { Rule } from '../../../rules/rule';
import { check } from '../../fixture';

describe('content scanner rules', () => {
  it('do not take a comment for a call of clamdscan', () => {
    assert.deepEqual(found('# clamdscan "$1"\necho "SCAN $1" | nc -w 5 clamav 3310', usesClamdscan, noTcp), []);
    assert.equal(found('clamdscan "$1"', usesClamdscan).length, 1);
  });
  it('accept /dev/tcp and INSTREAM, and find a script that asks nobody', () => {
    assert.deepEqual(found('exec 3<>/dev/tcp/clamav/3310', noTcp), []);
    assert.deepEqual(found('echo zINSTREAM', noTcp, sharedFiles), []);
    assert.equal(found('exit 0', noTcp).length, 1);
  });
  it('find a port that the Service of clamd does not have', () => {
    assert.match(found('echo "SCAN $1" | nc -w 5 clamav 3311', noTcp)[0] ?? '', /no port 3311/);
  });
  it('find a clamd that other pods cannot reach', () => {
    const clamd = (conf: string, service = 'clamav'): readonly string[] =>
      check(
        `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: clamav, namespace: matrix}
    data:
      clamd.conf: |
        ${conf.split('\n').join('\n        ')}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: clamav, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: clamav}}
        spec:
          containers:
            - name: clamav
              image: clamav/clamav:1.4
              volumeMounts: [{name: conf, mountPath: /etc/clamav}]
          volumes: [{name: conf, configMap: {name: clamav}}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: clamav, namespace: matrix}
    spec: {selector: {app: ${service}}, ports: [{port: 3310}]}
`,
        [noTcp],
      ).findings.map(({ problem }) => problem.message);
    assert.match(clamd('LocalSocket /tmp/clamd.sock').join(), /no TCPSocket in clamd\.conf/);
    assert.match(clamd('TCPSocket 3310\nTCPAddr localhost').join(), /listens on localhost only/);
    assert.deepEqual(clamd('LocalSocket /tmp/clamd.sock\nTCPSocket 3310'), []);
    assert.deepEqual(clamd('TCPSocket 3310\nTCPAddr 127.0.0.1\nTCPAddr 0.0.0.0'), []);
    assert.deepEqual(clamd('LocalSocket /tmp/clamd.sock', 'other'), []);
  });
  it('take a proper loop for a wait, and see a wait that cannot work', () => {
    assert.deepEqual(found('exit 0', waitMissing, waitWeak), []);
    assert.match(found('exit 0', waitWeak, 'until nc -z clamav 9999; do sleep 1; done')[0] ?? '', /no port 9999/);
    assert.match(found('exit 0', waitWeak, 'until nc clamav 3310; do sleep 1; done')[0] ?? '', /never returns/);
    assert.equal(found('exit 0', waitMissing, 'echo hello').length, 1);
  });
  it('find a single attempt, in a shell and in Python, and a condition that always holds', () => {
    assert.match(found('exit 0', waitWeak, 'nc -z -w 5 clamav 3310')[0] ?? '', /tries clamd once/);
    assert.match(found('exit 0', waitWeak, 'until nc -z clamav 3310 || true; do sleep 1; done')[0] ?? '', /ignored/);
    const connect = "socket.create_connection(('clamav', 3310), 3)";
    const python = (code: string) => found('exit 0', waitWeak, `python3 -c '${code.replaceAll("'", '\\x22')}'`).length;
    assert.equal(python(`import socket; ${connect}`), 1);
    assert.equal(python(`import socket\nwhile True: ${connect}`), 0);
  });
  it('find a socket file of another pod, a path sent by the library, and a program named by a variable', () => {
    assert.match(found('nc -U /run/clamav/clamd.sock', noTcp)[0] ?? '', /socket file/);
    assert.equal(found('SCANNER=clamdscan\n$SCANNER "$1"', usesClamdscan).length, 1);
    const scan = `python3 - "$1" <<'EOF'\nimport clamd, sys\ncd = clamd.ClamdNetworkSocket("clamav", 3310)`;
    assert.equal(found(`${scan}\nprint(cd.scan(sys.argv[1]))\nEOF`, sharedFiles).length, 1);
    assert.equal(found(`${scan}\nprint(cd.instream(open(sys.argv[1], "rb")))\nEOF`, sharedFiles).length, 0);
  });
});

describe('scanner-route-not-proxied', () => {
  const routed = (frontend: string, backend = '', image = 'vectorim/matrix-content-scanner:v1.3.0'): string =>
    `apiVersion: v1
kind: ConfigMap
metadata: {name: haproxy, namespace: matrix}
data:
  haproxy.cfg: |
    frontend matrix
      mode http
      bind :8008
      ${frontend}
      default_backend main
    backend main
      mode http
      server main synapse:8008
    backend scan
      mode http
      ${backend}
      server scanner content-scanner:8080
---
apiVersion: v1
kind: Pod
metadata: {name: haproxy, namespace: matrix}
spec:
  containers:
    - name: haproxy
      image: haproxy:3.0
      volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]
  volumes: [{name: config, configMap: {name: haproxy}}]
---
${service(image)}`;
  const service = (image = 'vectorim/matrix-content-scanner:v1.3.0'): string => `apiVersion: v1
kind: Service
metadata: {name: content-scanner, namespace: matrix}
spec: {selector: {app: scanner}, ports: [{port: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: content-scanner, namespace: matrix, labels: {app: scanner}}
spec: {containers: [{name: scanner, image: "${image}", ports: [{containerPort: 8080}]}]}
`;
  const ingress = (path: string, annotation = 'a: b'): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: media, namespace: matrix, annotations: {${annotation}}}
spec:
  rules:
    - host: matrix.tessera.test
      http:
        paths:
          - path: ${path}
            pathType: Prefix
            backend: {service: {name: content-scanner, port: {number: 8080}}}
---
${service()}`;
  const messages = (source: string): readonly string[] =>
    check(source, [notProxied]).findings.map(({ problem }) => problem.message);

  it('finds media that HAProxy passes on as they are', () => {
    const wrong = 'use_backend scan if { path_beg /_matrix/media }';
    assert.match(messages(routed(wrong))[0] ?? '', /^GET \/_matrix\/media\/v3\/download\/ goes to content-scanner/);
    assert.equal(messages(routed('use_backend scan if { path_beg /_matrix/client/v1/media/ }')).length, 1);
    assert.deepEqual(messages(routed('use_backend scan if { path_beg /_matrix/media_proxy/ }')), []);
    assert.deepEqual(
      messages(routed(wrong, 'http-request replace-path /_matrix/media/[^/]+/(.*) /_matrix/media_proxy/unstable/\\1')),
      [],
    );
    assert.deepEqual(messages(routed(`${wrong} { hdr(x-scan) 1 }`)), []);
    assert.deepEqual(messages(routed(wrong, '', 'registry.tessera.test/content-scanner:1.0')), []);
  });
  it('finds media that an Ingress passes on as they are', () => {
    assert.match(messages(ingress('/_matrix/media'))[0] ?? '', /^\/_matrix\/media goes to content-scanner/);
    assert.deepEqual(messages(ingress('/_matrix/media_proxy')), []);
    assert.deepEqual(messages(ingress('/')), []);
    const rewrite = 'nginx.ingress.kubernetes.io/rewrite-target: /_matrix/media_proxy/unstable/$2';
    assert.deepEqual(messages(ingress('/_matrix/media/(r0|v3)/(.*)', rewrite)), []);
  });
});

function found(scan: string, ...rest: readonly (Rule | string)[]): readonly string[] {
  const wait = rest.find(one => typeof one === 'string') ?? 'until nc -z -w 5 clamav 3310; do sleep 1; done';
  const rules = rest.filter((one): one is Rule => typeof one !== 'string');
  return check(tree(scan, wait), rules).findings.map(({ problem }) => problem.message);
}

function tree(scan: string, wait: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: scanner, namespace: matrix}
data:
  config.yaml: |
    scan:
      script: /config/scan.sh
  scan.sh: |
    #!/bin/sh
    ${scan.replaceAll('\n', '\n    ')}
---
apiVersion: v1
kind: Pod
metadata: {name: content-scanner, namespace: matrix}
spec:
  initContainers:
    - name: wait
      image: busybox:1.36
      command: [sh, -c, "${wait}"]
  containers:
    - name: scanner
      image: vectorim/matrix-content-scanner:v1.3.0
      args: ["-c", "/config/config.yaml"]
      volumeMounts:
        - {name: config, mountPath: /config}
  volumes:
    - name: config
      configMap: {name: scanner}
---
apiVersion: v1
kind: Service
metadata: {name: clamav, namespace: matrix}
spec:
  selector: {app: clamav}
  ports: [{port: 3310}]
---
apiVersion: v1
kind: Pod
metadata: {name: clamav, namespace: matrix, labels: {app: clamav}}
spec:
  containers:
    - name: clamd
      image: clamav/clamav:1.4
`;
}
