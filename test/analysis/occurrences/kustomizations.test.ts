import assert from 'node:assert/strict';
import { occurrencesOf } from '../../../analysis/occurrences/find';
import { renamingOf } from '../../../analysis/occurrences/renaming';
import { allOccurrences, atCursor, definitions, readMarked, uriOf, workspaceOf } from './marked';

/** A base, an overlay with a generator and patches, and two Services of one name. The names of interest are marked by `@`. */
const tree = `
  #- base/app.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata: { name: @deployment, namespace: matrix }
  spec:
    template:
      spec:
        containers:
          - name: app
            env:
              - { name: A, valueFrom: { secretKeyRef: { name: @secret, key: @key } } }
              - { name: B, valueFrom: { secretKeyRef: { name: @secret, key: creds.txt } } }
  #- overlay/kustomization.yaml
  namespace: matrix
  resources: [../base/app.yaml]
  replicas: [{ name: @deployment, count: 3 }]
  images: [{ name: web, newTag: "1" }]
  patches:
    - target: { kind: Deployment, name: @deployment }
      patch: |
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: @deployment
    - path: patch.yaml
  secretGenerator:
    - name: @secret
      envs: [prod.env]
      files: [files/creds.txt]
      literals: ["URL=redis://@service:6379/0", "REDIS_HOST=@service"]
  #- overlay/patch.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata: { name: @deployment }
  spec: { replicas: 2 }
  #- overlay/prod.env
  # Passwords for redis://redis:6379
  @key=x
  REDIS_HOST=@service
  REDIS_URL="redis://:x@@service:6379"
  CACHE=redis
  #- services.yaml
  apiVersion: v1
  kind: Service
  metadata: { name: @service, namespace: matrix }
  ---
  apiVersion: v1
  kind: Service
  metadata: { name: redis, namespace: other }
`;

/** The tree with the places of one of the names marked and the cursor on the nth of them. */
function at(name: 'deployment' | 'secret' | 'key' | 'service', nth: number): string {
  const names = { deployment: 'web', secret: 'creds', key: 'PASSWORD', service: 'redis' };
  let count = 0;
  return tree.replace(/@(deployment|secret|key|service)/g, (_, found: keyof typeof names) => {
    const text = names[found];
    if (found !== name) return text;
    return count++ === nth ? `«$0${text}»` : `«${text}»`;
  });
}

describe('names in kustomizations', () => {
  for (const [name, count] of [
    ['deployment', 5],
    ['secret', 3],
    ['key', 2],
    ['service', 5],
  ] as const)
    it(`finds every place of a ${name} from each of them`, () => {
      for (let nth = 0; nth < count; nth++) {
        const { found, expected } = allOccurrences(at(name, nth));
        assert.equal(expected.length, count);
        assert.deepEqual(found, expected, `from place ${nth}`);
      }
    });

  it('leads to the object, and to its patch only where nothing else defines it', () => {
    const source = at('deployment', 1)
      .replaceAll(/[«»]/g, '')
      .replace('name: web, namespace', 'name: «web», namespace');
    const { found, expected } = definitions(source);
    assert.deepEqual(found, expected);
    assert.equal(expected.length, 1);
  });

  it('leads from a key to the file that it is made of, whose name decides it', () => {
    const source = at('key', 5).replaceAll(/[«»]/g, '').replace('key: creds.txt', 'key: cr$0eds.txt');
    const marked = readMarked(source.replace('files/creds.txt', 'files/«creds.txt»'));
    assert.deepEqual(definitions(source.replace('files/creds.txt', 'files/«creds.txt»')).found, marked.marked);
    const workspace = workspaceOf(marked);
    const renaming = renamingOf(workspace, atCursor(workspace, marked));
    assert.ok(
      'refused' in renaming && /overlay\/kustomization\.yaml:\d+/.test(renaming.refused),
      JSON.stringify(renaming),
    );
  });

  it('follows edits of the file of variables and of the kustomization', () => {
    const marked = readMarked(at('key', 0));
    const workspace = workspaceOf(marked);
    const [pointed] = atCursor(workspace, marked);
    assert.ok(pointed);
    const places = (): readonly string[] =>
      occurrencesOf(workspace, pointed.subject).map(one => `${one.at.uri}:${one.at.span.start}`);
    const [, before] = places();
    const path = 'overlay/prod.env';
    workspace.update(uriOf(path), path, `A=b\n${marked.files.get(path)}`);
    const [, after] = places();
    assert.equal(before, `${uriOf(path)}:35`);
    assert.equal(after, `${uriOf(path)}:39`);
    const kustomization = 'overlay/kustomization.yaml';
    const text = marked.files.get(kustomization) ?? '';
    workspace.update(uriOf(kustomization), kustomization, text.replace('prod.env', 'other.env'));
    assert.equal(places().length, 1);
  });
});

