import assert from 'node:assert/strict';
import nginxRequestUnanswered from '../../../rules/synapse/nginx-request-unanswered';
import { messages } from '../expect';

/** Synapse with a worker, and an nginx with some locations. */
const tree = (locations: string): string => `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          listeners:
            - {port: 8008, type: http, resources: [{names: [client, federation]}]}
            - {port: 9093, type: http, resources: [{names: [replication]}]}
        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: worker
          worker_listeners: [{port: 8083, type: http, resources: [{names: [client, federation]}]}]
${workload('main', '/config/homeserver.yaml')}
${workload('worker', '/config/homeserver.yaml, --config-path=/config/worker.yaml')}
      #- /nginx.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: nginx, namespace: matrix}
      data:
        default.conf: |
          server {
            listen 8080;
            ${locations}
          }
`;

function workload(name: string, paths: string): string {
  const app = name === 'main' ? 'synapse.app.homeserver' : 'synapse.app.generic_worker';
  return `      ---
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
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, ${app}]
                args: [--config-path=${paths}]
                ports: [{containerPort: 8008}, {containerPort: 8083}, {containerPort: 9093}]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse}}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: ${name}, namespace: matrix}
      spec: {selector: {app: ${name}}, ports: [{name: a, port: 8008}, {name: b, port: 8083}, {name: c, port: 9093}]}`;
}

const found = (locations: string): readonly string[] => messages(nginxRequestUnanswered, tree(locations));

describe('requests that nginx sends to Synapse', () => {
  const all = 'location /_matrix { proxy_pass http://main:8008; }';

  it('arrive with their paths', () => {
    assert.deepEqual(found(all), []);
    assert.deepEqual(found('location /_synapse/client { proxy_pass http://main:8008/; }'), [
      "error: Requests for /_synapse/client/… arrive at Synapse as /…, because proxy_pass puts its path in the place of the location's — end it with the port.",
    ]);
    assert.deepEqual(found('location / { proxy_pass http://main:8008/; }'), []);
    assert.deepEqual(found('location /_matrix/client/r0 { proxy_pass http://main:8008/_matrix/client/v3; }'), []);
  });

  it('go to ports with the APIs', () => {
    assert.deepEqual(found('location /_matrix { proxy_pass http://main:9093; }'), [
      'error: Port 9093 of Deployment/main is for replication and answers no client and no homeserver — lead to the port with the resource client.',
    ]);
    assert.deepEqual(found(`${all} location /_synapse/replication { proxy_pass http://main:8008; }`), []);
  });

  it('are answered by processes with the media repository, also through a variable', () => {
    const message = /^error: Requests for media go here/;
    assert.match(found(`${all} location ~ ^/_matrix/media { proxy_pass http://worker:8083; }`)[0] ?? '', message);
    const variable = 'set $to http://worker:8083; location ~ ^/_matrix/media { proxy_pass $to; }';
    assert.match(found(`${all} ${variable}`)[0] ?? '', message);
    // What is not in the tree may be anything.
    assert.deepEqual(found(`${all} location ~ ^/_matrix/media { proxy_pass http://media.other.svc:8083; }`), []);
    assert.deepEqual(
      found(`${all} include /etc/nginx/more.conf; location ~ ^/_matrix/media { proxy_pass http://worker:8083; }`),
      [],
    );
  });
});
