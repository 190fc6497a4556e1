import secretKeyUnused from '../../../rules/references/secret-key-unused';
import secretUnused from '../../../rules/references/secret-unused';
import { expectMarks } from '../expect';

const secret = `---
apiVersion: v1
kind: Secret
metadata:
  name: app-auth
  namespace: matrix
stringData:
  a: b
  c: d
`;

const pod = (container: string): string => `---
apiVersion: v1
kind: Pod
metadata: { name: app, namespace: matrix }
spec:
  containers:
    - name: app
      image: registry.test/app:1
${container}
`;

describe('secret-unused', () => {
  it('accepts a Secret that a script, Helm values, an annotation, an argument or an unknown kind names', () => {
    const other = pod('      args: [run]');
    for (const use of [
      '#- /use.sh\nkubectl get secret app-auth -o jsonpath={.data.a}\n',
      '#- /values/grafana.yaml\nadmin:\n  existing: app-auth\n',
      '#- /ingress.yaml\n# the annotation\napiVersion: v1\nkind: Service\nmetadata:\n  name: x\n  annotations:\n    example.test/tls-secret: matrix/app-auth\n',
      `#- /pod.yaml\n# the argument\n${pod('      args: ["--secret=matrix/app-auth"]')}`,
      '#- /crd.yaml\napiVersion: example.test/v1\nkind: Widget\nmetadata: { name: w }\nspec: { passwordFrom: { name: app-auth } }\n',
      '#- /role.yaml\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: w, namespace: matrix }\nrules: [{ resourceNames: [app-auth] }]\n',
    ])
      expectMarks(secretUnused, `#- /secret.yaml\n${secret}#- /other.yaml\n${other}${use}`);
  });

  it('does not take comments and READMEs for uses', () => {
    expectMarks(
      secretUnused,
      `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: app-auth
      #       ^^^^^^^^ info: Nothing in the tree uses the Secret app-auth
        namespace: matrix
      stringData: { a: b }
      #- /other.yaml
      # uses the secret app-auth
      apiVersion: v1
      kind: Pod
      metadata: { name: app, namespace: matrix }
      #- /README.md
      The secret app-auth holds the password.
      `,
    );
  });

  it('accepts Secrets that are found by their type, label or name, and those of namespaces without workloads', () => {
    const other = `#- /other.yaml\n${pod('      args: [run]')}`;
    expectMarks(secretUnused, `#- /a.yaml\n${secret.replace('namespace: matrix', 'namespace: monitoring')}${other}`);
    expectMarks(secretUnused, `#- /a.yaml\n${secret}type: kubernetes.io/service-account-token\n${other}`);
    expectMarks(
      secretUnused,
      `#- /a.yaml\n${secret.replace('namespace:', 'labels: { argocd.argoproj.io/secret-type: repository }\n  namespace:')}${other}`,
    );
    expectMarks(
      secretUnused,
      `#- /a.yaml\n${secret.replace('app-auth', 'pg-superuser')}${other}---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: pg, namespace: matrix }\n`,
    );
  });
});

describe('secret-key-unused', () => {
  it('is silent where the Secret is used as a whole', () => {
    for (const use of [
      pod('      envFrom: [{ secretRef: { name: app-auth } }]'),
      `${pod('      args: [run]')}  volumes: [{ name: a, secret: { secretName: app-auth } }]\n`,
    ])
      expectMarks(secretKeyUnused, secret + use);
  });

  it('is silent where a script names the Secret, and for types with prescribed keys', () => {
    const use = pod('      env: [{ name: A, valueFrom: { secretKeyRef: { name: app-auth, key: a } } }]');
    expectMarks(secretKeyUnused, `#- /a.yaml\n${secret}${use}#- /b.sh\nkubectl get secret app-auth\n`);
    expectMarks(secretKeyUnused, `${secret}type: kubernetes.io/basic-auth\n${use}`);
  });

  it('does not take the reference itself for another use, however it is written', () => {
    expectMarks(
      secretKeyUnused,
      `
      apiVersion: v1
      kind: Secret
      metadata: { name: app-secrets, namespace: matrix }
      stringData:
        a: b
        c: d
      # ^ 💡 info: Nothing in the tree reads the key c of the Secret app-secrets
      ---
      apiVersion: v1
      kind: Pod
      metadata: { name: app, namespace: matrix }
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            env:
              - { name: A, valueFrom: { secretKeyRef: { name: app-secrets, key: a } } }
              - name: B
                valueFrom:
                  secretKeyRef:
                    name: "app-secrets" # one more
                    key: a
              - name: C
                valueFrom:
                  "secretKeyRef":
                    "name": "app-secrets"
                    "key": "a"
      `,
    );
  });

  it('counts keys of items', () => {
    expectMarks(
      secretKeyUnused,
      `${secret}${pod('      args: [run]')}  volumes: [{ name: a, secret: { secretName: app-auth, items: [{ key: a, path: x }, { key: c, path: y }] } }]\n`,
    );
  });
});
