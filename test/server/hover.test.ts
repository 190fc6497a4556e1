import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Hover, MarkupContent } from 'vscode-languageserver';
import { noFieldDocs, readFieldDocs } from '../../analysis/schema/field-docs';
import { secretEntries } from '../../analysis/secret-data';
import { readTree } from '../../files/disk';
import { clientFactsNotification, explainRuleCommand } from '../../protocol/client-facts';
import { rules } from '../../rules/catalogue';
import { Deployment } from '../../server/deployment';
import { hoverAt } from '../../server/features/hover';
import { readFixture, textsOf } from '../fixture';
import { startClient } from './client';

/** A database cluster, a Service with its pods, a templated configuration, policies, and every kind of Secret entry. */
const tree = `
  #- /synapse/config.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: synapse-config, namespace: matrix}
  data:
    homeserver.yaml: |
      database:
        args:
          host: db-rw.matrix.svc.cluster.local
          port: 5432
          password: DB_PASSWORD_PLACEHOLDER
      redis:
        host: redis
        password: REDIS_PASSWORD_PLACEHOLDER
  #- /synapse/workload.yaml
  apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: synapse, namespace: matrix}
  spec:
    replicas: 2
    selector:
      matchLabels: {app: synapse}
    template:
      metadata:
        labels: {app: synapse}
      spec:
        initContainers:
          - name: render
            image: registry.test/tools:1
            command: ["sh", "-c", "sed -e \\"s|DB_PASSWORD_PLACEHOLDER|\${DB_PASSWORD}|\\" /template/homeserver.yaml > /config/homeserver.yaml"]
            env:
              - name: DB_PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: db-app
                    key: password
            volumeMounts:
              - {name: template, mountPath: /template}
              - {name: config, mountPath: /config}
        containers:
          - name: synapse
            image: registry.test/synapse:1
            args: ["--config-path", "/config/homeserver.yaml"]
            env:
              - name: TOKEN
                valueFrom:
                  secretKeyRef: {name: tokens, key: macaroon}
            readinessProbe:
              httpGet: {path: /health, port: http}
            ports:
              - {name: http, containerPort: 8008}
            volumeMounts:
              - {name: config, mountPath: /config}
              - {name: tokens, mountPath: /tokens}
        volumes:
          - name: tokens
            secret: {secretName: tokens}
          - name: template
            configMap: {name: synapse-config}
          - name: config
            emptyDir: {}
          - name: media
            persistentVolumeClaim: {claimName: media}
  #- /synapse/service.yaml
  apiVersion: v1
  kind: Service
  metadata: {name: synapse, namespace: matrix}
  spec:
    selector: {app: synapse}
    ports:
      - {name: web, port: 80, targetPort: http}
  #- /synapse/claim.yaml
  apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: {name: media, namespace: matrix}
  spec:
    accessModes: [ReadWriteOnce]
    storageClassName: fast
    resources: {requests: {storage: 20Gi}}
  #- /secrets.yaml
  apiVersion: v1
  kind: Secret
  metadata: {name: tokens, namespace: matrix}
  data:
    macaroon: Y2FuYXJ5LW1hY2Fyb29uLXZhbHVl
  stringData:
    # 1.2.a asks for this one.
    redis: canary-plain-value
    url: postgres://canary-user:canary-password@canary-host.matrix.svc:5432/db
    file.yaml: |
      password: canary-in-a-file
      token: CANARY_TOKEN_PLACEHOLDER
  #- /db.yaml
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata: {name: db, namespace: matrix}
  spec:
    instances: 3
    storage: {size: 10Gi, storageClass: fast}
  #- /policies.yaml
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: db-access, namespace: matrix}
  spec:
    podSelector:
      matchLabels: {cnpg.io/cluster: db}
    policyTypes: [Ingress]
    ingress:
      - from:
          - podSelector:
              matchLabels: {app: synapse}
        ports:
          - port: 5432
  #- /docs/notes.md
  # Notes
  Item 1.2.a is done.
`;

