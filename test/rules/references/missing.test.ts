import assert from 'node:assert/strict';
import missingConfigMap from '../../../rules/references/reference-missing-configmap';
import missingConfigMapKey from '../../../rules/references/reference-missing-configmap-key';
import missingPullSecret from '../../../rules/references/reference-missing-imagepullsecret';
import missingIssuer from '../../../rules/references/reference-missing-issuer';
import missingPvc from '../../../rules/references/reference-missing-pvc';
import missingSecret from '../../../rules/references/reference-missing-secret';
import missingSecretKey from '../../../rules/references/reference-missing-secret-key';
import missingServiceAccount from '../../../rules/references/reference-missing-serviceaccount';
import missingStorageClass from '../../../rules/references/reference-missing-storageclass';
import missingVolume from '../../../rules/references/reference-missing-volume';
import { check } from '../../fixture';
import { applyFix, expectMarks, fixTitles, messages } from '../expect';

/** A Pod in the namespace matrix; the text is its spec at column 0. */
function pod(spec: string): string {
  const indented = spec
    .replace(/^\n/, '')
    .replace(/\n\s*$/, '')
    .split('\n')
    .map(line => `  ${line}`);
  return [
    'apiVersion: v1',
    'kind: Pod',
    'metadata:',
    '  name: app',
    '  namespace: matrix',
    'spec:',
    ...indented,
    '',
  ].join('\n');
}

function env(name: string, key: string, options = ''): string {
  return pod(`containers:
  - name: app
    image: registry.test/app:1
    env:
      - name: A
        valueFrom:
          secretKeyRef: { name: ${name}, key: ${key}${options} }`);
}

const container = 'containers:\n  - name: app\n    image: registry.test/app:1';

