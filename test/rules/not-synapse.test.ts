import assert from 'node:assert/strict';
import { rules as catalogue } from '../../rules/catalogue';
import { check } from '../fixture';

/** The rules that find something, with how grave it is and the line. */
function foundIn(source: string): readonly string[] {
  return check(source, catalogue).findings.map(
    ({ rule, severity, problem }) => `${severity} ${rule.id} ${problem.message.split(' — ')[0]}`,
  );
}

const program = (image: string, container = '', name = 'synapse'): string => `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: ${name}
      spec:
        selector:
          matchLabels: {app: synapse}
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: app
                image: ${image}${container}`;

const asksForChecklist = (source: string): boolean => foundIn(source).some(one => /component-missing/.test(one));

describe('programs that share a name with a part of the checklist', () => {
  it('are no Synapse of Matrix without its publisher, its version or its settings', () => {
    const port = (number: number) => `
                ports: [{containerPort: ${number}}]`;
    assert.equal(asksForChecklist(program('registry.tessera.test/synapse', port(8080))), false);
    assert.equal(asksForChecklist(program('registry.tessera.test/synapse/core:3.1.0', port(8000))), false);
    assert.equal(asksForChecklist(program('matrixdotorg/synapse:v1.139.2')), true);
    assert.equal(asksForChecklist(program('ghcr.io/element-hq/synapse')), true);
    assert.equal(asksForChecklist(program('harbor.tessera.test/mirror/synapse:v1.139.2')), true);
    assert.equal(asksForChecklist(program('registry.tessera.test/synapse', port(8008))), true);
    assert.equal(
      asksForChecklist(
        program(
          'registry.tessera.test/chat@sha256:0000000000000000000000000000000000000000000000000000000000000000',
          `
                env: [{name: SYNAPSE_CONFIG_PATH, value: /conf/homeserver.yaml}]`,
        ),
      ),
      true,
    );
  });

  it('are neither Element Web nor LiveKit where they are what stands beside them', () => {
    const about = (image: string, name: string, rest = '') =>
      foundIn(`${program(image, '', name)}${rest}`).filter(one => /element-|pg-main|monitor-missing/.test(one));
    assert.deepEqual(about('ghcr.io/element-hq/element-call:v0.16.0', 'element-call'), []);
    assert.deepEqual(about('oci.element.io/element-admin:0.1.8', 'element-admin'), []);
    assert.deepEqual(about('ghcr.io/element-hq/lk-jwt-service:0.4.1', 'livekit-jwt-service'), []);
    assert.notDeepEqual(about('registry.tessera.test/web@sha256:00', 'element'), []);
    const namespace = `
      ---
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix`;
    assert.match(about('registry.tessera.test/sfu@sha256:00', 'livekit', namespace).join(), /monitor-missing/);
  });

  it('are no Synapse where they are its database or its cache', () => {
    const found = check(program('postgres:16', '', 'synapse-postgres'), catalogue).findings;
    assert.deepEqual(
      found.filter(({ rule }) => rule.id === 'component-missing'),
      [],
    );
  });

  it('run beside a cluster that is then not taken for a part of the checklist’s own deployment', () => {
    const cluster = `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: cloud
        namespace: matrix
      spec:
        instances: 1
        storage: {size: 5Gi}`;
    const about = (source: string) => foundIn(source).filter(one => one.includes('pg-li-cluster-missing')).length;
    assert.equal(about(cluster), 1);
    assert.equal(about(`${cluster}${program('nextcloud:31', '', 'cloud')}`), 0);
  });

  it('may have a database that is not the main one', () => {
    const database = (name: string) => `
      #- /db.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: ${name}
        namespace: matrix
      spec:
        serviceName: ${name}
        selector:
          matchLabels: {app: ${name}}
        template:
          metadata:
            labels: {app: ${name}}
          spec:
            containers:
              - name: postgres
                image: postgres:16`;
    const about = (source: string) => foundIn(source).filter(one => one.includes('pg-main-cluster-missing'));
    assert.deepEqual(about(database('discord-bridge-database')), []);
    assert.equal(about(database('database')).length, 1);
    assert.match(
      about(`${database('discord-bridge-database')}${program('matrixdotorg/synapse:v1.139.2')}`).join(),
      /There is no CloudNativePG Cluster/,
    );
  });
});

describe('namespaces that Argo CD looks after', () => {
  const application = (options: string) => `
      #- /application.yaml
      apiVersion: argoproj.io/v1alpha1
      kind: Application
      metadata:
        name: chat
        namespace: argo-cd
      spec:
        project: default
        source: {repoURL: https://git.tessera.test/chat.git, path: chat}
        destination: {server: https://kubernetes.default.svc, namespace: chat}
        syncPolicy:
          syncOptions: [${options}]
      #- /chat/config.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: chat
        namespace: chat`;
  const missing = (source: string) => foundIn(source).filter(one => one.includes('Nothing creates the namespace'));

  it('are its own, and those that it is told to create', () => {
    assert.deepEqual(missing(application('CreateNamespace=true')), []);
    assert.deepEqual(missing(application('ServerSideApply=true')), [
      'warning namespace-undefined Nothing creates the namespace chat',
    ]);
  });
});

