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
        namespace: cloud
      spec:
        instances: 1
        storage: {size: 5Gi}`;
    const about = (source: string) =>
      foundIn(source).filter(one => one.startsWith('error') && /pg-li|pg-superuser/.test(one)).length;
    assert.equal(about(cluster), 2);
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