describe('references to Secrets', () => {
  it('are missed once in a file, with all others that need the same Secret', () => {
    const needs = (name: string, secret: string): string => `
      apiVersion: v1
      kind: Pod
      metadata: { name: ${name}, namespace: matrix }
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            envFrom: [{ secretRef: { name: ${secret} } }]`;
    const { findings, workspace } = check(
      `
      #- /a.yaml${needs('one', 'shared')}
      ---${needs('two', 'shared')}
      ---${needs('three', 'other')}
      #- /b.yaml${needs('four', 'shared')}
`,
      [missingSecret],
    );
    assert.deepEqual(
      findings.map(({ problem, resource }) => [
        resource?.name,
        problem.related?.map(({ at, message }) => `${workspace.file(at.uri)?.path} ${message}`),
      ]),
      [
        ['one', ['a.yaml Pod/two needs it as well', 'b.yaml Pod/four needs it as well']],
        ['three', []],
        ['four', ['a.yaml Pod/one needs it as well', 'a.yaml Pod/two needs it as well']],
      ],
    );
  });

  it('stand in routes and gateways of Traefik and of the Gateway API', () => {
    expectMarks(
      missingSecret,
      `
      apiVersion: traefik.io/v1alpha1
      kind: IngressRoute
      metadata: { name: chat, namespace: matrix }
      spec:
        tls: { secretName: chat-tls }
      #                    ^^^^^^^^ 💡 error: Nothing creates the Secret chat-tls in namespace matrix, which TLS needs
      ---
      apiVersion: traefik.containo.us/v1alpha1
      kind: IngressRouteTCP
      metadata: { name: turn, namespace: matrix }
      spec:
        tls: { secretName: made-tls }
      ---
      apiVersion: traefik.io/v1alpha1
      kind: IngressRoute
      metadata: { name: resolved, namespace: matrix }
      spec:
        tls: { certResolver: letsencrypt }
      ---
      apiVersion: traefik.io/v1alpha1
      kind: Middleware
      metadata: { name: login, namespace: matrix }
      spec:
        basicAuth: { secret: users }
      #                      ^^^^^ 💡 warning: which authentication needs
      ---
      apiVersion: traefik.io/v1alpha1
      kind: TLSOption
      metadata: { name: mutual, namespace: matrix }
      spec:
        clientAuth: { secretNames: [client-ca] }
      #                             ^^^^^^^^^ 💡 error: Nothing creates the Secret client-ca
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata: { name: public, namespace: matrix }
      spec:
        listeners:
          - name: https
            tls: { certificateRefs: [{ name: gateway-tls }, { name: made-tls }] }
      #                                      ^^^^^^^^^^^ 💡 error: Nothing creates the Secret gateway-tls
      ---
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata: { name: made, namespace: matrix }
      spec: { secretName: made-tls, issuerRef: { name: ca, kind: ClusterIssuer } }
      `,
    );
  });

  it('stand in an Ingress that asks nobody for a certificate', () => {
    const ingress = (annotations: string): string => `
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: { name: chat, namespace: matrix, annotations: { ${annotations} } }
      spec: { ingressClassName: traefik, tls: [{ hosts: [chat.test], secretName: chat-tls }] }
    `;
    // It may be a wildcard that is kept elsewhere, unless the tree makes its certificates itself.
    assert.match(messages(missingSecret, ingress('a: b')).join(), /^warning: Nothing creates the Secret chat-tls/);
    const other = ingress('cert-manager.io/issuer: ca').replaceAll('chat', 'other');
    assert.match(
      messages(missingSecret, `${ingress('a: b')}  ---${other}`).join(),
      /^error: Nothing creates the Secret chat-tls/,
    );
    const wildcard = `
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata: { name: wildcard, namespace: cert-manager }
      spec: { secretName: chat-tls, dnsNames: ['*.test'], issuerRef: { name: ca, kind: ClusterIssuer } }
    `;
    assert.match(
      messages(missingSecret, `${ingress('a: b')}  ---${wildcard}`).join(),
      /^warning: Nothing creates the Secret chat-tls/,
    );
    expectMarks(missingSecret, ingress('cert-manager.io/issuer: ca'));
  });

  it('stand in what operators are told of certificates, environment and DNS providers', () => {
    expectMarks(
      missingSecret,
      `
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: { name: pg, namespace: matrix }
      spec:
        certificates: { serverTLSSecret: pg-tls, serverCASecret: pg-ca }
      #                                  ^^^^^^ 💡 warning: which serverTLSSecret needs
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata: { name: minio, namespace: matrix }
      spec:
        env: [{ name: A, valueFrom: { secretKeyRef: { name: none, key: a } } }]
      #                                                     ^^^^ 💡 warning: which the Tenant needs
      ---
      apiVersion: cert-manager.io/v1
      kind: Issuer
      metadata: { name: acme, namespace: matrix }
      spec:
        acme:
          solvers:
            - dns01: { cloudflare: { apiTokenSecretRef: { name: token, key: a } } }
      #                                                         ^^^^^ 💡 warning: which the DNS01 solver needs
      `,
    );
  });

  it('stand in what a Cluster trusts its store by and reaches another cluster with', () => {
    const found = messages(
      missingSecret,
      `
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: matrix-postgresql-li, namespace: matrix-li}
      spec:
        instances: 1
        backup:
          barmanObjectStore:
            destinationPath: s3://backups/li
            endpointCA: {name: minio-tls, key: ca.crt}
        externalClusters:
          - name: main
            password: {name: main-user, key: password}
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: minio-tls, namespace: matrix}
      stringData: {ca.crt: x}
    `,
    ).map(message => message.replace(/ — .*/, ''));
    assert.deepEqual(found, [
      'error: Nothing creates the Secret minio-tls in namespace matrix-li, which endpointCA needs',
      'warning: Nothing creates the Secret main-user in namespace matrix-li, which externalClusters needs',
    ]);
  });

  it('accept optional ones', () => {
    expectMarks(missingSecret, env('none', 'a', ', optional: true'));
    expectMarks(
      missingSecretKey,
      `${env('app', 'none', ', optional: true')}---\napiVersion: v1\nkind: Secret\nmetadata: { name: app, namespace: matrix }\nstringData: { a: b }\n`,
    );
  });

  it('know what operators generate, with its keys', () => {
    const cluster = `---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: pg, namespace: matrix }
spec: { instances: 3 }
`;
    for (const key of ['username', 'password', 'uri', 'pgpass']) {
      expectMarks(missingSecret, env('pg-app', key) + cluster);
      expectMarks(missingSecretKey, env('pg-app', key) + cluster);
    }
    assert.equal(fixTitles(missingSecretKey, env('pg-app', 'pasword') + cluster)[0], 'Use the key password');
  });

  it('count a Secret in a document that cannot be read', () => {
    expectMarks(
      missingSecret,
      `${env('app', 'a')}---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  namespace: matrix\nstringData:\n  a: [\n`,
    );
  });

  it('count what is provided, with its keys', () => {
    const provided = '#- /matrix-preflight.yaml\nprovided:\n  - kind: Secret\n    name: app\n    keys: [a]\n';
    expectMarks(missingSecret, `#- /app.yaml\n${env('app', 'a')}${provided}`);
    expectMarks(missingSecretKey, `#- /app.yaml\n${env('app', 'a')}${provided}`);
    assert.match(
      messages(missingSecretKey, `#- /app.yaml\n${env('app', 'other')}${provided}`).join(),
      /^error: Secret app has no key other, .* has the keys a /,
    );
  });

  it('do not reach into another namespace', () => {
    expectMarks(
      missingSecret,
      `
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            envFrom:
              - secretRef:
                  name: app
      #                 ^^^ 💡 error: Nothing creates the Secret app in namespace matrix
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: other
      stringData:
        a: b
      `,
    );
  });

  it('leave what an installed chart makes alone, and are warnings where only a README tells of the chart', () => {
    const script = 'helm upgrade --install redis-synapse bitnami/redis -n matrix --values values/redis.yaml\n';
    expectMarks(missingSecret, `#- /app.yaml\n${env('redis-synapse', 'redis-password')}#- /install.sh\n${script}`);
    expectMarks(
      missingSecret,
      `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            envFrom:
              - secretRef:
                  name: redis-synapse
      #                 ^^^^^^^^^^^^^ 💡 warning: Nothing creates the Secret redis-synapse
      #- /README.md
      Then run
          helm install redis-synapse bitnami/redis --namespace matrix
      `,
    );
  });

  it('are errors beside a chart that gives its objects other names', () => {
    const script = 'helm upgrade --install livekit livekit/livekit-server -n matrix\n';
    assert.equal(
      fixTitles(missingSecret, `#- /app.yaml\n${env('livekit-secrets', 'a')}#- /install.sh\n${script}`).length,
      2,
    );
  });

  it('are warnings where only a README tells the reader to create the Secret', () => {
    expectMarks(
      missingSecret,
      `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            envFrom:
              - secretRef:
                  name: app-auth
      #                 ^^^^^^^^ warning: Secret app-auth in namespace matrix, which container app needs, has to be created by hand
      #- /README.md
          kubectl create secret generic app-auth -n matrix --from-literal=a=b
      `,
    );
  });

  it('are warnings in a tree that makes none', () => {
    const pod = (...names: readonly string[]): string =>
      `apiVersion: v1
kind: Pod
metadata: {name: app, namespace: matrix}
spec:
  containers:
    - name: app
      image: registry.test/app:1
      env:
${names.map(name => `        - {name: ${name.toUpperCase()}, valueFrom: {secretKeyRef: {name: ${name}, key: a}}}`).join('\n')}
`;
    const severities = (source: string): readonly string[] =>
      messages(missingSecret, source).map(one => one.replace(/:.*/s, ''));
    assert.deepEqual(severities(pod('a')), ['warning']);
    assert.deepEqual(severities(pod('a', 'b', 'c')), ['warning', 'warning', 'warning']);
    const secret = '---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: matrix}\nstringData: {a: x}\n';
    assert.deepEqual(severities(pod('a', 'b', 'c') + secret), ['error', 'error']);
    const sealed =
      '---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a, namespace: matrix}\nspec: {encryptedData: {a: x}}\n';
    assert.deepEqual(severities(pod('a', 'b', 'c') + sealed), ['error', 'error']);
    const script = `#- /setup.sh\nkubectl create secret generic a -n matrix --from-literal=a=b\n#- /app.yaml\n${pod('a', 'b', 'c')}`;
    assert.deepEqual(severities(script), ['error', 'error']);
    // What the operator makes up is no Secret that somebody keeps.
    const cluster =
      '---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg, namespace: matrix}\nspec: {instances: 1}\n';
    assert.deepEqual(severities(pod('a', 'b', 'c') + cluster), ['warning', 'warning', 'warning']);
  });

  it('know the command of a comment whose options stand before it', () => {
    const app = (comment: string): string => `
#- /app.yaml
# Apply:
#   ${comment}
#     --from-literal=a="<the same as elsewhere>"
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: matrix}
spec:
  containers:
    - {name: app, image: "registry.test/app:1", env: [{name: A, valueFrom: {secretKeyRef: {name: app-auth, key: a}}}]}
---
apiVersion: v1
kind: Secret
metadata: {name: others, namespace: matrix}
stringData: {a: x}
#- /matrix-preflight.yaml
provided: []
`;
    const severity = (comment: string): string => messages(missingSecret, app(comment)).join().replace(/:.*/s, '');
    for (const options of [
      '-n matrix',
      '--namespace=matrix',
      '--context main --namespace matrix',
      '--dry-run=client -n matrix',
    ])
      assert.equal(severity(`kubectl ${options} create secret generic app-auth \\`), 'warning', options);
    assert.equal(severity('kubectl -n other create secret generic app-auth \\'), 'error');
    assert.equal(severity('kubectl -n matrix get secret app-auth \\'), 'error');
  });

  it('read projected volumes, items and subPath', () => {
    const secret =
      '---\napiVersion: v1\nkind: Secret\nmetadata: { name: app, namespace: matrix }\nstringData: { a: b }\n';
    expectMarks(
      missingSecretKey,
      `${pod(`${container}
    volumeMounts:
      - { name: one, mountPath: /one/a, subPath: a }
      - { name: two, mountPath: /two/renamed, subPath: renamed }
volumes:
  - name: one
    secret: { secretName: app }
  - name: two
    secret:
      secretName: app
      items: [{ key: a, path: renamed }]
  - name: three
    projected:
      sources:
        - secret: { name: app, items: [{ key: a, path: x }] }`)}${secret}`,
    );
    assert.deepEqual(
      fixTitles(
        missingSecretKey,
        `${pod(`${container}
volumes:
  - name: three
    projected:
      sources:
        - secret: { name: app, items: [{ key: other, path: x }] }`)}${secret}`,
      ),
      ['Add the key other to the Secret app'],
    );
  });

  it('offer a skeleton with the keys that the tree uses, which asks for values', () => {
    const source = `${env('app', 'password')}---\n${env('app', 'user').replace('name: app', 'name: second')}`;
    const files = applyFix(missingSecret, source, 'Create a skeleton of the Secret app');
    assert.equal(
      files['main.yaml'],
      `${source}---
apiVersion: v1
kind: Secret
metadata:
  name: app
  namespace: matrix
type: Opaque
stringData:
  password: CHANGEME
  user: CHANGEME
`,
    );
    expectMarks(missingSecret, files['main.yaml'] ?? '');
    expectMarks(missingSecretKey, files['main.yaml'] ?? '');
  });

  it('offer the skeleton in a file of its own beside JSON', () => {
    const source =
      '#- /apps/app.json\n{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app", "namespace": "matrix"}, "spec": {"volumes": [{"name": "a", "configMap": {"name": "app"}}]}}\n';
    const files = applyFix(missingConfigMap, source, 'Create a skeleton of the ConfigMap app');
    assert.deepEqual(Object.keys(files), ['apps/app.json', 'apps/app-configmap.yaml']);
  });

  it('add a missing key to the manifest', () => {
    const source = `${env('app', 'b')}---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  namespace: matrix\ndata:\n  other: YQ==\n`;
    const files = applyFix(missingSecretKey, source, 'Add the key b to the Secret app');
    assert.ok(files['main.yaml']?.endsWith('data:\n  other: YQ==\nstringData:\n  b: CHANGEME\n'));
  });

  it('rename every reference of the resource at once', () => {
    const source = `${pod(`containers:
  - name: app
    image: registry.test/app:1
    env:
      - name: A
        valueFrom:
          secretKeyRef: { name: app-secret, key: a }
      - name: B
        valueFrom:
          secretKeyRef: { name: "app-secret", key: b }`)}---
apiVersion: v1
kind: Secret
metadata: { name: app-secrets, namespace: matrix }
stringData: { a: x, b: y }
`;
    const files = applyFix(missingSecret, source, 'Use the Secret app-secrets');
    assert.ok(files['main.yaml']?.includes('{ name: app-secrets, key: a }'));
    assert.ok(files['main.yaml']?.includes('{ name: "app-secrets", key: b }'));
  });

  it('leave Secrets for pulling images to their own rule', () => {
    const source = pod(`imagePullSecrets:\n  - name: registry\n${container}`);
    expectMarks(missingSecret, source);
    assert.equal(fixTitles(missingPullSecret, source).length, 2);
  });
});