describe('hover', function () {
  this.timeout(20_000);
  it('says of a Service where its ports lead, when its pods are ready and who uses it', async () => {
    const text = await hover('/synapse/service.yaml', 'name: $0synapse');
    has(text, '**Service** `synapse` in `matrix`', '`web` 80 → 8008 (`http`)', 'StatefulSet `synapse` (2 pods)');
    has(text, '`synapse` answers GET `:http/health`');
  });

  it('says of a reference to a key who makes the Secret and who else reads it', async () => {
    const text = await hover('/synapse/workload.yaml', 'key: pass$0word');
    has(text, '**Secret** `db-app`, key `password`', 'Made by CloudNativePG from Cluster `db`');
    has(text, 'StatefulSet `synapse`: init container `render` as `DB_PASSWORD`');
  });

  it('tells the size of a key and never its value', async () => {
    const text = await hover('/secrets.yaml', 'maca$0roon:');
    has(text, '**Secret** `tokens`, key `macaroon`', '21 bytes', 'container `synapse` as `TOKEN`');
    assert.doesNotMatch(text, /canary|Y2Fu/);
  });

  it('says of a value of a Secret the same as of its key, and nothing of the names in it', async () => {
    const text = await hover('/secrets.yaml', '@canary$0-host');
    has(text, 'key `url`', 'container `synapse` at `/tokens`');
    assert.doesNotMatch(text, /canary/);
  });

  it('says of a placeholder in a Secret what becomes of it without repeating it', async () => {
    const text = await hover('/secrets.yaml', 'CANARY_TO$0KEN');
    has(text, '**Placeholder**', 'Replaced by no step', '`/tokens/file.yaml`');
    assert.doesNotMatch(text, /canary/i);
  });

  it('says nothing of the names in a Secret that cannot be read', async () => {
    const broken = `
      #- /broken.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: broken}
      stringData:
        url: postgres://user:secret@canary-host.matrix.svc:5432/db
        broken: "
    `;
    assert.equal(await hover('/broken.yaml', '@canary$0-host', {}, broken), '');
  });

  it('says of a key of a ConfigMap where containers mount it', async () => {
    const text = await hover('/synapse/config.yaml', 'home$0server.yaml:');
    has(text, '**ConfigMap** `synapse-config`, key `homeserver.yaml`', 'init container `render` at `/template`');
  });

  it('says of a placeholder which step replaces it, by which variable, from which key', async () => {
    const text = await hover('/synapse/config.yaml', 'DB_PASS$0WORD_PLACEHOLDER');
    has(text, '**Placeholder** `DB_PASSWORD_PLACEHOLDER`', 'Replaced with `$DB_PASSWORD`');
    has(text, 'key `password` of Secret `db-app`', 'by init container `render` in [`synapse/workload.yaml:15`]');
  });

  it('says of a placeholder that no step replaces that it is read as it stands', async () => {
    has(await hover('/synapse/config.yaml', 'REDIS_PASS$0WORD'), 'Replaced by no step');
  });

  it('says of a database cluster what its operator makes', async () => {
    const text = await hover('/db.yaml', 'kind: Clus$0ter');
    has(text, 'Service `db-rw`: `postgres` 5432 → 5432', 'Secret `db-app` with `username`', '3 pods with');
    has(text, 'Isolated by 1 NetworkPolicy: `db-access`');
  });

  it('says of a policy what it selects and who may connect', async () => {
    const text = await hover('/policies.yaml', 'name: db-$0access');
    has(text, 'Selects Cluster `db`.', 'Ingress from pods with `app=synapse` (StatefulSet `synapse`) to port 5432');
    has(text, '`db` 5432 (`postgresql`) ← `synapse`', '`db` 9187 (`metrics`) ← nobody of the tree');
  });

  it('says of a selector which pods it finds, and of a peer which workloads it is', async () => {
    has(await hover('/synapse/workload.yaml', 'sel$0ector:'), '**Selector** `app=synapse`', 'StatefulSet `synapse`');
    has(await hover('/policies.yaml', '- pod$0Selector:'), '**Peer**', 'StatefulSet `synapse`');
  });

  it('says of a host in a configuration which Service it is, its pods, and whether they may be reached', async () => {
    const text = await hover('/synapse/config.yaml', 'host: db$0-rw');
    has(text, '**Service** `db-rw`', 'made from Cluster `db`', 'StatefulSet `synapse` may connect (port 5432)');
  });

  it('says of a claim and a storage class what they are for', async () => {
    has(
      await hover('/synapse/workload.yaml', 'claimName: me$0dia'),
      'Asks for `20Gi` of class `fast`',
      'Used by 1 object',
    );
    has(await hover('/db.yaml', 'storageClass: fa$0st'), 'The tree does not have it', 'Cluster `db`: storage');
  });

  it('says of a port in a NetworkPolicy whose it is, and when it is that of a Service only', async () => {
    const text = await hover('/policies.yaml', 'port: 54$032');
    has(text, '**Port** 5432 of the selected pods', 'Declared by Cluster `db` (`postgresql`).');
    const policy = `
      #- /egress.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: to-web, namespace: matrix}
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          - to: [{podSelector: {matchLabels: {app: web}}}]
            ports: [{port: 80}, {port: http}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: web, namespace: matrix}
      spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: web, namespace: matrix, labels: {app: web}}
      spec: {containers: [{name: web, image: 'nginx:1', ports: [{name: http, containerPort: 8080}]}]}
    `;
    has(
      await hover('/egress.yaml', '[{port: 8$00}', {}, policy),
      '**Port** 80 of the pods that are connected to',
      'None of Pod `web` declares it.',
      'Service `web` sends 80 on to `http` of the pods; a NetworkPolicy is compared with the port of the pods.',
    );
    has(await hover('/egress.yaml', '{port: ht$0tp}', {}, policy), '**Port** `http` of Pod `web`: 8080');
  });

  it('says of an image where it comes from, who else runs it, and in which other versions', async () => {
    const pods = `
      #- /pods.yaml
      apiVersion: v1
      kind: Pod
      metadata: {name: a}
      spec: {containers: [{name: one, image: redis:7.2}, {name: two, image: 'docker.io/library/redis:7.4'}]}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: b}
      spec: {initContainers: [{name: three, image: 'redis:7.2'}], containers: [{name: four, image: registry.test:5000/redis}]}
    `;
    const text = await hover('/pods.yaml', 'image: red$0is:7.2}', {}, pods);
    has(text, '**Image** `redis` from `docker.io`', 'Tag `7.2`.', 'init container `three` of Pod `b`');
    has(text, 'In another version:', 'container `two` of Pod `a`: `7.4`');
    assert.ok(!text.includes('four'));
    const other = await hover('/pods.yaml', 'registry.te$0st', {}, pods);
    has(other, '**Image** `redis` from `registry.test:5000`', 'Without a tag, so it is `latest`');
  });

  it('says what an option of a configuration is, also in a here-document, and nothing of one in a Secret', async () => {
    const configurations = `
      #- /all.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: all}
      data:
        homeserver.yaml: |
          server_name: example.org
          database:
            args: {cp_max: 5}
        haproxy.cfg: |
          defaults
            timeout connect 5s
            option httplog
        sentinel.conf: |
          sentinel down-after-milliseconds mymaster 5000
        turnserver.conf: |
          # realm=none
          realm=example.org
        nginx.conf: |
          server { proxy_set_header Host $host; }
        config.json: |
          {"default_server_name": "x", "room_directory": {"servers": []}}
        other.yaml: |
          server_name: example.org
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: p}
      spec:
        containers:
          - name: c
            command:
              - sh
              - -c
              - |
                cat <<EOF > /etc/redis.conf
                maxmemory 1gb
                EOF
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: s}
      stringData:
        homeserver.yaml: |
          macaroon_secret_key: hidden-value
    `;
    const at = (text: string): Promise<string> => hover('/all.yaml', text, {}, configurations);
    has(
      await at('homeserver.yaml: |\n    server_n$0ame'),
      '**`server_name`**: string',
      'It can never be changed later',
    );
    has(await at('cp_$0max'), '**`cp_max`**: number');
    has(await at('timeout con$0nect'), '**`timeout connect`**');
    has(await at('option http$0log'), '**`option httplog`**');
    has(await at('down-after-milli$0seconds'), 'After how long without an answer');
    has(await at('    real$0m=example'), '**`realm`**: domain name');
    has(await at('Host $ho$0st'), 'The host of the request');
    has(await at('"room_dir$0ectory"'), 'The list of public rooms');
    has(await at('maxmem$0ory 1gb'), '**`maxmemory`**: size');
    assert.equal(await at('timeout connect 5$0s'), '');
    assert.equal(await at('# real$0m'), '');
    assert.ok(!(await at('macaroon_sec$0ret')).includes('access tokens'));
    assert.ok(!(await at('macaroon_sec$0ret')).includes('**`macaroon_secret_key'));
  });

  it('says of a volume what it holds and where it is mounted', async () => {
    const text = await hover('/synapse/workload.yaml', '{name: temp$0late');
    has(text, 'Holds ConfigMap `synapse-config`', 'init container `render` at `/template`');
  });

  it('shows a checklist item that a comment or a document names, with its state', async () => {
    has(await hover('/docs/notes.md', 'Item 1.$02.a'), '**Checklist 1\\.2\\.a**: Redis password secret exists');
    has(await hover('/secrets.yaml', '# 1.2$0.a'), 'Redis password secret exists');
    assert.equal(await hover('/docs/notes.md', 'is do$0ne'), '');
  });

  it('shows the rule of a finding with a link that the client trusts, else with the address of its page', async () => {
    const at = 'REDIS_PASS$0WORD';
    has(await hover('/synapse/config.yaml', at, { rules: true }), '**What to do:**', `(command:${explainRuleCommand}?`);
    has(
      await hover('/synapse/config.yaml', at, { rules: true, commands: [] }),
      '/docs/rules/config-placeholder-unsubstituted.md)',
    );
  });

  it('says of a label who asks for it', async () => {
    const text = await hover('/synapse/workload.yaml', 'labels: {app: syn$0apse}');
    has(text, '**Label** `app=synapse` of pods', 'Service `synapse` in [`synapse/service.yaml:5`]');
    has(text, 'NetworkPolicy `db-access` in [`policies.yaml:11`]');
  });

  it('says of a name that a comment or the settings file has which rule it is', async () => {
    const files = `
      #- /matrix-preflight.yaml
      rules:
        netpol-flow-blocked: off
      #- /a.yaml
      # preflight-ignore: secret-key-unused (read by a person)
      a: 1
    `;
    has(
      await hover('/matrix-preflight.yaml', 'netpol-$0flow', {}, files),
      '**A connection that the configuration needs',
    );
    has(await hover('/a.yaml', 'secret-$0key-unused', {}, files), '**Nothing reads a key of a Secret.**');
  });

  it('explains a field from its schema, unless another extension does', async () => {
    has(await hover('/synapse/workload.yaml', 'repl$0icas: 2'), '**`replicas`**: number');
    assert.equal(await hover('/synapse/workload.yaml', 'repl$0icas: 2', { docs: false }), '');
  });

  it('takes names for text, whatever they look like', async () => {
    const files = `
      #- /a.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: "evil](command:x) \`\` <img src=x>"}
      stringData: {"[k](command:y)\`": v}
    `;
    const text = await hover('/a.yaml', 'kind: Sec$0ret', {}, files);
    has(text, '**Secret** ```evil](command:x) `` <img src=x>```', 'Keys: `` [k](command:y)` ``');
  });

  it('answers requests, follows its switch at once and speaks plainly to clients without Markdown', async () => {
    const { files } = readFixture(tree);
    const client = await startClient(files, {
      capabilities: { textDocument: { hover: { contentFormat: ['plaintext'] } } },
    });
    try {
      await client.ready();
      const ask = (): Promise<Hover | null> =>
        client.connection.sendRequest('textDocument/hover', {
          textDocument: { uri: client.uri('synapse/service.yaml') },
          position: { line: 2, character: 18 },
        });
      const answer = await ask();
      assert.deepEqual(answer?.range, { start: { line: 2, character: 17 }, end: { line: 2, character: 24 } });
      const contents = answer?.contents as MarkupContent | undefined;
      assert.equal(contents?.kind, 'plaintext');
      assert.match(contents.value, /^Service synapse in matrix/);
      const configure = (enable: boolean): Promise<void> =>
        client.connection.sendNotification('workspace/didChangeConfiguration', {
          settings: { matrixPreflight: { hover: { enable } } },
        });
      await configure(false);
      assert.equal(await ask(), null);
      await configure(true);
      assert.notEqual(await ask(), null);
    } finally {
      await client.stop();
    }
  });

  it('leaves fields to another extension when the client says so, unless the setting wants them', async () => {
    const { files } = readFixture(tree);
    const client = await startClient(files, {
      initializationOptions: { schemaHelp: 'auto', client: { schemaHelpElsewhere: ['hover'] } },
    });
    try {
      await client.ready();
      const ask = async (): Promise<boolean> =>
        (await client.connection.sendRequest('textDocument/hover', {
          textDocument: { uri: client.uri('synapse/workload.yaml') },
          position: { line: 4, character: 5 },
        })) !== null;
      assert.equal(await ask(), false);
      await client.connection.sendNotification(clientFactsNotification, { schemaHelpElsewhere: ['completion'] });
      assert.equal(await ask(), true);
      const configure = (schemaHelp: string): Promise<void> =>
        client.connection.sendNotification('workspace/didChangeConfiguration', {
          settings: { matrixPreflight: { schemaHelp } },
        });
      await configure('off');
      assert.equal(await ask(), false);
      await client.connection.sendNotification(clientFactsNotification, { schemaHelpElsewhere: ['hover'] });
      await configure('on');
      assert.equal(await ask(), true);
    } finally {
      await client.stop();
    }
  });

  it('says of an object how each overlay builds it, once where they do the same', async () => {
    const overlays = `
      #- /base/kustomization.yaml
      resources: [cache.yaml]
      #- /base/cache.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: cache
      spec:
        ports: [{port: 6379}]
      ---
      apiVersion: storage.k8s.io/v1
      kind: StorageClass
      metadata:
        name: fast
      provisioner: none.test
      #- /overlays/production/kustomization.yaml
      namespace: matrix
      resources: [../../base]
      #- /overlays/staging/kustomization.yaml
      namespace: trial
      resources: [../../base]
    `;
    const text = await hover('/base/cache.yaml', 'name: ca$0che', {}, overlays);
    const [production = '', staging = '', ...others] = text.split('\n\n---\n\n');
    assert.equal(others.length, 0);
    assert.match(production, /^\*\*Service\*\* `cache` in `matrix`[\s\S]*As `overlays\/production` builds it\.$/);
    assert.match(staging, /^\*\*Service\*\* `cache` in `trial`[\s\S]*As `overlays\/staging` builds it\.$/);
    const same = await hover('/base/cache.yaml', 'name: fa$0st', {}, overlays);
    assert.ok(same.includes('`fast`') && !same.includes('build'), same);
    assert.match(
      await hover('/overlays/staging/kustomization.yaml', 'tr$0ial', {}, overlays),
      /^\*\*Namespace\*\* `trial`/,
    );
  });

  it('has no value of a Secret in any hover of the sample', async () => {
    const deployment = await deploymentOf(readFixture(tree).files);
    const hovers = hoversOf(deployment, 1);
    assert.ok(hovers.length > 150, `${hovers.length} hovers`);
    for (const { place, text } of hovers) assert.doesNotMatch(text, /canary-|CANARY|Y2FuYXJ5/, place);
    assert.ok(
      hovers.some(({ text }) => text.includes('key `url`')),
      'the values were hovered over',
    );
  });

  for (const example of ['production', 'broken']) {
    it(`has no value of a Secret in the hovers of examples/${example}`, async () => {
      const files = new Map([...readTree(`examples/${example}`)].map(({ path, text }) => [path, text]));
      // Without rules: their texts are fixed, and running them all takes a while.
      const deployment = await deploymentOf(files, withoutRules);
      const values = secretValues(deployment);
      assert.ok(values.length > 5, `${values.length} values`);
      const hovers = hoversOf(deployment, 61);
      assert.ok(hovers.length > 150, `${hovers.length} hovers`);
      for (const { place, text } of hovers)
        for (const value of values) assert.ok(!text.includes(value), `${place} shows a value`);
    });
  }
});

