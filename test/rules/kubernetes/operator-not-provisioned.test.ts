import assert from 'node:assert/strict';
import operatorNotProvisioned from '../../../rules/kubernetes/operator-not-provisioned';
import { check } from '../../fixture';
import { expectMarks, messages } from '../expect';

const cluster =
  '#- /pg.yaml\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: pg, namespace: matrix }\n';
const script = (line: string): string => `#- /install.sh\nhelm upgrade --install loki grafana/loki -n logs\n${line}\n`;

describe('operator-not-provisioned', () => {
  it('counts every way of installing an operator', () => {
    for (const line of [
      'helm upgrade --install cnpg cnpg/cloudnative-pg -n cnpg-system',
      'helm upgrade --install cnpg \\\n  cloudnative-pg --repo https://cloudnative-pg.github.io/charts',
      'kubectl apply --server-side -f https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/release-1.24/releases/cnpg-1.24.1.yaml',
      'install() {\n  helm upgrade --install "$1" "$2" -n "$3"\n}\ninstall cnpg cnpg/cloudnative-pg cnpg-system',
      'kubectl cnpg install generate | kubectl apply -f -',
    ])
      expectMarks(operatorNotProvisioned, cluster + script(line));
    expectMarks(
      operatorNotProvisioned,
      `${cluster}${script('')}#- /flux.yaml\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: pg }\nspec: { chart: { spec: { chart: cloudnative-pg } } }\n`,
    );
    expectMarks(
      operatorNotProvisioned,
      `${cluster}${script('')}#- /crd.yaml\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: clusters.postgresql.cnpg.io }\n`,
    );
  });

  it('does not take repositories, comments and waiting for an installation', () => {
    for (const line of [
      'helm repo add cnpg https://cloudnative-pg.github.io/charts',
      '# kubectl apply -f https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/releases/cnpg-1.24.1.yaml',
      'kubectl wait --for=condition=Available deployment/cnpg-controller-manager -n cnpg-system',
    ])
      assert.match(
        messages(operatorNotProvisioned, cluster + script(line)).join(),
        /^warning: Cluster\/pg needs CloudNativePG/,
        line,
      );
  });

  it('is information where a README shows the command, or the shell alone knows the charts', () => {
    assert.match(
      messages(
        operatorNotProvisioned,
        `${cluster}${script('')}#- /README.md\n\`\`\`bash\nhelm install cnpg cnpg/cloudnative-pg\n\`\`\`\n`,
      ).join(),
      /^info/,
    );
    assert.match(
      messages(operatorNotProvisioned, cluster + script('helm upgrade --install x "$(choose)"')).join(),
      /^info/,
    );
  });

  it('believes values files where no script installs anything, but not beside a script that leaves them out', () => {
    const values = '#- /values/cloudnativepg-values.yaml\nreplicaCount: 1\n';
    expectMarks(operatorNotProvisioned, cluster + values);
    assert.match(messages(operatorNotProvisioned, cluster + values + script('')).join(), /^warning/);
    assert.match(messages(operatorNotProvisioned, cluster).join(), /^info: .* nothing in the tree installs/);
  });

  it('accepts what the settings provide', () => {
    expectMarks(
      operatorNotProvisioned,
      `${cluster}${script('')}#- /matrix-preflight.yaml\nprovided: [{ kind: CustomResourceDefinition, name: clusters.postgresql.cnpg.io }]\n`,
    );
  });

  it('stands against the item of its operator only, and is said once', () => {
    const source = `#- /a.yaml
apiVersion: minio.min.io/v2
kind: Tenant
metadata: { name: a, namespace: matrix }
---
apiVersion: minio.min.io/v2
kind: Tenant
metadata: { name: b, namespace: matrix }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: a, namespace: matrix, annotations: { cert-manager.io/cluster-issuer: x } }
spec: { ingressClassName: nginx }
${script('')}`;
    const { findings } = check(source, [operatorNotProvisioned]);
    assert.deepEqual(
      findings.map(({ problem }) => problem.items),
      [['A.4.e'], ['A.4.b'], ['A.4.c']],
    );
  });
});
