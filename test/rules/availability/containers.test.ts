import assert from 'node:assert/strict';
import imageTagMutable from '../../../rules/availability/image-tag-mutable';
import imageVersionSkew from '../../../rules/availability/image-version-skew';
import probeMissing from '../../../rules/availability/probe-missing';
import probePortMissing from '../../../rules/availability/probe-port-missing';
import resourcesMissing from '../../../rules/availability/resources-missing';
import { rules } from '../../../rules/catalogue';
import { checkWorkspace } from '../../../rules/findings';
import { readFixture, workspaceOf } from '../../fixture';
import { expectMarks, messages } from '../expect';

const deployment = (containers: string, kind = 'Deployment'): string => `---
apiVersion: apps/v1
kind: ${kind}
metadata: { name: app, namespace: matrix }
spec:
  template:
    spec:
      containers: ${containers}
`;
const image = (name: string): string => deployment(`[{ name: main, image: "${name}" }]`);

describe('opinions', () => {
  it('are off unless the strict profile is asked for', () => {
    const source = image('app:latest');
    const strict = rules.filter(rule => rule.profile === 'strict').map(({ id }) => id);
    assert.deepEqual(
      ['image-tag-mutable', 'probe-missing', 'resources-missing'].filter(id => !strict.includes(id)),
      [],
    );
    const found = checkWorkspace(workspaceOf(readFixture(source).files), rules).filter(({ rule }) =>
      strict.includes(rule.id),
    );
    assert.deepEqual(found, []);
    assert.equal(messages(imageTagMutable, source).length, 1);
  });
});

describe('image-tag-mutable', () => {
  it('accepts digests, versions and placeholders', () => {
    for (const name of [
      'redis:7',
      'redis:7.2-alpine',
      'a/b:latest@sha256:0a39',
      'registry:5000/a:1.0',
      'CHANGEME_KEY_VAULT_IMAGE:latest',
    ])
      expectMarks(imageTagMutable, image(name));
    for (const name of ['redis', 'redis:latest', 'registry:5000/a', 'a:main', 'nginx:alpine'])
      assert.equal(messages(imageTagMutable, image(name)).length, 1, name);
  });

  it('looks at the images of operators', () => {
    const cluster = (name: string): string =>
      `---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: pg, namespace: matrix }\nspec: { imageName: "${name}" }\n`;
    expectMarks(imageTagMutable, cluster('ghcr.io/cloudnative-pg/postgresql:16.4'));
    assert.equal(messages(imageTagMutable, cluster('ghcr.io/cloudnative-pg/postgresql:latest')).length, 1);
  });
});

describe('image-version-skew', () => {
  it('leaves a tree without a main process, and other programs, alone', () => {
    expectMarks(imageVersionSkew, image('matrixdotorg/synapse:v1.118.0'));
    expectMarks(
      imageVersionSkew,
      image('matrixdotorg/synapse:v1.118.0') + image('redis:7').replace('name: app', 'name: redis'),
    );
  });
});

describe('resources-missing', () => {
  it('takes limits for requests, and only mentions Jobs', () => {
    expectMarks(resourcesMissing, deployment('[{ name: a, resources: { limits: { cpu: 1, memory: 1Gi } } }]'));
    assert.match(messages(resourcesMissing, deployment('[{ name: a }]', 'Job')).join(), /^info/);
    assert.match(
      messages(resourcesMissing, deployment('[{ name: a, resources: { requests: { memory: 1Gi } } }]')).join(),
      /^warning: .* requests no cpu —/,
    );
  });
});

describe('probe-missing', () => {
  it('leaves containers without ports and Jobs alone', () => {
    expectMarks(probeMissing, deployment('[{ name: a }]'));
    expectMarks(probeMissing, deployment('[{ name: a, ports: [{ containerPort: 1 }] }]', 'Job'));
  });
});

