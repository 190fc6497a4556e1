import assert from 'node:assert/strict';
import configPlaceholderUnsubstituted from '../../../rules/config/config-placeholder-unsubstituted';
import synapseValueRefused from '../../../rules/synapse/synapse-value-refused';
import { messages } from '../expect';

const tree = (options: { readonly annotation?: string; readonly postBuild?: string }): string => `
#- /element.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: element
  namespace: matrix
  annotations:
    ${options.annotation ?? 'a: b'}
data:
  config.json: |
    {"default_server_config": {"m.homeserver": {"base_url": "https://matrix.\${PUBLIC_DOMAIN}"}}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: element
  namespace: matrix
spec:
  template:
    spec:
      containers:
        - name: element
          image: vectorim/element-web:v1.11.85
          volumeMounts:
            - name: config
              mountPath: /app/config.json
              subPath: config.json
      volumes:
        - name: config
          configMap:
            name: element
#- /ks.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: matrix
  namespace: flux-system
spec:
  path: ./apps/matrix
  ${options.postBuild ?? 'prune: true'}
`;

describe('variables that Flux fills in', () => {
  const postBuild = 'postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster-settings}]}';
  const count = (source: string): number => messages(configPlaceholderUnsubstituted, source).length;

  it('are none when a program reads its configuration', () => {
    assert.equal(count(tree({ postBuild })), 0);
  });

  it('stay where Flux is not told to, or to leave the object alone', () => {
    assert.equal(count(tree({})), 1);
    assert.equal(count(tree({ postBuild, annotation: 'kustomize.toolkit.fluxcd.io/substitute: disabled' })), 1);
  });

  it('are no value that Synapse could refuse, or take for something else', () => {
    const synapse = (postBuild: string): string => `
#- /synapse.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: synapse
  namespace: matrix
data:
  homeserver.yaml: |
    server_name: \${PUBLIC_DOMAIN}
    public_baseurl: \${PUBLIC_URL:=https://matrix.tessera.test}
    report_stats: false
    max_upload_size: \${UPLOAD_SIZE}
    event_cache_size: 10kilo
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: synapse
  namespace: matrix
spec:
  template:
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.120.0
          volumeMounts:
            - name: config
              mountPath: /data
      volumes:
        - name: config
          configMap:
            name: synapse
#- /ks.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: matrix
  namespace: flux-system
spec:
  path: ./apps/matrix
  ${postBuild}
`;
    const refused = (source: string): number => messages(synapseValueRefused, source).length;
    assert.equal(refused(synapse('prune: true')), 4);
    assert.equal(refused(synapse(postBuild)), 1);
  });
});
