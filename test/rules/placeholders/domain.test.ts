import assert from 'node:assert/strict';
import placeholderDomain from '../../../rules/placeholders/placeholder-domain';
import { messages } from '../expect';

describe('placeholder-domain', () => {
  it('takes the group of an API for no domain', () => {
    const claim = `
      apiVersion: database.example.org/v1alpha1
      kind: PostgreSQLInstance
      metadata:
        name: synapse
      spec:
        storage: 5Gi
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: claims
      rules:
        - apiGroups: [database.example.org]
          resources: [postgresqlinstances]
          verbs: [get]
    `;
    assert.deepEqual(messages(placeholderDomain, claim), []);
    assert.equal(messages(placeholderDomain, claim.replace('storage: 5Gi', 'host: db.example.org')).length, 1);
  });
});
