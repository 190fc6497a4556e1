import assert from 'node:assert/strict';
import synapseValueRefused from '../../../rules/synapse/synapse-value-refused';
import { messages } from '../expect';

const tree = (providers: string): string => `
#- /synapse.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: synapse, namespace: matrix}
data:
  homeserver.yaml: |
    server_name: tessera.test
    report_stats: false
    oidc_providers:
      - ${providers}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse-main, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          args: [run, --config-path=/config/homeserver.yaml]
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, configMap: {name: synapse}}]
`;

describe('providers of OpenID Connect', () => {
  it('need an issuer and a client_id', () => {
    const about = (provider: string) => messages(synapseValueRefused, tree(provider));
    assert.deepEqual(about('{idp_id: sso, issuer: "https://sso.tessera.test/", client_id: synapse}'), []);
    assert.match(
      about('{idp_id: sso, issuer_url: "https://sso.tessera.test/", client_id: synapse}').join(),
      /^error: Each item of oidc_providers needs issuer, so Synapse does not start/,
    );
    assert.match(about('{idp_id: sso, issuer: "https://sso.tessera.test/"}').join(), /needs client_id/);
  });
});