describe('versions of the API that are gone', () => {
  it('are not told to lack what they filled in by themselves', () => {
    const ingress = (apiVersion: string) => `
      #- /ingress.yaml
      apiVersion: ${apiVersion}
      kind: Ingress
      metadata:
        name: chat
      spec:
        rules:
          - host: chat.tessera.test
            http:
              paths:
                - path: /
                  backend: {serviceName: chat, servicePort: 80}`;
    const about = (source: string) =>
      foundIn(source)
        .filter(one => /removed-api|required-field/.test(one))
        .map(one => one.split(' ')[1]);
    assert.deepEqual(about(ingress('networking.k8s.io/v1beta1')), ['removed-api-version']);
    assert.deepEqual(about(ingress('networking.k8s.io/v1')), ['crd-required-field-missing']);
  });
});

describe('objects without a namespace', () => {
  it('are let be in a file of which most name none', () => {
    const configMap = (name: string, namespace: string) => `
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: ${name}${namespace}`;
    const of = (...namespaces: readonly string[]) =>
      foundIn(
        `
      #- /all.yaml${namespaces.map((one, index) => configMap(`c${index}`, one)).join('\n      ---')}`,
      ).filter(one => one.includes('names no namespace')).length;
    const named = `
        namespace: monitoring`;
    assert.equal(of(named, '', '', ''), 0);
    assert.equal(of(named, named, ''), 1);
    assert.equal(of(named, ''), 1);
  });
});

describe('images of others than a program’s publisher', () => {
  const coturn = (image: string, env: string, line = 'allowed-peer-ip=$INTERNAL_IP') => `
      #- /coturn.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: coturn
        namespace: default
      data:
        turnserver.conf: |
          ${line}
          min-port=49152
          max-port=49252
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: coturn
        namespace: default
      spec:
        selector:
          matchLabels: {app: coturn}
        template:
          metadata:
            labels: {app: coturn}
          spec:
            containers:
              - name: coturn
                image: ${image}
                env: ${env}
                readinessProbe: {tcpSocket: {port: 9090}}
                volumeMounts:
                  - {name: config, mountPath: /etc/coturn/turnserver.conf, subPath: turnserver.conf}
            volumes:
              - name: config
                configMap: {name: coturn}`;
  const about = (source: string) =>
    foundIn(source)
      .map(one => one.split(' ')[1] ?? '')
      .filter(one => /^turn-static|unsubstituted|not-listened/.test(one));
  const env =
    '[{name: INTERNAL_IP, value: 192.0.2.1}, {name: AUTH_SECRET, value: b2Jk7sYtq0VgXw4n}, {name: PORT, value: "9090"}]';

  it('may write the configuration from variables as they start', () => {
    assert.deepEqual(about(coturn('somebody/coturn:4.6', env)), []);
    assert.deepEqual(about(coturn('coturn/coturn:4.6', env)), [
      'turn-static-secret-not-applied',
      'config-placeholder-unsubstituted',
      'port-not-listened-on',
    ]);
    assert.deepEqual(about(coturn('somebody/coturn:4.6', '[]')).includes('turn-static-secret-not-applied'), true);
  });
});

describe('what is still to be filled in', () => {
  it('is not compared with anything', () => {
    const element = (url: string) =>
      foundIn(`
      #- /all.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse, namespace: default}
      data:
        homeserver.yaml: |
          server_name: chat.tessera.test
          public_baseurl: https://chat.tessera.test/
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: element, namespace: default}
      data:
        config.json: |
          {"default_server_config": {"m.homeserver": {"base_url": "${url}", "server_name": "chat.tessera.test"}}}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: synapse, namespace: default}
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
            volumeMounts: [{name: config, mountPath: /data}]
        volumes: [{name: config, configMap: {name: synapse}}]
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: element, namespace: default}
      spec:
        containers:
          - name: element
            image: vectorim/element-web:v1.11.90
            volumeMounts: [{name: config, mountPath: /app/config.json, subPath: config.json}]
        volumes: [{name: config, configMap: {name: element}}]`)
        .filter(one => /element-homeserver-mismatch|placeholder-config/.test(one))
        .map(one => one.split(' ')[1]);
    assert.deepEqual(element('http://<NODE_IP>:30067'), ['placeholder-config']);
    assert.deepEqual(element('https://other.tessera.test'), ['element-homeserver-mismatch']);
    assert.deepEqual(element('https://chat.tessera.test'), []);
  });
});

describe('the line break at the end of a Secret', () => {
  it('belongs to a signing key, which is a file', () => {
    const secret = (text: string) =>
      foundIn(`
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: keys, namespace: default}
      data:
        signing.key: ${btoa(text)}`).filter(one => one.includes('secret-trailing-newline')).length;
    assert.equal(secret('ed25519 a_ORCB vWvGZbqhJm3tYx0kKqk6pGFZ0lY2bTn5l8n1kq0aXyI\n'), 0);
    assert.equal(secret('vWvGZbqhJm3tYx0kKqk6pGFZ0lY2bTn5l8n1kq0aXyI\n'), 1);
  });
});
