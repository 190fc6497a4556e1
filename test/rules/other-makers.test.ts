import assert from 'node:assert/strict';
import { rules as catalogue } from '../../rules/catalogue';
import { takeCrashes } from '../../rules/findings';
import { check } from '../fixture';

/**
 * The errors that are found in a tree, by their rules and messages. It has settings, as only trees that follow the
 * checklist have; in others most of what is missing is a warning anyhow. What it asks of databases is left out.
 */
function errorsIn(source: string): readonly string[] {
  const { workspace, findings } = check(`${source}\n#- /matrix-preflight.yaml\nprovided: []\n`, catalogue);
  assert.deepEqual(takeCrashes(workspace), []);
  return findings.flatMap(({ rule, severity, problem }) =>
    severity === 'error' && !/^pg-/.test(rule.id) ? `${rule.id}: ${problem.message}` : [],
  );
}

/** A Deployment that reads `NAME/KEY` of Secrets and asks hosts, in a namespace that has a Secret and a Service. */
const app = (secrets: readonly string[], hosts: readonly string[] = [], pod = ''): string => `
#- /app.yaml
apiVersion: v1
kind: Secret
metadata: {name: known, namespace: matrix}
stringData: {key: correct-horse}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: matrix}
spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: matrix}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
${pod.replace(/^(?=.)/gm, '      ')}
      containers:
        - name: app
          image: registry.test/app:1.0.0
          ports: [{containerPort: 8080}]
          env:
            - {name: KNOWN, valueFrom: {secretKeyRef: {name: known, key: key}}}
${secrets
  .map(one => one.split('/'))
  .map(([name, key], at) => `            - {name: S${at}, valueFrom: {secretKeyRef: {name: ${name}, key: ${key}}}}`)
  .join('\n')}
${hosts.map((host, at) => `            - {name: URL${at}, value: "http://${host}.matrix.svc:80"}`).join('\n')}
`;