describe('probe-port-missing', () => {
  const synapse = (probe: string): string => `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse-main, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                ports: [{name: http, containerPort: 8008}, {name: metrics, containerPort: 9090}]
                readinessProbe: {httpGet: ${probe}}
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse-config}}]
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse-config, namespace: matrix}
      data:
        homeserver.yaml: |
          listeners:
            - {type: http, port: 8008, resources: [{names: [client]}]}
            - {type: metrics, port: 9090}
      `;

  it('knows the paths that Synapse answers', () => {
    for (const probe of [
      '{path: /health, port: http}',
      '{path: "/health?probe", port: 8008}',
      '{path: /_matrix/client/versions, port: http}',
      '{path: /, port: http}',
      '{path: /anything, port: metrics}',
      '{path: /healthz, port: http, host: other.test}',
    ])
      assert.deepEqual(messages(probePortMissing, synapse(probe)), [], probe);
    for (const path of ['/healthz', '/ready', '/_matrix'])
      assert.match(
        messages(probePortMissing, synapse(`{path: ${path}, port: http}`)).join(),
        /^error: .* which Synapse answers with 404 — ask for \/health\.$/,
        path,
      );
  });

  it('knows the path that HAProxy answers itself', () => {
    const haproxy = (path: string, frontend: string): string => `
      #- /haproxy.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: haproxy, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0
                ports: [{name: http, containerPort: 8008}]
                livenessProbe: {httpGet: {path: ${path}, port: http}}
                volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]
            volumes: [{name: config, configMap: {name: haproxy-config}}]
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: haproxy-config, namespace: matrix}
      data:
        haproxy.cfg: |
          frontend matrix
            bind :8008
            ${frontend}
            default_backend main
      `;
    assert.match(
      messages(probePortMissing, haproxy('/healthz', 'monitor-uri /health')).join(),
      /^warning: .* which HAProxy passes on to a backend — ask for \/health\.$/,
    );
    assert.deepEqual(messages(probePortMissing, haproxy('/health', 'monitor-uri /health')), []);
    assert.deepEqual(messages(probePortMissing, haproxy('/healthz', 'acl is_x path /x')), [], 'no path of its own');
    assert.deepEqual(
      messages(probePortMissing, haproxy('/ready', 'monitor-uri /health\n            acl ready path /ready')),
      [],
      'something is said of that path',
    );
    const answering = 'acl alive path /health\n            use_backend self if alive';
    const self = '          backend self\n            http-request return status 200\n';
    assert.match(
      messages(probePortMissing, haproxy('/healthz', answering).trimEnd().concat(`\n${self}`)).join(),
      /^warning: .* which HAProxy passes on to a backend — ask for \/health\.$/,
    );
    assert.deepEqual(messages(probePortMissing, haproxy('/health', answering).trimEnd().concat(`\n${self}`)), []);
    assert.deepEqual(messages(probePortMissing, haproxy('/healthz', answering)), [], 'a backend that may have servers');
  });

  it('knows that the content scanner answers nothing but its API', () => {
    const probe = (path: string): readonly string[] =>
      messages(
        probePortMissing,
        `
      apiVersion: v1
      kind: Pod
      metadata: {name: scanner, namespace: matrix}
      spec:
        containers:
          - name: scanner
            image: vectorim/matrix-content-scanner:v1.1.0
            ports: [{containerPort: 8080}]
            livenessProbe: {httpGet: {path: ${path}, port: 8080}}
        `,
      );
    assert.match(
      probe('/health').join(),
      /^error: .* answers with 404 — ask for \/_matrix\/media_proxy\/unstable\/public_key/,
    );
    assert.equal(probe('/').length, 1);
    assert.deepEqual(probe('/_matrix/media_proxy/unstable/public_key'), []);
  });

  it('accepts the port of a neighbour by number, but not by name', () => {
    const probe = (port: string): string =>
      deployment(
        `[{ name: a, ports: [{ name: a, containerPort: 1 }], readinessProbe: { tcpSocket: { port: ${port} } } }, { name: b, ports: [{ name: bb, containerPort: 2 }] }]`,
      );
    expectMarks(probePortMissing, probe('2'));
    expectMarks(probePortMissing, probe('"1"'));
    assert.match(messages(probePortMissing, probe('bb')).join(), /^error/);
    assert.match(messages(probePortMissing, probe('3')).join(), /^warning/);
  });

  it('leaves commands, other hosts and pods without ports alone', () => {
    expectMarks(
      probePortMissing,
      deployment('[{ name: a, ports: [{ containerPort: 1 }], livenessProbe: { exec: { command: [x] } } }]'),
    );
    expectMarks(
      probePortMissing,
      deployment(
        '[{ name: a, ports: [{ containerPort: 1 }], livenessProbe: { httpGet: { host: x.test, port: 443 } } }]',
      ),
    );
    expectMarks(probePortMissing, deployment('[{ name: a, livenessProbe: { grpc: { port: 443 } } }]'));
  });
});
