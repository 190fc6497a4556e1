import assert from 'node:assert/strict';
import { occurrencesIn } from '../../../analysis/occurrences/find';
import { allOccurrences, atCursor, definitions, readMarked, uriOf, workspaceOf } from './marked';

/** Asserts that the marked places, and no others, are found; a test without marks would say nothing. */
function isAll({ found, expected }: { readonly found: readonly string[]; readonly expected: readonly string[] }): void {
  assert.notEqual(expected.length, 0);
  assert.deepEqual(found, expected);
}

describe('occurrences', () => {
  describe('objects and keys', () => {
    it('finds a Secret from a reference, in other files, in quotes and in the same namespace only', () => {
      isAll(
        allOccurrences(`
          #- secret.yaml
          apiVersion: v1
          kind: Secret
          metadata:
            name: "«creds»"
            namespace: matrix
          stringData:
            password: x
          ---
          apiVersion: v1
          kind: Secret
          metadata:
            name: creds
            namespace: other
          #- app.yaml
          apiVersion: apps/v1
          kind: Deployment
          metadata:
            name: app
            namespace: matrix
          spec:
            template:
              spec:
                containers:
                  - name: app
                    env:
                      - name: PASSWORD
                        valueFrom:
                          secretKeyRef:
                            name: «cr$0eds»
                            key: password
                    envFrom:
                      - secretRef: { name: '«creds»' }
                volumes:
                  - name: files
                    secret:
                      secretName: «creds»
        `),
      );
    });

    it('finds a key where it is defined, read and mounted', () => {
      isAll(
        allOccurrences(`
          #- all.yaml
          apiVersion: v1
          kind: Secret
          metadata:
            name: creds
          stringData:
            "«pass$0word»": x
            other: y
          ---
          apiVersion: apps/v1
          kind: Deployment
          metadata:
            name: app
          spec:
            template:
              spec:
                containers:
                  - name: app
                    args: [--password-file, /secrets/«password», /secrets/password-other]
                    env:
                      - name: PASSWORD
                        valueFrom: { secretKeyRef: { name: creds, key: «password» } }
                    volumeMounts:
                      - { name: files, mountPath: /secrets }
                volumes:
                  - name: files
                    secret: { secretName: creds }
                  - name: one
                    secret:
                      secretName: creds
                      items:
                        - key: «password»
                          path: p
        `),
      );
    });

    it('leads from what an operator makes to the object that it is made from', () => {
      const cluster = `
          apiVersion: postgresql.cnpg.io/v1
          kind: Cluster
          metadata:
            name: «db»
            namespace: matrix
          spec:
            instances: 3
          ---`;
      isAll(
        definitions(`
          #- all.yaml${cluster}
          apiVersion: v1
          kind: Pod
          metadata: { name: app, namespace: matrix }
          spec:
            containers:
              - name: app
                env:
                  - name: PASSWORD
                    valueFrom: { secretKeyRef: { name: db-app, key: pass$0word } }
        `),
      );
      isAll(
        definitions(`
          #- all.yaml${cluster}
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: settings, namespace: matrix }
          data:
            database.conf: |
              # The primary.
              host = db$0-rw
        `),
      );
    });

    it('finds issuers, classes, roles, scale targets and the Service of a StatefulSet', () => {
      for (const [kind, name, reference] of [
        [
          'cert-manager.io/v1 ClusterIssuer',
          'letsencrypt',
          'metadata: { name: web, annotations: { cert-manager.io/cluster-issuer: $ } }',
        ],
        ['scheduling.k8s.io/v1 PriorityClass', 'high', 'spec: { priorityClassName: $, containers: [] }'],
        [
          'rbac.authorization.k8s.io/v1 Role',
          'reader',
          'roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: $ }',
        ],
        ['apps/v1 Deployment', 'app', 'spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: $ } }'],
        ['v1 Service', 'redis-headless', 'spec: { serviceName: $ }'],
        ['v1 ServiceAccount', 'robot', 'subjects: [{ kind: ServiceAccount, name: $ }]'],
        ['storage.k8s.io/v1 StorageClass', 'fast', 'spec: { storageClassName: $ }'],
        [
          'v1 PersistentVolumeClaim',
          'media',
          'spec: { volumes: [{ name: x, persistentVolumeClaim: { claimName: $ } }] }',
        ],
        ['v1 Namespace', 'matrix', 'metadata: { name: web, namespace: $ }'],
      ] as const) {
        const [apiVersion, defined] = kind.split(' ');
        const holder = holders[defined ?? ''] ?? 'v1 Pod';
        const [holderVersion, holderKind] = holder.split(' ');
        const metadata = reference.startsWith('metadata') ? '' : 'metadata: { name: holder }';
        isAll(
          definitions(`
            #- definition.yaml
            apiVersion: ${apiVersion}
            kind: ${defined}
            metadata:
              name: «${name}»
            #- reference.yaml
            apiVersion: ${holderVersion}
            kind: ${holderKind}
            ${metadata}
            ${reference.replace('$', `$0${name}`)}
          `),
        );
      }
    });

    it('finds a Namespace in objects, hosts, commands and its own label', () => {
      isAll(
        allOccurrences(`
          #- all.yaml
          apiVersion: v1
          kind: Namespace
          metadata: { name: «matrix», labels: { kubernetes.io/metadata.name: «matrix» } }
          ---
          apiVersion: rbac.authorization.k8s.io/v1
          kind: RoleBinding
          metadata: { name: b, namespace: «mat$0rix» }
          subjects: [{ kind: ServiceAccount, name: a, namespace: «matrix» }]
          #- kustomization.yaml
          namespace: «matrix»
          #- run.sh
          kubectl get pods -n «matrix»
          curl redis.«matrix».svc
        `),
      );
    });

    it('finds the StatefulSet in the host names of its pods', () => {
      isAll(
        allOccurrences(`
          #- all.yaml
          apiVersion: apps/v1
          kind: StatefulSet
          metadata: { name: «red$0is», namespace: matrix }
          spec: { serviceName: headless }
          ---
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: c, namespace: matrix }
          data:
            sentinel.conf: |
              host = «redis»-0.headless.matrix.svc.cluster.local
            url: redis://«redis»-2.headless.matrix.svc:6379
        `),
      );
    });

    it('finds the objects that scripts and runbooks name', () => {
      isAll(
        allOccurrences(`
          #- deploy.sh
          #!/bin/sh
          kubectl create secret generic «creds» --from-literal=password="$PASSWORD" -n matrix
          kubectl get secret/«creds» -n matrix
          kubectl get secret creds -n elsewhere
          #- README.md
          To see it:

          \`\`\`sh
          kubectl describe secret «creds» -n matrix
          \`\`\`
          #- app.yaml
          apiVersion: v1
          kind: Pod
          metadata: { name: app, namespace: matrix }
          spec:
            imagePullSecrets:
              - name: «cr$0eds»
        `),
      );
    });
  });

  describe('parts of pods and Services', () => {
    it('finds a volume in its own pod only', () => {
      isAll(
        allOccurrences(`
          #- pods.yaml
          apiVersion: v1
          kind: Pod
          metadata: { name: one }
          spec:
            initContainers:
              - name: init
                volumeMounts: [{ name: «config», mountPath: /config }]
            containers:
              - name: app
                volumeMounts: [{ name: «con$0fig», mountPath: /config }]
            volumes:
              - name: «config»
                emptyDir: {}
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: two }
          spec:
            containers:
              - name: app
                volumeMounts: [{ name: config, mountPath: /config }]
        `),
      );
    });

    it('finds a named container port in probes, Services, policies and monitors', () => {
      isAll(
        allOccurrences(`
          #- all.yaml
          apiVersion: apps/v1
          kind: Deployment
          metadata: { name: app, namespace: matrix }
          spec:
            template:
              metadata:
                labels: { app: app }
              spec:
                containers:
                  - name: app
                    ports:
                      - { name: «ht$0tp», containerPort: 8080 }
                    livenessProbe: { httpGet: { port: «http» } }
          ---
          apiVersion: v1
          kind: Service
          metadata: { name: app, namespace: matrix }
          spec:
            selector: { app: app }
            ports:
              - { name: http, port: 80, targetPort: «http» }
          ---
          apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: { name: app, namespace: matrix }
          spec:
            podSelector: { matchLabels: { app: app } }
            ingress:
              - ports: [{ port: «http» }]
          ---
          apiVersion: monitoring.coreos.com/v1
          kind: PodMonitor
          metadata: { name: app, namespace: matrix }
          spec:
            selector: { matchLabels: { app: app } }
            podMetricsEndpoints: [{ port: «http» }]
        `),
      );
    });

    it('finds a Service port in Ingresses and ServiceMonitors', () => {
      isAll(
        allOccurrences(`
          #- all.yaml
          apiVersion: v1
          kind: Service
          metadata: { name: app, namespace: matrix, labels: { app: app } }
          spec:
            ports:
              - { name: «web», port: 80, targetPort: 8080 }
          ---
          apiVersion: networking.k8s.io/v1
          kind: Ingress
          metadata: { name: app, namespace: matrix }
          spec:
            rules:
              - http:
                  paths:
                    - path: /
                      backend: { service: { name: app, port: { name: «w$0eb» } } }
          ---
          apiVersion: monitoring.coreos.com/v1
          kind: ServiceMonitor
          metadata: { name: app, namespace: matrix }
          spec:
            selector: { matchLabels: { app: app } }
            endpoints: [{ port: «web» }]
        `),
      );
    });
  });

  describe('labels', () => {
    const pods = `
          apiVersion: apps/v1
          kind: Deployment
          metadata: { name: one, namespace: matrix }
          spec:
            template:
              metadata: { labels: { app: «app», role: main } }
              spec: { containers: [] }
          ---
          apiVersion: apps/v1
          kind: Deployment
          metadata: { name: two, namespace: matrix }
          spec:
            template:
              metadata: { labels: { app: app, role: helper } }
              spec: { containers: [] }
          ---`;

    it('leads from a label of a selector to the pods that the whole selector finds', () => {
      const source = `
          #- all.yaml${pods}
          apiVersion: v1
          kind: Service
          metadata: { name: app, namespace: matrix }
          spec:
            selector:
              app: a$0pp
              role: main
            ports: []
        `;
      isAll(definitions(source));
      // The key of the label will do as well as its value.
      isAll(definitions(source.replace('app: a$0pp', 'a$0pp: app')));
    });

    it('leads from the label of a pod to the selectors, in other namespaces where they look there', () => {
      isAll(
        allOccurrences(`
          #- all.yaml
          apiVersion: v1
          kind: Pod
          metadata: { name: app, namespace: matrix, labels: { app: «a$0pp» } }
          spec: { containers: [] }
          ---
          apiVersion: policy/v1
          kind: PodDisruptionBudget
          metadata: { name: app, namespace: matrix }
          spec:
            selector:
              matchExpressions:
                - { key: app, operator: In, values: [«app», other] }
          ---
          apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: { name: far, namespace: monitoring }
          spec:
            podSelector: { matchLabels: { app: app } }
            egress:
              - to:
                  - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: matrix } }
                    podSelector: { matchLabels: { app: «app» } }
                  - podSelector: { matchLabels: { app: app } }
        `),
      );
    });

    it('leads from the selector of a ServiceMonitor to the Services that it finds', () => {
      isAll(
        definitions(`
          #- all.yaml
          apiVersion: v1
          kind: Service
          metadata: { name: app, namespace: matrix, labels: { part: «web» } }
          spec: { ports: [] }
          ---
          apiVersion: monitoring.coreos.com/v1
          kind: ServiceMonitor
          metadata: { name: app, namespace: matrix }
          spec: { selector: { matchLabels: { part: w$0eb } }, endpoints: [] }
        `),
      );
    });

    it('leads from a namespaceSelector to the Namespace', () => {
      isAll(
        definitions(`
          #- all.yaml
          apiVersion: v1
          kind: Namespace
          metadata: { name: «matrix» }
          ---
          apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: { name: all, namespace: other }
          spec:
            podSelector: {}
            ingress:
              - from:
                  - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: mat$0rix } }
        `),
      );
    });
  });

  describe('embedded configurations', () => {
    it('finds the Service that configurations, variables and URLs name as a host', () => {
      isAll(
        allOccurrences(
          `
          #- all.yaml
          apiVersion: v1
          kind: Service
          metadata: { name: «redis», namespace: matrix }
          spec: { ports: [{ port: 6379 }] }
          ---
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: config, namespace: matrix }
          data:
            homeserver.yaml: |
              redis:
                enabled: true
                host: «redis».matrix.svc.cluster.local # not «redis» in a comment
              url: redis://:secret@«re$0dis»:6379/0
              other: redis://redis.elsewhere.svc:6379
          ---
          apiVersion: apps/v1
          kind: Deployment
          metadata: { name: app, namespace: matrix }
          spec:
            template:
              spec:
                containers:
                  - name: app
                    env:
                      - { name: REDIS_HOST, value: «redis» }
                      - { name: REDIS_PORT, value: "6379" }
        `.replace('# not «redis» in', '# not redis in'),
        ),
      );
    });

    it('leads from a token in a configuration to the variable that replaces it, and on to the key', () => {
      const source = (token: string, command: string, key: string, cursor: { config?: string; variable?: string }) => `
          #- config.yaml
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: config, namespace: matrix }
          data:
            homeserver.yaml: |
              database:
                args:
                  password: ${cursor.config ?? token}
          ---
          apiVersion: v1
          kind: Secret
          metadata: { name: creds, namespace: matrix }
          stringData:
            ${key}: x
          #- app.yaml
          apiVersion: apps/v1
          kind: Deployment
          metadata: { name: app, namespace: matrix }
          spec:
            template:
              spec:
                initContainers:
                  - name: render
                    image: synapse
                    command: [sh, -c]
                    args:
                      - |
                        ${command} /template/homeserver.yaml > /config/homeserver.yaml
                    env:
                      - name: ${cursor.variable ?? 'DB_PASSWORD'}
                        valueFrom: { secretKeyRef: { name: creds, key: password } }
                    volumeMounts:
                      - { name: template, mountPath: /template }
                      - { name: config, mountPath: /config }
                containers:
                  - name: app
                    image: ghcr.io/element-hq/synapse:v1.120.0
                    volumeMounts:
                      - { name: config, mountPath: /config }
                volumes:
                  - { name: template, configMap: { name: config } }
                  - { name: config, emptyDir: {} }
        `;
      const definition = { variable: '«DB_PASSWORD»' };
      isAll(definitions(source('', 'envsubst <', 'password', { ...definition, config: '${DB_PASS$0WORD}' })));
      isAll(
        definitions(
          source('', 'sed "s|DB_PASSWORD_PLACEHOLDER|${DB_PASSWORD}|g"', 'password', {
            ...definition,
            config: 'DB_PASS$0WORD_PLACEHOLDER',
          }),
        ),
      );
      isAll(definitions(source('T', 'sed "s|T_PLACEHOLDER|${DB_PASS$0WORD}|g"', 'password', definition)));
      isAll(definitions(source('${DB_PASSWORD}', 'envsubst <', '«password»', { variable: 'DB_$0PASSWORD' })));
    });

    it('finds a variable in the script, the arguments and the other variables of its container only', () => {
      isAll(
        allOccurrences(`
          #- app.yaml
          apiVersion: apps/v1
          kind: Deployment
          metadata: { name: app }
          spec:
            template:
              spec:
                initContainers:
                  - name: other
                    command: [sh, -c, 'echo "$NAME"']
                    env: [{ name: NAME, value: b }]
                containers:
                  - name: app
                    command: [sh, -c]
                    args:
                      - |
                        # $NAME in a comment
                        echo "\${«NAME»:-x}" "$«NAME»" "$NAMES" '\\$NAME'
                        export «NAME»="$(tr a-z A-Z)" OTHER_NAME=x
                        psql -v NAME=x
                        exec app --name="$«NA$0ME»"
                    env:
                      - { name: «NAME», value: a }
                      - { name: URL, value: 'http://$(«NAME»)/' }
                    livenessProbe:
                      exec: { command: [sh, -c, 'check "\${«NAME»}"'] }
        `),
      );
    });

    it('takes a variable of envFrom for the key that it comes from', () => {
      isAll(
        definitions(`
          #- app.yaml
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: settings }
          data:
            «LOG_LEVEL»: info
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: app }
          spec:
            containers:
              - name: app
                command: [sh, -c, 'run --log="$LOG_$0LEVEL"']
                envFrom: [{ configMapRef: { name: settings } }]
        `),
      );
    });

    it('finds backends and acls of HAProxy, acls in their own section', () => {
      const config = (backend: string, acl: string) => `
          #- haproxy.cfg
          defaults
            mode http
          frontend web
            bind :8080
            acl ${acl} path_beg /_matrix/client/v3/sync
            use_backend ${backend} if ${acl}
            default_backend main
          frontend other
            acl is_sync path /sync
          backend ${backend}
            server one app:8008
          backend main
            server one app:8008
        `;
      isAll(allOccurrences(config('«syncers»', 'is_sync').replace('«syncers»', '«sync$0ers»')));
      isAll(allOccurrences(config('syncers', '«is_sync»').replace('if «is_sync»', 'if «is_$0sync»')));
    });

    it('finds the StatefulSet whose pods call themselves by their names', () => {
      isAll(
        allOccurrences(`
          #- synapse.yaml
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: synapse, namespace: matrix }
          data:
            homeserver.yaml: |
              server_name: tessera.test
              stream_writers:
                typing: [«typing»-0, master]
          ---
          apiVersion: apps/v1
          kind: StatefulSet
          metadata: { name: «typ$0ing», namespace: matrix }
          spec:
            template:
              spec:
                containers:
                  - name: synapse
                    image: ghcr.io/element-hq/synapse:v1.120.0
                    args: [run, --config-path=/config/homeserver.yaml]
                    volumeMounts: [{ name: config, mountPath: /config }]
                volumes:
                  - { name: config, configMap: { name: synapse } }
        `),
      );
    });

    it('finds the worker that instance_map and stream_writers name', () => {
      isAll(
        allOccurrences(`
          #- synapse.yaml
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: synapse, namespace: matrix }
          data:
            homeserver.yaml: |
              server_name: tessera.test
              instance_map:
                main: { host: synapse, port: 9093 }
                «typing»: { host: typing, port: 9093 }
              stream_writers:
                typing: [«typ$0ing»]
            worker.yaml: |
              worker_app: synapse.app.generic_worker
              worker_name: «typing»
          ---
          apiVersion: apps/v1
          kind: StatefulSet
          metadata: { name: synapse, namespace: matrix }
          spec: &synapse
            template:
              spec:
                containers:
                  - name: synapse
                    image: ghcr.io/element-hq/synapse:v1.120.0
                    args: [run, --config-path=/config/homeserver.yaml]
                    volumeMounts: [{ name: config, mountPath: /config }]
                volumes:
                  - { name: config, configMap: { name: synapse } }
          ---
          apiVersion: apps/v1
          kind: StatefulSet
          metadata: { name: typing, namespace: matrix }
          spec:
            template:
              spec:
                containers:
                  - name: synapse
                    image: ghcr.io/element-hq/synapse:v1.120.0
                    args: [run, --config-path=/config/homeserver.yaml, --config-path=/config/worker.yaml]
                    volumeMounts: [{ name: config, mountPath: /config }]
                volumes:
                  - { name: config, configMap: { name: synapse } }
        `),
      );
    });
  });

  describe('half-typed and other files', () => {
    it('reads what it can of a broken document', () => {
      isAll(
        definitions(`
          #- secret.yaml
          apiVersion: v1
          kind: Secret
          metadata: { name: «creds» }
          #- app.yaml
          apiVersion: v1
          kind: Pod
          metadata: { name: app }
          spec:
            imagePullSecrets:
              - name: cre$0ds
            containers:
              - name: app
                image: "unclosed
        `),
      );
    });

    it('finds nothing where there is no name', () => {
      for (const text of [
        '$0',
        'kind: $0',
        '# comment $0\n',
        'a: [1, {b$0',
        '---\n---$0\n',
        'kind: Secret\nmeta$0data: x',
      ]) {
        const marked = readMarked(`#- a.yaml\n${text}`);
        assert.deepEqual(atCursor(workspaceOf(marked), marked), [], text);
      }
    });

    it('follows an edit', () => {
      const marked = readMarked(`
        #- a.yaml
        # comment
        apiVersion: v1
        kind: Secret
        metadata: { name: creds }
        #- b.yaml
        apiVersion: v1
        kind: ServiceAccount
        metadata: { name: app }
        imagePullSecrets: [{ name: cr$0eds }]
      `);
      const workspace = workspaceOf(marked);
      const spans = (path: string): readonly string[] => {
        const file = workspace.file(uriOf(path));
        return file ? occurrencesIn(workspace, file).map(({ at }) => file.text.slice(at.span.start, at.span.end)) : [];
      };
      assert.deepEqual(spans('a.yaml'), ['creds']);
      for (const edited of ['# a much longer comment\n\n', '', '---\n# x\n']) {
        const text = (marked.files.get('a.yaml') ?? '').replace('# comment\n', edited);
        workspace.update(uriOf('a.yaml'), 'a.yaml', text);
        assert.deepEqual(spans('a.yaml'), ['creds'], edited);
        workspace.update(uriOf('a.yaml'), 'a.yaml', text.replace('creds', 'other-name'));
        assert.deepEqual(spans('a.yaml'), ['other-name'], edited);
      }
      const [one] = atCursor(workspace, marked);
      assert.equal(one?.subject.id, 'Secret/creds');
    });
  });
});

/** What refers to each kind in the test of the table. */
const holders: Readonly<Record<string, string>> = {
  ClusterIssuer: 'networking.k8s.io/v1 Ingress',
  Role: 'rbac.authorization.k8s.io/v1 RoleBinding',
  Deployment: 'autoscaling/v2 HorizontalPodAutoscaler',
  Service: 'apps/v1 StatefulSet',
  ServiceAccount: 'rbac.authorization.k8s.io/v1 RoleBinding',
  StorageClass: 'v1 PersistentVolumeClaim',
};