const trees: Readonly<Record<string, string>> = {
  'the keys of a token of a ServiceAccount': `${app(['token/token', 'token/ca.crt'])}
#- /token.yaml
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: matrix, annotations: {kubernetes.io/service-account.name: default}}
type: kubernetes.io/service-account-token
`,
  'the certificates of OpenShift': `${app(
    ['serving/tls.crt'],
    [],
    `serviceAccountName: deployer
volumes:
  - {name: trusted, configMap: {name: trusted, items: [{key: ca-bundle.crt, path: ca.pem}]}}
  - {name: service, configMap: {name: service, items: [{key: service-ca.crt, path: ca.pem}]}}
  - {name: all, configMap: {name: openshift-service-ca.crt}}`,
  )}
#- /openshift.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: trusted, namespace: matrix, labels: {config.openshift.io/inject-trusted-cabundle: "true"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: service, namespace: matrix, annotations: {service.beta.openshift.io/inject-cabundle: "true"}}
---
apiVersion: v1
kind: Service
metadata: {name: tls, namespace: matrix, annotations: {service.beta.openshift.io/serving-cert-secret-name: serving}}
spec: {selector: {app: app}, ports: [{name: http, port: 443, targetPort: 8080}]}
`,
  'Secrets of operators': `${app(['pg-cluster-cert/ca.crt', 'copied/key', 'merged/a', 'merged/b', 'main-app/uri'])}
#- /operators.yaml
apiVersion: postgres-operator.crunchydata.com/v1beta1
kind: PostgresCluster
metadata: {name: pg, namespace: matrix}
spec: {postgresVersion: 16}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: main, namespace: databases}
spec:
  instances: 3
  storage: {size: 1Gi}
  inheritedMetadata: {annotations: {reflector.v1.k8s.emberstack.com/reflection-auto-enabled: "true"}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: copy}
spec:
  rules:
    - name: copy
      match: {any: [{resources: {kinds: [Namespace]}}]}
      generate: {apiVersion: v1, kind: Secret, name: copied, namespace: "{{request.object.metadata.name}}", clone: {namespace: default, name: copied}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: merged, namespace: matrix}
spec:
  secretStoreRef: {name: vault, kind: ClusterSecretStore}
  target: {template: {mergePolicy: Merge, data: {b: "{{ .a }}"}}}
  data: [{secretKey: a, remoteRef: {key: a}}]
`,
  'claims of a StatefulSet that does not count from zero, and of a custom resource': `${app(
    [],
    [],
    `volumes:
  - {name: second, persistentVolumeClaim: {claimName: data-db-2}}
  - {name: imported, persistentVolumeClaim: {claimName: imported}}`,
  )}
#- /claims.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: matrix}
spec:
  serviceName: app
  replicas: 2
  ordinals: {start: 1}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "registry.test/db:1.0.0", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: cdi.kubevirt.io/v1beta1
kind: DataVolume
metadata: {name: imported, namespace: matrix}
spec: {source: {blank: {}}, storage: {resources: {requests: {storage: 1Gi}}}}
`,
  'Secrets that programs, playbooks and Terraform write': `${app(['by-python/key', 'by-api/key', 'by-ansible/key', 'by-terraform/key', 'by-list/key'])}
#- /jobs.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts, namespace: matrix}
data:
  make.py: |
    from kubernetes import client, config
    config.load_incluster_config()
    client.CoreV1Api().create_namespaced_secret("matrix", client.V1Secret(metadata=client.V1ObjectMeta(name="by-python")))
  make.sh: |
    curl -X POST https://kubernetes.default.svc/api/v1/namespaces/matrix/secrets -d '{"metadata":{"name":"by-api"}}'
#- /playbook.yml
- hosts: localhost
  tasks:
    - kubernetes.core.k8s:
        definition:
          apiVersion: v1
          kind: Secret
          metadata: {name: by-ansible, namespace: matrix}
#- /main.tf
resource "kubernetes_secret" "one" {
  metadata {
    name = "by-terraform"
  }
}
#- /deploy.py
import subprocess
subprocess.run(["kubectl", "-n", "matrix", "create", "secret", "generic", "by-list", "--from-literal=key=x"])
`,
  'Secrets that a script copies from another namespace': `${app(['copied/key'])}
#- /deploy.sh
kubectl get secret copied -n other -o yaml | sed 's/namespace: other/namespace: matrix/' | kubectl apply -f -
`,
  'keys that a script adds': `${app(['known/later'])}
#- /deploy.sh
kubectl -n matrix patch secret known --type merge -p "{\\"stringData\\":{\\"later\\":\\"$(openssl rand -hex 8)\\"}}"
`,
  'Secrets in a file that Git ignores': `${app(['hidden/key'])}
#- /deploy.sh
kubectl apply -f secrets.yaml
`,
  'Secrets that are decrypted': `${app(['hidden/key'])}
#- /deploy.sh
gpg --decrypt hidden.gpg | kubectl apply -f -
`,
  'Secrets outside of the tree': `${app(['hidden/key'])}
#- /deploy.sh
kubectl apply -f ../secrets/matrix.yaml
kubectl apply -f ~/secrets.yaml
`,
  'Services of operators, meshes and scripts': `${app(
    [],
    ['pg-lb', 'prometheus-operated', 'alertmanager-operated', 'legacy', 'exposed', 'pinned'],
    'hostAliases: [{ip: 10.1.1.1, hostnames: [pinned.matrix.svc]}]',
  )}
#- /deploy.sh
kubectl -n matrix expose deployment app --name=exposed --port=80 --target-port=8080
#- /services.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec:
  instances: 3
  storage: {size: 1Gi}
  managed:
    services:
      additional:
        - selectorType: rw
          serviceTemplate: {metadata: {name: pg-lb}, spec: {type: LoadBalancer, ports: [{name: postgres, port: 80, targetPort: 5432}]}}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: matrix}
spec: {replicas: 1, serviceMonitorSelector: {}}
---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: main, namespace: matrix}
spec: {replicas: 1}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: legacy, namespace: matrix}
spec: {hosts: [legacy.matrix.svc.cluster.local], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 10.0.0.1}]}
`,
  'backends of Ingresses that are actions of AWS, or Services of an operator': `${app([])}
#- /ingress.yaml
apiVersion: k8s.keycloak.org/v2alpha1
kind: Keycloak
metadata: {name: login, namespace: matrix}
spec: {instances: 1}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: app
  namespace: matrix
  annotations:
    alb.ingress.kubernetes.io/actions.ssl-redirect: '{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}'
spec:
  ingressClassName: alb
  rules:
    - host: app.tessera.test
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: ssl-redirect, port: {name: use-annotation}}}}
          - {path: /login, pathType: Prefix, backend: {service: {name: login-service, port: {number: 8080}}}}
`,
  'rights of a ServiceAccount that its RoleBinding names without the namespace': `${app([])}
#- /job.yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: restarts, namespace: matrix}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: restarts, namespace: matrix}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, name: restarts}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: restarts, namespace: matrix}
spec:
  template:
    spec:
      restartPolicy: Never
      serviceAccountName: restarts
      containers: [{name: kubectl, image: "bitnami/kubectl:1.30.0", command: [sh, -c, "kubectl -n matrix rollout restart deploy/app"]}]
`,
  'pods of a Rollout, and ports of containers that a webhook adds': `
#- /rollout.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: matrix}
spec:
  replicas: 0
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}, annotations: {sidecar.istio.io/inject: "true"}}
    spec: {containers: [{name: app, image: "registry.test/app:1.0.0", ports: [{containerPort: 8080}]}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: app, namespace: matrix}
spec: {replicas: 3, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: app}, strategy: {canary: {}}}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: matrix}
spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}, {name: metrics, port: 15090, targetPort: http-envoy-prom}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: app, namespace: matrix}
spec:
  ingressClassName: nginx
  rules: [{host: app.tessera.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {name: http}}}}]}}]
`,
};