describe('names in variables', () => {
  const found = (source: string): void => {
    const { found, expected } = allOccurrences(source);
    assert.ok(expected.length > 1);
    assert.deepEqual(found, expected);
  };

  it('takes the namespace and the Secret of a file of variables that says both, and defaults of a script', () =>
    found(`
      #- all.yaml
      apiVersion: v1
      kind: Namespace
      metadata: { name: «mat$0rix» }
      #- deploy.env
      # The namespace matrix.
      export NAMESPACE="«matrix»"
      METRICS_NAMESPACE=matrix
      POSTGRES=db.«matrix».svc.cluster.local
      #- deploy.sh
      NAMESPACE="\${NAMESPACE:-«matrix»}"
      SUBSYSTEM=matrix
      kubectl -n "$NAMESPACE" get pods
      kubectl label pods --all team=matrix
    `));

  it('takes the names of objects beside the namespace only', () =>
    found(`
      #- all.yaml
      apiVersion: v1
      kind: Secret
      metadata: { name: «cre$0ds», namespace: matrix }
      ---
      apiVersion: v1
      kind: Secret
      metadata: { name: creds, namespace: other }
      #- deploy.env
      NAMESPACE=matrix
      SECRET_NAME=«creds»
      USER=creds
      #- unknown.env
      SECRET_NAME=creds
      #- other.env
      NAMESPACE=other
      SECRET_NAME=creds
      #- deploy.sh
      kubectl -n "\${NS:-matrix}" get secret/«creds»
      kubectl -n "\${NS:-other}" get secret/creds
    `));
});

describe('names in queries and annotations', () => {
  const found = (source: string): void => {
    const { found, expected } = allOccurrences(source);
    assert.ok(expected.length > 1);
    assert.deepEqual(found, expected);
  };

  it('takes the labels of metrics for names of objects, in rules, dashboards and values', () => {
    const rest = `
      #- rules.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata: { name: rules }
      spec:
        groups:
          - name: matrix
            rules:
              - expr: kube_deployment_status_replicas{namespace="NS", deployment="WEB"} < 1
              - expr: up{namespace=~"other|NS", job="web"} == 0 # namespace="matrix"
              - expr: up{namespace="other", deployment="web"}
              - expr: up{namespace=~"matrix-.*", cluster="matrix"}
                annotations: { summary: "{{ $labels.pod }} of matrix" }
      #- dashboard.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: dashboard }
      data:
        overview.json: |
          {"title": "matrix", "expr": "sum(up{namespace=\\"NS\\", deployment!=\\"WEB\\"})"}
      #- values.yaml
      additionalRules: [{ expr: 'up{namespace="NS"}' }]
    `;
    const fill = (namespace: string, web: string): string => rest.replaceAll('NS', namespace).replaceAll('WEB', web);
    found(`
      #- namespace.yaml
      apiVersion: v1
      kind: Namespace
      metadata: { name: «mat$0rix» }
${fill('«matrix»', 'web')}`);
    found(
      `
      #- web.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: «w$0eb», namespace: matrix }
${fill('matrix', '«web»')}`.replaceAll(' namespace: matrix }', ' namespace: matrix }'),
    );
  });

  it('takes the job of a query for the Service that a monitor without labels of its own scrapes', () => {
    const jobs = `
      #- service.yaml
      apiVersion: v1
      kind: Service
      metadata: { name: «key-va$0ult», namespace: matrix, labels: { app: vault } }
      spec: { ports: [{ name: web, port: 80 }] }
      #- monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata: { name: vault, namespace: matrix }
      spec:
        selector: { matchLabels: { app: vault } }
        endpoints: [{ port: web }]
      #- rules.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata: { name: rules }
      spec:
        groups:
          - name: key-vault
            rules:
              - expr: up{job="«key-vault»"} == 0 or up{job=~"web|«key-vault»"}
              - expr: up{job=~"key-vault.*"}
    `;
    found(jobs);
    found(jobs.replace('key-va$0ult', 'key-vault').replace('"«key-vault»"', '"«key-$0vault»"'));
    const labelled = jobs.replace('endpoints:', 'jobLabel: app\n        endpoints:');
    const other = allOccurrences(labelled);
    assert.equal(other.found.length, 1);
  });

  it('takes the Services that an Ingress names in annotations', () =>
    found(`
      #- all.yaml
      apiVersion: v1
      kind: Service
      metadata: { name: «live$0kit», namespace: matrix }
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: livekit
        namespace: matrix
        annotations:
          nginx.ingress.kubernetes.io/websocket-services: "web, «livekit»"
          nginx.ingress.kubernetes.io/default-backend: matrix/«livekit»
    `));
});
