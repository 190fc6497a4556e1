import { add, type Change, cut, edit, type Mutation, mutation } from './mutations/mutation';

const element = 'main-instance/07-element-web/deployment.yaml';
const ingress = 'main-instance/02-haproxy/ingress.yaml';
const keyVaultSecrets = 'main-instance/08-key-vault/credentials.yaml';
const keyVaultJob = 'main-instance/08-key-vault/init-db-job.yaml';
const coturn = 'main-instance/05-coturn/deployment.yaml';
const coturnSecrets = 'main-instance/05-coturn/credentials.yaml';
const sequences = 'li-instance/04-sync-system/sequences-cronjob.yaml';
const policies = 'infrastructure/04-networking/networkpolicies.yaml';
const stack = 'values/kube-prometheus-stack.yaml';

const turnSecret = 'c72fbe4215723ff21fe678b0a72e4d30f824abe6dda88ea78c3680e0965a896f';

/** Annotations of the Ingress of Synapse. */
const annotated = (...lines: readonly string[]): Change =>
  edit(
    ingress,
    '    nginx.ingress.kubernetes.io/proxy-body-size: 100m\n',
    ['proxy-body-size: 100m', ...lines].map(line => `    nginx.ingress.kubernetes.io/${line}\n`).join(''),
  );

/** The logins of people who may pass an Ingress. */
const logins = (password: string): readonly Change[] => [
  annotated('auth-type: basic', 'auth-secret: matrix/logins'),
  add(
    'main-instance/02-haproxy/logins.yaml',
    `apiVersion: v1\nkind: Secret\nmetadata: {name: logins, namespace: matrix}\nstringData:\n  auth: "ops:${password}"\n`,
  ),
];

const variable = (name: string, value: string): Change =>
  edit(
    element,
    '            - name: ELEMENT_WEB_PORT\n',
    `            - name: ${name}\n              value: ${value}\n            - name: ELEMENT_WEB_PORT\n`,
  );

/** Where the LI instance may go, with one more permission in front. */
const liMayReach = (permission: string): Change =>
  edit(
    policies,
    `          port: 9093
    - to:
        - podSelector:
            matchLabels:
              cnpg.io/cluster: matrix-postgresql-li
`,
    `          port: 9093
${permission}    - to:
        - podSelector:
            matchLabels:
              cnpg.io/cluster: matrix-postgresql-li
`,
  );

const deployScript = 'scripts/deploy.sh';

const runbook = (text: string): Change => add('docs/RUNBOOK.md', `# Runbook\n\n${text}\n`);

/** A runbook that asks for something. */
const asks = (command: string): Change => runbook(`\`\`\`bash\n${command}\n\`\`\``);