describe('what others make than the manifests of the tree is not called missing', () => {
  for (const [name, tree] of Object.entries(trees)) it(name, () => assert.deepEqual(errorsIn(tree), []));
});

it('programs may be told by a shell or by variables what their arguments could say', () => {
  const pod = (container: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: matrix}
spec:
  containers:
    - ${container.trim().replaceAll('\n', '\n      ')}
---
apiVersion: v1
kind: Secret
metadata: {name: turn, namespace: matrix}
stringData: {key: 8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab91}
`;
  assert.deepEqual(
    errorsIn(
      pod(`
name: coturn
image: coturn/coturn:4.6.2
command: [sh, -c]
args: ["exec turnserver -n --realm=tessera.test --use-auth-secret --static-auth-secret=$SECRET --no-cli"]
env: [{name: SECRET, valueFrom: {secretKeyRef: {name: turn, key: key}}}]`),
    ),
    [],
  );
  const uvicorn = (env: string): string =>
    pod(`
name: app
image: registry.test/app:1.0.0
command: [uvicorn, "app:app", --host, 0.0.0.0]
ports: [{containerPort: 8006}]
readinessProbe: {httpGet: {path: /, port: 8006}}
env: [${env}, {name: KEY, valueFrom: {secretKeyRef: {name: turn, key: key}}}]`);
  assert.deepEqual(errorsIn(uvicorn('{name: UVICORN_PORT, value: "8006"}')), []);
  assert.match(errorsIn(uvicorn('{name: OTHER, value: "8006"}')).join(), /does not listen on port 8006/);
});

it('envsubst reads variables without braces, which are then no names and no numbers', () => {
  const service = `
#- /app.yaml
apiVersion: v1
kind: Service
metadata: {name: app, namespace: $NAMESPACE}
spec: {type: NodePort, ports: [{port: 80, targetPort: 8080, nodePort: $NODE_PORT}]}
`;
  assert.deepEqual(errorsIn(`${service}\n#- /deploy.sh\nenvsubst < app.yaml | kubectl apply -f -\n`), []);
  assert.match(errorsIn(service).join('\n'), /nodePort has to be a number/);
});

it('what nobody makes is missing beside all that', () => {
  assert.deepEqual(
    errorsIn(app(['missing/key'], ['nowhere']))
      .map(one => one.split(':')[0])
      .sort(),
    ['config-host-unknown-service', 'reference-missing-secret'],
  );
  const [made] = errorsIn(`${app(['other/key'])}
#- /deploy.sh
kubectl apply -f namespace.yaml
kubectl get secret other -n matrix -o yaml
#- /namespace.yaml
apiVersion: v1
kind: Namespace
metadata: {name: matrix}
`);
  assert.match(made ?? '', /^reference-missing-secret/);
});
