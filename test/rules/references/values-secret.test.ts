import assert from 'node:assert/strict';
import deployPathMissing from '../../../rules/deploy/deploy-path-missing';
import helmRepositoryMissing from '../../../rules/deploy/helm-repository-missing';
import rule from '../../../rules/references/values-secret-missing';
import { messages } from '../expect';

const install = 'helm upgrade --install redis bitnami/redis --namespace data --values values/redis.yaml';

/** A script and the values that it passes to Helm. */
function tree(values: string, script = install, more = ''): string {
  return `
    #- /install.sh
    ${script}
    #- /values/redis.yaml
${values.replace(/^/gm, '    ')}
    ${more}
  `;
}

const secret = (namespace: string): string => `#- /secret.yaml
    apiVersion: v1
    kind: Secret
    metadata: {name: redis-auth, namespace: ${namespace}}
    stringData: {password: a}`;

describe('values-secret-missing', () => {
  const values = 'auth:\n  existingSecret: redis-auth\n  existingSecretPasswordKey: password';
  const found = (source: string): readonly string[] => messages(rule, source);

  it('looks for the Secret where the chart is installed', () => {
    assert.match(found(tree(values)).join(), /^error: Nothing creates the Secret redis-auth in namespace data/);
    assert.deepEqual(found(tree(values, install, secret('data'))), []);
    assert.equal(found(tree(values, install, secret('matrix'))).length, 1);
    assert.deepEqual(found(tree(values, install.replace('data', '"$NS"'), secret('matrix'))), []);
  });

  it('knows the Secret that a Job of the tree makes', () => {
    const job = (name: string): string => `#- /job.yaml
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata: {name: maker, namespace: data}
    rules: [{apiGroups: [""], resources: ["*"], verbs: ["*"]}]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata: {name: maker, namespace: data}
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: maker}
    subjects: [{kind: ServiceAccount, name: maker, namespace: data}]
    ---
    apiVersion: batch/v1
    kind: Job
    metadata: {name: maker, namespace: data}
    spec:
      template:
        spec:
          serviceAccountName: maker
          containers: [{name: maker, image: "registry.test/maker:1", env: [{name: SECRET_NAME, value: ${name}}]}]`;
    assert.deepEqual(found(tree(values, install, job('redis-auth'))), []);
    assert.equal(found(tree(values, install, job('redis-auth-2'))).length, 1);
  });

  it('looks for the keys that the values name', () => {
    const other = values.replace('PasswordKey: password', 'PasswordKey: redis-password');
    assert.match(found(tree(other, install, secret('data'))).join(), /has no key redis-password/);
  });

  it('leaves alone what is switched off, unused or filled in', () => {
    assert.deepEqual(found(tree(values.replace('auth:', 'auth:\n  enabled: false'))), []);
    assert.deepEqual(found(tree(values, 'echo')), []);
    assert.deepEqual(found(tree(values.replace('redis-auth', '""'))), []);
    assert.deepEqual(found(tree(values.replace('redis-auth', '"{{ .Release.Name }}-auth"'))), []);
    const create = `kubectl create secret generic redis-auth -n data --from-literal=password=x\n    ${install}`;
    assert.deepEqual(found(tree(values, create)), []);
  });

  it('warns of a Secret that a README leaves to the reader', () => {
    const readme =
      '#- /README.md\n    Run `kubectl create secret generic redis-auth -n data --from-literal=password=x`.';
    assert.match(found(tree(values, install, readme)).join(), /^warning: .*by hand/);
  });
});

describe('values files of scripts', () => {
  const found = (script: string): readonly string[] => messages(deployPathMissing, tree('a: 1', script));

  it('have to be in the tree, unless the script writes them', () => {
    assert.deepEqual(found(install), []);
    assert.match(found(install.replace('values/redis', 'values/cache')).join(), /^error: values\/cache.yaml is not/);
    assert.deepEqual(found(`cat a > made.yaml\n    ${install.replace('values/redis.yaml', 'made.yaml')}`), []);
    assert.deepEqual(found(install.replace('values/redis.yaml', '"$VALUES"')), []);
    assert.deepEqual(found(install.replace('values/redis.yaml', 'https://a.test/values.yaml')), []);
  });
});

describe('helm-repository-missing', () => {
  const found = (script: string, more = ''): readonly string[] =>
    messages(helmRepositoryMissing, tree('a: 1', script, more));
  const add = 'helm repo add bitnami https://charts.bitnami.com/bitnami';

  it('judges only trees that add repositories', () => {
    assert.deepEqual(found(install), []);
    assert.deepEqual(found(`${add}\n    ${install}`), []);
    assert.match(found(`${add}\n    helm install a jetstack/cert-manager`).join(), /adds the repository jetstack/);
    assert.deepEqual(found(`${add}\n    helm install a oci://registry.test/charts/a`), []);
    assert.deepEqual(found(`${add}\n    helm install a ./charts/a\n    helm install b values/b`), []);
    assert.deepEqual(found(`${add}\n    helm install a cert-manager --repo https://charts.jetstack.io`), []);
    assert.deepEqual(found(`${add}\n    helm repo add "$NAME" "$URL"\n    helm install a jetstack/cert-manager`), []);
    const readme = '#- /README.md\n    ```sh\n    helm repo add jetstack https://charts.jetstack.io\n    ```';
    assert.deepEqual(found(`${add}\n    helm install a jetstack/cert-manager`, readme), []);
  });
});