/** Mistakes in what the catalogue says of placeholders, of Secrets and of policies, in other spellings and carriers. */
export const catalogueVariants: Readonly<Record<string, Mutation>> = {
  'a way from the LI instance to the HAProxy of the main one': mutation(
    'netpol-li-isolation',
    liMayReach(
      `    - to: [{podSelector: {matchLabels: {app.kubernetes.io/name: haproxy}}}]\n      ports: [{port: 8008}]\n`,
    ),
  ),
  'a label that has the name of the namespace under a key of its own': mutation(
    'netpol-namespace-selector-label',
    edit(
      policies,
      `            matchExpressions:
              - key: kubernetes.io/metadata.name
                operator: In
                values: ["minio-operator"]
`,
      '            matchLabels: {kubernetes.io/namespace: minio-operator}\n',
    ),
    { also: { 'netpol-flow-blocked': 'The operator does not reach MinIO.' } },
  ),
  'a runbook with a Service and another port than it has': mutation(
    'post-check-name-unknown',
    asks('kubectl exec -n matrix deployment/haproxy -- wget -qO- http://minio:9000/minio/health/live'),
  ),
  'a runbook with a port that is the pod’s': mutation(
    'post-check-name-unknown',
    asks('kubectl port-forward -n matrix svc/element-web 8080:8080'),
  ),
  'a runbook with a key that a Secret does not have': mutation(
    'post-check-name-unknown',
    asks("kubectl get secret redis-password -n matrix -o jsonpath='{.data.REDIS_PASSWORD}' | base64 -d"),
  ),
  'a runbook with a Secret and a policy that nothing makes': mutation(
    'post-check-name-unknown',
    asks('kubectl get secret cache-credentials -n matrix\nkubectl describe netpol allow-redis -n matrix'),
    { count: 2 },
  ),
  'a runbook with a cluster of another name': mutation(
    'post-check-name-unknown',
    asks('kubectl cnpg status matrix-pg -n matrix'),
  ),
  'a runbook with the namespace of another stage': mutation(
    'post-check-name-unknown',
    asks('kubectl get pods -n matrix-prod'),
  ),
  'a runbook with prompts and answers': mutation(
    'post-check-name-unknown',
    runbook(
      '~~~console\n$ kubectl -n matrix get sts synapse-synchrotrons \\\n    -o wide\nkubectl get pod nothing-0 -n matrix\n~~~',
    ),
  ),
  'a runbook with an indented block': mutation(
    'post-check-name-unknown',
    runbook('Look:\n\n    kubectl -n matrix describe pod clamav-0\n\nThen wait.'),
  ),
  'a folder that is no kustomization': mutation(
    'deploy-path-missing',
    edit(deployScript, 'kubectl apply -f main-instance/03-workers/', 'kubectl apply -k main-instance/03-workers/'),
  ),
  'a Job that is gone before anybody has seen its end': mutation(
    'deploy-wait-job-missing',
    edit(
      'main-instance/08-key-vault/init-db-job.yaml',
      'spec:\n  backoffLimit: 10\n',
      'spec:\n  backoffLimit: 10\n  ttlSecondsAfterFinished: 5\n',
    ),
  ),
  'a tag that is to be filled in': mutation('placeholder-image', edit(element, ':v1.11.96', ':<version>')),
  'a placeholder in an annotation that a controller reads': mutation(
    'placeholder-config',
    annotated('whitelist-source-range: CHANGEME_RANGE'),
  ),
  'a domain in the values of a chart': mutation(
    'placeholder-domain',
    edit(stack, '  admin:\n', '  ingress:\n    hosts: [grafana.example.com]\n  admin:\n'),
  ),
  'a private key that is folded': mutation(
    'secret-bad-key-material',
    edit(keyVaultSecrets, 'RSA_PRIVATE_KEY: |', 'RSA_PRIVATE_KEY: >'),
  ),
  'a private key without its last line': mutation(
    'secret-bad-key-material',
    edit(keyVaultSecrets, '    fZunQq46A8ex8s5ZWcH5XVhU3+tBp21fJ9uPhNgtKThzcoshOjo=\n', ''),
  ),
  'a key of a curve in the place of an RSA key': mutation(
    'secret-bad-key-material',
    cut(
      keyVaultSecrets,
      '    -----BEGIN RSA PRIVATE KEY-----',
      '-----END RSA PRIVATE KEY-----',
      `    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYirTZSx+5O8Y6tlG
    cka6W6btJiocdrdolfcukSoTEk+hRANCAAQkvPNu7Pa1GcsWU4v7ptNfqCJVq8Cx
    zo0MUVPQgwJ3aJtNM1QMOQUayCrRwfklg+D/rFSUwEUqtZh7fJDiFqz3
    -----END PRIVATE KEY-----`,
    ),
  ),
  'a login whose password is not hashed': mutation('secret-bad-key-material', logins('correct-horse-battery')),
  'a Secret of an annotation with its namespace': mutation(
    'reference-missing-secret',
    annotated('auth-tls-secret: matrix/client-ca'),
  ),
  'a password in an address': mutation(
    'secret-in-plain-config',
    variable('DATABASE_URL', '"postgres://app:Xk29dmQpz71LsW@db.tessera.test:5432/app"'),
  ),
  'a password with an at sign in an address of variables': mutation('substitution-unsafe-secret', [
    edit(
      element,
      '            - name: ELEMENT_WEB_PORT\n',
      `            - name: DB_PASSWORD
              valueFrom: {secretKeyRef: {name: web-database, key: password}}
            - name: DATABASE_URL
              value: postgres://app:$(DB_PASSWORD)@db.tessera.test:5432/app
            - name: ELEMENT_WEB_PORT
`,
    ),
    add(
      'main-instance/07-element-web/database.yaml',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: web-database, namespace: matrix}\nstringData:\n  password: "kd93@LxQ77ZqWmmT20a81pR4"\n',
    ),
  ]),
  'a quote in a password that a script writes into SQL': mutation('substitution-unsafe-secret', [
    edit(
      keyVaultSecrets,
      'LuCsxZhPe6mrVHf3ehh4favS7Eal1BPqZZ2saJAefe6',
      `"LuCsxZh'Pe6mrVHf3ehh4favS7Eal1BPqZZ2saJAefe6"`,
    ),
    edit(keyVaultJob, ` -v password="\${DB_PASSWORD}" <<'SQL'`, ' <<SQL'),
    edit(keyVaultJob, ":'password'", "'${DB_PASSWORD}'"),
  ]),
  'a secret among the arguments': mutation(
    'secret-in-plain-config',
    edit(coturn, 'static-auth-secret=$(TURN_SHARED_SECRET)', `static-auth-secret=${turnSecret}`),
  ),
  'a program that is called after the Redis which it watches': mutation(
    'netpol-flow-blocked',
    add(
      'monitoring/01-prometheus/redis-exporter.yaml',
      `apiVersion: apps/v1
kind: Deployment
metadata: {name: redis-exporter, namespace: matrix}
spec:
  selector: {matchLabels: {app: redis-exporter}}
  template:
    metadata: {labels: {app: redis-exporter}}
    spec:
      containers:
        - name: exporter
          image: oliver006/redis_exporter:v1.66.0
          env:
            - {name: REDIS_ADDR, value: "redis://redis-headless.matrix.svc:6379"}
            - {name: REDIS_PASSWORD, valueFrom: {secretKeyRef: {name: redis-password, key: password}}}
          ports: [{containerPort: 9121}]
          readinessProbe: {tcpSocket: {port: 9121}}
          livenessProbe: {tcpSocket: {port: 9121}}
          resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 100m, memory: 64Mi}}
`,
    ),
  ),
  'a password in a script': mutation(
    'secret-in-plain-config',
    edit(sequences, 'PGPASSWORD="${LI_DB_PASSWORD}"', 'PGPASSWORD=Zx81kdmQ0aPl3rTvW2'),
  ),
};

