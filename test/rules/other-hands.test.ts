import assert from 'node:assert/strict';
import keyVaultDjangoFileMissing from '../../rules/key-vault/key-vault-django-file-missing';
import monitorMissing from '../../rules/monitoring/monitor-missing';
import monitorNotPickedUp from '../../rules/monitoring/monitor-not-picked-up';
import configHostPort from '../../rules/network/config-host-port';
import configHostUnknownService from '../../rules/network/config-host-unknown-service';
import secretKeyUnused from '../../rules/references/secret-key-unused';
import secretGroupMismatch from '../../rules/secrets/secret-group-mismatch';
import nginxRequestUnanswered from '../../rules/synapse/nginx-request-unanswered';
import syncPublicationNotSuperuser from '../../rules/sync/sync-publication-not-superuser';
import syncWalLevel from '../../rules/sync/sync-wal-level';
import turnUrisInvalid from '../../rules/turn/turn-uris-invalid';
import { expectMarks, messages } from './expect';

describe('what other people write in another way', () => {
  it('values of charts may stand in a HelmRelease, a HelmChart or an Application', () => {
    const ingress = `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: {name: web, namespace: matrix}
      spec:
        ingressClassName: nginx
        rules: [{host: chat.tessera.test}]
    `;
    const flux = (isOn: boolean) => `
      #- /release.yaml
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: {name: ingress-nginx, namespace: ingress-nginx}
      spec:
        chart: {spec: {chart: ingress-nginx}}
        values:
          controller:
            metrics: {enabled: ${isOn}, serviceMonitor: {enabled: true}}
    `;
    const k3s = `
      #- /chart.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: {name: ingress-nginx, namespace: kube-system}
      spec:
        chart: ingress-nginx
        valuesContent: |
          controller:
            metrics: {enabled: true, serviceMonitor: {enabled: true}}
    `;
    const argo = `
      #- /application.yaml
      apiVersion: argoproj.io/v1alpha1
      kind: Application
      metadata: {name: ingress-nginx, namespace: argocd}
      spec:
        source:
          chart: ingress-nginx
          helm:
            valuesObject:
              controller:
                metrics: {enabled: true, serviceMonitor: {enabled: true}}
    `;
    const forIngress = (source: string) => messages(monitorMissing, source).filter(one => /NGINX/.test(one));
    assert.equal(forIngress(ingress).length, 1);
    assert.equal(forIngress(ingress + flux(false)).length, 1);
    for (const release of [flux(true), k3s, argo]) assert.deepEqual(forIngress(ingress + release), []);
  });

  it('a HelmRelease of kube-prometheus-stack says which monitors Prometheus takes', () => {
    const tree = (spec: string) => `
      #- /release.yaml
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: {name: prom, namespace: monitoring}
      spec:
        chart: {spec: {chart: kube-prometheus-stack}}
        values:
          prometheus:
            prometheusSpec: ${spec}
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata: {name: synapse, namespace: monitoring}
      spec:
        selector: {matchLabels: {app: synapse}}
        endpoints: [{port: metrics}]
    `;
    assert.deepEqual(messages(monitorNotPickedUp, tree('{serviceMonitorSelectorNilUsesHelmValues: false}')), []);
    assert.equal(messages(monitorNotPickedUp, tree('{retention: 5d}')).length, 1);
  });

  it('proxy_pass may lead to an upstream of the same nginx configuration', () => {
    const tree = (target: string) => `
      #- /nginx.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: router, namespace: matrix}
      data:
        nginx.conf: |
          events {}
          http {
            upstream media { server synapse.matrix.svc.cluster.local:8008; }
            server {
              listen 8080;
              location /_matrix/media/ { proxy_pass http://${target}; }
            }
          }
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: router, namespace: matrix}
      spec:
        containers:
          - name: nginx
            image: nginx:1.27.3
            volumeMounts: [{name: conf, mountPath: /etc/nginx}]
        volumes: [{name: conf, configMap: {name: router}}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: media, namespace: matrix}
      spec: {selector: {app: media}, ports: [{port: 8008}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: synapse, namespace: matrix}
      spec: {selector: {app: synapse}, ports: [{port: 8008}]}
    `;
    assert.deepEqual(messages(configHostPort, tree('media')), []);
    assert.deepEqual(messages(configHostUnknownService, tree('media')), []);
    assert.equal(messages(configHostUnknownService, tree('midea')).length, 1);
  });

  it('the keys of a Secret for the MinIO Operator and CloudNativePG alike may lie idle', () => {
    const tree = (more: string) => `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: store, namespace: matrix}
      stringData:
        access-key: AKJ2K4L5M6N7
        secret-key: fM2s9wQzTq
        CONSOLE_ACCESS_KEY: AKJ2K4L5M6N7
${more}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: reader, namespace: matrix}
      spec:
        containers:
          - name: reader
            image: busybox:1.36.1
            env:
              - {name: A, valueFrom: {secretKeyRef: {name: store, key: access-key}}}
              - {name: B, valueFrom: {secretKeyRef: {name: store, key: secret-key}}}
    `;
    assert.deepEqual(messages(secretKeyUnused, tree('        CONSOLE_SECRET_KEY: fM2s9wQzTq')), []);
    assert.equal(messages(secretKeyUnused, tree('')).length, 1);
  });

  it('the replication may be set up in another namespace, with a copy of the superuser’s password', () => {
    const tree = (namespace: string, mark: string) => `
      #- /replication.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: matrix-postgresql, namespace: matrix}
      spec: {instances: 1, storage: {size: 50Gi}, enableSuperuserAccess: true}
      ---
      apiVersion: batch/v1
      kind: Job
      metadata: {name: setup, namespace: ${namespace}}
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: psql
                image: ghcr.io/cloudnative-pg/postgresql:16.4
                command:
                  - sh
                  - -c
                  - |
                    psql -h matrix-postgresql-rw.matrix.svc.cluster.local -U postgres -d matrix -c "CREATE PUBLICATION p FOR ALL TABLES"
${mark}
                env:
                  - {name: PGPASSWORD, valueFrom: {secretKeyRef: {name: copied, key: password}}}
    `;
    expectMarks(syncPublicationNotSuperuser, tree('li', ''));
    assert.equal(messages(syncPublicationNotSuperuser, tree('matrix', '')).length, 1);
  });

  it('key_vault may run in an image of one’s own, in a folder that scripts of the pod fill', () => {
    const tree = (volume: string, server: string) => `
      #- /app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: app, namespace: matrix}
      data:
        manage.py: |
          import os
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")
        settings.py: |
          ROOT_URLCONF = "site.urls"
        urls.py: |
          urlpatterns = []
        wsgi.py: |
          application = None
        models.py: |
          from django.db import models
          class Key(models.Model):
              user = models.TextField()
        views.py: |
          pass
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: key-vault, namespace: matrix}
      spec:
        selector: {matchLabels: {app: key-vault}}
        template:
          metadata: {labels: {app: key-vault}}
          spec:
            initContainers:
              - name: lay-out
                image: busybox:1.36.1
                command:
                  - sh
                  - -ec
                  - |
                    mkdir -p /srv/site /srv/keys
                    cp /app/manage.py /srv/manage.py
                    for f in settings urls wsgi; do cp "/app/$f.py" "/srv/site/$f.py"; done
                    cp /app/models.py /app/views.py /srv/keys/
                    touch /srv/site/__init__.py /srv/keys/__init__.py
                volumeMounts: [{name: app, mountPath: /app}, {name: srv, mountPath: /srv}]
            containers:
              - name: key-vault
                image: registry.tessera.test/django:5.1
                workingDir: /srv
                command: [gunicorn, "--bind=0.0.0.0:8000", "${server}:application"]
                volumeMounts: [{name: srv, mountPath: /srv}]
            volumes: [{name: app, configMap: {name: app}}, {name: srv, ${volume}}]
    `;
    assert.deepEqual(messages(keyVaultDjangoFileMissing, tree('emptyDir: {}', 'site.wsgi')), []);
    assert.match(messages(keyVaultDjangoFileMissing, tree('emptyDir: {}', 'vault.wsgi')).join(), /starts vault\.wsgi/);
    const claim = 'persistentVolumeClaim: {claimName: srv}';
    assert.deepEqual(messages(keyVaultDjangoFileMissing, tree(claim, 'vault.wsgi')), []);
  });

  it('nginx may send what a client writes to a stream to its writer, and only there', () => {
    const process = (name: string, config: string) => `
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: ${name}, namespace: matrix}
      spec: {selector: {app: ${name}}, ports: [{port: 8008}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: ${name}, namespace: matrix}
      spec:
        selector: {matchLabels: {app: ${name}}}
        template:
          metadata: {labels: {app: ${name}}}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.121.1
                args: [${config}]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse}}]`;
    const tree = (typing: string, more = '') => `
      #- /nginx.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: router, namespace: matrix}
      data:
        nginx.conf: |
          events {}
          http {
            upstream writers { server writer:8008; }
            upstream others { server main:8008; }
            server {
              listen 8080;${more}
              location ~ ^/_matrix/client/.*/typing { proxy_pass http://${typing}; }
              location /_matrix/ { proxy_pass http://others; }
            }
          }
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          stream_writers: {typing: [writer]}
        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: writer${process('main', '-c, /config/homeserver.yaml')}${process('writer', '-c, /config/homeserver.yaml, -c, /config/worker.yaml')}
    `;
    assert.deepEqual(messages(nginxRequestUnanswered, tree('writers')), []);
    assert.match(
      messages(nginxRequestUnanswered, tree('others')).join(),
      /Requests for typing go here.*Deployment\/writer/,
    );
    // A file that nobody shows may have a location that goes first, wherever it is included.
    assert.deepEqual(messages(nginxRequestUnanswered, tree('others', ' include more.conf;')), []);
    assert.deepEqual(messages(nginxRequestUnanswered, tree('others', '\n              include more.conf;')), []);
  });

  it('a file in a Secret may hold what Synapse signs in with, which has to be what the others have', () => {
    const tree = (password: string, key: string) => `
      #- /synapse.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: synapse, namespace: matrix}
      stringData:
        homeserver.yaml: |
          server_name: tessera.test
          database:
            name: psycopg2
            args: {host: db-rw.matrix.svc.cluster.local, dbname: synapse, user: synapse, password: ${password}}
          modules:
            - module: vault.Hook
              config: {url: "http://key-vault.matrix.svc.cluster.local:8000", api_key: ${key}}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse, namespace: matrix}
      spec:
        selector: {matchLabels: {app: synapse}}
        template:
          metadata: {labels: {app: synapse}}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.121.1
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, secret: {secretName: synapse}}]
      #- /db.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: db, namespace: matrix}
      spec:
        instances: 3
        bootstrap: {initdb: {database: synapse, owner: synapse, secret: {name: owner}}}
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: owner, namespace: matrix}
      stringData: {username: synapse, password: bT4xV9kQ}
      #- /vault.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: vault, namespace: matrix}
      stringData: {API_KEY: Zx81mNqP}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: key-vault, namespace: matrix}
      spec: {selector: {app: key-vault}, ports: [{port: 8000}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: key-vault, namespace: matrix}
      spec:
        selector: {matchLabels: {app: key-vault}}
        template:
          metadata: {labels: {app: key-vault}}
          spec:
            containers:
              - name: key-vault
                image: registry.tessera.test/vault:1
                envFrom: [{secretRef: {name: vault}}]
    `;
    assert.deepEqual(messages(secretGroupMismatch, tree('bT4xV9kQ', 'Zx81mNqP')), []);
    assert.match(messages(secretGroupMismatch, tree('other', 'Zx81mNqP')).join(), /password of synapse on Cluster db/);
    assert.match(messages(secretGroupMismatch, tree('bT4xV9kQ', 'other')).join(), /the API key of key_vault/);
  });

  it('a publication may be declared, and needs logical replication all the same', () => {
    const tree = (level: string, publication: string) => `
      #- /db.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: matrix-postgresql, namespace: matrix}
      spec:
        instances: 3
        postgresql: {parameters: {wal_level: ${level}}}
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: matrix-postgresql-li, namespace: matrix}
      spec: {instances: 1}
      ${publication}
    `;
    const declared = `---
      apiVersion: postgresql.cnpg.io/v1
      kind: Publication
      metadata: {name: all, namespace: matrix}
      spec: {name: all, dbname: matrix, cluster: {name: matrix-postgresql}, target: {allTables: true}}`;
    assert.deepEqual(messages(syncWalLevel, tree('logical', declared)), []);
    assert.equal(messages(syncWalLevel, tree('replica', declared)).length, 1);
    assert.deepEqual(messages(syncWalLevel, tree('replica', '')), []);
  });

  it('coturn without TLS and DTLS has no second port', () => {
    const tree = (uri: string, more: string) => `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          turn_uris: ["${uri}"]
          turn_shared_secret: abc
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.121.1
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse}}]
      #- /coturn.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: coturn, namespace: matrix}
      data:
        turnserver.conf: |
          listening-port=3478
          use-auth-secret
          static-auth-secret=abc${more}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: coturn, namespace: matrix}
      spec:
        template:
          spec:
            hostNetwork: true
            containers:
              - name: coturn
                image: coturn/coturn:4.6.2
                args: [-c, /turn/turnserver.conf]
                volumeMounts: [{name: config, mountPath: /turn}]
            volumes: [{name: config, configMap: {name: coturn}}]
    `;
    const off = '\n          no-tls\n          no-dtls';
    const listens = /does not listen on port 5349/;
    assert.doesNotMatch(
      messages(turnUrisInvalid, tree('turn:turn.tessera.test:5349?transport=udp', '')).join(),
      listens,
    );
    assert.match(messages(turnUrisInvalid, tree('turn:turn.tessera.test:5349?transport=udp', off)).join(), listens);
    assert.deepEqual(messages(turnUrisInvalid, tree('turn:turn.tessera.test?transport=udp', off)), []);
  });
});
