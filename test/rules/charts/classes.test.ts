import assert from 'node:assert/strict';
import path from '../../../rules/deploy/deploy-path-missing';
import type { Rule } from '../../../rules/rule';
import ingressClass from '../../../rules/services/ingress-class-unknown';
import { check } from '../../fixture';

function found(source: string, rule: Rule): readonly string[] {
  return check(source, [rule]).findings.map(({ severity, problem }) => `${severity} ${problem.message}`);
}

describe('the class of ingress-nginx in the values of its chart', () => {
  const tree = (values: string, name: string, more = ''): string => `
      #- /nginx.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: ingress-nginx, namespace: kube-system }
      spec:
        repo: https://kubernetes.github.io/ingress-nginx
        chart: ingress-nginx
        targetNamespace: ingress-nginx
        valuesContent: '${values}'${more}
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: { name: synapse, namespace: matrix }
      spec: { ingressClassName: ${name}, rules: [] }`;
  const renamed = '{ controller: { ingressClassResource: { name: public } } }';

  it('is the only one of the controller', () => {
    assert.deepEqual(found(tree('{}', 'nginx'), ingressClass), []);
    assert.deepEqual(found(tree(renamed, 'public'), ingressClass), []);
    assert.deepEqual(found(tree(renamed, 'nginx'), ingressClass), [
      'warning No controller serves the class nginx of Ingress synapse — the tree has public.',
    ]);
  });

  it('may be another where the tree does not show all values', () => {
    const hidden = '\n        valuesSecrets: [{ name: hidden }]';
    assert.deepEqual(found(tree('{}', 'nginx', hidden), ingressClass), []);
  });

  it('is compared with what other charts give their Ingresses', () => {
    const synapse = (name: string, enabled: boolean): string => `${tree('{}', 'nginx')}
      #- /synapse.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: synapse, namespace: kube-system }
      spec:
        chart: matrix-synapse
        targetNamespace: matrix
        valuesContent: '{ ingress: { enabled: ${enabled}, className: ${name} } }'`;
    assert.deepEqual(found(synapse('nginx', true), ingressClass), []);
    assert.deepEqual(found(synapse('ngnix', false), ingressClass), []);
    assert.equal(found(synapse('ngnix', true), ingressClass).length, 1);
  });
});

describe('files of values that a helmfile names', () => {
  const tree = (file: string, more = ''): string => `
      #- /helmfile.yaml
      releases: [{ name: pg, chart: bitnami/postgresql, values: [${file}]${more} }]
      #- /values/pg.yaml
      a: 1`;

  it('are there, unless they are rendered first, optional, or all of them elsewhere', () => {
    assert.deepEqual(found(tree('values/pg.yaml'), path), []);
    assert.deepEqual(found(tree('values/postgres.yaml'), path), [
      'error values/postgres.yaml is not in the tree, so helmfile installs nothing — correct the path.',
    ]);
    for (const one of ['values/pg.yaml.gotmpl', '"values/{{ .Environment.Name }}.yaml"', 'elsewhere/pg-values.yaml'])
      assert.deepEqual(found(tree(one), path), []);
    assert.deepEqual(found(tree('values/postgres.yaml', ', missingFileHandler: Warn'), path), []);
  });
});
