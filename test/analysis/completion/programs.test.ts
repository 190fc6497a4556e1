import assert from 'node:assert/strict';
import { completionAt, labelsAt } from './at';

const tree = `
#- /tree.yaml
apiVersion: v1
kind: Namespace
metadata: {name: matrix}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec:
  instances: 2
  bootstrap: {initdb: {database: synapse, owner: synapse_user}}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: matrix}
spec: {selector: {app: redis}, ports: [{port: 6379}]}
---
apiVersion: v1
kind: Secret
metadata: {name: django, namespace: matrix}
stringData: {secret-key: hidden-value}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: vault, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: vault}}
    spec:
      containers:
        - name: vault
          image: vault:1
          env:
            - {name: DJANGO_SECRET_KEY, valueFrom: {secretKeyRef: {name: django, key: secret-key}}}
            - {name: DB_HOST, value: pg-rw}
          volumeMounts: [{name: code, mountPath: /app}]
      volumes: [{name: code, configMap: {name: vault}}]
#- /apps/vault/kustomization.yaml
resources: [../../tree.yaml]
#- /apps/vault/values.yaml
image: {tag: "1"}
#- /apps/web.yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: matrix}
spec: {ports: [{port: 80}]}
`;

const postgres = 'pg-rw.matrix.svc.cluster.local';
const redis = 'redis.matrix.svc.cluster.local';
const variables = ['DJANGO_SECRET_KEY', 'DB_HOST'];

/** What is offered in a Python program that a ConfigMap holds. */
function inPython(program: string, key = 'settings.py'): readonly string[] {
  return labelsAt(pythonIn(program, key));
}

function pythonIn(program: string, key = 'settings.py'): string {
  const head = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vault, namespace: matrix}\ndata:\n  ${key}: |\n`;
  return `${tree}\n#- /main.yaml\n${head}${program.replace(/^/gm, '    ')}\n`;
}

/** The text of a line after the first choice has been made. */
function chosen(source: string): string {
  const main = source.slice(source.lastIndexOf('#- /main.yaml') + '#- /main.yaml\n'.length).replace('$0', '');
  const found = completionAt(source);
  const [first] = [...(found?.candidates ?? [])].sort((a, b) => (a.rank ?? 1) - (b.rank ?? 1));
  assert.ok(found && first);
  const text = main.slice(0, found.span.start) + (first.text ?? first.label) + main.slice(found.span.end);
  return (
    text
      .slice(text.lastIndexOf('\n', found.span.start) + 1)
      .split('\n')[0]
      ?.trim() ?? ''
  );
}

/** A pod with a script in the given shape. */
function pod(command: string, script: string): string {
  const head = `apiVersion: v1\nkind: Pod\nmetadata: {name: main, namespace: matrix}\nspec:\n  containers:\n    - name: main\n      image: python:3\n      env: [{name: TOKEN, value: x}]\n      command: ${command}\n      args:\n        - |\n`;
  return `${tree}\n#- /main.yaml\n${head}${script.replace(/^/gm, '          ')}\n`;
}

