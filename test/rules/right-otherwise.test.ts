import assert from 'node:assert/strict';
import placeholderUnsubstituted from '../../rules/config/config-placeholder-unsubstituted';
import configWriteRefused from '../../rules/config/config-write-refused';
import yamlInvalid from '../../rules/config/config-yaml-invalid';
import imageSettingsRefused from '../../rules/config/image-settings-refused';
import scriptSyntax from '../../rules/config/script-syntax';
import appMissing from '../../rules/key-vault/key-vault-django-app-missing';
import initdbNotSuperuser from '../../rules/key-vault/key-vault-initdb-not-superuser';
import placeholderConfig from '../../rules/placeholders/placeholder-config';
import badKeyMaterial from '../../rules/secrets/secret-bad-key-material';
import emptyValue from '../../rules/secrets/secret-empty-value';
import logFileUnwritable from '../../rules/synapse/synapse-log-file-unwritable';
import packagesNotMounted from '../../rules/synapse/synapse-python-packages-not-mounted';
import registrationUnverified from '../../rules/synapse/synapse-registration-unverified';
import signingKeyMissing from '../../rules/synapse/synapse-signing-key-missing';
import valueRefused from '../../rules/synapse/synapse-value-refused';
import workerNameMismatch from '../../rules/synapse/synapse-worker-name-mismatch';
import sharedSecretMismatch from '../../rules/turn/turn-shared-secret-mismatch';
import turnUrisInvalid from '../../rules/turn/turn-uris-invalid';
import { messages } from './expect';
import { configMap, scriptedWorker, synapse } from './synapse/tree';

const config = (text: string, others: Readonly<Record<string, string>> = {}): string =>
  configMap('synapse-config', {
    'homeserver.yaml': `server_name: tessera.test\nreport_stats: false\n${text}`,
    ...others,
  });