describe('objects that other controllers make', () => {
  const makers: Readonly<Record<string, string>> = {
    'external-secrets.io/v1 ClusterExternalSecret': 'spec: {externalSecretName: app, externalSecretSpec: {}}',
    'secrets-store.csi.x-k8s.io/v1 SecretProviderClass':
      'spec: {secretObjects: [{secretName: app, data: [{objectName: x, key: a}]}]}',
    'secrets.hashicorp.com/v1beta1 VaultDynamicSecret': 'spec: {destination: {name: app}}',
    'secrets.hashicorp.com/v1beta1 VaultPKISecret': 'spec: {destination: {name: app}}',
    'secrets.doppler.com/v1alpha1 DopplerSecret': 'spec: {managedSecret: {name: app, namespace: matrix}}',
    'secrets.infisical.com/v1alpha1 InfisicalSecret':
      'spec: {managedSecretReference: {secretName: app, secretNamespace: matrix}}',
    'isindir.github.com/v1alpha3 SopsSecret': 'spec: {secretTemplates: [{name: app, stringData: {a: x}}]}',
  };
  for (const [kind, spec] of Object.entries(makers)) {
    it(`include the Secret of a ${kind.split(' ')[1]}`, () => {
      const made = `---\napiVersion: ${kind.replace(' ', '\nkind: ')}\nmetadata: {name: maker, namespace: matrix}\n${spec}\n`;
      expectMarks(missingSecret, env('app', 'a') + made);
      expectMarks(missingSecretKey, env('app', 'a') + made);
      assert.equal(messages(missingSecret, env('app', 'a') + made.replaceAll('app', 'other')).length, 1);
    });
  }

  it('include bundles of certificates, and copies into other namespaces', () => {
    const bundle =
      '---\napiVersion: trust.cert-manager.io/v1alpha1\nkind: Bundle\nmetadata: {name: ca}\nspec: {target: {configMap: {key: ca.crt}}}\n';
    const mounted = pod(`${container}\nvolumes:\n  - name: ca\n    configMap: { name: ca }`);
    expectMarks(missingConfigMap, mounted + bundle);
    assert.equal(messages(missingConfigMap, mounted + bundle.replace('configMap', 'secret')).length, 1);
    const copied = (annotations: string): string =>
      `---\napiVersion: v1\nkind: Secret\nmetadata: {name: app, namespace: other, annotations: {${annotations}}}\nstringData: {a: x}\n`;
    const reflector = 'reflector.v1.k8s.emberstack.com/reflection-auto';
    expectMarks(
      missingSecret,
      env('app', 'a') + copied(`${reflector}-enabled: "true", ${reflector}-namespaces: matrix`),
    );
    expectMarks(missingSecret, env('app', 'a') + copied(`${reflector}-enabled: "true"`));
    expectMarks(missingSecret, env('app', 'a') + copied('replicator.v1.mittwald.de/replicate-to: "matrix,x"'));
    for (const annotations of ['a: b', `${reflector}-enabled: "true", ${reflector}-namespaces: third`])
      assert.equal(messages(missingSecret, env('app', 'a') + copied(annotations)).length, 1);
  });

  it('include the further formats of a Certificate', () => {
    const certificate = (spec: string): string =>
      `---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: app, namespace: matrix}\nspec: {secretName: app${spec}}\n`;
    const formats = ', additionalOutputFormats: [{type: CombinedPEM}], keystores: {pkcs12: {create: true}}';
    expectMarks(missingSecretKey, env('app', 'tls-combined.pem') + certificate(formats));
    expectMarks(missingSecretKey, env('app', 'keystore.p12') + certificate(formats));
    assert.equal(messages(missingSecretKey, env('app', 'tls-combined.pem') + certificate('')).length, 1);
  });
});

