import assert from 'node:assert/strict';
import { rules } from '../../rules/catalogue';
import { checkWorkspace, takeCrashes } from '../../rules/findings';
import { workspaceOf } from '../fixture';

/** What every object of JavaScript has must be as unknown a name as any other. */
describe('names that objects inherit', () => {
  for (const [inherited, unknown] of [
    ['constructor', 'conztructor'],
    ['__proto__', '__prata__'],
  ] as const)
    it(`are nothing special: ${inherited}`, () => assert.deepEqual(messages(inherited), messages(unknown)));
});

/** What is found in a tree that has a name wherever one may stand, with `@` for the name. */
function messages(name: string): readonly string[] {
  const workspace = workspaceOf(new Map(Object.entries(files(name))));
  const found = checkWorkspace(workspace, rules).map(
    ({ rule, problem }) => `${rule.id}: ${problem.message.replaceAll(name, '@')}`,
  );
  assert.deepEqual(takeCrashes(workspace), []);
  return found.sort();
}

function files(x: string): Readonly<Record<string, string>> {
  return {
    'objects.yaml': `
apiVersion: v1
kind: Secret
metadata: {name: ${x}, namespace: ${x}, labels: {${x}: ${x}}, annotations: {${x}: ${x}}}
stringData: {${x}: ${x}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ${x}, namespace: ${x}}
data:
  ${x}: ${x}
  homeserver.yaml: |
    ${x}: ${x}
    database: {${x}: {}, name: ${x}, args: {${x}: 1, host: ${x}}}
    instance_map: {${x}: {host: ${x}, port: 1}}
    stream_writers: {${x}: [${x}], events: ${x}}
    listeners: [{type: ${x}, port: ${x}, resources: [{names: [${x}]}]}]
  haproxy.cfg: "${x} ${x}\\nbackend ${x}\\n  server ${x} ${x}:8008 ${x}\\nfrontend ${x}\\n  use_backend ${x} if ${x}\\n"
  redis.conf: ${x} ${x}
  livekit.yaml: "${x}: {${x}: ${x}}"
  config.json: '{"${x}": "${x}", "default_server_config": {"${x}": "${x}"}}'
  turnserver.conf: ${x}=${x}
  run.${x}: export ${x}=${x}
  run.sh: export ${x}=${x}; sed -i s/${x}/$${x}/ ${x}; psql -h ${x} -c '${x}'; kubectl ${x} ${x}; ${x} ${x}
  nginx.conf: "${x} { ${x} ${x}; }"
  init.sql: CREATE ROLE ${x}; SELECT ${x} FROM ${x};
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${x}, namespace: ${x}}
spec:
  selector: {matchLabels: {${x}: ${x}}}
  template:
    metadata: {labels: {${x}: ${x}}, annotations: {${x}: ${x}}}
    spec:
      serviceAccountName: ${x}
      volumes:
        - {name: ${x}, secret: {secretName: ${x}, items: [{key: ${x}, path: ${x}}]}}
        - {name: other, ${x}: {}}
      containers:
        - name: ${x}
          image: ${x}:${x}
          command: [sh, -c, "${x} ${x}; psql ${x}"]
          volumeMounts: [{name: ${x}, mountPath: ${x}}]
          ports: [{name: ${x}, containerPort: 80}]
          env: [{name: ${x}, valueFrom: {secretKeyRef: {name: ${x}, key: ${x}}}}]
          resources: {limits: {${x}: ${x}}}
---
apiVersion: v1
kind: Service
metadata: {name: ${x}, namespace: ${x}}
spec: {selector: {${x}: ${x}}, type: ${x}, ports: [{name: ${x}, port: 80, targetPort: ${x}, protocol: ${x}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${x}, namespace: ${x}}
spec:
  podSelector: {matchLabels: {${x}: ${x}}}
  policyTypes: [${x}, Ingress]
  ingress: [{from: [{namespaceSelector: {matchLabels: {${x}: ${x}}}}], ports: [{port: ${x}, protocol: ${x}}]}]
---
apiVersion: ${x}/v1
kind: ${x}
metadata: {name: ${x}}
spec: {${x}: ${x}}
---
apiVersion: ${x}
kind: ${x}
metadata: {name: ${x}}
${x}: ${x}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: ${x}, namespace: ${x}}
spec: {chart: {spec: {chart: ${x}, sourceRef: {kind: ${x}, name: ${x}}}}, values: {${x}: ${x}}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: ${x}, namespace: ${x}}
spec: {instances: 3, ${x}: ${x}, bootstrap: {initdb: {database: ${x}, owner: ${x}}}, postgresql: {parameters: {${x}: ${x}}}}
`,
    'matrix-preflight.yaml': `
components: {${x}: off}
rules: {${x}: off}
scale: {ccu: ${x}}
provided: [{kind: ${x}, name: ${x}, keys: [${x}]}]
plan: {${x}: {}, steps: {${x}: {paths: [${x}]}}}
${x}: {a: b}
`,
    '.matrix-preflight/sign-offs.yaml': `
${x}: ${x}
signOffs: [{item: ${x}, by: ${x}, at: ${x}, note: x}]
waivers: [{rule: ${x}, by: ${x}}]
`,
  };
}
