import assert from 'node:assert/strict';
import secretInPlainConfig from '../../../rules/secrets/secret-in-plain-config';
import { fixAll } from '../../fixture';

const deployment = (env: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: matrix
spec:
  template:
    spec:
      containers:
        - name: api
          image: api:1
          env:
${env}`;

const fixedBy = (files: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(fixAll(new Map(Object.entries(files)), [secretInPlainConfig]));

describe('a variable that is moved to a Secret', () => {
  it('is read from one that is made behind its workload, with its comment and its value', () => {
    const before = deployment(`            - name: DB_PASSWORD
              value: 'pT4v"Nq8Zs' # of the database
            - name: LOG_LEVEL
              value: info
`);
    const after = deployment(`            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: api-secrets
                  key: DB_PASSWORD # of the database
            - name: LOG_LEVEL
              value: info
---
apiVersion: v1
kind: Secret
metadata:
  name: api-secrets
  namespace: matrix
type: Opaque
stringData:
  DB_PASSWORD: "pT4v\\"Nq8Zs"
`);
    assert.equal(fixedBy({ 'api.yaml': before })['api.yaml'], after);
  });

  it('goes to the Secret that is there already, beside its other keys', () => {
    const secret = `apiVersion: v1
kind: Secret
metadata:
  name: api-secrets
  namespace: matrix
stringData:
  TOKEN: abc
`;
    const fixed = fixedBy({
      'api.yaml': deployment('            - name: API_SECRET\n              value: pT4vNq8Zs\n'),
      'secret.yaml': secret,
    });
    assert.equal(fixed['secret.yaml'], `${secret}  API_SECRET: "pT4vNq8Zs"\n`);
    assert.match(fixed['api.yaml'] ?? '', /name: api-secrets\n {18}key: API_SECRET\n$/);
  });

  it('stays where the Secret has such a key, where something refers to it, and in one line', () => {
    const taken =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: api-secrets, namespace: matrix}\nstringData:\n  API_SECRET: abc\n';
    for (const files of [
      {
        'api.yaml': deployment('            - name: API_SECRET\n              value: pT4vNq8Zs\n'),
        'secret.yaml': taken,
      },
      { 'api.yaml': deployment('            - name: API_SECRET\n              value: &it pT4vNq8Zs\n') },
      { 'api.yaml': deployment('            - { name: API_SECRET, value: pT4vNq8Zs }\n') },
    ])
      assert.deepEqual(fixedBy(files), files);
  });
});