describe('completion in Python', () => {
  it('has the variables of the containers that mount it, without what they hold', () => {
    for (const program of [
      'KEY = os.environ["$0"]',
      "KEY = os.environ['DJ$0",
      'KEY = os.environ.get("$0", "x")',
      'KEY = int(os.getenv("$0"))',
      'os.environ.setdefault("$0", "x")',
    ])
      assert.deepEqual(inPython(program), variables, program);
    const found = completionAt(pythonIn('os.environ["$0"]'));
    assert.equal(found?.candidates[0]?.detail, 'key secret-key of Secret/django');
    assert.ok(!JSON.stringify(found).includes('hidden-value'));
    assert.deepEqual(inPython('import os\nos.environ["$0"]', 'run').length, 0);
    assert.deepEqual(inPython('#!/usr/bin/env python3\nos.environ["$0"]', 'run'), variables);
  });

  it('replaces what is in the quotes, and of an open string the word', () => {
    assert.equal(chosen(pythonIn('K = os.environ["OL$0D"] + x')), 'K = os.environ["DJANGO_SECRET_KEY"] + x');
    assert.equal(chosen(pythonIn('K = os.environ["OL$0D + x')), 'K = os.environ["DJANGO_SECRET_KEY + x');
    assert.equal(
      chosen(pythonIn('X = {"REDIS_HOST": "a$0.b", "PORT": 1}')),
      `X = {"REDIS_HOST": "${redis}", "PORT": 1}`,
    );
  });

  it('has hosts and ports by the names of settings and arguments', () => {
    for (const program of [
      'DB_HOST = "$0"',
      'DATABASES = {"default": {"HOST": "$0"}}',
      'psycopg2.connect(host="$0", port=5432)',
      'host = os.environ.get("DB_HOST", "$0")',
      's = socket.create_connection(("$0", 80))',
      'dsn = "dbname=x host=$0 port=5432"',
    ])
      assert.ok(inPython(program).includes(postgres), program);
    assert.equal(inPython('dsn = "host=$0"')[0], postgres);
    assert.equal(inPython('REDIS_HOST = "$0"')[0], redis);
    assert.deepEqual(inPython(`connect(host="${redis}", port=$0)`), ['6379']);
    assert.deepEqual(inPython(`X = {"HOST": "${redis}", "PORT": "$0"}`), ['6379']);
    assert.deepEqual(inPython(`create_connection(("${redis}", $0))`), ['6379']);
    assert.deepEqual(inPython(`"host=${postgres} port=$0"`), ['5432']);
    assert.deepEqual(inPython('"dbname=$0"'), ['synapse', 'postgres']);
    assert.deepEqual(inPython('"user=$0 host=x"').slice(0, 1), ['synapse_user']);
  });

  it('has hosts in URLs of any string, and the files of the container', () => {
    assert.ok(inPython('URL = f"redis://$0/1"').includes(redis));
    assert.ok(inPython('requests.get("http://$0")').includes('web.matrix.svc.cluster.local'));
    assert.deepEqual(inPython('open("/$0")'), ['/app/settings.py']);
  });

  it('has nothing in comments, other strings and other names', () => {
    for (const program of [
      '# os.environ["$0"]',
      '# http://$0',
      'print("$0")',
      'x = settings["$0"]',
      'name = "$0"',
      'x = $0',
      'port = 80  # $0',
      'os.environ["A"] = "$0"',
      '"""\nos.environ[$0\n"""',
    ])
      assert.deepEqual(inPython(program), [], program);
  });

  it('works in here-documents, behind python -c, and with what the script exports', () => {
    const shell = (script: string): readonly string[] => labelsAt(pod('[sh, -c]', script));
    assert.deepEqual(shell("python3 - <<'EOF'\nimport os\nos.environ['$0']\nEOF"), ['TOKEN']);
    assert.deepEqual(shell('export MADE=1\npython3 <<EOF\nos.getenv("$0")\nEOF'), ['TOKEN', 'MADE']);
    assert.deepEqual(shell('python3 -c "import os; os.environ[\'$0\']"'), ['TOKEN']);
    assert.deepEqual(shell('python3 -c \'import os; os.environ["$0"]\''), ['TOKEN']);
    assert.deepEqual(shell("cat > /x.py <<'EOF'\nos.environ['$0']\nEOF\n"), ['TOKEN']);
    assert.deepEqual(shell("cat > /x.txt <<'EOF'\nos.environ['$0']\nEOF\n"), []);
    assert.ok(shell("python3 - <<'EOF'\nconnect(host='$0')\nEOF").includes(postgres));
    assert.deepEqual(labelsAt(pod('[python3, -c]', 'import os\nos.environ["$0"]')), ['TOKEN']);
    assert.deepEqual(labelsAt(pod('[python3, -c]', 'print("$$0")')), []);
  });
});