describe('references to other objects', () => {
  it('accept kube-root-ca.crt and the ServiceAccount default', () => {
    const source = pod(
      `serviceAccountName: default\n${container}\nvolumes:\n  - name: ca\n    configMap: { name: kube-root-ca.crt }`,
    );
    expectMarks(missingConfigMap, source);
    expectMarks(missingServiceAccount, source);
  });

  it('accept ConfigMaps of kustomize generators', () => {
    expectMarks(
      missingConfigMap,
      `#- /kustomization.yaml
configMapGenerator:
  - name: app
    files: [app.yaml]
#- /app.yaml
${pod(`${container}\nvolumes:\n  - name: config\n    configMap: { name: app }`)}`,
    );
  });

  it('find binaryData keys', () => {
    expectMarks(
      missingConfigMapKey,
      `${pod(`${container}\nvolumes:\n  - name: a\n    configMap: { name: app, items: [{ key: logo, path: logo.png }] }`)}---
apiVersion: v1
kind: ConfigMap
metadata: { name: app, namespace: matrix }
binaryData: { logo: aGk= }
`,
    );
  });

  it('know the claims of a StatefulSet', () => {
    const statefulSet = `---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: matrix }
spec:
  replicas: 2
  volumeClaimTemplates:
    - metadata: { name: data }
`;
    const claim = (name: string): string =>
      pod(`${container}\nvolumes:\n  - name: d\n    persistentVolumeClaim: { claimName: ${name} }`);
    expectMarks(missingPvc, claim('data-db-1') + statefulSet);
    assert.equal(fixTitles(missingPvc, claim('data-db-2') + statefulSet).length, 2);
  });

  it('know volumeClaimTemplates as volumes', () => {
    expectMarks(
      missingVolume,
      `
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: { name: db, namespace: matrix }
      spec:
        template:
          spec:
            initContainers:
              - name: prepare
                image: registry.test/app:1
                volumeMounts:
                  - { name: data, mountPath: /data }
                  - { name: tmp, mountPath: /tmp }
      #                     ^^^ 💡 error: Init container prepare mounts the volume tmp
            containers:
              - name: db
                image: registry.test/app:1
                volumeMounts:
                  - { name: data, mountPath: /data }
        volumeClaimTemplates:
          - metadata: { name: data }
      `,
    );
  });

  it('add a volume where there is none', () => {
    const files = applyFix(
      missingVolume,
      pod(`${container}\n    volumeMounts:\n      - name: tmp\n        mountPath: /tmp`),
      'Add an emptyDir volume tmp',
    );
    assert.ok(
      files['main.yaml']?.endsWith('        mountPath: /tmp\n  volumes:\n    - name: tmp\n      emptyDir: {}\n'),
    );
  });

  it('take an issuer without a kind for a namespaced one', () => {
    expectMarks(
      missingIssuer,
      `
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: a
        namespace: matrix
      spec:
        secretName: a
        issuerRef:
          name: ca
      #         ^^ 💡 error: Nothing creates the Issuer ca in namespace matrix
      ---
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: ca
      spec:
        selfSigned: {}
      `,
    );
  });

  it('leave issuers of other groups alone, and warn where the tree declares no ClusterIssuer', () => {
    expectMarks(
      missingIssuer,
      `
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata: { name: a, namespace: matrix }
      spec:
        issuerRef: { name: pca, kind: AWSPCAClusterIssuer, group: awspca.cert-manager.io }
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: a
        namespace: matrix
        annotations:
          cert-manager.io/issuer: pca
          cert-manager.io/issuer-group: awspca.cert-manager.io
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: b
        namespace: matrix
        annotations:
          cert-manager.io/cluster-issuer: letsencrypt
      #                                   ^^^^^^^^^^^ 💡 warning: Nothing creates the ClusterIssuer letsencrypt
      `,
    );
  });

  it('mention no empty storage class and no placeholder for one', () => {
    expectMarks(
      missingStorageClass,
      `
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: { name: a, namespace: matrix }
      spec: { storageClassName: "" }
      ---
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: { name: b, namespace: matrix }
      spec: { storageClassName: CHANGE_TO_YOUR_STORAGE_CLASS }
      ---
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: { name: c, namespace: matrix }
      spec: {}
      `,
    );
  });

  it('know the storage classes that custom resources ask for, and that the tree declares', () => {
    expectMarks(
      missingStorageClass,
      `
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: { name: pg, namespace: matrix }
      spec:
        storage: { storageClass: fast, size: 1Gi }
      #                          ^^^^ info: StorageClass fast is not declared
        walStorage: { storageClass: slow, size: 1Gi }
      ---
      apiVersion: storage.k8s.io/v1
      kind: StorageClass
      metadata: { name: slow }
      provisioner: example
      `,
    );
  });
});
