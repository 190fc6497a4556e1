import assert from 'node:assert/strict';
import rbacGrantsNothing from '../../../rules/kubernetes/rbac-grants-nothing';
import { messages } from '../expect';

const binding = (kind: string, subject: string): string => `
#- /binding.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
metadata: {name: proxy${kind === 'RoleBinding' ? ', namespace: matrix' : ''}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, ${subject}}
#- /account.yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: proxy, namespace: matrix}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: elsewhere, namespace: monitoring}
`;
const found = (kind: string, subject: string): readonly string[] =>
  messages(rbacGrantsNothing, binding(kind, subject)).map(message => message.replace(/ — .*/, ''));

describe('rbac-grants-nothing', () => {
  it('takes a ServiceAccount without a namespace for one of the namespace of its RoleBinding', () => {
    assert.deepEqual(found('RoleBinding', 'name: proxy'), []);
    assert.deepEqual(found('RoleBinding', 'name: elsewhere'), [
      'error: There is no ServiceAccount elsewhere in namespace matrix, so this grants nothing',
    ]);
  });

  it('knows that a ClusterRoleBinding has to name the namespace', () => {
    assert.deepEqual(found('ClusterRoleBinding', 'name: proxy'), [
      'error: The API server refuses a ServiceAccount without a namespace',
    ]);
    assert.deepEqual(found('ClusterRoleBinding', 'name: proxy, namespace: matrix'), []);
  });
});