describe('completion in runbooks', () => {
  const fenced = (line: string, info = 'sh'): readonly string[] =>
    labelsAt(
      `${tree}\n#- /docs/RUNBOOK.md\n# Deploy\n\nkubectl get pods\n\n\`\`\`${info}\necho start\n${line}\n\`\`\`\n`,
    );

  it('has the names of objects in blocks of shell', () => {
    assert.deepEqual(fenced('kubectl -n matrix rollout status deployment/$0'), ['vault']);
    assert.deepEqual(fenced('$ kubectl -n matrix rollout status deployment/$0', 'console'), ['vault']);
    assert.equal(fenced('kubectl -n matrix get secret $0', 'bash')[0], 'django');
    assert.equal(fenced('kubectl get pods -n $0')[0], 'matrix');
    assert.ok(fenced('curl http://$0', '').includes('web.matrix.svc.cluster.local'));
  });

  it('works in blocks of lists, and of Windows', () => {
    const list = `${tree}\n#- /docs/RUNBOOK.md\n1. Wait:\n\n   \`\`\`bash\n   kubectl -n matrix rollout status deployment/$0\n   \`\`\`\n`;
    assert.deepEqual(labelsAt(list), ['vault']);
    const windows = '```sh\r\nkubectl -n matrix rollout status deployment/v$0x\r\n```\r\n';
    const found = completionAt(`${tree}\n#- /RUNBOOK.md\n${windows}`);
    assert.deepEqual(
      found?.candidates.map(one => one.label),
      ['vault'],
    );
    const text = windows.replace('$0', '');
    assert.equal(text.slice(found?.span.start, found?.span.end), 'vx');
  });

  it('has nothing in prose and in blocks of other languages', () => {
    assert.deepEqual(fenced('kubectl get deployment/$0', 'yaml'), []);
    assert.deepEqual(labelsAt(`${tree}\n#- /R.md\nRun kubectl get deployment/$0 now.\n`), []);
    assert.deepEqual(labelsAt(`${tree}\n#- /R.md\n\`\`\`sh\nls\n\`\`\`\nkubectl get deployment/$0\n`), []);
  });

  it('has files and folders of the tree where kubectl and helm take them', () => {
    assert.deepEqual(fenced('kubectl apply -f $0'), ['apps/', 'apps/web.yaml', 'tree.yaml']);
    assert.deepEqual(fenced('kubectl apply -f apps/$0'), ['apps/', 'apps/web.yaml', 'tree.yaml']);
    assert.deepEqual(fenced('kubectl apply -k $0'), ['apps/vault']);
    assert.deepEqual(fenced('helm upgrade vault x/vault -f $0'), ['apps/vault/values.yaml']);
    assert.deepEqual(fenced('kubectl logs -n matrix -f deployment/$0'), ['vault']);
    assert.deepEqual(fenced('kubectl apply -f web.yaml $0'), []);
  });

  it('keeps the folder that a variable stands for, and knows the folder of the script', () => {
    const script = (line: string) => completionAt(`${tree}\n#- /apps/deploy.sh\n${line}\n`);
    const found = script('kubectl apply -f "$DIR/we$0"');
    assert.deepEqual(
      found?.candidates.map(one => one.label),
      ['web.yaml', 'apps/', 'apps/web.yaml', 'tree.yaml'],
    );
    assert.deepEqual(found?.span, { start: 'kubectl apply -f "$DIR/'.length, end: 'kubectl apply -f "$DIR/we'.length });
    const key = script('kubectl create configmap x --from-file=web.yaml=ap$0');
    assert.ok(key?.candidates.some(one => one.label === 'apps/web.yaml'));
    assert.equal(key?.span.start, 'kubectl create configmap x --from-file=web.yaml='.length);
  });

  it('has none of them in containers', () => {
    assert.deepEqual(labelsAt(pod('[sh, -c]', 'kubectl apply -f $0')), []);
  });
});