/** Most hovers do not depend on findings, and running every rule takes a while. */
const withoutRules = Object.fromEntries(rules.map(({ id }) => [id, 'off' as const]));
const samples = new Map<string, Promise<Deployment>>();
const docs = readFieldDocs(readFileSync('schemas/field-docs.txt', 'utf8'));
const root = 'file:///tree';

interface HoverOptions {
  readonly commands?: readonly string[];
  readonly docs?: boolean;
  readonly rules?: boolean;
}

/** The hover at `$0` of a part of a file, as Markdown; empty if there is none. */
async function hover(path: string, at: string, options: HoverOptions = {}, source = tree): Promise<string> {
  const { commands = [explainRuleCommand], docs: hasDocs = true, rules: hasRules = false } = options;
  const key = `${hasRules}${source}`;
  const made = samples.get(key) ?? deploymentOf(readFixture(source).files, hasRules ? {} : withoutRules);
  samples.set(key, made);
  const deployment = await made;
  const file = deployment.workspace.file(`${root}${path}`);
  assert.ok(file, path);
  const start = file.text.indexOf(at.replace('$0', ''));
  assert.notEqual(start, -1, at);
  const offset = start + at.indexOf('$0');
  const session = { canRun: (command: string) => commands.includes(command), capabilities: {}, textsOf };
  const pointed = { deployment, workspace: deployment.workspace, file, offset };
  const found = hoverAt(session, pointed, hasDocs ? docs : undefined);
  return found ? (found.contents as MarkupContent).value : '';
}