describe('what is right in another way than usual', () => {
  it('Synapse looks for its key in the folder that an option names', () => {
    const process = (option: string): string =>
      config('') +
      synapse('synapse-main', {
        mounts: '- {name: data, mountPath: /data}',
        volumes: '- {name: data, persistentVolumeClaim: {claimName: data}}',
      }).replace('args: [', `args: [${option}`);
    assert.equal(messages(signingKeyMissing, process('')).length, 1);
    assert.deepEqual(messages(signingKeyMissing, process('--keys-directory=/data, ')), []);
  });

  it('Python of a virtual environment has packages of its own', () => {
    const process = (python: string): string =>
      config('') +
      synapse('synapse-main', {
        init: '- name: install\n  image: matrixdotorg/synapse:v1.139.2\n  command: [sh, -c, "python -m venv /venv && /venv/bin/pip install --target=/venv/lib synapse-s3-storage-provider==1.4.0"]\n  volumeMounts: [{name: venv, mountPath: /venv}]',
        container: `command: [${python}, -m, synapse.app.homeserver]`,
        mounts: '- {name: venv, mountPath: /venv}',
        volumes: '- {name: venv, emptyDir: {}}',
      });
    assert.equal(messages(packagesNotMounted, process('python')).length, 1);
    assert.deepEqual(messages(packagesNotMounted, process('/venv/bin/python')), []);
  });

  it('older versions of Synapse start with open registration', () => {
    const process = (image: string): string => config('enable_registration: true') + synapse('synapse-main', { image });
    assert.equal(messages(registrationUnverified, process('matrixdotorg/synapse:v1.56.0')).length, 1);
    assert.deepEqual(messages(registrationUnverified, process('matrixdotorg/synapse:v1.55.2')), []);
  });

  it('devices and streams of a process can be written', () => {
    const process = (path: string): string =>
      config('log_config: /config/log.yaml', {
        'log.yaml': `version: 1\nhandlers:\n  file: {class: logging.FileHandler, filename: ${path}}\nroot: {handlers: [file]}`,
      }) + synapse('synapse-main', { container: 'securityContext: {readOnlyRootFilesystem: true, runAsUser: 991}' });
    assert.equal(messages(logFileUnwritable, process('/logs/synapse.log')).length, 1);
    for (const path of ['/dev/stdout', '/proc/1/fd/1'])
      assert.deepEqual(messages(logFileUnwritable, process(path)), []);
  });

  it('libpq finds an authority in a service or at home', () => {
    const process = (args: string, mounts = ''): string =>
      config(`database: {name: psycopg2, args: {sslmode: verify-full${args}}}`) +
      synapse('synapse-main', {
        container: 'env: [{name: HOME, value: /home/synapse}]',
        mounts,
        volumes: '- {name: home, secret: {secretName: home}}',
      });
    assert.equal(messages(valueRefused, process('')).length, 1);
    assert.deepEqual(messages(valueRefused, process(', service: synapse')), []);
    assert.deepEqual(messages(valueRefused, process('', '- {name: home, mountPath: /home/synapse}')), []);
  });

  it('the kubelet brings the file for the last message', () => {
    const pod = (path: string): string => `
      apiVersion: v1
      kind: Pod
      metadata: {name: app, namespace: matrix}
      spec:
        containers:
          - name: app
            image: alpine:3.20
            securityContext: {readOnlyRootFilesystem: true}
            terminationMessagePath: ${path}
            command: [sh, -c, "echo failed > /tmp/last-words; exit 1"]
    `;
    assert.equal(messages(configWriteRefused, pod('/dev/termination-log')).length, 1);
    assert.deepEqual(messages(configWriteRefused, pod('/tmp/last-words')), []);
  });

  it('PostgreSQL asks for no password where there is a database already', () => {
    const server = (claim: string): string => `
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: pg, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: pg
                image: postgres:17
                volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]
        volumeClaimTemplates:
          - metadata: {name: data}
            spec: ${claim}
    `;
    assert.equal(messages(imageSettingsRefused, server('{}')).length, 1);
    assert.deepEqual(messages(imageSettingsRefused, server('{dataSource: {kind: VolumeSnapshot, name: before}}')), []);
  });

  it('an interpreter goes before the ending of a name', () => {
    const script = (first: string): string => `
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: scripts}
      data:
        scan.sh: |
          ${first}
          s = connect(("clamav", 3310))
    `;
    assert.equal(messages(scriptSyntax, script('#!/bin/sh')).length, 1);
    assert.deepEqual(messages(scriptSyntax, script('#!/usr/bin/env python3')), []);
  });

  it('controllers put values into Secrets, and other programs sign with other keys', () => {
    const secret = (annotation: string, data: string): string => `
      apiVersion: v1
      kind: Secret
      metadata: {name: app, namespace: matrix, annotations: {${annotation}: x}}
      stringData: {${data}}
    `;
    assert.equal(messages(emptyValue, secret('note', 'password: ""')).length, 1);
    assert.deepEqual(messages(emptyValue, secret('secret-generator.v1.mittwald.de/autogenerate', 'password: ""')), []);
    assert.equal(messages(badKeyMaterial, secret('note', 'tls.key: ""')).length, 1);
    assert.deepEqual(messages(badKeyMaterial, secret('cert-manager.io/certificate-name', 'tls.key: ""')), []);
    assert.equal(messages(badKeyMaterial, secret('note', 'SIGNING_KEY: abc')).length, 1);
    for (const key of ['signing-key-id', 'JWT_SIGNING_KEY', 'old_signing_keys.yaml'])
      assert.deepEqual(messages(badKeyMaterial, secret('note', `${key}: abc`)), []);
  });

  it('a coturn may have several secrets, be for others, or stand beside a provider', () => {
    const coturn = (name: string, realm: string, ...secrets: readonly string[]): string =>
      configMap(name, {
        'turnserver.conf': [
          'use-auth-secret',
          `realm=${realm}`,
          ...secrets.map(one => `static-auth-secret=${one}`),
        ].join('\n'),
      }) +
      `---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ${name}, namespace: matrix}
spec:
  template:
    spec:
      hostNetwork: true
      containers:
        - name: coturn
          image: coturn/coturn:4.7
          args: [-c, /etc/coturn/turnserver.conf]
          volumeMounts: [{name: config, mountPath: /etc/coturn}]
      volumes: [{name: config, configMap: {name: ${name}}}]
`;
    const process = (uri: string): string =>
      config(`turn_shared_secret: right\nturn_uris: ['${uri}']`) + synapse('synapse-main');
    const ours = process('turn:turn.tessera.test:3478');
    assert.equal(messages(sharedSecretMismatch, ours + coturn('turn', 'tessera.test', 'wrong')).length, 1);
    for (const secrets of [
      ['right', 'wrong'],
      ['wrong', 'right'],
    ])
      assert.deepEqual(messages(sharedSecretMismatch, ours + coturn('turn', 'tessera.test', ...secrets)), []);
    const meeting = coturn('meet', 'meet.tessera.test', 'wrong');
    assert.deepEqual(messages(sharedSecretMismatch, ours + coturn('turn', 'tessera.test', 'right') + meeting), []);
    const theirs = process('turn:relay.provider.net:80');
    assert.deepEqual(messages(sharedSecretMismatch, theirs + coturn('turn', 'tessera.test', 'wrong')), []);
    assert.deepEqual(messages(turnUrisInvalid, theirs + coturn('turn', 'tessera.test', 'right')), []);
    assert.equal(
      messages(turnUrisInvalid, process('turn:turn.tessera.test:80') + coturn('turn', 'tessera.test', 'right')).length,
      1,
    );
  });

  it('roles that a Cluster gives the right to create databases may do so', () => {
    const tree = (user: string, right: string): string => `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: main, namespace: matrix}
      spec:
        bootstrap: {initdb: {database: matrix, owner: synapse}}
        managed: {roles: [{name: provisioner, login: true, ${right}}]}
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata: {name: key-vault-init-db, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: init
                image: postgres:16
                command: [sh, -c, psql -h main-rw -U ${user} -c "CREATE DATABASE key_vault"]
    `;
    assert.deepEqual(messages(initdbNotSuperuser, tree('provisioner', 'createdb: true')), []);
    assert.equal(messages(initdbNotSuperuser, tree('provisioner', 'createdb: false')).length, 1);
    assert.equal(messages(initdbNotSuperuser, tree('synapse', 'createdb: true')).length, 1);
  });

  it('a script may take what it replaces from the names of files, and write between braces', () => {
    const process = (text: string, script: string): string =>
      configMap('template', { 'homeserver.yaml': `server_name: tessera.test\n${text}` }) +
      synapse('synapse-main', {
        paths: ['/made/homeserver.yaml'],
        init: `- name: render\n  image: alpine:3.20\n  command: [sh, -c, '${script}']\n  volumeMounts: [{name: template, mountPath: /template}, {name: made, mountPath: /made}]`,
        mounts: '- {name: made, mountPath: /made}',
        volumes: '- {name: template, configMap: {name: template}}\n- {name: made, emptyDir: {}}',
      });
    const token = 'form_secret: __FORM__';
    const copy = 'cp /template/homeserver.yaml /made/';
    const loop = `${copy}; for f in /secrets/*; do n=$(basename $f); sed -i "s|__$\{n}__|$(cat $f)|g" /made/homeserver.yaml; done`;
    const one = `${copy}; sed -i "s|__$(cat /name)__|x|g" /made/homeserver.yaml`;
    assert.equal(messages(placeholderUnsubstituted, process(token, copy)).length, 1);
    for (const script of [loop, one]) assert.deepEqual(messages(placeholderUnsubstituted, process(token, script)), []);
    const braces = 'redis: {enabled: true, password: ${PASSWORD}}';
    const perl = 'perl -pe "s/x/y/" /template/homeserver.yaml > /made/homeserver.yaml';
    assert.deepEqual(messages(yamlInvalid, process(braces, perl)), []);
    assert.equal(messages(yamlInvalid, process(`${braces}}`, perl)).length, 1);
    assert.equal(messages(yamlInvalid, config(braces) + synapse('synapse-main')).length, 1);
  });

  it('a page speaks to its reader', () => {
    const file = (name: string): string => configMap('pages', { [name]: '<input placeholder="your-username">' });
    assert.equal(messages(placeholderConfig, file('settings.yaml')).length, 1);
    assert.deepEqual(messages(placeholderConfig, file('login.html')), []);
  });

  it('an image of git may fetch the application', () => {
    const vault = (image: string): string => `
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: key-vault, namespace: matrix}
      spec:
        template:
          spec:
            initContainers:
              - name: fetch
                image: ${image}
                args: [clone, 'https://git.tessera.test/key-vault.git', /app]
                volumeMounts: [{name: app, mountPath: /app}]
            containers:
              - name: key-vault
                image: python:3.12-slim
                workingDir: /app
                command: [python, manage.py, runserver]
                volumeMounts: [{name: app, mountPath: /app}]
            volumes: [{name: app, emptyDir: {}}]
    `;
    assert.deepEqual(messages(appMissing, vault('alpine/git:2.45.2')), []);
    assert.equal(messages(appMissing, vault('python:3.12-slim')).length, 1);
  });

  it('a process may run outside of the cluster', () => {
    const process = (host: string): string =>
      config(
        `instance_map: {main: {host: synapse-main, port: 9093}, typing: {host: ${host}, port: 9093}}\nstream_writers: {typing: typing}`,
      ) +
      synapse('synapse-main') +
      scriptedWorker('synapse-generic', 'worker_app: synapse.app.generic_worker\nworker_name: generic');
    assert.equal(messages(workerNameMismatch, process('synapse-typing')).length, 1);
    assert.equal(messages(workerNameMismatch, process('127.0.0.1')).length, 1);
    assert.deepEqual(messages(workerNameMismatch, process('192.0.2.7')), []);
  });
});
