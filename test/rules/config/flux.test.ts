import assert from 'node:assert/strict';
import configPlaceholderUnsubstituted from '../../../rules/config/config-placeholder-unsubstituted';
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
});