/** What looks like a mistake of that kind and is none. */
export const acceptedCatalogue: Readonly<Record<string, readonly Change[]>> = {
  'a runbook with words to be replaced, other hosts, and ports and keys that are there': [
    asks(`kubectl logs <pod> -n matrix --previous
kubectl exec -n matrix deploy/<your deployment> -- sh
kubectl exec -n matrix deploy/haproxy -- wget -qO- http://matrix-minio-hl:9000/minio/health/live
kubectl exec -n matrix redis-0 -- wget -qO- http://localhost:6379 https://matrix.org/_matrix/client/versions
kubectl port-forward -n matrix svc/element-web 8080:80
kubectl get secret matrix-postgresql-superuser -n matrix -o jsonpath="{.data.password}"
kubectl get secret synapse-signing-key -n matrix -o jsonpath="{.data.signing\\\\.key}"
kubectl cnpg status matrix-postgresql-li -n matrix`),
  ],
  'a login whose password is hashed': logins('$2y$05$q0fJ0cS1zQ5nKc0z8o6k8uq2bQm7Xn2Lw9pXc4Zt0uR1vS3yT5aWe'),
  'a Secret of another namespace in an annotation': [annotated('auth-tls-secret: shared/client-ca')],
  'addresses, files and names that have no password': [
    variable('DATABASE_URL', '"postgres://app@db.tessera.test:5432/app"'),
    edit(coturn, '            - -c\n', '            - --cli-password-file=/run/secrets/cli\n            - -c\n'),
  ],
  'a folded text without its line break': [edit(coturnSecrets, 'SECRET: c72', 'SECRET: >-\n    c72')],
};