async function deploymentOf(
  files: ReadonlyMap<string, string>,
  severities: Readonly<Record<string, 'off'>> = {},
): Promise<Deployment> {
  const read = [...files].map(([path, text]) => ({ uri: `${root}/${path}`, text, unread: undefined }));
  const reader = {
    async *read() {
      yield read;
    },
    readFile: () => Promise.resolve(undefined),
  };
  const deployment = new Deployment(root, reader, { severities }, () => {});
  await deployment.scan(
    () => {},
    () => false,
  );
  return deployment;
}

/** The hovers over the words of a tree: all words of Secrets, and every `step`th of the others. */
function hoversOf(deployment: Deployment, step: number): readonly { readonly place: string; readonly text: string }[] {
  const { workspace } = deployment;
  const session = { canRun: () => true, capabilities: {}, textsOf };
  const found: { place: string; text: string }[] = [];
  let index = 0;
  for (const file of workspace.files) {
    for (const match of file.text.matchAll(/[\w/.-]+/g)) {
      const inSecret = file.documents.some(
        ({ span, resources }) =>
          span.start <= match.index && match.index < span.end && resources.some(({ kind }) => kind === 'Secret'),
      );
      if (!inSecret && index++ % step !== 0) continue;
      const offset = match.index + Math.floor(match[0].length / 2);
      const answer = hoverAt(session, { deployment, workspace, file, offset }, noFieldDocs);
      if (answer) found.push({ place: `${file.path}@${offset}`, text: (answer.contents as MarkupContent).value });
    }
  }
  return found;
}

/** What Secrets of a tree hold, as written and as decoded, as far as nothing else of the tree says the same. */
function secretValues({ workspace }: Deployment): readonly string[] {
  const secrets = workspace.resources('Secret');
  const others = workspace.files.flatMap(({ documents, text }) =>
    documents.length === 0
      ? [text]
      : documents.filter(({ resources }) => !resources.some(({ kind }) => kind === 'Secret')).map(one => one.text),
  );
  const other = [...others, ...secrets.map(({ name }) => name)].join('\n');
  return secrets
    .flatMap(secretEntries)
    .flatMap(({ text, value }) => [text ?? '', value.text ?? ''].flatMap(one => one.split('\n')))
    .filter(value => value.length >= 6 && !other.includes(value));
}

function has(text: string, ...parts: readonly string[]): void {
  for (const part of parts) assert.ok(text.includes(part), `«${part}» is missing in:\n${text}`);
}
